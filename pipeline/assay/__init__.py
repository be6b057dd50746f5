"""The assay itself: precision, linearity, limits, stability, carry-over, agreement, controls."""
