"""Where the events of an FCS file lie, and how many: offsets and counts repaired, shifted files refused."""
