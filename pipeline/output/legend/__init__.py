"""Legend: every verdict and every abbreviation of the results, with what it means."""
