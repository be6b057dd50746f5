"""Cleaning of a tube before the plasma cells are gated: time, scatter, doublets, viability, dump."""
