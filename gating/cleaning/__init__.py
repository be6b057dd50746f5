"""Cleaning a tube before any cell is named: time, scatter, doublets, viability, dump."""
