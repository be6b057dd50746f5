"""The scatter of the sentinels of patients without the drug, of a few values written by hand."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.patients.receptor_occupancy.norm import FEWEST_FOR_NORM, SENTINEL_NAMES, _variance

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
