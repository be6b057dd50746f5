"""Where the events of an FCS file lie, and how many: offsets and counts are repaired, shifted files refused."""
