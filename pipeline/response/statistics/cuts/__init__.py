"""Cuts of a density: the ROC curve, the cut that parts patients best, and what it is worth elsewhere."""
