"""Studies typed in odd but allowed ways: each must be read, to the same values."""

from __future__ import annotations

import csv
import io
import random
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

from openpyxl import Workbook

from helpers.builders import Sheets, write_files
from pipeline.checks import check_folder
from pipeline.study.faults import Severity
from pipeline.study.study import Study
from trust.whole_study import whole_sheets

Change = Callable[[Sheets, random.Random], None]


def _shuffle_columns(sheets: Sheets, draw: random.Random) -> None:
    for name, rows in sheets.items():
        order = draw.sample(range(len(rows[0])), len(rows[0]))
        wide = [[*row, *[None] * (len(rows[0]) - len(row))] for row in rows]
        sheets[name] = [[row[k] for k in order] for row in wide]


def _other_headers(sheets: Sheets, draw: random.Random) -> None:
    for rows in sheets.values():
        rows[0] = [
            draw.choice((str.upper, str.title, lambda t: f" {t} ", lambda t: t.replace("_", " "),
                         lambda t: t.replace("_", "-")))(str(name))
            for name in rows[0]
        ]  # fmt: skip


def _empty_rows(sheets: Sheets, draw: random.Random) -> None:
    for rows in sheets.values():
        for _ in range(draw.randint(1, 4)):
            rows.insert(draw.randint(1, len(rows)), [None] * draw.randint(0, len(rows[0])))


def _own_columns(sheets: Sheets, draw: random.Random) -> None:
    for rows in sheets.values():
        width = len(rows[0])
        for number, row in enumerate(rows):
            row.extend([None] * (width - len(row)))
            row.append(draw.choice(("_mine", "_x")) if number == 0 else draw.choice(("=1+1", "nan", "ü", 5)))


def _blanks_in_cells(sheets: Sheets, draw: random.Random) -> None:
    for rows in sheets.values():
        for row in rows[1:]:
            for k, cell in enumerate(row):
                if isinstance(cell, str) and cell and draw.random() < 0.5:
                    row[k] = draw.choice(
                        (f" {cell}", f"{cell} ", f"\u00a0{cell}", f"{cell}\u200b", f"\ufeff{cell}")
                    )


def _full_width_ids(sheets: Sheets, draw: random.Random) -> None:
    wide = {**{ord("0") + k: 0xFF10 + k for k in range(10)}, ord("P"): 0xFF30, ord("S"): 0xFF33}
    for name, column in (("samples", 1), ("doses", 0), ("patients", 0)):
        for row in sheets[name][1:]:
            row[column] = str(row[column]).translate(wide) if draw.random() < 0.7 else row[column]


def _comma_numbers(sheets: Sheets, draw: random.Random) -> None:
    del draw
    for name, header in (("patients", "weight_kg"), ("patients", "exposure_weeks"), ("beads", "assigned_cv"),
                         ("panels", "f_p_ratio_sd")):  # fmt: skip
        k = sheets[name][0].index(header)
        for row in sheets[name][1:]:
            if k < len(row) and row[k]:
                row[k] = str(row[k]).replace(".", ",")


def _choices_in_other_case(sheets: Sheets, draw: random.Random) -> None:
    for name, header in (("patients", "sex"), ("patients", "evaluable"), ("patients", "infusion_reaction"),
                         ("samples", "tissue"), ("panels", "role"), ("beads", "kit"), ("doses", "route")):  # fmt: skip
        k = sheets[name][0].index(header)
        for row in sheets[name][1:]:
            if k < len(row) and row[k]:
                row[k] = draw.choice((str.upper, str.title, str.lower))(str(row[k]))


def _more_rows(sheets: Sheets, draw: random.Random) -> None:
    """Rows in another order."""
    for name in ("doses", "patients", "settings"):
        head, *rows = sheets[name]
        sheets[name] = [head, *draw.sample(rows, len(rows))]


CHANGES: tuple[Change, ...] = (
    _comma_numbers, _choices_in_other_case, _more_rows, _full_width_ids, _own_columns, _blanks_in_cells, _empty_rows,
    _shuffle_columns, _other_headers,
)  # fmt: skip
"""In this order: the later ones may change the header, or which row is which."""


def _write_csvs(folder: Path, sheets: Sheets, draw: random.Random) -> str:
    delimiter, end = draw.choice(",;\t"), draw.choice(("\n", "\r\n"))
    encoding = draw.choice(("utf-8", "utf-8-sig", "utf-16"))
    for name, rows in sheets.items():
        text = io.StringIO(newline="")
        quoting = draw.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
        csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(
            [["" if cell is None else cell for cell in row] for row in rows]
        )
        file = draw.choice((name, name.upper(), name.title()))
        (folder / f"{file}.csv").write_bytes(text.getvalue().encode(encoding))
    return f"CSV {delimiter!r} {encoding}"


def _write_workbook(folder: Path, sheets: Sheets, draw: random.Random) -> str:
    workbook = Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(draw.choice((name, name.upper(), f" {name}")))
        for row in rows:
            sheet.append([_as_excel_has_it(cell, draw) for cell in row])
            for cell in sheet[sheet.max_row]:
                cell.data_type = "s" if isinstance(cell.value, str) else cell.data_type
    workbook.create_sheet("_mine").append(["anything", 1])
    workbook.save(folder / "study.xlsx")
    return "workbook"


def _as_excel_has_it(cell: object, draw: random.Random) -> object:
    """Return a day as a date and a number as a number, as often as Excel makes them so."""
    if not isinstance(cell, str) or draw.random() < 0.3:
        return cell
    try:
        return date.fromisoformat(cell.strip())
    except ValueError:
        pass
    try:
        return float(cell) if "_" not in cell and cell.strip().isascii() and cell != "96597" else cell
    except ValueError:
        return cell


def odd_study(folder: Path, seed: int) -> str:
    """Write the sheets of an odd study beside its files, and return what is odd about it."""
    draw = random.Random(seed)
    sheets = whole_sheets()
    chosen = [change for change in CHANGES if draw.random() < 0.4]
    for change in chosen:
        change(sheets, draw)
    write = draw.choice((_write_csvs, _write_workbook))
    return f"{seed}: {write(folder, sheets, draw)} {' '.join(change.__name__ for change in chosen)}"


def _facts(study: Study) -> object:
    """Return what a study says, but for the order of its rows."""
    return (
        set(study.samples), study.panels, study.bead_runs, set(study.doses), set(study.patients), study.settings,
        study.gates,
    )  # fmt: skip


def odd_studies_refused(folder: Path, n: int) -> list[str]:
    """Return which of `n` odd studies are refused, or read to other values, and why."""
    write_files(folder)
    plain = folder / "plain"
    write_files(plain)
    _write_csvs(plain, whole_sheets(), random.Random(0))
    expected, _ = check_folder(plain)
    assert expected is not None
    wanted = _facts(expected)
    refused = []
    for seed in range(n):
        for old in folder.iterdir():
            if old.is_file():
                old.unlink()
        odd = odd_study(folder, seed)
        study, faults = check_folder(folder)
        errors = [str(fault) for fault in faults if fault.severity is Severity.ERROR]
        if study is None or errors:
            refused.append(f"{odd}: {errors[:2]}")
        elif _facts(study) != wanted:
            refused.append(f"{odd}: other values")
    shutil.rmtree(plain)
    return refused
