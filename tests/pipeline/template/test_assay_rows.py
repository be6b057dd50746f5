"""What names of files suggest for the validation sheet, and that a patient's tube is never put there."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import load_workbook

from helpers.builders import write_tube
from pipeline.study.sheets.reading import read_typed
from pipeline.template.write import write_template


def guessed(folder: Path, *names: str, **facts) -> set[tuple[object, ...]]:
    """Return (tube, experiment, specimen, level, hours) of every guessed row."""
    for name in names:
        write_tube(folder / "fcs" / f"{name}.fcs", **facts)
    return rows_of(folder)


def rows_of(folder: Path) -> set[tuple[object, ...]]:
    sheet = load_workbook(write_template(folder, folder / "fcs").path)["validation"]
    header, *rows = sheet.iter_rows(values_only=True)
    wanted = [header.index(name) for name in ("sample_id", "experiment", "specimen", "level", "hours")]
    return {tuple(row[place] for place in wanted) for row in rows if row[0]}


@pytest.mark.parametrize(
    ("first", "second", "specimen"),
    [
        ("validation_A_rep1", "validation_A_rep2", "validation A"),
        ("pool B r1", "pool B r2", "pool B"),
        ("Pool-C_replicate-01", "Pool-C_replicate-02", "Pool C"),
        ("precision_high_1", "precision_high_2", "high"),
    ],
)
def test_replicates_of_a_material_are_precision(tmp_path, first, second, specimen):
    found = guessed(tmp_path, first, second)
    assert {row[1:] for row in found} == {("precision", specimen, None, None)}
    assert len(found) == 2


@pytest.mark.slow
def test_dilutions_tell_their_level_and_stored_tubes_their_hours(tmp_path):
    found = guessed(tmp_path, "pool A", "pool A 50pct", "pool A 1to4", "pool A 24h", "pool A 48 hrs")
    assert {row[1:] for row in found} == {
        ("linearity", "pool A", 1, None),
        ("linearity", "pool A", 0.5, None),
        ("linearity", "pool A", 0.25, None),
        ("stability", "pool A", None, None),
        ("stability", "pool A", None, 24),
        ("stability", "pool A", None, 48),
    }


def test_blanks_and_dim_material_are_for_the_limits(tmp_path):
    found = guessed(tmp_path, "LoB pool 1", "LoD pool 1", "LoD pool 2")
    assert {(row[0], row[1]) for row in found} >= {("LoD pool 1", "low"), ("LoD pool 2", "low")}
    assert [row[1] for row in found if "LoB" in str(row[0])] == ["blank"]


def test_a_material_on_two_cytometers_is_compared(tmp_path):
    for number, cytometer in enumerate(("Canto", "Lyric"), start=1):
        keywords = {"$CYT": cytometer, "$CYTSN": str(number)}
        write_tube(tmp_path / "fcs" / cytometer / f"pool A {cytometer}.fcs", keywords=keywords)
        write_tube(tmp_path / "fcs" / cytometer / f"pool 7_{number}.fcs", keywords=keywords)
    found = {(row[1], row[2]) for row in rows_of(tmp_path)}
    assert ("comparison", "pool 7") in found


@pytest.mark.slow
def test_a_tube_of_a_patient_is_never_put_there(tmp_path):
    names = ("P01_BM_rep1", "P01_BM_rep2", "P02 24h", "P03_50pct", "Poole_BM_1", "Valerie r1", "P04_low_1")
    assert guessed(tmp_path, *names) == set()


def test_a_folder_of_that_name_makes_no_tube_one_of_the_assay(tmp_path):
    assert guessed(tmp_path, "validation/P01_BM_rep1", "validation/P01_BM_rep2") == set()


def test_who_is_only_in_such_tubes_is_no_patient_with_doses_and_init_says_so(tmp_path):
    for name in ("pool_rep1", "pool_rep2", "P01_BM"):
        write_tube(tmp_path / "fcs" / f"{name}.fcs")
    said = write_template(tmp_path, tmp_path / "fcs").summary
    assert "2 tubes named as of the assay: look at the sheet validation." in said
    typed, _ = read_typed(tmp_path)
    assert {entry.row.patient_id for entry in typed.doses} == {"P01"}


def type_in(folder: Path, name: str, **cells: object) -> None:
    """Type into the first row of a sheet, so that the workbook is a person's from now on."""
    path = folder / "study.xlsx"
    workbook = load_workbook(path)
    sheet = workbook[name]
    header = [cell.value for cell in sheet[1]]
    for column, value in cells.items():
        sheet.cell(2, header.index(column) + 1).value = value
    workbook.save(path)


def validation_of(folder: Path) -> list[tuple[object, ...]]:
    typed, _ = read_typed(folder)
    assert typed is not None
    rows = [entry.row for entry in typed.validation]
    return [(row.sample_id, row.experiment, row.specimen, row.level, row.hours) for row in rows]


def test_update_adds_the_rows_of_new_tubes_of_the_assay_under_the_typed_name_of_their_material(tmp_path):
    guessed(tmp_path, "pool_A_rep1", "pool_A_rep2", "P01_BM")
    type_in(tmp_path, "validation", specimen="normal marrow")
    before = validation_of(tmp_path)
    for name in ("pool_A_rep3", "pool_A_24h", "P02_BM_rep1"):
        write_tube(tmp_path / "fcs" / f"{name}.fcs")
    said = write_template(tmp_path, None, update=True).summary
    assert "in validation" in said
    after = validation_of(tmp_path)
    assert after[: len(before)] == before
    assert set(after[len(before) :]) == {
        ("pool_A_rep3", "precision", "normal marrow", None, None),
        ("pool_A_rep1", "stability", "normal marrow", None, None),
        ("pool_A_rep2", "stability", "normal marrow", None, None),
        ("pool_A_rep3", "stability", "normal marrow", None, None),
        ("pool_A_24h", "stability", "normal marrow", None, 24),
    }
    assert not write_template(tmp_path, None, update=True).written


def test_update_takes_no_tube_out_of_a_visit_for_a_new_one_of_its_name(tmp_path):
    guessed(tmp_path, "pool_A_rep1")
    type_in(tmp_path, "samples", patient_id="P07")
    assert validation_of(tmp_path) == []
    write_tube(tmp_path / "fcs" / "pool_A_rep2.fcs")
    write_template(tmp_path, None, update=True)
    assert validation_of(tmp_path) == [("pool_A_rep2", "precision", "pool A", None, None)]


def test_update_names_a_tube_of_the_assay_as_its_row_in_the_samples_sheet(tmp_path):
    guessed(tmp_path, "a/pool_A_rep1", "a/pool_A_rep2")
    type_in(tmp_path, "samples", patient_id="QC")
    write_tube(tmp_path / "fcs" / "b" / "pool_A_rep1.fcs")
    write_template(tmp_path, None, update=True)
    typed, _ = read_typed(tmp_path)
    assert typed is not None
    (new,) = (entry.row for entry in typed.samples if "/b/" in str(entry.row.fcs_file))
    assert validation_of(tmp_path)[-1] == (new.sample_id, "precision", "pool A", None, None)
    assert len({row[0] for row in validation_of(tmp_path)}) == 3
