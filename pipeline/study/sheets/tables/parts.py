"""The parts of a workbook's package, a zip of XML: how large they are, and where sheets and styles lie."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from posixpath import join, normpath
from typing import NoReturn
from xml.parsers import expat

from pipeline.study.faults import Fault

MOST_PARTS = 10_000
"""Files within a workbook. Convention: Excel writes a few per sheet."""

MOST_BYTES = 256 << 20
"""Of the XML of one part; a samples sheet of 100,000 rows has a fifth of it. Convention: it spares the
memory."""

MOST_STYLE_BYTES = 32 << 20
"""Of parts that are kept whole in memory while they are read: styles, the list of sheets.
Convention: an eighth of what a sheet may have."""

WORKBOOK_EXPECTED = "a workbook as Excel or LibreOffice saves it (.xlsx)"
_CHUNK = 1 << 16
"""Bytes that are read together. Convention: for speed."""
_STRICT = "purl.oclc.org/ooxml"
HINT_SIZE = "Copy the tables into a new workbook; `cd38rd init` writes an empty one."
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


@dataclass(frozen=True, slots=True)
class PackageParts:
    """Where the parts of a package lie: the list of sheets, each sheet by title, the styles ("" if none)."""

    main: str
    sheets: Mapping[str, str]
    styles: str


def package_parts(path: Path) -> PackageParts:
    """Return where the parts of a workbook lie; raises `PackageError` as `looks_of` does."""
    with zipfile.ZipFile(path) as archive:
        sizes = {part.filename: part.file_size for part in archive.infolist()}
        must_be_small(path.name, sizes)
        main = main_part(path.name, archive, sizes)
        sheets = {title: part for title, (_, part) in sheets_of(path.name, archive, main).items()}
        relations = _relations(path.name, archive, main)
        styles = (t for kind, t in relations.targets.values() if kind.endswith("/styles"))
        return PackageParts(main, sheets, next((_part(main, target) for target in styles), ""))


def refuse_package(file: str, found: str, expected: str, hint: str) -> NoReturn:
    """Raise `PackageError` with a fault of the workbook."""
    raise PackageError(Fault(file, found, expected, hint))


def must_be_small(file: str, sizes: Mapping[str, int]) -> None:
    """Refuse a package that unpacks to more than a study can be."""
    if len(sizes) > MOST_PARTS:
        refuse_package(file, f"a workbook of {len(sizes):,} parts", f"at most {MOST_PARTS:,}", HINT_SIZE)
    for name, size in sizes.items():
        is_table = "worksheets/" in name or name.endswith("sharedStrings.xml")
        most = MOST_BYTES if is_table else MOST_STYLE_BYTES
        if size > most and name.endswith((".xml", ".rels")):
            found = f"a workbook whose part {name.rsplit('/', 1)[-1]} unpacks to {size / 2**20:,.0f} MB"
            refuse_package(file, found, f"at most {most >> 20} MB", HINT_SIZE)


def main_part(file: str, archive: zipfile.ZipFile, sizes: Mapping[str, int]) -> str:
    """Return the part that lists the sheets."""
    relations = _Relations(file)
    scan(file, archive, "_rels/.rels", relations)
    named = next((t for kind, t in relations.targets.values() if kind.endswith("/officeDocument")), "")
    main = normpath(named.lstrip("/")) if named else "xl/workbook.xml"
    for part, what in _OTHER_PACKAGES:
        if part in sizes:
            refuse_package(file, what, WORKBOOK_EXPECTED, "Save it as Excel Workbook (.xlsx).")
    return main


def sheets_of(file: str, archive: zipfile.ZipFile, main: str) -> dict[str, tuple[str, str]]:
    """Return (state, part) of each sheet by its title."""
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
    """Return a part in the same folder of the package."""
    return join(part.rsplit("/", 1)[0], name) if "/" in part else name


def scan(file: str, archive: zipfile.ZipFile, part: str, reader: Reader) -> None:
    """Read a part of the package in pieces; one that is not there is passed over."""
    if part not in archive.namelist():
        return
    parser = expat.ParserCreate()
    parser.buffer_text = False
    parser.StartElementHandler = lambda tag, facts: reader.begin(tag.rsplit(":", 1)[-1], facts)
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = lambda *_: refuse_package(
        file,
        "a workbook with a document type, which may hide more than it shows",
        WORKBOOK_EXPECTED,
        HINT_SIZE,
    )
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            parser.Parse(chunk)
        parser.Parse(b"", True)


class Reader:
    """Is told of the elements of a part, one after the other."""

    def __init__(self, file: str) -> None:
        self.file = file

    def begin(self, tag: str, facts: Mapping[str, str]) -> None:
        """Take the start of an element."""

    def text(self, piece: str) -> None:
        """Take a piece of its text."""


class _Relations(Reader):
    """(kind, target) of each relation by its id."""

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.targets: dict[str, tuple[str, str]] = {}

    def begin(self, tag: str, facts: Mapping[str, str]) -> None:
        if tag == "Relationship":
            self.targets[facts.get("Id", "")] = facts.get("Type", ""), facts.get("Target", "")


class _SheetList(Reader):
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
            refuse_package(self.file, found, "an ordinary Excel workbook (.xlsx)", hint)
        if tag == "sheet":
            state = facts.get("state", "visible")
            relation = next((value for name, value in facts.items() if name.endswith(":id")), "")
            self.sheets.append((facts.get("name", ""), "" if state == "visible" else state, relation))
