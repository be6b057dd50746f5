"""Recovery curve and random intercept: the same bytes whatever the processor."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import numpy as np
from calibration.density.result import RdStatus
from pipeline.study.settings import Settings
from pipeline.output.json_files import json_text, washout_json
from pipeline.washout import PatientRd, washout_report

def rows_of(seed, n, visits):
    rng = np.random.default_rng(seed)
    weeks_of = np.exp(rng.uniform(np.log(2), np.log(90), n))
    serum = 600 * 2.0 ** (-weeks_of / rng.uniform(2.0, 3.2, n))
    total = 150_000 * (1 - 0.75 * 2.0 ** (-weeks_of / 15)) * 10 ** rng.normal(0, 0.2, n)
    for i, (weeks, rd) in enumerate(zip(weeks_of.tolist(), (total / (1 + serum / 0.25)).tolist())):
        status = RdStatus.OK if rd > 5_000 else RdStatus.BELOW_LLOQ
        name, visit = f"P{i // visits}", f"V{i % visits}"
        yield PatientRd(name, visit, weeks, rd, status, 5_000.0, 300_000.0, 0.08)

for case in ((7, 100, 1), (6, 60, 3)):
    print(json_text(washout_json(washout_report(list(rows_of(*case)), Settings()))))
"""
WAYS = {
    "OpenBLAS Prescott": {"OPENBLAS_CORETYPE": "Prescott"},
    "NumPy without AVX-512": {"NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR"},
    "NumPy X86_V2": {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR"},
    "C library without FMA": {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-AVX512F"},
}


def told(environment):
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM]
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def here():
    return told({})


@pytest.mark.slow
@pytest.mark.xdist_group("washout processors")
@pytest.mark.parametrize("way", WAYS)
def test_every_processor_tells_the_same(way, here):
    assert '"plateau"' in here
    assert '"slope_random_intercept"' in here
    assert told(WAYS[way]) == here
