"""The work of a study: which tubes, in what order, on which cores, and what is kept."""
