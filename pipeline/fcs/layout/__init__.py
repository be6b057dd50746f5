"""Where the events of an FCS file lie, and how many. Offsets and counts are repaired, shifted files refused."""
