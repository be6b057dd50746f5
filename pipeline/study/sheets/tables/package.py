"""The package of a workbook, a zip of XML: how large it is and what is hidden, before any cell is read."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path
from posixpath import join, normpath
from typing import NoReturn
from xml.parsers import expat

from pipeline.study.faults import Fault
from pipeline.study.sheets.tables.grid import Look, column_number, header_name

MOST_PARTS = 10_000
"""Files within a workbook. Convention: Excel writes a few per sheet."""

MOST_BYTES = 256 << 20
"""Of the XML of one part; a samples sheet of 100,000 rows has a fifth of it. Convention: it spares the
memory."""

MOST_STYLE_BYTES = 32 << 20
"""Of parts that are kept whole in memory while they are read: styles, the list of sheets.
Convention: an eighth of what a sheet may have."""

LAST_ROW = 1_048_576
"""Of a sheet in Excel. Vendor: the limits of Excel."""

MOST_ROWS = 200_000
"""Rows of a sheet, empty ones too. Convention: no study has so many."""

MOST_CELLS = 2_000_000
"""Cells of a sheet, empty ones too. Convention: no study has so many."""

LONGEST_TEXT = 32_767
"""Characters that Excel lets a cell hold. Vendor: the limits of Excel."""

WORKBOOK_EXPECTED = "a workbook as Excel or LibreOffice saves it (.xlsx)"
_CHUNK = 1 << 16
"""Bytes that are read together. Convention: for speed."""
_STRICT = "purl.oclc.org/ooxml"
_HINT_SIZE = "Copy the tables into a new workbook; `cd38rd init` writes an empty one."
_OTHER_PACKAGES = (
    ("content.xml", "an OpenDocument sheet (.ods)"),
    ("xl/workbook.bin", "a binary workbook (.xlsb)"),
    ("Index/Document.iwa", "an Apple Numbers document"),
    ("word/document.xml", "a Word document"),
)


class PackageError(Exception):
    """A workbook that is not read; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def looks_of(path: Path, known: Collection[str]) -> dict[str, Look]:
    """Return by title what is hidden in each sheet of a workbook.

    Parameters
    ----------
    path
        A zip archive.
    known
        Names of the sheets that will be read whole.

    Raises
    ------
    PackageError
        It is no workbook, is Strict Open XML, or is larger than a study can be: nothing of it was unpacked
        but in small pieces.
    """
    with zipfile.ZipFile(path) as archive:
        sizes = {part.filename: part.file_size for part in archive.infolist()}
        _must_be_small(path.name, sizes)
        main = _main_part(path.name, archive, sizes)
        sheets = _sheets(path.name, archive, main)
        _scan(path.name, archive, _beside(main, "sharedStrings.xml"), _Texts(path.name))
        looks = {}
        for title, (state, part) in sheets.items():
            cells = _Cells(path.name, header_name(title))
            is_known = header_name(title) in known
            if is_known:
                _scan(path.name, archive, part, cells)
            hidden = tuple(cells.hidden_rows), tuple(sorted(cells.hidden_with_value))
            looks[title] = Look(state, *hidden, last_row=max(cells.last_row, 1) if is_known else None)
        return looks


def _refuse(file: str, found: str, expected: str, hint: str) -> NoReturn:
    raise PackageError(Fault(file, found, expected, hint))


def _must_be_small(file: str, sizes: Mapping[str, int]) -> None:
    if len(sizes) > MOST_PARTS:
        _refuse(file, f"a workbook of {len(sizes):,} parts", f"at most {MOST_PARTS:,}", _HINT_SIZE)
    for name, size in sizes.items():
        is_table = "worksheets/" in name or name.endswith("sharedStrings.xml")
        most = MOST_BYTES if is_table else MOST_STYLE_BYTES
        if size > most and name.endswith((".xml", ".rels")):
            found = f"a workbook whose part {name.rsplit('/', 1)[-1]} unpacks to {size / 2**20:,.0f} MB"
            _refuse(file, found, f"at most {most >> 20} MB", _HINT_SIZE)


def _main_part(file: str, archive: zipfile.ZipFile, sizes: Mapping[str, int]) -> str:
    """Return the part that lists the sheets."""
    relations = _Relations(file)
    _scan(file, archive, "_rels/.rels", relations)
    named = next((t for kind, t in relations.targets.values() if kind.endswith("/officeDocument")), "")
    main = normpath(named.lstrip("/")) if named else "xl/workbook.xml"
    for part, what in _OTHER_PACKAGES:
        if part in sizes:
            _refuse(file, what, WORKBOOK_EXPECTED, "Save it as Excel Workbook (.xlsx).")
    return main


def _sheets(file: str, archive: zipfile.ZipFile, main: str) -> dict[str, tuple[str, str]]:
    """Return (state, part) of each sheet by its title."""
    listed, relations = _SheetList(file), _Relations(file)
    _scan(file, archive, main, listed)
    _scan(file, archive, _beside(main, f"_rels/{main.rsplit('/', 1)[-1]}.rels"), relations)
    targets = {name: target for name, (_, target) in relations.targets.items()}
    return {
        title: (state, target.lstrip("/") if target.startswith("/") else normpath(_beside(main, target)))
        for title, state, name in listed.sheets
        if (target := targets.get(name, ""))
    }


