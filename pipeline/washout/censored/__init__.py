"""Densities below or above the limits: their likelihood, profile, bias and bootstrap."""
