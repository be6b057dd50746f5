"""Beads: the kits on the market, and the singlets, populations and medians of a bead file."""
