"""Bead lots that are typed once: a row with empty kit and levels takes those of another row of its lot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.study.cells.words import as_text
from pipeline.study.faults import Fault
from pipeline.study.names.look import caseless
from pipeline.study.sheets.tables import SheetCell, SheetRow, TypedSheet
from pipeline.study.wording import enumerate_words, quoted, same_word

OF_A_LOT = ("lot", "kit", "levels")
"""Columns that are typed once for each lot; only a row without levels takes them from another row."""

COLUMNS_OF_A_LOT = ("assigned_cv", "captures")
"""Columns that are taken together with the levels, if the row leaves them empty, too."""

DITTO = frozenset(
    ("as above", "ditto", "same", "same as above", "idem", "dito", "wie oben", '"', "''", "〃", "〞", "”")
)
"""Words for "the same as above", which count as an empty cell."""


def with_lots(sheet: TypedSheet) -> tuple[TypedSheet, tuple[Fault, ...]]:
    """Fill in empty lot, kit and levels of bead runs from another row of their lot.

    A row without levels takes them from a row that has all three. The lot of the row decides which, and its
    kit if it has one. A row without a lot belongs to the only lot of the sheet.

    Returns
    -------
    sheet
        The sheet with filled cells; their locations do not change.
    faults
        A fault for each row that could belong to several lots, or to several sets of levels of its lot.
    """
    cleared = [
        SheetRow(row.number, {name: _without_ditto(name, cell) for name, cell in row.cells.items()})
        for row in sheet.rows
    ]
    complete = [row for row in cleared if all(_typed(row, name) for name in OF_A_LOT)]
    faults: list[Fault] = []
    rows = []
    for row in cleared:
        if "levels" not in row.cells or _typed(row, "levels") or row.cells["levels"].faulty:
            rows.append(row)
            continue
        fitting = [complete_row for complete_row in complete if _fits(row, complete_row)]
        if len({_lot_key(complete_row) for complete_row in fitting}) > 1:
            faults.append(_ambiguous_lot(row, fitting))
            rows.append(SheetRow(row.number, {**row.cells, **_faulty(row)}))
        else:
            rows.append(_filled(row, fitting[0].cells) if fitting else row)
    return replace(sheet, rows=tuple(rows)), tuple(faults)


def _without_ditto(name: str, cell: SheetCell) -> SheetCell:
    is_ditto = (
        name in (*OF_A_LOT, *COLUMNS_OF_A_LOT)
        and isinstance(cell.value, str)
        and caseless(cell.value) in DITTO
    )
    return SheetCell(cell.where) if is_ditto else cell


def _typed(row: SheetRow, name: str) -> str:
    """Return the text of a cell; "" if it is empty, missing or faulty."""
    cell = row.cells.get(name)
    return "" if cell is None or cell.is_empty or cell.faulty else as_text(cell.value)


def _fits(row: SheetRow, complete_row: SheetRow) -> bool:
    lot, kit = _typed(row, "lot"), _typed(row, "kit")
    return (not lot or caseless(lot) == caseless(_typed(complete_row, "lot"))) and (
        not kit or same_word(kit) == same_word(_typed(complete_row, "kit"))
    )


def _lot_key(row: SheetRow) -> tuple[str, str, str]:
    """Return lot, kit and levels of a row in a form that can be compared."""
    return caseless(_typed(row, "lot")), same_word(_typed(row, "kit")), "".join(_typed(row, "levels").split())


def _ambiguous_lot(row: SheetRow, fitting: Sequence[SheetRow]) -> Fault:
    first: dict[tuple[str, str, str], SheetRow] = {}
    for complete_row in fitting:
        first.setdefault(_lot_key(complete_row), complete_row)
    lots = {caseless(_typed(complete_row, "lot")) for complete_row in first.values()}
    named = enumerate_words(
        (
            f"lot {quoted(_typed(complete_row, 'lot'))} in row {complete_row.number}"
            for complete_row in first.values()
        ),
        "and",
    )
    where = row.cells["levels"].where
    if len(lots) > 1:
        return Fault(where, f"nothing, and {named}", "the lot of these beads in the column lot")
    return Fault(where, f"nothing, and {named} have other levels or kits", "the levels of these beads")


def _faulty(row: SheetRow) -> dict[str, SheetCell]:
    empty = (row.cells[name] for name in OF_A_LOT if name in row.cells and not _typed(row, name))
    names = [name for name in OF_A_LOT if name in row.cells and not _typed(row, name)]
    return {name: SheetCell(cell.where, faulty=True) for name, cell in zip(names, empty, strict=True)}


def _filled(row: SheetRow, complete: Mapping[str, SheetCell]) -> SheetRow:
    """Fill the empty cells of a row from those of a complete row of its lot."""
    taken = {
        name: SheetCell(cell.where, complete[name].value)
        for name, cell in row.cells.items()
        if name in (*OF_A_LOT, *COLUMNS_OF_A_LOT) and cell.is_empty and name in complete
    }
    return SheetRow(row.number, {**row.cells, **taken})
