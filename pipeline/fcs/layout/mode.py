"""$MODE: whether DATA are a list of events."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.fcs.errors import UnsupportedError, shown_keyword
from pipeline.fcs.repairs import Repair, RepairCode


def check_mode(keywords: Mapping[str, str], version: str, file: str) -> list[Repair]:
    """$MODE (3.2.18): only lists of events; histograms (C, U) are deprecated since 3.1. Absent in FCS 3.2."""
    mode = keywords.get("$MODE", "").strip(" \0").upper()
    if mode == "L" or (not mode and version == "3.2"):
        return []
    if mode:
        raise UnsupportedError(
            f"{file}: $MODE is {shown_keyword(mode)}, a histogram, expected L, events; export list mode data"
        )
    return [Repair(RepairCode.MODE_ABSENT, "TEXT has no $MODE; a list of events was assumed", "nothing", "L")]
