"""The sheets of a study folder: a workbook, or a CSV file for each sheet."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.study.faults import Fault, Severity
from pipeline.study.locations import sheet_problem
from pipeline.study.sheets.tables.csv_file import read_csv_sheet
from pipeline.study.sheets.tables.grid import RawSheet, header_name
from pipeline.study.sheets.tables.workbook import WORKBOOK, read_workbook
from pipeline.study.wording import did_you_mean, enumerate_words, nearest, quoted

ColumnsOfSheets = Mapping[str, Sequence[str]]
"""The columns that each sheet may have, by its name."""

NEAR_SHEET = 0.85
"""Likeness of two names of sheets from which one is a misspelling of the other, whatever the columns: `dose`,
not `dates`. Convention: one letter of seven."""

_TABLE_OF_NUMBERS = re.compile(r"(.+?)_(?:table|tabelle|tableau|tabla|tabella|tabel|tabela|表格|表)_?\d*")
"""`samples - Table 1`: Apple Numbers exports each table as a sheet of such a name."""
SHARED_COLUMNS = 3
"""Fewest columns of a missing sheet that show that a sheet of another name is probably that sheet.
Convention: several sheets have one or two columns in common, such as sample_id."""


def raw_sheets(
    folder: Path, columns: ColumnsOfSheets, *, beside: str
) -> tuple[tuple[RawSheet, ...] | None, tuple[Fault, ...]]:
    """Read the workbook or the CSV files of a study folder; None if there is nothing to read.

    Parameters
    ----------
    columns
        The columns of each sheet that a study may have.
    beside
        The sheet that is always a CSV file, even beside a workbook.
    """
    try:
        names = {path.name.casefold(): path for path in sorted(folder.iterdir(), reverse=True)}
    except NotADirectoryError:
        return None, (Fault(str(folder), "a file", "a study folder"),)
    except OSError as error:
        hint = "`cd38rd init` makes one."
        return None, (Fault(str(folder), f"no readable folder ({error.strerror})", "a study folder", hint),)
    sheets = {name: known_columns for name, known_columns in columns.items() if name != beside}
    csvs = {name: names[f"{name}.csv"] for name in sheets if f"{name}.csv" in names}
    workbook = names.get(WORKBOOK)
    if workbook and csvs:
        listed = enumerate_words((path.name for path in csvs.values()), "and")
        hint = "Keep the right one and move the other away."
        return None, (Fault(str(folder), f"{workbook.name} and {listed}", "a workbook or CSV files", hint),)
    if not workbook and not csvs:
        return None, (_nothing_typed(folder, names),)
    raw, faults = (
        _workbook_sheets(folder, workbook, sheets) if workbook else _csv_sheets(folder, csvs, names, columns)
    )
    if raw is not None and f"{beside}.csv" in names:
        review, wrong = _csv_sheet(folder, names[f"{beside}.csv"], beside, columns[beside])
        return (*raw, review), (*faults, *wrong)
    return raw, faults


def _csv_sheet(
    folder: Path, path: Path, name: str, known_columns: Sequence[str]
) -> tuple[RawSheet, tuple[Fault, ...]]:
    problem = sheet_problem(folder, path)
    return (RawSheet(name, ()), (problem,)) if problem else read_csv_sheet(path, name, known_columns)


def _nothing_typed(folder: Path, names: Mapping[str, Path]) -> Fault:
    other_file = next(
        (path.name for key, path in names.items() if key in ("study.xls", "study.xlsm", "study.ods")), ""
    )
    problem = (
        f"{other_file}, but no {WORKBOOK} and no samples.csv"
        if other_file
        else f"no {WORKBOOK} and no samples.csv"
    )
    hint = f"Save it as {WORKBOOK}." if other_file else "`cd38rd init` writes a workbook to fill in."
    return Fault(str(folder), problem, "a study folder with one of them", hint)


def _workbook_sheets(
    folder: Path, path: Path, columns: ColumnsOfSheets
) -> tuple[tuple[RawSheet, ...] | None, tuple[Fault, ...]]:
    problem = sheet_problem(folder, path)
    if problem:
        return None, (problem,)
    sheets, faults = read_workbook(path, columns)
    if faults and not sheets:
        return None, faults
    all_faults, sheet_of = list(faults), {}
    for sheet in sheets:
        if sheet.name in sheet_of:
            all_faults.append(Fault(path.name, f"two sheets named {sheet.name}", "each sheet once"))
        elif sheet.name in columns:
            sheet_of[sheet.name] = sheet
        elif not sheet.name.startswith("_") and any(not cell.is_empty for row in sheet.rows for cell in row):
            all_faults.append(_unknown_sheet(path.name, sheet, columns, [s.name for s in sheets]))
    return tuple(sheet_of.values()), tuple(fault for fault in all_faults if _is_read(fault, sheet_of))


def _is_read(fault: Fault, sheet_of: Mapping[str, RawSheet]) -> bool:
    """Return whether a fault is in a sheet that is read."""
    return "!" not in fault.where or fault.where.split("!")[0] in sheet_of


def _unknown_sheet(
    file_name: str, sheet: RawSheet, columns: ColumnsOfSheets, present: Sequence[str]
) -> Fault:
    """Return a warning; an error if a missing sheet was probably meant, since its rows would be lost."""
    missing = {name: known_columns for name, known_columns in columns.items() if name not in present}
    typed = {header_name(cell.value) for row in sheet.rows for cell in row}
    shared = {name: len(typed.intersection(known_columns)) for name, known_columns in missing.items()}
    alike = [name for name, n in shared.items() if n >= SHARED_COLUMNS]
    meant = nearest(sheet.name, missing, NEAR_SHEET) or nearest(
        sheet.name, [s for s, n in shared.items() if n > 1]
    )
    meant = meant or next(iter(alike), "")
    table = _TABLE_OF_NUMBERS.fullmatch(sheet.name)
    meant = table[1] if table and table[1] in missing else meant
    problem, expected = f"the sheet {quoted(sheet.name)}", f"the sheets {enumerate_words(columns)}"
    if meant:
        return Fault(file_name, problem, expected, f"Did you mean {quoted(meant)}?")
    hint = "It is not read; a sheet of your own starts with _."
    return Fault(file_name, problem, expected, hint, Severity.WARNING)


def _csv_sheets(
    folder: Path, csvs: Mapping[str, Path], names: Mapping[str, Path], columns: ColumnsOfSheets
) -> tuple[tuple[RawSheet, ...], tuple[Fault, ...]]:
    sheets: list[RawSheet] = []
    faults: list[Fault] = []
    for name, path in csvs.items():
        sheet, wrong = _csv_sheet(folder, path, name, columns[name])
        sheets.append(sheet)
        faults += wrong
    for key, path in sorted(names.items()):
        stem = key.removesuffix(".csv")
        hint = did_you_mean(stem, [name for name in columns if name not in csvs])
        if stem != key and stem not in columns and hint and not stem.startswith("_"):
            expected = f"{enumerate_words(f'{sheet}.csv' for sheet in columns)}"
            faults.append(Fault(path.name, "a CSV that is not read", expected, hint, Severity.WARNING))
    return tuple(sheets), tuple(faults)
