"""Faults: what is wrong with what a person typed or handed in, as values that are never raised."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

_CELL = re.compile(r"^(?P<sheet>[^!]+)!(?P<column>[A-Z]*)(?P<row>\d*)$")
_SHEET_ORDER = (
    "samples",
    "panels",
    "beads",
    "doses",
    "patients",
    "settings",
    "gates",
    "statements",
    "review",
)


class Severity(StrEnum):
    """What a fault does to a run."""

    ERROR = "ERROR"
    """The run stops before it starts: somebody must fix a sheet, or accept the fact with a reason."""
    TUBE = "TUBE"
    """One file is at fault: the run goes on, and that row fails or lacks a value."""
    WARNING = "WARNING"
    """The run goes on; somebody should look."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where, what came, what was expected and what to do.

    Parameters
    ----------
    where
        A cell as Excel names it (`samples!C7`), a sheet or a file.
    found, expected
        In words; a typed value stands in double quotes. Where `found` is a sentence that says all, nothing is
        expected.
    hint
        What to do, or what was probably meant; may be empty.

    Examples
    --------
    >>> print(Fault("samples!C7", '"2024-13-01"', "a date such as 2024-05-31"))
    samples!C7: found "2024-13-01", expected a date such as 2024-05-31
    """

    where: str
    found: str
    expected: str
    hint: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        line = f"{self.where}: {self.found}"
        if self.expected:
            line = f"{self.where}: found {self.found}, expected {self.expected}"
        return f"{line}. {self.hint}" if self.hint else line


def stops_run(faults: Iterable[Fault]) -> bool:
    """Whether one of the faults must be fixed or accepted before anything runs."""
    return any(fault.severity is Severity.ERROR for fault in faults)


def in_reading_order(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Return the faults sheet by sheet, row by row, cell by cell, without exact repetitions."""
    return tuple(sorted(dict.fromkeys(faults), key=_reading_key))


def fault_report(faults: Iterable[Fault]) -> str:
    """Return one line per fault and a last line that counts them; "" where there are none."""
    listed = list(faults)
    if not listed:
        return ""
    lines = [f"{fault.severity.value:<7} {fault}" for fault in listed]
    return "\n".join([*lines, fault_count(listed)])


def fault_count(faults: Iterable[Fault]) -> str:
    """Return how many faults there are of each kind, in words.

    >>> fault_count([Fault("samples!A2", "nothing", "a sample_id")])
    '1 fault that stops the run'
    """
    severities = [fault.severity for fault in faults]
    words = {
        Severity.ERROR: ("fault that stops the run", "faults that stop the run"),
        Severity.TUBE: ("file that cannot be used", "files that cannot be used"),
        Severity.WARNING: ("warning", "warnings"),
    }
    counts = [(severities.count(severity), *names) for severity, names in words.items()]
    return (
        ", ".join(f"{n} {singular if n == 1 else plural}" for n, singular, plural in counts if n)
        or "no fault"
    )


def _reading_key(fault: Fault) -> tuple[int, str, int, int, str]:
    """Sheets in the order of the contract, what is no cell first."""
    match = _CELL.match(fault.where)
    sheet = match["sheet"] if match else fault.where
    sheet_index = _SHEET_ORDER.index(sheet) if sheet in _SHEET_ORDER else -1
    row = int(match["row"] or 0) if match else 0
    column = match["column"] if match else ""
    return sheet_index, sheet if sheet_index < 0 else "", row, len(column), column
