"""A change makes again what depends on it, and no more; the way a user goes, from sheets to results."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from pipeline.commands.exit_status import ExitStatus
from pipeline.commands.run import run_study
from pipeline.running.options import RunOptions
from pipeline.running.progress import QuietReporter
from pipeline.simulate import simulate_study

TUBES = ("P01_BM1", "P02_BM1", "P03_BM1")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    study = simulate_study(tmp_path_factory.mktemp("simulated"), patients=3, events=3_000, seed=9)
    assert made_again(study) == set(TUBES)
    return study


@pytest.fixture
def study(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "study"))


def made_again(study: Path) -> set[str]:
    """Run the study; return which tubes were quantified and not taken from the store."""
    store = study / "results" / "store"
    before = {name: (store / f"{name}.json").stat().st_mtime_ns for name in stored(store)}
    summary = run_study(study, RunOptions(workers=1, figures=False), QuietReporter())
    assert summary.exit_status in {ExitStatus.ALL_QUANTIFIED, ExitStatus.SOME_FAILED}, summary.faults
    made = {name for name in TUBES if (store / f"{name}.json").stat().st_mtime_ns != before.get(name)}
    facts = json.loads((study / "results" / "run.json").read_text("utf-8"))
    assert facts["n_reused"] == len(TUBES) - len(made)
    return made


def stored(store: Path) -> list[str]:
    return [path.stem for path in store.glob("*.json")]


def add_row(study: Path, sheet: str, **cells: str) -> None:
    rows, names = read(study, sheet)
    write(study, sheet, [*rows, dict.fromkeys(names, "") | cells], names)


def change_row(study: Path, sheet: str, at: int, **cells: str) -> None:
    rows, names = read(study, sheet)
    rows[at] |= cells
    write(study, sheet, rows, list(dict.fromkeys([*names, *cells])))


def read(study: Path, sheet: str) -> tuple[list[dict[str, str]], list[str]]:
    with (study / f"{sheet}.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        return list(reader), list(reader.fieldnames or ())


def write(study: Path, sheet: str, rows: list[dict[str, str]], names: list[str]) -> None:
    with (study / f"{sheet}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)


def settings(study: Path, **values: str) -> None:
    rows = [{"name": name, "value": value} for name, value in values.items()]
    write(study, "settings", rows, ["name", "value"])


def row_of(study: Path, name: str) -> dict[str, str]:
    with (study / "results" / "rd_samples.csv").open(encoding="utf-8", newline="") as file:
        return next(row for row in csv.DictReader(file) if row["sample_id"] == name)


def test_what_changes_tables_makes_no_tube_again(study: Path) -> None:
    add_row(
        study,
        "doses",
        patient_id="P01",
        given_on="2024-03-01",
        drug="daratumumab",
        dose="1800",
        unit="mg",
        route="SC",
    )
    change_row(study, "samples", 0, remark="thawed", visit="C2")
    settings(
        study,
        month_days="30",
        rd_cut="100000",
        kd_app_ug_ml="0.3",
        cycle_days="21",
        study_id="T1",
        sentinel_low_share="0.3",
    )
    assert made_again(study) == set()
    assert row_of(study, "P01_BM1")["visit"] == "C2"


def test_what_the_checks_say_of_a_tube_changes_its_row_and_not_its_numbers(study: Path) -> None:
    before = row_of(study, "P03_BM1")
    assert "BEADS_AGED" not in before["flags"]
    settings(study, bead_age_accept_hours="0")
    assert made_again(study) == set()
    after = row_of(study, "P03_BM1")
    assert "BEADS_AGED" in after["flags"].split(";")
    assert "from the tube" in after["note"]
    same = set(before) - {"flags", "note"}
    assert {name: before[name] for name in same} == {name: after[name] for name in same}


def test_a_new_control_makes_its_tube_again_and_no_other(study: Path) -> None:
    rows, _ = read(study, "samples")
    control = study / rows[1]["fmo_file"]
    shutil.copy(study / rows[2]["fmo_file"], control)
    assert made_again(study) == {"P02_BM1"}


def test_a_gate_set_by_hand_makes_its_tube_again_and_no_other(study: Path) -> None:
    gate = {"sample_id": "P03_BM1", "gate": "cd138", "value": "500", "set_by": "me", "reason": "dim"}
    write(study, "gates", [gate], list(gate))
    assert made_again(study) == {"P03_BM1"}


def test_a_damaged_file_of_events_is_made_again_and_no_other(study: Path) -> None:
    exported = RunOptions(workers=1, figures=False, export_events=True)
    run_study(study, exported, QuietReporter())
    folder = study / "results" / "events"
    whole = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert len(whole) == 2 * len(TUBES)
    stamps = {name: (folder / name).stat().st_mtime_ns for name in whole}
    for ending in (".parquet", ".fcs"):
        file = folder / f"P02_BM1{ending}"
        for damaged in (b"", whole[file.name][:-1], whole[file.name][:-1] + b"?", None):
            file.unlink() if damaged is None else file.write_bytes(damaged)
            run_study(study, exported, QuietReporter())
            assert {path.name: path.read_bytes() for path in folder.iterdir()} == whole
    others = [name for name in whole if not name.startswith("P02")]
    assert {name: (folder / name).stat().st_mtime_ns for name in others} == {
        name: stamps[name] for name in others
    }
