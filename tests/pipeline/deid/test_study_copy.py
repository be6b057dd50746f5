"""A copy of a study names nobody, and gives the same densities and washouts."""

from __future__ import annotations

import csv
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.commands.deid import KEY, deidentified
from pipeline.commands.exit_status import ExitStatus
from pipeline.commands.run import run_study
from pipeline.deid.key import Key
from pipeline.deid.reagent_words import is_reagent_alone
from pipeline.deid.rows import bead_rows
from pipeline.fcs import read_fcs
from pipeline.running.options import RunOptions
from pipeline.running.progress import QuietReporter
from pipeline.simulate import simulate_study
from pipeline.study.errors import UsageError, UserError
from pipeline.study.sheets.reading import read_study

TOKEN = "Zzyzx"
"""Stands for a name, in every place where somebody may have typed one."""

NAMES_AND_DAYS = {
    "sample_id",
    "patient_id",
    "visit",
    "collected_on",
    "beads",
    "last_dose_on",
    "reviewed_by",
    "note",
}

pytestmark = pytest.mark.slow


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)))
        writer.writeheader()
        writer.writerows(rows)


def with_keywords(path: Path, **keywords: str) -> None:
    """Put words into keywords of a file as a maker's software does; DATA moves behind them."""
    raw = path.read_bytes()
    begin, end = int(raw[10:18]), int(raw[18:26])
    data = (int(raw[26:34]), int(raw[34:42]))
    text, mark = raw[begin : end + 1].decode("utf-8"), raw[begin : begin + 1].decode()
    added = text + "".join(f"{key.replace('_', ' ')}{mark}{value}{mark}" for key, value in keywords.items())
    for _ in range(2):
        at = begin + len(added.encode())
        added = re.sub(rf"(\$BEGINDATA\{mark})\s*\d+", lambda m, at=at: f"{m[1]}{at}", added)
        added = re.sub(
            rf"(\$ENDDATA\{mark})\s*\d+", lambda m, at=at: f"{m[1]}{at + data[1] - data[0]}", added
        )
    at = begin + len(added.encode())
    header = raw[:10] + b"".join(b"%8d" % n for n in (begin, at - 1, at, at + data[1] - data[0], 0, 0))
    path.write_bytes(header + raw[58:begin] + added.encode() + raw[data[0] : data[1] + 1])


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study in which every place that takes any text holds a name."""
    made = simulate_study(tmp_path_factory.mktemp("simulated"), patients=3, events=4_000, seed=21)
    study = Path(shutil.copytree(made, tmp_path_factory.mktemp(TOKEN) / f"{TOKEN} study"))
    samples, doses, patients = (rows_of(study / f"{name}.csv") for name in ("samples", "doses", "patients"))
    renamed: dict[str, str] = {}
    for row in samples:
        for column in ("fcs_file", "fmo_file"):
            new = f"fcs/{TOKEN}_{Path(row[column]).name}"
            (study / row[column]).rename(study / new)
            with_keywords(
                study / new, PATIENT_ID=TOKEN, EXPERIMENT_NAME=TOKEN, **{"$OP": TOKEN, "$SRC": TOKEN}
            )
            row[column] = new
        for column in ("sample_id", "patient_id"):
            renamed[row[column]] = row[column] = f"{TOKEN}-{row[column]}"
        row |= {"remark": TOKEN, "visit": f"{TOKEN} {row['visit']}"}
    for row in (*doses, *patients):
        row["patient_id"] = f"{TOKEN}-{row['patient_id']}"
    patients[0] |= {"heavy_chain": "IgG", "iss_stage": TOKEN, "discontinuation_reason": TOKEN, "age": "93"}
    doses.append(doses[0] | {"drug": f"{TOKEN}-mab", "dose": "", "unit": "", "route": ""})
    panels = rows_of(study / "panels.csv")
    panels[-1] |= {"marker": f"CD56 ({TOKEN})", "clone": TOKEN, "fluorochrome": TOKEN}
    write(study / "panels.csv", panels)
    for name, rows in (("samples", samples), ("doses", doses), ("patients", patients)):
        write(study / f"{name}.csv", rows)
    write(
        study / "settings.csv", [{"name": "rd_cut", "value": "100000"}, {"name": "study_id", "value": TOKEN}]
    )
    gate = {
        "sample_id": samples[2]["sample_id"],
        "gate": "cd138",
        "value": "500",
        "set_by": TOKEN,
        "reason": TOKEN,
    }
    write(study / "gates.csv", [gate])
    return study


@pytest.fixture(scope="module")
def copy(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("given") / "copy"
    summary = deidentified(study, folder, None)
    assert summary.exit_status is ExitStatus.ALL_QUANTIFIED, summary.faults
    return folder


def test_no_name_is_in_any_file_or_file_name_of_the_copy(copy: Path) -> None:
    files = [path for path in copy.rglob("*") if path.is_file()]
    assert len(files) == 7 + 7
    for path in files:
        assert TOKEN not in str(path.relative_to(copy))
        assert TOKEN.encode() not in path.read_bytes(), path.name
        assert b"SimuFlow" not in path.read_bytes(), path.name


def test_names_of_reagents_stay_and_other_words_in_their_cells_do_not(study: Path, copy: Path) -> None:
    typed, copied = rows_of(study / "panels.csv"), rows_of(copy / "panels.csv")
    columns = ("marker", "fluorochrome", "clone")
    for before, after in zip(typed[:-1], copied[:-1], strict=True):
        assert {name: after[name] for name in columns} == {name: before[name] for name in columns}
    assert [copied[-1][name] for name in columns] == ["reagent 1", "reagent 2", "reagent 2"]
    lots = [[row["lot"] for row in rows_of(folder / "beads.csv")] for folder in (study, copy)]
    assert lots[0] == lots[1]


def test_a_lot_with_another_word_is_a_number_in_the_copy(study: Path) -> None:
    typed, _ = read_study(study)
    assert typed is not None
    (run,) = typed.bead_runs
    named = replace(typed, bead_runs=(replace(run, lot=f"66904 {TOKEN}", captures="mouse"),))
    (row,) = bead_rows(named, Key(), {run.name: "fcs/B01.fcs"})
    assert (row["lot"], row["captures"]) == ("reagent 1", "mouse")


@pytest.mark.parametrize(
    ("typed", "stays"),
    [
        *(
            (name, True)
            for name in (
                "CD138",
                "BV421",
                "PerCP-Cy5.5",
                "APC-R700",
                "PE-Dazzle 594",
                "UCHT1+M5E2",
                "eFluor450",
            )
        ),
        *((name, True) for name in ("CD3 CD14", "Viability", "Zombie NIR", "multi-epitope", "96597", "")),
        *((name, False) for name in ("Maier", "CD138 Maier", "Anna", "1960-02-03", "3.2.60", "19600203")),
    ],
)
def test_what_looks_like_a_reagent(typed: str, stays: bool) -> None:
    assert is_reagent_alone(typed) is stays


def test_the_key_is_in_the_study_and_not_in_the_copy(study: Path, copy: Path) -> None:
    assert not list(copy.rglob("*key*"))
    kinds = {row["kind"] for row in rows_of(study / KEY)}
    assert {"patient", "sample", "bead run", "visit", "days back", "person", "drug"} <= kinds


def test_every_day_of_a_patient_is_shifted_alike_and_of_two_patients_otherwise(
    study: Path, copy: Path
) -> None:
    from datetime import date

    back = {row["original"]: int(row["copy"]) for row in rows_of(study / KEY) if row["kind"] == "days back"}
    assert len(set(back.values())) == len(back) == 3
    for name, column in (("samples", "collected_on"), ("doses", "given_on"), ("patients", "last_contact_on")):
        for before, after in zip(rows_of(study / f"{name}.csv"), rows_of(copy / f"{name}.csv"), strict=True):
            if before[column]:
                days = date.fromisoformat(before[column]) - date.fromisoformat(after[column])
                assert days.days == back[before["patient_id"]]
    for before, after in zip(rows_of(study / "samples.csv"), rows_of(copy / "samples.csv"), strict=True):
        days = [
            read_fcs(folder / row["fcs_file"], channels=()).acquisition.acquired_on
            for folder, row in ((study, before), (copy, after))
        ]
        assert (days[0] - days[1]).days == back[before["patient_id"]]


@pytest.mark.slow
def test_the_copy_gives_the_same_densities_and_washouts(study: Path, copy: Path) -> None:
    results = []
    for folder in (study, copy):
        summary = run_study(folder, RunOptions(workers=1), QuietReporter())
        assert summary.exit_status is ExitStatus.ALL_QUANTIFIED, (summary.faults, summary.text)
        results.append(rows_of(folder / "results" / "rd_samples.csv"))
    for before, after in zip(*results, strict=True):
        # a bead run is of the day of several patients, whose shifts differ: the copy does not tell it
        after["flags"] = ";".join(flag for flag in after["flags"].split(";") if flag != "BEAD_AGE_UNKNOWN")
        same = set(before) - NAMES_AND_DAYS
        assert {"rd", "rd_low", "rd_high", "status", "flags", "washout_weeks"} <= same
        assert {name: before[name] for name in same} == {name: after[name] for name in same}
    written = [path for path in (copy / "results").rglob("*") if path.is_file()]
    assert not [path for path in written if TOKEN.encode() in path.read_bytes()]


def test_ages_above_ninety_and_words_that_nobody_knows_are_left_out(copy: Path) -> None:
    first = rows_of(copy / "patients.csv")[0]
    assert (first["age"], first["heavy_chain"]) == ("90", "IgG")
    assert "iss_stage" not in first or not first["iss_stage"]
    assert [row["drug"] for row in rows_of(copy / "doses.csv")][-1] == "another drug 1"
    assert rows_of(copy / "settings.csv") == [{"name": "rd_cut", "value": "100000"}]


def test_a_later_copy_with_the_same_key_names_the_same_patients_alike(
    study: Path, copy: Path, tmp_path: Path
) -> None:
    assert deidentified(study, tmp_path / "again", None).exit_status is ExitStatus.ALL_QUANTIFIED
    for name in ("samples.csv", "doses.csv", "patients.csv"):
        assert (tmp_path / "again" / name).read_bytes() == (copy / name).read_bytes()


def test_a_copy_over_something_in_the_study_or_with_its_key_is_refused(
    study: Path, copy: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="found something there, expected an empty folder"):
        deidentified(study, copy, None)
    with pytest.raises(UsageError, match="found a folder in the study itself"):
        deidentified(study, study / "copy", None)
    with pytest.raises(UsageError, match="the key shows who the patients are"):
        deidentified(study, tmp_path / "new", tmp_path / "new" / "key.csv")
    (tmp_path / "no_key.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(UserError, match="found no key"):
        deidentified(study, tmp_path / "new", tmp_path / "no_key.csv")
    assert not (tmp_path / "new").exists()


def test_a_study_with_a_file_that_cannot_be_read_is_refused_before_anything_is_written(
    study: Path, tmp_path: Path
) -> None:
    whole = Path(shutil.copytree(study, tmp_path / "study", ignore=shutil.ignore_patterns("results")))
    last = rows_of(whole / "samples.csv")[-1]["fcs_file"]
    (whole / last).write_bytes(b"no FCS file at all")
    with pytest.raises(
        UsageError, match=r"samples!D4: .* Nothing was written: copy the study, take that row out, try again"
    ):
        deidentified(whole, tmp_path / "copy", tmp_path / "key.csv")
    assert not (tmp_path / "copy").exists()
    assert not (tmp_path / "key.csv").exists()
