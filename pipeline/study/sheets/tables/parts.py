"""The parts of a workbook's package, which is a zip archive of XML files: their sizes, sheets and styles."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from posixpath import join, normpath
from typing import NoReturn
from xml.parsers import expat

from pipeline.study.faults import Fault
from pipeline.study.sheets.tables.library_calls import WORKBOOK_EXPECTED, PackageError, by_library

MOST_PARTS = 10_000
"""Most files within a workbook. Convention: Excel writes a few for each sheet."""

MOST_BYTES_OF_A_PART = 256 << 20
"""Most bytes of the XML of a sheet, to bound the memory. Convention: five times a samples sheet of 100,000
rows."""

MOST_STYLE_BYTES = 32 << 20
"""Most bytes of a part that is kept whole in memory: styles, the list of sheets. Convention: an eighth of the
limit for a sheet."""

MOST_TAG_BYTES = 1 << 20
"""Most bytes of the tag of an element with its attributes. Convention: Excel writes a few hundred."""

SMALL_BYTES = 4 << 20
"""Bytes of a part below which its elements are not counted first. Convention: reading it takes less than a
second."""

_ELEMENTS = {"c": "cells", "row": "rows", "col": "columns", "si": "texts"}
_CHUNK = 1 << 16
"""Bytes that are read at a time. Convention: for speed."""
_STRICT = "purl.oclc.org/ooxml"
HINT_SIZE = "Copy the tables into a new workbook; `cd38rd init` writes an empty one."
_OTHER_PACKAGES = (
    ("content.xml", "an OpenDocument sheet (.ods)"),
    ("xl/workbook.bin", "a binary workbook (.xlsb)"),
    ("Index/Document.iwa", "an Apple Numbers document"),
    ("word/document.xml", "a Word document"),
)


@dataclass(frozen=True, slots=True)
class PackageParts:
    """Names of the parts of a package: the list of sheets, each sheet by title, the styles ("" if none)."""

    main: str
    sheets: Mapping[str, str]
    styles: str


def package_parts(path: Path) -> PackageParts:
    """Return the names of the parts of a workbook; raise `PackageError` in the cases of `looks_of`."""
    with by_library(path.name, zipfile.ZipFile, path) as archive:
        sizes = {part.filename: part.file_size for part in archive.infolist()}
        must_be_small(path.name, sizes)
        main = main_part(path.name, archive, sizes)
        sheets = {title: part for title, (_, part) in sheets_of(path.name, archive, main).items()}
        relations = _relations(path.name, archive, main)
        styles = (t for kind, t in relations.targets.values() if kind.endswith("/styles"))
        return PackageParts(main, sheets, next((_part(main, target) for target in styles), ""))


def refuse_package(file: str, problem: str, expected: str, hint: str) -> NoReturn:
    """Raise `PackageError` with a fault of the workbook."""
    raise PackageError(Fault(file, problem, expected, hint))


def must_be_small(file: str, sizes: Mapping[str, int]) -> None:
    """Refuse a package that unpacks to more bytes than a study can have."""
    if len(sizes) > MOST_PARTS:
        refuse_package(file, f"a workbook of {len(sizes):,} parts", f"at most {MOST_PARTS:,}", HINT_SIZE)
    for name, size in sizes.items():
        is_table = "worksheets/" in name or name.endswith("sharedStrings.xml")
        most = MOST_BYTES_OF_A_PART if is_table else MOST_STYLE_BYTES
        if size > most and name.endswith((".xml", ".rels")):
            problem = f"a workbook whose part {name.rsplit('/', 1)[-1]} unpacks to {size / 2**20:,.0f} MB"
            refuse_package(file, problem, f"at most {most >> 20} MB", HINT_SIZE)


def main_part(file: str, archive: zipfile.ZipFile, sizes: Mapping[str, int]) -> str:
    """Return the name of the part that lists the sheets; refuse packages of other programs."""
    relations = _Relations(file)
    scan(file, archive, "_rels/.rels", relations)
    named = next((t for kind, t in relations.targets.values() if kind.endswith("/officeDocument")), "")
    main = normpath(named.lstrip("/")) if named else "xl/workbook.xml"
    for part, kind_of_file in _OTHER_PACKAGES:
        if part in sizes:
            refuse_package(file, kind_of_file, WORKBOOK_EXPECTED, "Save it as Excel Workbook (.xlsx).")
    return main


def sheets_of(file: str, archive: zipfile.ZipFile, main: str) -> dict[str, tuple[str, str]]:
    """Return the state and the part of each sheet, by its title."""
    listed = _SheetList(file)
    scan(file, archive, main, listed)
    relations = _relations(file, archive, main)
    targets = {name: target for name, (_, target) in relations.targets.items()}
    return {
        title: (state, _part(main, target))
        for title, state, name in listed.sheets
        if (target := targets.get(name, ""))
    }


def _relations(file: str, archive: zipfile.ZipFile, main: str) -> _Relations:
    relations = _Relations(file)
    scan(file, archive, sibling_part(main, f"_rels/{main.rsplit('/', 1)[-1]}.rels"), relations)
    return relations


def _part(main: str, target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else normpath(sibling_part(main, target))


def sibling_part(part: str, name: str) -> str:
    """Return the name of a part in the same folder of the package."""
    return join(part.rsplit("/", 1)[0], name) if "/" in part else name


def scan(file: str, archive: zipfile.ZipFile, part: str, reader: Reader) -> None:
    """Read a part of the package in pieces; do nothing if it does not exist."""
    if part not in archive.namelist():
        return
    parser = expat.ParserCreate()
    parser.buffer_text = False
    elements: list[tuple[str, Mapping[str, str] | None]] = []
    parser.StartElementHandler = lambda tag, facts: elements.append((tag.rsplit(":", 1)[-1], facts))
    parser.CharacterDataHandler = lambda piece: elements.append((piece, None))
    parser.StartDoctypeDeclHandler = lambda *_: refuse_package(
        file,
        "a workbook with a document type, which may hide more than it shows",
        WORKBOOK_EXPECTED,
        HINT_SIZE,
    )
    n_bytes = 0
    with by_library(file, archive.open, part) as stream:
        while chunk := by_library(file, stream.read, _CHUNK):
            try:
                by_library(file, parser.Parse, chunk)
            finally:  # what the reader refuses in the sound part comes first
                _hand_over(elements, reader)
            n_bytes += len(chunk)
            # the parser reads an unfinished element from its start with each piece, so a long one is slow
            if n_bytes - parser.CurrentByteIndex > MOST_TAG_BYTES:
                refuse_package(
                    file, "a workbook with an element that has no end", WORKBOOK_EXPECTED, HINT_SIZE
                )
        by_library(file, parser.Parse, b"", True)
        _hand_over(elements, reader)


def _hand_over(elements: list[tuple[str, Mapping[str, str] | None]], reader: Reader) -> None:
    """Give a reader the elements and texts of a piece, outside of the parser, whose errors are the file's."""
    for tag, facts in elements:
        if facts is None:
            reader.text(tag)
        else:
            reader.begin(tag, facts)
    elements.clear()


