"""A copy keeps what validates the assay, under other names."""

from __future__ import annotations

from pathlib import Path

from helpers.builders import good_study, write_csvs
from pipeline.deid.key import Key
from pipeline.deid.rows import validation_rows
from pipeline.study.sheets.reading import read_study


def test_the_validation_sheet_of_a_copy_names_no_material_and_no_site(tmp_path: Path) -> None:
    header = ["sample_id", "experiment", "specimen", "hours", "method", "goal_percent"]
    folder = good_study(tmp_path / "lab")
    write_csvs(folder, {"validation": [header, ["S1", "stability", "Mrs Smith", "24", "site Leeds", "15"]]})
    study, faults = read_study(folder)
    assert faults == ()
    (row,) = validation_rows(study, Key())
    assert (row["experiment"], row["hours"], row["goal_percent"]) == ("stability", "24", "15")
    assert (row["sample_id"], row["specimen"], row["method"]) == ("S001", "group 1", "group 2")
