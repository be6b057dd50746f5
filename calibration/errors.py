"""The base of every error that a bead file, the values of a lot or the cells of a tube may cause."""

from __future__ import annotations


class CalibrationError(Exception):
    """The measured or typed values give no calibration; the text gives the reason.

    It is no `ValueError`: a stray one of the program must not pass as bad beads or a bad tube.
    """
