"""Small studies for tests: sheets as lists of rows, tiny FCS files, and one cell changed at a time."""

from __future__ import annotations

import copy
import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from openpyxl import Workbook
from openpyxl.utils import column_index_from_string

from pipeline.fcs import write_fcs

Sheets = dict[str, list[list[object]]]
CHANNELS = ("FSC-A", "FSC-H", "SSC-A", "PE-A", "BV421-A", "APC-H7-A", "Time")
MARKERS = ("", "", "", "CD38 PE", "CD138 BV421", "CD45 APC-H7", "")
ACQUIRED = {
    "$CYT": "FACSCanto II",
    "$CYTSN": "V657338000098",
    "$DATE": "31-MAY-2024",
    "$BTIM": "10:00:00",
    "$ETIM": "10:05:00",
    "$P4V": "450",
    "$P5V": "510",
    "$P6V": "520",
}


def good_sheets() -> Sheets:
    """A study of two tubes of two patients without a fault."""
    return {
        "samples": [
            ["sample_id", "patient_id", "collected_on", "fcs_file", "panel", "beads", "visit", "fmo_file"],
            ["S1", "P1", "2024-05-31", "fcs/S1.fcs", "MM", "QB1", "baseline", "fcs/S1_FMO.fcs"],
            ["S2", "P2", "2024-05-31", "fcs/S2.fcs", "MM", "QB1", "baseline", None],
        ],
        "panels": [
            ["panel", "channel", "role", "target", "marker", "f_p_ratio", "clone", "competes_with_drug"],
            ["MM", "FSC-A", "fsc_area", None, None, None],
            ["MM", "FSC-H", "fsc_height", None, None, None],
            ["MM", "SSC-A", "ssc_area", None, None, None],
            ["MM", "PE-A; YG585-A", "cd38", None, "CD38", "1,02", "HB7", "yes"],
            ["MM", "BV421-A", "cd138", None, "CD138", None],
            ["MM", "APC-H7-A", "cd45", None, "CD45", None],
            ["MM", "Time", "time", None, None, None],
        ],
        "beads": [
            ["beads", "fcs_file", "kit", "lot", "channel", "levels"],
            ["QB1", "fcs/beads.fcs", "quantibrite_pe", "96597", "PE-A", "638; 6930; 31008; 67601"],
        ],
        "doses": [
            ["patient_id", "given_on", "drug"],
            ["P1", "2023-11-02", "daratumumab"],
            ["P2", "2023-12-15", "Daratumumab"],
        ],
    }


def with_cells(sheets: Sheets, cells: Mapping[str, object]) -> Sheets:
    """The sheets with other values in some cells, named as Excel does: `samples!C2`."""
    changed = copy.deepcopy(sheets)
    for where, value in cells.items():
        named = re.fullmatch(r"(\w+)!([A-Z]+)(\d+)", where)
        assert named is not None, where
        sheet, column, row = named.groups()
        rows, index = changed[sheet], column_index_from_string(column) - 1
        while len(rows) < int(row):
            rows.append([])
        line = rows[int(row) - 1]
        line.extend([None] * (index + 1 - len(line)))
        line[index] = value
    return changed


def write_csvs(folder: Path, sheets: Sheets, *, delimiter: str = ",", encoding: str = "utf-8") -> Path:
    """Write each sheet as a CSV."""
    folder.mkdir(exist_ok=True)
    for name, rows in sheets.items():
        with (folder / f"{name}.csv").open("w", encoding=encoding, newline="") as stream:
            csv.writer(stream, delimiter=delimiter).writerows(
                [["" if value is None else value for value in row] for row in rows]
            )
    return folder


def write_workbook(folder: Path, sheets: Sheets) -> Path:
    """Write the sheets as study.xlsx; texts that look like formulas are formulas."""
    folder.mkdir(exist_ok=True)
    workbook = Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    workbook.save(folder / "study.xlsx")
    return folder


def write_tube(
    path: Path,
    *,
    channels: Sequence[str] = CHANNELS,
    markers: Sequence[str] = MARKERS,
    n_events: int = 5,
    keywords: Mapping[str, str] | None = None,
) -> Path:
    """Write a tiny FCS file; `keywords` replace single acquisition facts, "" leaves one out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    facts = {**ACQUIRED, **(keywords or {})}
    values = np.arange(len(channels) * n_events, dtype=np.float32).reshape(len(channels), n_events)
    return write_fcs(
        path, values, channels, markers=markers, keywords={name: text for name, text in facts.items() if text}
    )


def write_files(folder: Path) -> Path:
    """Write the FCS files of `good_sheets`."""
    for name in ("S1", "S2", "S1_FMO", "beads"):
        write_tube(folder / "fcs" / f"{name}.fcs")
    return folder


def good_study(folder: Path, cells: Mapping[str, object] | None = None) -> Path:
    """Write a whole study as CSVs, with some cells changed."""
    write_files(folder)
    return write_csvs(folder, with_cells(good_sheets(), cells or {}))
