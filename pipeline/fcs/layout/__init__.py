"""Where the events of an FCS file lie, and how many: data sets, counts, shifted bytes."""
