"""The words of the error budget are for people: no number and no decision hangs on them."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from calibration.density.budget import CELL_TERMS, LOT_TERMS, OPTIONAL_TERMS, BudgetTerm
from calibration.density.limits import LloqSource

ROOT = Path(__file__).resolve().parents[3]
WORDS = {
    "calibration/density/budget.py": [term.value for term in BudgetTerm],
    "calibration/density/limits.py": [source.value for source in LloqSource if source.value],
}
NUMBERS = """
import json
from dataclasses import replace
from datetime import date

import numpy as np

from calibration import BudgetTerm, LloqSource, fit_standard_curve, pool_receptor_densities
from calibration import quantify_receptor_density
from calibration.density.between_runs import run_mean, with_between_run_cv
from pipeline.assembly.limiting import limiting
from pipeline.quantification.result import SampleResult
from pipeline.study.settings import Settings
from pipeline.study.study import BeadRun, Sample, Study

levels = (638.0, 6930.0, 31008.0, 67601.0)
curve = fit_standard_curve([330, 3400, 15800, 33000], levels, rcv=[0.2, 0.1, 0.08, 0.07], n=[900] * 4)
rng = np.random.default_rng(7)


def tube(amount, n):
    stain = amount * np.exp(0.4 * rng.standard_normal(n)) + 120 * rng.standard_normal(n) + 60
    options = {"kit": "quantibrite_pe", "f_p_ratio": 1.1, "between_run_cv": 0.06}
    return quantify_receptor_density(stain, 120 * rng.standard_normal(n) + 60, curve, **options)


tubes = [tube(300.0, 60), tube(700.0, 400), tube(9000.0, 800)]
samples = tuple(
    Sample(f"S{k}", f"P{k}", date(2024, 5, 1), f"{k}.fcs", "MM8", "B1", visit="baseline") for k in range(3)
)
runs = (BeadRun("B1", "b.fcs", "qsc", "1", "PE-A", (0, 1e3, 1e4)),)
study = Study(None, samples, (), runs, (), (), Settings())
found = limiting(study, tuple(SampleResult(f"S{k}", tube) for k, tube in enumerate(tubes)))
pooled = pool_receptor_densities(tubes[1:], n_runs=1)
wide = with_between_run_cv(tubes[1], 0.2)
print(json.dumps({
    "density": [[t.rd, t.rd_low, t.rd_high, t.lod, t.lloq, t.uloq, t.status.value, t.analytic_sd] for t in tubes],
    "lloq": [t.lloq_from.name for t in tubes],
    "budget": [[[term.name.name, term.sd_dex, term.share] for term in t.budget] for t in (*tubes, wide)],
    "pooled": [pooled.rd, pooled.rd_low, pooled.rd_high, pooled.lloq],
    "widened": [wide.rd_low, wide.rd_high, wide.gcv_percent],
    "run": run_mean(5000.0, tubes).log_variance,
    "limiting": [[r.name, r.share_percent, r.n_largest, r.fold, r.fold_without] for r in found.remedies],
    "words": [term.value for term in BudgetTerm] + [source.value for source in LloqSource],
}))
"""


def numbers(folder):
    """Run the same densities with the packages of a folder."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", NUMBERS],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout)


def renamed_copy(folder):
    """Copy the packages, with every word that people read in place of another."""
    number = 0
    for package in ("calibration", "pipeline", "gating"):
        for path in (ROOT / package).rglob("*.py"):
            name, text = path.relative_to(ROOT), path.read_text("utf-8")
            for word in WORDS.get(name.as_posix(), ()):
                number += 1
                text, n = re.subn(
                    rf'= "{re.escape(word)}"$', f'= "{99 - number} renamed"', text, flags=re.MULTILINE
                )
                assert n == 1, word
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, "utf-8")


@pytest.mark.slow
def test_every_word_may_be_renamed_and_no_number_changes(tmp_path):
    renamed_copy(tmp_path)
    before, after = numbers(ROOT), numbers(tmp_path)
    assert all("renamed" in word for word in after.pop("words") if word)
    assert not any("renamed" in word for word in before.pop("words"))
    assert after == before
    assert {*before["lloq"]} <= {source.name for source in LloqSource}
    assert len(before["limiting"]) == 5  # no tube has a curve of another day


def test_the_sets_of_terms_do_not_overlap_where_they_are_added():
    assert not CELL_TERMS & LOT_TERMS
    assert not CELL_TERMS & OPTIONAL_TERMS
    assert {"stained cells", "control cells", "background model"} == CELL_TERMS
