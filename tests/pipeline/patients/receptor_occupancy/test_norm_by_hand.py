"""The scatter of the sentinels of patients without the drug, of a few values written by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t

from pipeline.patients.receptor_occupancy.norm import (
    FEWEST_FOR_NORM,
    SENTINEL_NAMES,
    Norm,
    _variance,
    norm_of_settings,
)
from pipeline.patients.receptor_occupancy.sentinels import _TubeNorm
from pipeline.study.settings import Settings

NK, B = SENTINEL_NAMES
N = FEWEST_FOR_NORM


def values(n_nk, n_b):
    rng = np.random.default_rng(1)
    first = rng.normal(4.0, 0.2, 30)
    second = 0.5 * first + rng.normal(1.0, 0.1, 30)
    return {NK: {f"P{k}": first[k] for k in range(n_nk)}, B: {f"P{k}": second[k] for k in range(n_b)}}


@pytest.mark.parametrize("more", [0, 1, 4])
def test_a_further_patient_varies_by_the_scatter_and_by_the_error_of_the_mean(more):
    told = values(N + more, N)
    nk, b = (np.array(list(told[name].values())) for name in SENTINEL_NAMES)
    variance = _variance(told)
    assert variance[0, 0] == pytest.approx(nk.var(ddof=1) * (1 + 1 / (N + more)))
    assert variance[1, 1] == pytest.approx(b.var(ddof=1) * (1 + 1 / N))
    together = np.cov(nk[:N], b)[0, 1] * (1 + 1 / N)
    assert variance[0, 1] == variance[1, 0] == pytest.approx(together)


def test_too_few_patients_with_both_count_as_if_both_varied_together():
    variance = _variance(values(N, N - 1))
    assert variance[0, 1] == pytest.approx(np.sqrt(variance[0, 0] * variance[1, 1]))


def test_patients_without_any_scatter_have_the_least_variance():
    variance = _variance({name: {f"P{k}": 4.0 for k in range(N)} for name in SENTINEL_NAMES})
    assert np.diagonal(variance) == pytest.approx([1e-6 * (1 + 1 / N)] * 2)


def test_the_norm_of_the_settings_lets_half_of_the_scatter_be_common_to_both_sentinels():
    norm = norm_of_settings(Settings(sentinel_usual_cv=0.4))
    variance = np.log1p(0.4**2)
    assert norm.variance.ravel() == pytest.approx(variance * np.array([1.0, 0.5, 0.5, 1.0]))
    assert norm.freedom == float("inf")


def test_the_freedom_of_an_interval_grows_as_the_square_of_the_whole_variance_over_that_of_the_norm():
    # Welch 1947: ν (V / V₁)² with ν = 5 of the norm, V₁ = 0.04 its part of V = 0.06
    measured = Norm({NK: 9.0}, np.eye(2) * 0.04, 5.0, "six patients", runs=frozenset({"B0"}))
    reach = _TubeNorm(measured, ("kit", "1"), "B1")._reach(0.04, 0.06)
    assert reach == pytest.approx(t.ppf(0.975, 5 * 1.5**2) * np.sqrt(0.06), rel=1e-6)
