"""The base of every error that a tube's matrix, thresholds or gate file may cause."""

from __future__ import annotations


class GatingError(Exception):
    """Input of a tube that the gating cannot use: its matrix, thresholds or gate file.

    It is no `ValueError`: a stray one of the program must not pass as a bad tube. A mistake of the caller
    (wrong shapes, a missing channel, a quantified channel that gates) is no `GatingError`.
    """
