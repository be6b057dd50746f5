"""What a person typed otherwise than the files have it means the same in the copy; so does a damaged file."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from pipeline.checks import check_folder
from pipeline.checks.acquisition import instrument_difference
from pipeline.commands.deid import deidentified
from pipeline.commands.exit_status import ExitStatus
from pipeline.deid.key import Key, PseudonymKind, read_key
from pipeline.fcs import TruncatedError, read_fcs
from pipeline.simulate import simulate_study
from pipeline.study.errors import UserError
from pipeline.study.study import Study

SETTINGS = {
    "washed_out_drug": "Darzalex; arm A",
    "keep_in_models": "study_drug; under_one_week",
    "imid_drugs": "lenalidomide; trial imid",
}


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    study = simulate_study(tmp_path_factory.mktemp("simulated"), patients=2, events=500, seed=3)
    panels, doses = rows_of(study / "panels.csv"), rows_of(study / "doses.csv")
    for row in panels:
        row["channel"] = row["channel"].lower().replace("-", " ")
    for row in doses:
        if row["drug"] == "daratumumab":
            row["drug"] = "Arm A"
    write(study / "panels.csv", panels)
    write(study / "doses.csv", doses)
    write(study / "settings.csv", [{"name": name, "value": value} for name, value in SETTINGS.items()])
    (bead_file,) = (study / row["fcs_file"] for row in rows_of(study / "beads.csv"))
    raw = bead_file.read_bytes()
    bead_file.write_bytes(re.sub(rb"\$CYT(\W)Simulated", rb"$CYT\1SIMULATED", raw, count=1))
    assert bead_file.read_bytes() != raw
    first = study / rows_of(study / "samples.csv")[0]["fcs_file"]
    first.write_bytes(first.read_bytes()[:-3_000])
    folder = tmp_path_factory.mktemp("given") / "copy"
    assert deidentified(study, folder, None).exit_status is ExitStatus.ALL_QUANTIFIED
    return folder


@pytest.fixture(scope="module")
def study(copy: Path) -> Study:
    study, faults = check_folder(copy)
    assert study is not None, faults
    assert not [fault for fault in faults if fault.where.startswith("panels")]
    return study


def test_channels_that_were_typed_in_another_spelling_keep_their_names(study: Study) -> None:
    assert "PE-A" in read_fcs(study.folder / study.samples[1].fcs_file, channels=()).channels
    assert "channel_1" not in read_fcs(study.folder / study.samples[1].fcs_file, channels=()).channels


def test_an_instrument_that_is_spelled_in_two_ways_is_one_in_the_copy(study: Study) -> None:
    names = (study.bead_runs[0].fcs_file, study.samples[1].fcs_file)
    bead_file, tube = (read_fcs(study.folder / name, channels=()) for name in names)
    assert instrument_difference(tube, bead_file) == ""


def test_drugs_of_settings_and_doses_have_the_same_name_and_lists_of_words_stay(study: Study) -> None:
    assert study.settings.washed_out_drug == "daratumumab; name in the settings 1"
    assert "name in the settings 1" in {dose.drug for dose in study.doses}
    assert study.settings.imid_drugs == "lenalidomide; another drug 1"
    assert study.settings.keep_in_models == "under_one_week;study_drug"


def test_a_file_that_ends_early_ends_early_in_the_copy_too(study: Study) -> None:
    file = study.folder / study.samples[0].fcs_file
    with pytest.raises(TruncatedError, match="expected 500 events"):
        read_fcs(file, channels=())
    assert 400 < read_fcs(file, channels=(), allow_truncated=True).n_events < 500


def test_a_key_that_lost_a_row_gives_nobody_the_name_of_another() -> None:
    key = Key({(PseudonymKind.PATIENT, "Ann"): "P001", (PseudonymKind.PATIENT, "Cy"): "P003"})
    assert [key.name(PseudonymKind.PATIENT, one) for one in ("Ann", "Bo", "Cy", "Di")] == [
        "P001",
        "P002",
        "P003",
        "P004",
    ]


@pytest.mark.parametrize(
    "row", ["patient,Bo,P001", "patient,Bo,", "patient,Bo", "days back,Bo,many", "person,Bo,P1\nnobody,Bo,1"]
)
def test_a_key_that_was_edited_into_nonsense_is_refused(tmp_path: Path, row: str) -> None:
    path = tmp_path / "key.csv"
    path.write_text(f"kind,original,copy\npatient,Ann,P001\n{row}\n", encoding="utf-8")
    with pytest.raises(UserError, match="found no key"):
        read_key(path)
