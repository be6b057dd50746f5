"""Pictures beyond the median: the cells of each tube, and the course of each patient."""
