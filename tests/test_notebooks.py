"""The notebooks of docs/notebooks run from top to bottom, each in its own process, without Jupyter."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.output.result_tables import PATIENTS
from pipeline.output.table import names_of

ROOT = Path(__file__).resolve().parents[1]
WARNINGS = ("error", "ignore::DeprecationWarning", "error::DeprecationWarning:__main__")
"""A warning is an error, unless one old library warns of another: that is no fault of the notebook."""
FOLDER = ROOT / "docs" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
MOST_BYTES = 20_000
RUN = """
import json, pathlib, sys
cells = json.loads(pathlib.Path(sys.argv[1]).read_text("utf-8"))["cells"]
names = {"__name__": "__main__"}
for place, cell in enumerate(cells, start=1):
    if cell["cell_type"] == "code":
        exec(compile("".join(cell["source"]), f"cell {place}", "exec"), names)
"""


def run(notebook: Path) -> subprocess.CompletedProcess[str]:
    """Run the code of a notebook where it lies; a warning is an error."""
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    settings = {"PYTHONPATH": paths, "MPLBACKEND": "Agg", "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [sys.executable, *(f"-W{rule}" for rule in WARNINGS), "-c", RUN, str(notebook)],
        cwd=notebook.parent,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )


def test_there_are_notebooks():
    assert len(NOTEBOOKS) >= 3


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(notebook: Path):
    done = run(notebook)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip(), "it shows nothing"


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_small_and_holds_no_outputs(notebook: Path):
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    assert notebook.stat().st_size < MOST_BYTES
    assert all(not cell["outputs"] for cell in cells if cell["cell_type"] == "code")


def test_a_cell_that_raises_fails_its_notebook(tmp_path: Path):
    cells = [
        {"cell_type": "code", "source": [line]} for line in ("print('first')", "1 / 0", "print('never')")
    ]
    broken = tmp_path / "broken.ipynb"
    broken.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    done = run(broken)
    assert done.returncode != 0
    assert "cell 2" in done.stderr
    assert "ZeroDivisionError" in done.stderr


def test_the_csv_of_the_notebooks_has_columns_that_the_program_writes():
    with (FOLDER / "rd_patients.csv").open(newline="", encoding="utf-8") as file:
        assert set(csv.DictReader(file).fieldnames or ()) <= set(names_of(PATIENTS))
