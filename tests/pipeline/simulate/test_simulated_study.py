from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from pipeline.fcs import read_fcs
from pipeline.simulate import SCENARIOS, simulate_study
from pipeline.simulate.tubes.populations import POPULATION_NAMES
from pipeline.study.errors import UsageError, UserError
from pipeline.study.sheets.reading import read_study

SAMPLES = Path(__file__).resolve().parents[3] / "fcs_samples"
MEGABYTE = 1_000_000


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("plain")
    simulate_study(folder, patients=6, events=2_000, seed=3)
    return folder


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    simulate_study(folder, scenario="demo")
    return folder


def test_the_same_arguments_give_the_same_bytes(plain, tmp_path):
    simulate_study(tmp_path, patients=6, events=2_000, seed=3)
    assert contents(tmp_path) == contents(plain)


def test_another_seed_gives_other_tubes_and_other_patients(plain, tmp_path):
    simulate_study(tmp_path, patients=6, events=2_000, seed=4)
    first, second = contents(plain / "study"), contents(tmp_path / "study")
    same = {name for name in first.keys() & second.keys() if first[name] == second[name]}
    assert same == {"panels.csv"}  # no chance in it


def test_a_tube_does_not_depend_on_how_many_patients_come_after_it(plain, tmp_path):
    simulate_study(tmp_path, patients=2, events=2_000, seed=3)
    name = "study/fcs/2024-02-05/P02_BM1.fcs"
    assert (tmp_path / name).read_bytes() == (plain / name).read_bytes()


def test_the_sheets_of_a_simulated_study_have_no_fault(plain):
    study, faults = read_study(plain / "study")
    assert faults == ()
    assert study is not None
    assert (len(study.samples), len(study.bead_runs), len(study.patients)) == (6, 2, 6)


@pytest.mark.parametrize(
    "scenario", [s.name for s in SCENARIOS if s.name not in ("demo", "validation", "course", "faulty")]
)
def test_every_scenario_is_a_study_without_a_fault_in_its_sheets(scenario, tmp_path):
    study, faults = read_study(simulate_study(tmp_path, patients=1, events=1_000, scenario=scenario))
    assert faults == ()
    assert study is not None


def test_washout_is_the_time_from_the_last_daratumumab_to_the_marrow(plain):
    study, _ = read_study(plain / "study")
    truth = {row["sample_id"]: float(row["washout_weeks"]) for row in rows(plain / "truth/tubes.csv")}
    for sample in study.samples:
        given = [d for d in study.doses if d.patient_id == sample.patient_id and d.drug == "daratumumab"]
        days = (sample.collected_on - max(dose.given_on for dose in given)).days
        assert days / 7 == pytest.approx(truth[sample.sample_id], rel=1e-5)


def test_the_study_drug_starts_after_the_marrow_and_follow_up_keeps_its_order(plain):
    study, _ = read_study(plain / "study")
    marrow = {sample.patient_id: sample.collected_on for sample in study.samples}
    for patient in study.patients:
        assert patient.treatment_start > marrow[patient.patient_id]
        assert patient.treatment_start < patient.discontinued_on <= patient.last_contact_on
        assert patient.died_on is None or patient.died_on == patient.last_contact_on


def test_files_hold_the_events_that_the_labels_describe(plain):
    study, _ = read_study(plain / "study")
    truth = {row["sample_id"]: row for row in rows(plain / "truth/tubes.csv")}
    for sample in study.samples[:2]:
        file = read_fcs(study.folder / sample.fcs_file)
        with np.load(plain / f"truth/labels/{sample.sample_id}.npz") as labels:
            assert labels["population"].size == file.n_events == 2_000
            assert labels["population"].max() < len(POPULATION_NAMES)
            cells = labels["cd38_molecules"][labels["aberrant"]]
        assert np.median(cells) == pytest.approx(float(truth[sample.sample_id]["true_rd"]), abs=0.1, rel=1e-5)


def test_files_say_that_they_are_simulated_and_when_where_and_how_they_were_acquired(plain):
    study, _ = read_study(plain / "study")
    sample, bead_run = study.samples[0], study.bead_runs[0]
    tube, run = read_fcs(study.folder / sample.fcs_file), read_fcs(study.folder / bead_run.fcs_file)
    for file in (tube, run):
        assert "Simulated" in file.keywords["$CYT"]
        assert file.keywords["$CYTSN"] == "SIM0001"
        assert file.keywords["$DATE"] == "05-FEB-2024"
        assert file.keywords["$BTIM"] < file.keywords["$ETIM"]
        assert file.keywords["$P5V"] == "450"
    assert run.keywords["$BTIM"] < tube.keywords["$BTIM"]
    assert tube.keywords["$SPILLOVER"].startswith("10,FITC-A,PE-A,")
    assert float(tube.keywords["$TIMESTEP"]) == 0.01
    assert sample.patient_id not in {value for key, value in tube.keywords.items() if key != "$SMNO"}


