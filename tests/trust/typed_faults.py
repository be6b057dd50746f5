"""Faults typed into one cell of a sound study: none may crash, none give a wrong number in silence, each be named.

`make faults` types 4,000 of them, reads 200 odd but valid studies, and writes docs/trust.md.
"""

from __future__ import annotations

import argparse
import csv
import io
import random
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from openpyxl.utils import get_column_letter

from helpers.builders import Sheets, with_cells, write_files
from pipeline.checks import check_folder
from pipeline.study.faults import Fault, Severity, fault_report
from pipeline.study.sheets.columns import value_in
from pipeline.study.sheets.reading import read_typed
from pipeline.study.wording import LONGEST_LINE, in_lines
from trust.judge import COLUMNS, SETTINGS, Column, Typed, typed_faults
from trust.odd_studies import odd_studies_refused
from trust.page import done_on, table, write_section
from trust.whole_study import whole_sheets


@dataclass(frozen=True, slots=True)
class Changed:
    """A cell, and what was typed into it."""

    sheet: str
    column: str
    row: int
    where: str
    typed: Typed

    def __str__(self) -> str:
        return f"{self.where} ({self.column}) {self.typed.fault}: {self.typed.text[:40]!r}"


@dataclass(slots=True)
class Tally:
    """What came of the faults."""

    n: Counter[str] = field(default_factory=Counter)
    """Outcomes over all cells."""
    by_fault: dict[str, Counter[str]] = field(default_factory=dict)
    shown: dict[str, list[str]] = field(default_factory=dict)
    """Changed cells of each outcome that should not be."""

    def add(self, changed: Changed, outcome: str) -> None:
        self.n[outcome] += 1
        self.by_fault.setdefault(changed.typed.fault, Counter())[outcome] += 1
        self.shown.setdefault(outcome, []).append(str(changed))


def changes(sheets: Sheets, seed: int) -> Iterator[Changed]:
    """Yield cells with what is typed into them, without an end; the same for the same seed."""
    draw = random.Random(seed)
    places = [(sheet, name) for sheet, columns in COLUMNS.items() for name in columns]
    places += [("settings", "value")] * 4
    while True:
        sheet, name = draw.choice(places)
        rows = sheets[sheet]
        row = draw.randrange(1, len(rows))
        index = rows[0].index(name)
        if sheet == "panels" and (name != "role" and rows[row][2] != "cd38"):
            continue
        column: Column = (
            SETTINGS[str(rows[row][0])] if (sheet, name) == ("settings", "value") else COLUMNS[sheet][name]
        )
        before = str(rows[row][index] or "")
        typed = draw.choice(typed_faults(column, before, draw))
        if typed.text != before:
            yield Changed(sheet, name, row, f"{sheet}!{get_column_letter(index + 1)}{row + 1}", typed)


class Study:
    """A folder whose files stay, and whose sheets are written again where they differ."""

    def __init__(self, folder: Path) -> None:
        self.folder = write_files(folder)
        self.sheets = whole_sheets()
        self.written: dict[str, str] = {}
        self.before = set(self.check(self.sheets))

    def check(self, sheets: Sheets) -> tuple[Fault, ...]:
        """Return every fault that `cd38rd check` tells."""
        for name, rows in sheets.items():
            text = io.StringIO(newline="")
            csv.writer(text).writerows([["" if cell is None else cell for cell in row] for row in rows])
            if self.written.get(name) != text.getvalue():
                (self.folder / f"{name}.csv").write_text(text.getvalue(), encoding="utf-8", newline="")
                self.written[name] = text.getvalue()
        return check_folder(self.folder)[1]

    def read(self, changed: Changed) -> object:
        """Return what the changed cell was read as."""
        typed, _ = read_typed(self.folder)
        assert typed is not None
        if changed.sheet == "settings":
            name = str(self.sheets["settings"][changed.row][0])
            return getattr(typed.settings, name, None)
        rows = "bead_runs" if changed.sheet == "beads" else changed.sheet
        entry = getattr(typed, rows)[changed.row - 1]
        return value_in(entry.row, changed.column)


