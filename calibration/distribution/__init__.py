"""The cells of a tube beyond their median: percentiles, shares below a cut, groups of brightness."""
