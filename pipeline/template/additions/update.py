"""`cd38rd init --update`: adds rows for new files below the typed rows; everything else stays."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipeline.files.whole import NotWrittenError, write_whole
from pipeline.study.errors import UserError
from pipeline.study.faults import Severity
from pipeline.study.sheets.columns import column_names
from pipeline.study.sheets.reading import read_typed
from pipeline.study.sheets.rows import STUDY_SHEETS
from pipeline.study.sheets.tables import (
    WORKBOOK,
    PackageParts,
    RawSheet,
    column_number,
    header_name,
    package_parts,
    read_workbook,
    tabulate,
)
from pipeline.study.sheets.tables.library_calls import PackageError, by_library
from pipeline.study.wording import counted, enumerate_words
from pipeline.template.additions.rows import Additions, additions, cut_names
from pipeline.template.additions.sheet_xml import NewCell, NewRow, SheetXmlError, last_row, with_rows
from pipeline.template.additions.style_xml import StyleSheet
from pipeline.template.colours import FILES_NOT_USED, FILES_SHEET, GUESSED, TO_FILL
from pipeline.template.guesses import GuessedRow
from pipeline.template.inventory import Inventory
from pipeline.template.workbook import colour_of, has_days

_OFFERED = re.compile(rf"('?{FILES_SHEET}'?!\$A\$1:\$A\$)\d+")
_FIRST_DAY = date(1899, 12, 30)
"""Day 0 of a workbook. Vendor: Excel counts days from this date; this holds from March 1900 on."""
_FIRST_DAY_1904 = date(1904, 1, 1)
"""Day 0 of a workbook with the setting `date1904`. Vendor: Excel."""


@dataclass(frozen=True, slots=True)
class Update:
    """The rows added to a workbook, in words; `changed`: whether the workbook was written."""

    words: str
    changed: bool


@dataclass(frozen=True, slots=True)
class _SheetColumns:
    """The row of a sheet's header, and the number of each column (from 1)."""

    title: str
    header: int
    columns: Mapping[str, int]


def update_workbook(folder: Path, inventory: Inventory, left_out: Sequence[str] = ()) -> Update:
    """Add rows for the tubes and bead runs that no row names.

    Parameters
    ----------
    folder, inventory
        The folder and the inventory of the whole study, so that a new tube can get older beads and controls.
    left_out
        Files that get no row, in addition to those of the sheet of left-out files.

    Raises
    ------
    UserError
        If the workbook cannot be read, or does not have the form that Excel and LibreOffice write; it stays
        unchanged.
    """
    path = folder / WORKBOOK
    typed, faults = read_typed(folder)
    if typed is None:
        grave = next((fault for fault in faults if fault.severity is Severity.ERROR), None)
        raise UserError(str(grave or f"{path}: cannot be read"))
    raw, _ = read_workbook(path, [*STUDY_SHEETS, FILES_SHEET, FILES_NOT_USED])
    added = additions(typed, inventory, (*left_out_files(raw), *left_out))
    listed = sorted(inventory.readable)
    new = {name: rows for name, rows in added.rows.items() if rows}
    if not new:
        return Update(_nothing_to_add(added, inventory), changed=False)
    sheets = {sheet.title: sheet for sheet in map(_sheet_columns, raw) if sheet.columns}
    try:
        content, lacking = _with_additions(path, new, sheets, listed)
    except (SheetXmlError, PackageError) as error:
        raise UserError(
            f"{path}: rows cannot be added to it ({error}); open it in Excel or LibreOffice, save it, and "
            "run the same command again. Nothing was changed"
        ) from error
    try:
        write_whole(path, content)
    except NotWrittenError as error:
        raise UserError(f"{path}: cannot be written ({error.reason}); close it and run it again") from error
    return Update(_added(added, new, lacking), changed=True)


def left_out_files(raw: Sequence[RawSheet]) -> tuple[str, ...]:
    """Return the files of the sheet of left-out files: the user leaves them out on purpose."""
    sheets = (sheet for sheet in raw if sheet.name == FILES_NOT_USED)
    return tuple(
        str(row[0].value) for sheet in sheets for row in sheet.rows[1:] if row and not row[0].is_empty
    )


def _sheet_columns(sheet: RawSheet) -> _SheetColumns:
    model = STUDY_SHEETS.get(sheet.name)
    if model is None:
        return _SheetColumns(sheet.name, 0, {"": 1} if sheet.name == FILES_SHEET else {})
    table, _ = tabulate(sheet, column_names(model))
    columns = {name: column_number(where.rpartition("!")[2]) for name, where in table.columns.items()}
    header = 0
    for number, row in enumerate(sheet.rows, start=1):
        named = {header_name(cell.value): index for index, cell in enumerate(row, start=1)}
        if columns and all(named.get(name) == column for name, column in columns.items()):
            header = number
            columns |= {name: index for name, index in named.items() if name == "_guessed"}
            break
    return _SheetColumns(sheet.name, header, columns)