def _beside(part: str, name: str) -> str:
    return join(part.rsplit("/", 1)[0], name) if "/" in part else name


def _scan(file: str, archive: zipfile.ZipFile, part: str, reader: _Reader) -> None:
    """Read a part of the package in pieces; one that is not there is passed over."""
    if part not in archive.namelist():
        return
    parser = expat.ParserCreate()
    parser.buffer_text = False
    parser.StartElementHandler = lambda tag, facts: reader.begin(tag.rsplit(":", 1)[-1], facts)
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = lambda *_: _refuse(
        file,
        "a workbook with a document type, which may hide more than it shows",
        WORKBOOK_EXPECTED,
        _HINT_SIZE,
    )
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            parser.Parse(chunk)
        parser.Parse(b"", True)


class _Reader:
    """Is told of the elements of a part, one after the other."""

    def __init__(self, file: str) -> None:
        self.file = file

    def begin(self, tag: str, facts: Mapping[str, str]) -> None:
        """Take the start of an element."""

    def text(self, piece: str) -> None:
        """Take a piece of its text."""


class _Relations(_Reader):
    """(kind, target) of each relation by its id."""

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.targets: dict[str, tuple[str, str]] = {}

    def begin(self, tag: str, facts: Mapping[str, str]) -> None:
        if tag == "Relationship":
            self.targets[facts.get("Id", "")] = facts.get("Type", ""), facts.get("Target", "")


class _SheetList(_Reader):
    """(title, state, relation) of each sheet."""

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.sheets: list[tuple[str, str, str]] = []

    def begin(self, tag: str, facts: Mapping[str, str]) -> None:
        if tag == "workbook" and any(_STRICT in value for value in facts.values()):
            hint = (
                "In Excel: Save As, and choose Excel Workbook (.xlsx), not Strict Open XML Spreadsheet; "
                "in LibreOffice: save it as Excel 2007-365."
            )
            found = "a workbook saved as Strict Open XML"
            _refuse(self.file, found, "an ordinary Excel workbook (.xlsx)", hint)
        if tag == "sheet":
            state = facts.get("state", "visible")
            relation = next((value for name, value in facts.items() if name.endswith(":id")), "")
            self.sheets.append((facts.get("name", ""), "" if state == "visible" else state, relation))


class _Texts(_Reader):
    """The texts of the cells: none longer than Excel lets a cell be."""

    unit = "si"

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.characters = 0

    def begin(self, tag: str, facts: Mapping[str, str]) -> None:
        if tag == self.unit:
            self.characters = 0

    def text(self, piece: str) -> None:
        self.characters += len(piece)
        if self.characters > LONGEST_TEXT:
            found = f"a cell of more than {LONGEST_TEXT:,} characters"
            _refuse(self.file, found, "cells that Excel can hold", _HINT_SIZE)


class _Cells(_Texts):
    """Hidden rows and columns of a sheet that hold values; no more rows and cells than a study has."""

    unit = "c"

    def __init__(self, file: str, sheet: str) -> None:
        super().__init__(file)
        self.sheet = sheet
        self.rows = self.cells = self.row = self.column = self.last_row = 0
        self.row_is_hidden = False
        self.hidden_columns: list[tuple[int, int]] = []
        self.hidden_rows: dict[int, None] = {}
        self.hidden_with_value: set[int] = set()

    def begin(self, tag: str, facts: Mapping[str, str]) -> None:
        super().begin(tag, facts)
        if tag == "c":
            self._begin_cell(facts)
        elif tag in ("v", "is", "f"):
            self._value()
        elif tag == "row":
            self._begin_row(facts)
        elif tag == "col" and _is_true(facts.get("hidden", "")):
            self.hidden_columns.append((_whole(facts.get("min")), _whole(facts.get("max"))))

    def _begin_row(self, facts: Mapping[str, str]) -> None:
        self.rows, self.column, self.characters = self.rows + 1, 0, 0
        self.row = _whole(facts.get("r")) or self.row + 1
        self.row_is_hidden = _is_true(facts.get("hidden", ""))
        if self.rows > MOST_ROWS or self.row > LAST_ROW:
            found = f"the sheet {self.sheet} with more than {MOST_ROWS:,} rows"
            hint = f"Delete the rows below the table, empty ones too. {_HINT_SIZE}"
            _refuse(self.file, found, f"at most {MOST_ROWS:,} rows", hint)

    def _begin_cell(self, facts: Mapping[str, str]) -> None:
        self.cells += 1
        if self.hidden_columns:
            letters = re.match(r"[A-Z]{1,3}", facts.get("r", ""))
            self.column = column_number(letters[0]) if letters else self.column + 1
        if self.cells > MOST_CELLS:
            found = f"the sheet {self.sheet} with more than {MOST_CELLS:,} cells"
            _refuse(self.file, found, f"at most {MOST_CELLS:,} cells", _HINT_SIZE)

    def _value(self) -> None:
        self.last_row = max(self.last_row, self.row)
        if self.row_is_hidden:
            self.hidden_rows[self.row] = None
        if any(low <= self.column <= high for low, high in self.hidden_columns):
            self.hidden_with_value.add(self.column)


def _is_true(text: str) -> bool:
    return text in ("1", "true")


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0
