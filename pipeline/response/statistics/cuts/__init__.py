"""Cuts of a density: the ROC curve, the best cut, and its expected performance in other patients."""
