"""Receptor density of cells: background, detection limits, uncertainty and replicates."""
