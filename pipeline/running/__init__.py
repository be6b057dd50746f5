"""The work of a study: which tubes to compute, in what order, on which cores, and which results to keep."""
