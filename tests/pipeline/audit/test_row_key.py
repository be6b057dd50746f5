"""The key of a row in the trail is a value: its text is read back whole, and names are never parts of others."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from helpers.builders import good_study
from pipeline.audit.row_key import RowKey
from pipeline.audit.trail import Event, add_line, history_of
from pipeline.audit.typed_cells import cells_of_review, typed_cells
from pipeline.study.sheets.reading import read_study


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("samples P01_BM1", RowKey("samples", "P01_BM1")),
        ("samples P01 BM1", RowKey("samples", "P01 BM1")),
        ("panels MM8/PE/Cy7-A", RowKey("panels", "MM8/PE/Cy7-A")),
        ("gates P01_BM1/cd138", RowKey("gates", "P01_BM1", "cd138")),
        ("gates P01_BM1/2", RowKey("gates", "P01_BM1", "2")),
        ("doses P01/2026-01-05", RowKey("doses", "P01", "2026-01-05")),
        ("doses P01/2026-01-05/2", RowKey("doses", "P01", "2026-01-05", 2)),
        ("validation S1/precision/2", RowKey("validation", "S1", "precision", 2)),
        ("adverse_events P01/3", RowKey("adverse_events", "P01", number=3)),
        ("review S1/2", RowKey("review", "S1", number=2)),
        ("review 2", RowKey("review", "2")),
        ("settings seed", RowKey("settings", "seed")),
        ("a sheet of another version/1", RowKey("a", "sheet of another version/1")),
    ],
)
def test_a_key_is_read_from_its_text_and_written_as_the_same_text(text: str, key: RowKey) -> None:
    assert RowKey.of_text(text) == key
    assert str(key) == text


def test_every_key_of_a_study_is_read_back_from_the_trail(tmp_path: Path) -> None:
    study, faults = read_study(good_study(tmp_path))
    assert study is not None, faults
    cells = typed_cells(study)
    assert {RowKey.of_text(str(row)) for row, _ in cells} == {row for row, _ in cells}
    assert {row.sheet for row, _ in cells} >= {"samples", "panels", "beads"}


def test_the_history_of_a_tube_has_no_row_of_a_patient_or_a_gate_of_the_same_name(tmp_path: Path) -> None:
    typed = {
        (RowKey("samples", "cd138"), "visit"): "C2",
        (RowKey("gates", "S1", "cd138"), "value"): "850",
        (RowKey("patients", "cd138"), "age"): "61",
        (RowKey("doses", "cd138", str(date(2026, 1, 5))), "dose"): "16",
    }
    trail = add_line(tmp_path, Event.RUN, {}, typed)
    assert [change.row for _, change in history_of(trail, "cd138")] == [RowKey("samples", "cd138")]


def test_a_new_decision_replaces_the_rows_of_its_tube_and_of_no_other() -> None:
    others = {
        (RowKey("review", "S1"), "verdict"): "accept",
        (RowKey("review", "S10"), "verdict"): "ask",
        (RowKey("gates", "S", "cd138"), "source"): "gates",
        (RowKey("gates", "S10", "cd138"), "source"): "review.csv",
        (RowKey("samples", "S"), "visit"): "C2",
    }
    own = {
        (RowKey("review", "S"), "verdict"): "accept",
        (RowKey("review", "S", number=2), "verdict"): "ask",
        (RowKey("gates", "S", "cd45"), "source"): "review.csv",
        (RowKey("gates", "S", "cd45"), "value"): "850",
    }
    after = cells_of_review({**others, **own}, "S", [{"sample_id": "S", "verdict": "reject", "set_by": "AB"}])
    assert after == {
        **others,
        (RowKey("review", "S"), "sample_id"): "S",
        (RowKey("review", "S"), "verdict"): "reject",
        (RowKey("review", "S"), "set_by"): "AB",
    }
