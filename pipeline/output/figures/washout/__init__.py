"""Receptor density against washout: every patient, those beyond the limits too, and the median patient."""

from pipeline.output.figures.washout.picture import MOST_LABELS, MOST_POINTS_DRAWN, washout_picture
from pipeline.output.figures.washout.points import DrawnVisit, drawable

__all__ = ["MOST_LABELS", "MOST_POINTS_DRAWN", "DrawnVisit", "drawable", "washout_picture"]
