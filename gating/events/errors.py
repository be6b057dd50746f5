"""The base of every error that a tube's events, panel, matrix or gate file may cause."""

from __future__ import annotations


class GatingError(ValueError):
    """Input of a tube that the gating cannot use: its events, panel, matrix, thresholds or gate file.

    A mistake of the caller (wrong shapes, a channel that does not exist) is no `GatingError`.
    """
