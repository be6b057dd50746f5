"""Legend: what every flag, verdict and abbreviation of the results means, and what to do about it."""
