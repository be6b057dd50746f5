"""Faults in the sheets and files of a study, as values: checks return them and never raise them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.study.wording import LONGEST_MESSAGE

_CELL = re.compile(r"^(?P<sheet>[^!]+)!(?P<column>[A-Z]*)(?P<row>\d*)$")
_VALUE = re.compile(
    r'"[^"]*"( \(with [^)]*\))?|[\w./ -]+\.(fcs|lmd)\b|\w+![A-Z]*\d+|[-+]?\d[\d.,:eE+-]*', re.IGNORECASE
)
"""Parts of a message that differ between faults with the same cause: quoted values, files, cells, numbers."""

MOST_FAULTS_WRITTEN_OUT = 3
"""Most faults with the same cause that are written out in full if they differ. Convention: more of the same
cause would hide the others."""

MOST_CELLS_NAMED = 12
"""Most cells that are named for a cause. Convention: more would not be read."""

_SHEET_ORDER = (
    "samples",
    "panels",
    "beads",
    "doses",
    "patients",
    "settings",
    "gates",
    "statements",
    "validation",
    "adverse_events",
    "review",
)


class Severity(StrEnum):
    """The effect of a fault on a run."""

    ERROR = "ERROR"
    """The run does not start. A person must correct a sheet, or accept the fact and give a reason."""
    TUBE = "TUBE"
    """A single file is at fault. The run goes on; the row of that file fails or lacks a value."""
    WARNING = "WARNING"
    """The run goes on. A person should look at it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault: where it is, what was found, what was expected, and what to do.

    Parameters
    ----------
    where
        A cell as Excel names it (`samples!C7`), a sheet or a file.
    found, expected
        What was found and what was expected, in words; a typed value is in double quotes. If `found` is a
        complete sentence, `expected` is empty.
    hint
        What to do, or what was probably meant; may be empty.
    flag, sample_ids
        The flag with the same meaning in the tables of results, and the tubes that have it, if the check
        knows them.

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
    flag: str = field(default="", compare=False)
    sample_ids: tuple[str, ...] = field(default=(), compare=False)

    @property
    def words(self) -> str:
        """What is wrong and what to do, without the cell."""
        line = f"found {self.found}, expected {self.expected}" if self.expected else self.found
        return f"{line}. {self.hint}" if self.hint else line

    def __str__(self) -> str:
        return f"{self.where}: {self.words}"


def stops_run(faults: Iterable[Fault]) -> bool:
    """Return whether one of the faults must be corrected or accepted before a run can start."""
    return any(fault.severity is Severity.ERROR for fault in faults)


def in_reading_order(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Return the faults without exact repetitions, sorted by sheet, row and cell."""
    return tuple(sorted(dict.fromkeys(faults), key=_reading_key))


def fault_report(faults: Iterable[Fault]) -> str:
    """Return a line for each cause, errors first, and a last line with the number of faults; "" for none.

    Faults with the same cause differ only in typed values. The first of them is written out; the cells of the
    others are named below it.
    """
    listed = list(faults)
    if not listed:
        return ""
    causes: dict[tuple[Severity, str], list[Fault]] = {}
    for fault in listed:
        causes.setdefault((fault.severity, cause_of(fault)), []).append(fault)
    ordered = sorted(causes.items(), key=lambda cause: list(Severity).index(cause[0][0]))
    lines = [line for _, alike in ordered for line in _lines(alike)]
    return "\n".join([*lines, fault_count(listed)])


def cause_of(fault: Fault) -> str:
    """Return the cause of a fault: sheet, column and words without values. Equal causes are reported once."""
    match = _CELL.match(fault.where)
    column = f"{match['sheet']}!{match['column']}" if match else fault.where
    return f"{column}: {without_values(f'{fault.found} | {fault.expected} | {fault.hint}')}"


def without_values(text: str) -> str:
    """Return a sentence without quoted values, files, cells and numbers, so that alike sentences are equal.

    >>> without_values('beads "B1" 25 hours from the tube')
    'beads … … hours from the tube'
    """
    return _VALUE.sub("…", text)


def _lines(alike: list[Fault]) -> list[str]:
    """Return every fault if they differ and are few; else the first fault and the cells of the others."""
    texts = dict.fromkeys(fault.words for fault in alike)
    if len(alike) == 1 or 1 < len(texts) == len(alike) <= MOST_FAULTS_WRITTEN_OUT:
        return [_line(fault) for fault in alike]
    other_cells = [fault.where for fault in alike[1:]]
    more = f" and {len(other_cells) - MOST_CELLS_NAMED} more" if len(other_cells) > MOST_CELLS_NAMED else ""
    how = "the same" if len(texts) == 1 else "alike"
    return [_line(alike[0]), f"{'':<7} {how} in {', '.join(other_cells[:MOST_CELLS_NAMED])}{more}"]


def _line(fault: Fault) -> str:
    line = f"{fault.severity.value:<7} {fault}"
    return line if len(line) <= LONGEST_MESSAGE else f"{line[: LONGEST_MESSAGE - 1]}…"


def fault_count(faults: Iterable[Fault]) -> str:
    """Return the number of faults of each severity, in words.

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
    """Return the sort key of a fault: sheets in the order of `_SHEET_ORDER`; faults without a cell first."""
    match = _CELL.match(fault.where)
    sheet = match["sheet"] if match else fault.where
    sheet_index = _SHEET_ORDER.index(sheet) if sheet in _SHEET_ORDER else -1
    row = int(match["row"] or 0) if match else 0
    column = match["column"] if match else ""
    return sheet_index, sheet if sheet_index < 0 else "", row, len(column), column
