"""Simulated tubes and bead files: cells, antigens, light, detectors."""
