"""Responses to treatment, as a person types them."""

from __future__ import annotations

from enum import StrEnum


class Response(StrEnum):
    """The best response to the study drug, from the deepest to progression, then not evaluable."""

    SCR = "sCR"
    CR = "CR"
    VGPR = "VGPR"
    PR = "PR"
    MR = "MR"
    SD = "SD"
    PD = "PD"
    NE = "NE"
