"""Responses to treatment, as a person types them."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

LETTERS_CUT: Final = 150_000.0
"""Cut, in molecules per cell, at which the published letter split its patients
(doi:10.1038/s41408-021-00478-4). Default of the setting rd_cut, and of the density that a plan waits for."""


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