def _with_additions(
    path: Path,
    new: Mapping[str, Sequence[GuessedRow]],
    sheets: Mapping[str, _SheetColumns],
    listed: Sequence[str],
) -> tuple[bytes, list[str]]:
    """Return the workbook's bytes with the new rows, and the missing sheets that new rows would need."""
    parts = package_parts(path)
    with by_library(path.name, zipfile.ZipFile, path) as archive:
        package = {
            info.filename: (info, by_library(path.name, archive.read, info)) for info in archive.infolist()
        }
    titles = {header_name(title): title for title in parts.sheets}
    text = {part: _text(package, part) for part in _parts_to_read(parts)}
    styles = StyleSheet(text[parts.styles])
    first = _FIRST_DAY_1904 if re.search(r'date1904="(?:1|true)"', text[parts.main]) else _FIRST_DAY
    lacking = [name for name in new if name not in sheets]
    for name, rows in new.items():
        if name in sheets:
            part = parts.sheets[titles[name]]
            cells = [_cells(name, row, sheets[name], first) for row in rows]
            sheet = sheets[name]
            columns = frozenset(sheet.columns.values())
            text[part] = with_rows(text[part], cells, styles.style, columns=columns, header=sheet.header)
    if FILES_SHEET in sheets:
        _offer(text, parts.sheets[titles[FILES_SHEET]], path, listed, styles)
    text[parts.styles] = styles.xml
    for part, changed in text.items():
        bom = b"\xef\xbb\xbf" if package[part][1].startswith(b"\xef\xbb\xbf") else b""
        package[part] = (package[part][0], bom + changed.encode("utf-8"))
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for info, content in package.values():
            archive.writestr(info, content)
    return written.getvalue(), lacking


def _text(package: Mapping[str, tuple[zipfile.ZipInfo, bytes]], part: str) -> str:
    """Return the XML of a part; raise SheetXmlError if it is not there, or in no UTF-8."""
    if part not in package:
        raise SheetXmlError(f"no part {part}")
    try:
        return package[part][1].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SheetXmlError(f"{part}: {error.reason}") from None


def _parts_to_read(parts: PackageParts) -> tuple[str, ...]:
    if not parts.styles:
        raise SheetXmlError("no styles")
    return (parts.main, parts.styles, *parts.sheets.values())


def _offer(text: dict[str, str], part: str, path: Path, listed: Sequence[str], styles: StyleSheet) -> None:
    """Add the new files to the drop-downs of the columns that name a file."""
    raw, _ = read_workbook(path, [FILES_SHEET])
    offered = {str(row[0].value) for sheet in raw if sheet.name == FILES_SHEET for row in sheet.rows if row}
    more = [{1: NewCell(name)} for name in listed if name not in offered]
    if not more:
        return
    text[part] = with_rows(text[part], more, styles.style, columns={1})
    end = last_row(text[part])
    for name, xml in text.items():
        text[name] = _OFFERED.sub(lambda match: f"{match[1]}{end}", xml)


def _cells(sheet: str, row: GuessedRow, sheet_columns: _SheetColumns, first: date) -> NewRow:
    cells = {}
    for name, column in sheet_columns.columns.items():
        value = row.why if name == "_guessed" else row.values.get(name)
        colour = "" if name == "_guessed" else colour_of(sheet, row, name)
        if isinstance(value, date):
            cells[column] = NewCell((value - first).days, colour, is_day=True)
        elif value or colour:
            cells[column] = NewCell(value or None, colour, is_day=has_days(sheet, name))
    return cells


def _added(added: Additions, new: Mapping[str, Sequence[GuessedRow]], lacking: Sequence[str]) -> str:
    parts = []
    if added.tubes:
        parts.append(f"{counted(len(added.tubes), 'tube')} ({cut_names(added.tubes)})")
    if added.bead_runs:
        parts.append(f"{counted(len(added.bead_runs), 'bead run')} ({cut_names(added.bead_runs)})")
    rows = [f"{len(listed)} in {name}" for name, listed in new.items() if name not in lacking]
    colours = [
        colour_of(name, row, column)
        for name, listed in new.items()
        if name not in lacking
        for row in listed
        for column in column_names(STUDY_SHEETS[name])
    ]
    sentences = [
        f"Added {enumerate_words(parts, 'and')}: rows {', '.join(rows)}. What was typed is as it was.",
        (
            f"New: {counted(colours.count(TO_FILL), 'orange cell')} to fill in or check, "
            f"{colours.count(GUESSED)} yellow to confirm."
        ),
    ]
    if lacking:
        sentences.append(
            f"The workbook has no sheet {enumerate_words(lacking, 'and')}: nothing was added there."
        )
    return " ".join([*sentences, *_late(added)])


def _nothing_to_add(added: Additions, inventory: Inventory) -> str:
    unread = len(inventory.unread)
    sentence = "Nothing to add: every tube and every bead run of the folder is in a row."
    if unread:
        names = cut_names([name for name, _ in inventory.unread])
        sentence += f" {counted(unread, 'FCS file')} cannot be read: {names}."
    return " ".join([sentence, *_late(added)])


def _late(added: Additions) -> list[str]:
    if not added.controls:
        return []
    return [
        (
            f"{counted(len(added.controls), 'control')} of tubes whose rows name none: "
            f"{cut_names(added.controls)}; type it into fmo_file or isotype_file."
        )
    ]
