"""A copy says of drugs what the study says: denied names stay denied, and no name becomes a slip of another."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from gating.events.panel import Role
from helpers.dask_cluster import ROOT
from pipeline.checks import check_folder
from pipeline.commands.deid import deidentified
from pipeline.commands.exit_status import ExitStatus
from pipeline.deid.key import Key
from pipeline.deid.rows import gate_rows, panel_rows, patient_rows
from pipeline.deid.study_copy import NoCopyError
from pipeline.patients.treatment import names_any
from pipeline.response.letter.refractoriness import refractory
from pipeline.simulate import simulate_study
from pipeline.study.polygon import TypedPolygon
from pipeline.study.settings import Settings
from pipeline.study.study import GateOverride, Panel, PanelChannel, Patient, Study


def copied(typed: str) -> str:
    study = Study(Path(), (), (), (), (), (Patient("A", refractory_to=typed),), Settings())
    return patient_rows(study, Key())[0]["refractory_to"]


@pytest.mark.parametrize(
    "typed",
    [
        "none", "no", "keine", "unknown", "n/a", "not bortezomib", "lenalidomide?", "lenalidomide: no",
        "bortezomib (not carfilzomib)", "dara - intolerant", "lenalidomide -> VGPR", "2 PIs", "PI; IMiD",
        "PI 2; IMiD 2", "pi: yes", "anti-CD38", "VRd", "Velcade/Revlimid", "bortezomib and lenalidomide",
        "daratumumab, pomalidomide + dex", "not daratumumab", "nicht Darzalex", "Darzalex Faspro; D-VMP",
    ],
)  # fmt: skip
def test_a_patient_is_refractory_to_the_same_in_the_copy(typed: str) -> None:
    copy = copied(typed)
    assert refractory(copy) == refractory(typed)
    assert names_any(copy, "daratumumab") is names_any(typed, "daratumumab")


@pytest.mark.parametrize(
    "typed",
    [
        "Velcade (Dr Maier); not Revlimid (Maier)", "anti-CD38 (Maier)", "Maier", "bortezomib, ohne Maier",
        "PI (Maier)", "none, says Maier", "Velcade Maier -", "Velcade Maier 12.03.1951", "Maier 0",
    ],
)  # fmt: skip
def test_no_other_word_beside_a_drug_is_copied_and_a_denied_drug_stays_denied(typed: str) -> None:
    copy = copied(typed)
    assert "maier" not in copy.casefold()
    assert "1951" not in copy
    before, after = refractory(typed), refractory(copy)
    assert (before is None) == (after is None)
    if before and after:
        assert (before.inhibitors, before.immunomodulators, before.anti_cd38) == (
            after.inhibitors, after.immunomodulators, after.anti_cd38,
        )  # fmt: skip


def test_a_reason_that_is_left_out_still_says_that_the_treatment_ended() -> None:
    study = Study(
        Path(), (), (), (), (),
        (Patient("A", discontinuation_reason="moved away, says Maier"), Patient("B")), Settings(),
    )  # fmt: skip
    rows = patient_rows(study, Key())
    assert [row["discontinuation_reason"] for row in rows] == ["another reason", ""]


def write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate_study(tmp_path_factory.mktemp("simulated"), patients=1, events=500, seed=3)


def test_many_unknown_drugs_are_no_slips_of_a_drug_in_the_settings(study: Path, tmp_path: Path) -> None:
    with (study / "doses.csv").open(encoding="utf-8", newline="") as file:
        doses = list(csv.DictReader(file))
    others = [dict(doses[0], drug=f"Maier's {word}", dose="", unit="") for word in ("tea", "oil", "salt")]
    write(study / "doses.csv", [*doses, *others])
    write(study / "settings.csv", [{"name": "washed_out_drug", "value": "daratumumab; Arm of Maier"}])
    assert deidentified(study, tmp_path / "copy", None).exit_status is ExitStatus.ALL_QUANTIFIED
    copy, faults = check_folder(tmp_path / "copy")
    assert copy is not None, faults
    assert not [fault for fault in faults if fault.where.startswith("doses") and "Did you mean" in fault.hint]


def test_a_gate_on_a_marker_that_gets_a_pseudonym_names_it_in_the_copy() -> None:
    panel = Panel("MM", (PanelChannel(("FITC-A",), Role.OTHER, marker="Maier's antibody"),))
    gates = (
        GateOverride("S", "maier's antibody", 900.0, "AB", "why"),
        GateOverride(
            "S",
            "dump",
            None,
            "AB",
            "why",
            polygon=TypedPolygon("Maier's antibody", "cd45", ((1.0, 2.0),) * 3),
        ),
    )
    study = Study(Path(), (), (panel,), (), (), (), Settings(), gates=gates)
    key = Key()
    (marker,) = (row["marker"] for row in panel_rows(study, key))
    first, second = gate_rows(study, key)
    assert (marker, first["gate"], second["gate"]) == ("reagent 1", "reagent 1", "dump")
    assert second["polygon"].startswith("reagent 1 × cd45: ")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit on Windows")
def test_nothing_is_left_of_a_copy_that_does_not_fit_on_the_disk(study: Path, tmp_path: Path) -> None:
    program = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from pipeline.commands.deid import deidentified\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"
        "deidentified(Path(sys.argv[1]), Path(sys.argv[2]), None)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(study), str(tmp_path / "copy")],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert "NoCopyError" in done.stderr
    assert "nothing is left of the copy" in done.stderr
    assert not (tmp_path / "copy").exists()


def test_a_copy_without_its_key_is_removed_and_an_empty_folder_stays(study: Path, tmp_path: Path) -> None:
    copy, key = tmp_path / "copy", tmp_path / "no folder" / "key.csv"
    copy.mkdir()
    key.parent.write_text("a file", encoding="utf-8")
    with pytest.raises(NoCopyError, match="nothing is left of the copy"):
        deidentified(study, copy, key)
    assert list(copy.iterdir()) == []
