"""Plasma cells: the two anchor steps, refined by all channels, with their confidence."""