def outcome_of(study: Study, changed: Changed) -> str:
    """Return in words what the program said of a changed cell."""
    try:
        told = study.check(with_cells(study.sheets, {changed.where: changed.typed.text}))
        report = in_lines(fault_report(told))
    except Exception as error:
        return f"crashed ({type(error).__name__})"
    if max(map(len, report.splitlines()), default=0) > LONGEST_LINE:
        return "a line too long"
    new = [fault for fault in told if fault not in study.before]
    if any(fault.where == changed.where or changed.where in str(fault) for fault in new):
        return "named at the cell"
    if any(fault.where.startswith(changed.sheet) for fault in new):
        return "named in the sheet"
    if new and (changed.typed.is_fault or any(fault.severity is Severity.ERROR for fault in new)):
        return "named elsewhere"
    return _accepted(study, changed)


def _accepted(study: Study, changed: Changed) -> str:
    if changed.typed.is_fault:
        return "accepted in silence"
    if changed.typed.value is None:
        return "accepted"
    read = study.read(changed)
    read = read.isoformat() if isinstance(read, date) else read
    return "accepted as meant" if read == changed.typed.value else "accepted as another value"


def tally(folder: Path, n: int, seed: int = 1) -> Tally:
    """Type `n` faults, one after the other, into a study in a folder that is not there yet."""
    study, found = Study(folder), Tally()
    for number, changed in enumerate(changes(study.sheets, seed)):
        if number == n:
            break
        found.add(changed, outcome_of(study, changed))
    return found


WRONG = ("accepted in silence", "accepted as another value", "a line too long")


def share_named(found: Tally) -> float:
    """Return which part of the refused cells is named by its place."""
    named = found.n["named at the cell"]
    return named / max(named + found.n["named in the sheet"] + found.n["named elsewhere"], 1)


def page_lines(found: Tally, odd: int, refused: Sequence[str]) -> list[str]:
    """Return the section of the page."""
    outcomes = sorted(found.n, key=lambda outcome: -found.n[outcome])
    rows = [[fault, *(counts[o] for o in outcomes)] for fault, counts in sorted(found.by_fault.items())]
    crashed = sum(n for outcome, n in found.n.items() if outcome.startswith("crashed"))
    lines = [
        *table(["typed", *outcomes], [*rows, ["**all**", *(found.n[o] for o in outcomes)]]),
        "",
        f"Crashes: {crashed}. Accepted without a message or as another value: {sum(found.n[o] for o in WRONG)}.",
        f"Named at the changed cell, of all that was named: {100 * share_named(found):.1f} %.",
        f"Odd but valid studies: {odd - len(refused)} of {odd} accepted with the same values.",
        done_on(f"{found.n.total():,} faults (seed 1)"),
    ]
    for outcome in WRONG:
        kinds = sorted({text.split(" ", 1)[1] for text in found.shown.get(outcome, [])})
        lines += ["", *(f"- {outcome}: {text}" for text in kinds)] if kinds else []
    return lines


def main() -> None:
    """Type the faults, and write the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--faults", type=int, default=4_000)
    options.add_argument("--odd", type=int, default=200)
    options.add_argument("--show", action="store_true", help="print what should not be, and leave the page")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = tally(Path(folder) / "faults", asked.faults)
        refused = odd_studies_refused(Path(folder) / "odd", asked.odd)
    lines = page_lines(found, asked.odd, refused)
    print("\n".join(lines))
    if asked.show:
        for outcome, shown in found.shown.items():
            if outcome not in ("named at the cell", "accepted", "accepted as meant"):
                print(outcome, len(shown), *sorted(set(shown))[:60], sep="\n  ")
        print(*refused, sep="\n")
    else:
        write_section("typed faults", lines)


if __name__ == "__main__":
    main()
