"""A bead kit and a washout model are added in one file: each goes the whole way, from the sheets to the results."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook

from doc_rooms import ROOT
from pipeline.simulate import simulate_study

TESTS = ROOT / "tests"
KIT = 'BeadKit("nova", "Nova beads", "PE molecules", needs_f_p=True, has_blank=False, arithmetic="ABC = molecules / (F:P)"),'
MODEL = """from pipeline.study.quantity_name import DEX


class _Spread:
    notes = ("the spread of M9 is hardly a model",)

    def estimates(self) -> tuple[Estimate, ...]:
        return (
            Estimate("spread", 0.3, 0.1, 0.9, 3, "a test's own", unit=DEX, words="Spread of a test, in words"),
        )


MODELS: Final[tuple[Model[Any], ...]] = (
    Model("M9", lambda given, _: _Spread(), _Spread.estimates, lambda fit: "a test's own",
          plain="the spread of a test", methods="How wide a test is was guessed",
          glossary=("model 9: spread", "What a test adds to see that it is explained."),
          sources=(Publication("Guesser 2001", "10.1000/guess"),)),"""


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate_study(tmp_path_factory.mktemp("simulated"), patients=2, events=3_000)


@pytest.fixture
def study(simulated: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(simulated, tmp_path / "study"))


def cd38rd_with(edit: tuple[str, str, str], *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command with one module edited: its name, what it holds, what stands there instead."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(TESTS)))}
    words = [sys.executable, str(TESTS / "helpers" / "with_edited_source.py"), *edit, *command]
    return subprocess.run(
        words, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
    )


@pytest.mark.slow
def test_a_bead_kit_takes_one_entry_in_one_file(study: Path):
    sheet = study / "beads.csv"
    typed = sheet.read_text("utf-8")
    kit = pd.read_csv(sheet)["kit"].iloc[0]
    sheet.write_text(typed.replace(kit, "nova"), encoding="utf-8")
    begin = "BEAD_KITS: tuple[BeadKit, ...] = ("
    edit = ("calibration.beads.kits", begin, f"{begin}\n    {KIT}")
    done = cd38rd_with(edit, "run", str(study), "--workers", "1", "--no-figures", "--quiet")
    assert done.returncode == 0, done.stderr
    results = study / "results"
    assert set(pd.read_csv(results / "calibration.csv")["kit"]) == {"nova"}
    assert (pd.read_csv(results / "rd_samples.csv")["status"] == "OK").any()
    assert "Nova beads" in (results / "report.html").read_text("utf-8")


@pytest.mark.slow
def test_a_washout_model_takes_one_entry_in_one_file(study: Path):
    edit = ("pipeline.washout.models", "MODELS: Final[tuple[Model[Any], ...]] = (", MODEL)
    done = cd38rd_with(edit, "run", str(study), "--workers", "1", "--no-figures", "--quiet")
    assert done.returncode == 0, done.stderr
    written = json.loads((study / "results" / "washout.json").read_text("utf-8"))
    assert written["methods"]["M9"] == "a test's own"
    assert written["estimates"][0]["name"] == "spread"
    assert "the spread of M9 is hardly a model" in written["notes"]
    report = (study / "results" / "report.html").read_text("utf-8")
    assert "the spread of the spread of a test is hardly a model" in report.casefold()
    assert "How wide a test is was guessed (Guesser 2001, doi:10.1000/guess)." in report
    assert "model 9: spread" in report
    assert "What a test adds to see that it is explained." in report
    assert not {"words", "kind", "model", "subject"} & written["estimates"][0].keys()
    sheets = load_workbook(study / "results" / "rd.xlsx", read_only=True)
    cells = {cell for sheet in sheets for row in sheet.iter_rows(values_only=True) for cell in row}
    assert {"Spread of a test, in words", "spread"} <= cells


def test_an_edit_that_meets_nothing_is_refused(study: Path):
    done = cd38rd_with(("calibration.beads.kits", "no such line", ""), "check", str(study))
    assert done.returncode != 0
    assert "stands 0 times" in done.stderr
