"""The text of `cd38rd inspect` and `--cross-check` for a file; it never names a person."""

from __future__ import annotations

import json
from pathlib import Path

from pipeline.fcs import FcsError, read_fcs
from pipeline.fcs.cross_check import cross_check, describe_witnesses
from pipeline.fcs.describe import describe_json, describe_lines
from pipeline.fcs.repairs import RepairCode


def inspection(path: Path, *, with_witnesses: bool, as_json: bool) -> str:
    """Return a file's facts as text or JSON.

    Raises
    ------
    FcsError
        If the file cannot be read, or ends before its first event is complete.
    """
    file = read_fcs(path, channels=(), allow_truncated=True)
    if not file.n_events and any(repair.code is RepairCode.TRUNCATED for repair in file.repairs):
        read_fcs(path, channels=())
    witnesses = cross_check(path) if with_witnesses else ()
    if not as_json:
        return "\n".join((*describe_lines(file), *describe_witnesses(witnesses)))
    facts = describe_json(file)
    if with_witnesses:
        facts["cross_check"] = list(describe_witnesses(witnesses))
    return json.dumps(facts, indent=2, ensure_ascii=False)


def compared(path: Path) -> tuple[str, ...]:
    """Return how FlowIO and fcsparser read the file, or why it cannot be compared."""
    try:
        return describe_witnesses(cross_check(path))
    except FcsError as error:
        return (f"not compared: {error}",)
