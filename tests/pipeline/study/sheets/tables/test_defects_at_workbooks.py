"""A mistake in our own reading of a workbook or of a stored result is not laid on the file."""

from __future__ import annotations

from pathlib import Path

import pytest

import pipeline.study.sheets.tables.package
import pipeline.study.sheets.tables.parts
import pipeline.study.sheets.tables.workbook
from helpers.builders import good_sheets, write_workbook
from pipeline.study.sheets.rows import STUDY_SHEETS
from pipeline.study.sheets.tables import WORKBOOK, read_workbook
from pipeline.study.sheets.tables.library_calls import PackageError, by_library


@pytest.mark.parametrize(
    ("owner", "function"),
    [
        (pipeline.study.sheets.tables.workbook, "looks_of"),
        (pipeline.study.sheets.tables.workbook, "_shown"),
        (pipeline.study.sheets.tables.workbook, "_is_struck"),
        (pipeline.study.sheets.tables.workbook, "_cell_fault"),
        (pipeline.study.sheets.tables.package._Cells, "_begin_row"),
        (pipeline.study.sheets.tables.parts._Relations, "begin"),
    ],
)
def test_a_defect_in_our_own_code_is_never_said_to_be_the_workbook_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: object, function: str
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("operands could not be broadcast together")

    write_workbook(tmp_path, good_sheets())
    path = tmp_path / WORKBOOK
    assert read_workbook(path, list(STUDY_SHEETS))[0]
    monkeypatch.setattr(owner, function, broken)
    with pytest.raises(ValueError, match="operands could not be broadcast"):
        read_workbook(path, list(STUDY_SHEETS))


@pytest.mark.parametrize("error", [KeyError("x"), AttributeError("x"), ValueError("x"), OSError("x")])
def test_whatever_a_library_raises_is_the_workbook_s(error: Exception) -> None:
    def call(_: int) -> None:
        raise error

    with pytest.raises(PackageError, match=r"a workbook that cannot be read \("):
        by_library("study.xlsx", call, 1)
