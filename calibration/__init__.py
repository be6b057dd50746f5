"""Turn fluorescence into molecules per cell: beads, curve, background, limits, uncertainty."""