def must_have_few(
    file: str, archive: zipfile.ZipFile, part: str, most: Mapping[str, int], where: str
) -> None:
    """Refuse a part with more elements than a study can have; only their tags are counted.

    Parameters
    ----------
    most
        The largest number of elements of each name.
    where
        The part in words, for the message.
    """
    if part not in archive.namelist() or archive.getinfo(part).file_size < SMALL_BYTES:
        return
    counts = dict.fromkeys(most, 0)
    with by_library(file, archive.open, part) as stream:
        while chunk := by_library(file, stream.read, SMALL_BYTES):
            for name in counts:
                counts[name] += sum(chunk.count(f"<{name}{end}".encode()) for end in (" ", ">", "/"))
    for name, n in counts.items():
        if n > most[name]:
            problem = f"{where} with more than {most[name]:,} {_ELEMENTS[name]}"
            refuse_package(file, problem, f"at most {most[name]:,} {_ELEMENTS[name]}", HINT_SIZE)


class Reader:
    """A reader that gets the elements of a part one by one."""

    def __init__(self, file: str) -> None:
        self.file = file

    def begin(self, tag: str, facts: Mapping[str, str]) -> None:
        """Take the start of an element."""

    def text(self, piece: str) -> None:
        """Take a piece of the text of an element."""


class _Relations(Reader):
    """Reader of the relations of a package: kind and target of each, by its id."""

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.targets: dict[str, tuple[str, str]] = {}

    def begin(self, tag: str, facts: Mapping[str, str]) -> None:
        """Keep a relation."""
        if tag == "Relationship":
            self.targets[facts.get("Id", "")] = facts.get("Type", ""), facts.get("Target", "")


class _SheetList(Reader):
    """Reader of the list of sheets: title, state and relation of each."""

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.sheets: list[tuple[str, str, str]] = []

    def begin(self, tag: str, facts: Mapping[str, str]) -> None:
        """Keep a sheet; refuse a workbook in Strict Open XML."""
        if tag == "workbook" and any(_STRICT in value for value in facts.values()):
            hint = (
                "In Excel: Save As, and choose Excel Workbook (.xlsx), not Strict Open XML Spreadsheet; "
                "in LibreOffice: save it as Excel 2007-365."
            )
            problem = "a workbook saved as Strict Open XML"
            refuse_package(self.file, problem, "an ordinary Excel workbook (.xlsx)", hint)
        if tag == "sheet":
            state = facts.get("state", "visible")
            relation = next((value for name, value in facts.items() if name.endswith(":id")), "")
            self.sheets.append((facts.get("name", ""), "" if state == "visible" else state, relation))