def test_no_matrix_wrong_voltage_and_another_lot_are_in_the_files_and_sheets(tmp_path):
    def first(scenario: str) -> tuple:
        folder = tmp_path / scenario
        study, _ = read_study(simulate_study(folder, patients=1, events=1_000, scenario=scenario))
        files = [
            read_fcs(study.folder / name) for name in (study.samples[0].fcs_file, study.bead_runs[0].fcs_file)
        ]
        return study, *files, rows(folder / "truth/beads.csv")[0]

    _, tube, _, _ = first("no_matrix")
    assert "$SPILLOVER" not in tube.keywords
    _, tube, run, _ = first("wrong_voltage")
    assert float(run.keywords["$P5V"]) == float(tube.keywords["$P5V"]) + 25
    study, _, _, truth = first("swapped_lot")
    off = np.array([float(x) for x in truth["true_levels"].split(";")]) / np.array(study.bead_runs[0].levels)
    assert off.max() / off.min() > 1.1


def test_the_demo_in_the_repository_is_what_simulate_writes(demo):
    written, kept = contents(demo / "study"), contents(SAMPLES / "demo")
    of_a_run = ("results/", "audit.jsonl", ".audit.jsonl")
    kept = {name: content for name, content in kept.items() if not name.startswith(of_a_run)}
    assert sorted(written) == sorted(kept)
    assert [name for name in written if written[name] != kept[name]] == []
    assert (demo / "truth/tubes.csv").read_bytes() == (SAMPLES / "truth-demo.csv").read_bytes()


def test_the_validation_study_in_the_repository_is_what_simulate_writes_and_is_small(tmp_path):
    study = simulate_study(tmp_path, scenario="validation")
    written, kept = contents(study), contents(SAMPLES / "validation")
    of_a_run = ("results/", "audit.jsonl", ".audit.jsonl")
    assert written == {name: content for name, content in kept.items() if not name.startswith(of_a_run)}
    assert (tmp_path / "truth/tubes.csv").read_bytes() == (SAMPLES / "truth-validation.csv").read_bytes()
    assert sum(map(len, written.values())) < 3 * MEGABYTE
    with pytest.raises(UsageError, match="fixed size"):
        simulate_study(tmp_path / "other", scenario="validation", events=5_000)


def test_the_course_study_in_the_repository_is_what_simulate_writes_and_is_small(tmp_path):
    study = simulate_study(tmp_path, scenario="course")
    written, kept = contents(study), contents(SAMPLES / "course")
    of_a_run = ("results/", "audit.jsonl", ".audit.jsonl")
    assert written == {name: content for name, content in kept.items() if not name.startswith(of_a_run)}
    assert (tmp_path / "truth/tubes.csv").read_bytes() == (SAMPLES / "truth-course.csv").read_bytes()
    assert sum(map(len, written.values())) < 1.5 * MEGABYTE
    with pytest.raises(UsageError, match="fixed size"):
        simulate_study(tmp_path / "other", scenario="course", patients=5)


def test_the_faulty_study_in_the_repository_is_what_simulate_writes(tmp_path):
    written, kept = contents(simulate_study(tmp_path, scenario="faulty")), contents(SAMPLES / "faulty")
    assert written == kept
    assert sum(map(len, kept.values())) < 0.3 * MEGABYTE


def test_the_samples_in_the_repository_are_small(demo):
    assert sum(map(len, contents(demo / "study").values())) < 13 * MEGABYTE
    kept = [path for path in SAMPLES.rglob("*") if path.is_file() and "results" not in path.parts]
    assert sum(path.stat().st_size for path in kept) < 15 * MEGABYTE


def test_the_demo_shows_what_it_says(demo):
    truth = {row["sample_id"]: row for row in rows(demo / "truth/tubes.csv")}
    assert len({row["patient_id"] for row in truth.values()}) == 10
    assert int(truth["P05_BM1"]["n_plasma_cells"]) < 20
    assert int(truth["P06_BM1"]["n_clog"]) > 500
    weeks = [float(row["washout_weeks"]) for row in truth.values()]
    assert (min(weeks), max(weeks)) == (4, 110)
    study, faults = read_study(demo / "study")
    assert faults == ()
    files = {sample.sample_id: read_fcs(study.folder / sample.fcs_file) for sample in study.samples}
    assert [name for name, file in files.items() if "$SPILLOVER" not in file.keywords] == ["P08_BM1"]
    assert len({file.keywords["$CYTSN"] for file in files.values()}) == 2


def test_the_faulty_study_has_a_fault_for_each_bad_cell():
    study, faults = read_study(SAMPLES / "faulty")
    found = {fault.where for fault in faults}
    assert study is None
    wanted = {"samples!K1", "samples!D3", "samples!A8", "samples!D9", "samples!E11", "samples!F11", "panels!C21",
              "panels!C22", "beads!F4", "beads!B6", "doses!A13", "doses!B14", "doses!E15", "patients!B2",
              "patients!C3", "settings!A2"}  # fmt: skip
    assert wanted <= found


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match="is not empty"):
        simulate_study(tmp_path, patients=1, events=100)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("scenario", ["faulty", "validation", "course"])
def test_a_study_of_a_fixed_size_refuses_another_one_and_writes_nothing(tmp_path, scenario):
    for size in ({"events": 100}, {"patients": 5}):
        with pytest.raises(UsageError, match=f"{scenario} has a fixed size"):
            simulate_study(tmp_path, scenario=scenario, **size)
    assert list(tmp_path.iterdir()) == []
