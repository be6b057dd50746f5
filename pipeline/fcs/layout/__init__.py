"""Where the events of an FCS file lie, and how many: offsets and counts that are repaired, shifted files refused."""
