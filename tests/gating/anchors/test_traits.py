"""The evidence of traits other than the anchors: where each begins, and how much it is."""

from __future__ import annotations

import numpy as np
import pytest

from gating.anchors.traits import TRAITS, _beyond_end, _far_below_leukocytes, _not_most_granular, _not_small
from gating.events.quantiles import quantile
from gating.thresholds import Axis

USUAL = np.linspace(1_000.0, 101_000.0, 1001).astype(np.float32)


@pytest.mark.parametrize(("shape", "sign", "end", "unit"), [
    (_not_most_granular, 1, quantile(USUAL, 0.95), 0.3), (_not_small, -1, 0.62 * quantile(USUAL, 0.8), 0.15),
])  # fmt: skip
def test_evidence_of_scatter_begins_at_its_end_and_grows_with_the_logarithm_to_2(shape, sign, end, unit):
    """Granularity counts from the 95th percentile, smallness from 0.62 of the 80th; a cell just within is looked at too."""
    cells = end * np.exp(sign * np.array([-1e-3, -5e-5, 5e-5, 0.1, 3.0]))
    rows, evidence = shape(cells.astype(np.float32), USUAL)
    assert rows.tolist() == [1, 2, 3, 4]
    assert evidence == pytest.approx([0.0, -5e-5 / unit, -0.1 / unit, -2.0], abs=1e-5)


@pytest.mark.parametrize(("role", "trait"), TRAITS)
def test_evidence_beyond_an_end_grows_with_the_distance_to_its_most(role, trait):
    rng = np.random.default_rng(1)
    usual = Axis(rng.normal(1.0, 0.3, 3000).astype(np.float32), 100.0, -1.0, 9.0)
    end = trait.end(usual)
    at = end + np.array([-0.5, 0.1, 0.2, 50.0]) * min(1.0, trait.most / trait.weight)
    at[3] = min(at[3], 40.0)
    cells = (100.0 * np.sinh(at)).astype(np.float32)
    total = np.zeros(4)
    rows, evidence = _beyond_end(cells, usual, trait)
    total[rows] = evidence
    assert total[0] == 0
    assert total[2] == pytest.approx(2 * total[1], rel=1e-3)
    assert total[1] == pytest.approx(trait.sign * trait.weight * (at[1] - end), rel=1e-3)
    assert total[3] == pytest.approx(trait.sign * trait.most)


def test_a_cell_far_below_the_leukocytes_has_evidence_by_its_distance():
    rng = np.random.default_rng(1)
    usual = Axis(rng.normal(5.0, 0.3, 3000).astype(np.float32), 100.0, -1.0, 9.0)
    cells = Axis(np.array([8.0, 3.0, 2.9], np.float32), 100.0, -1.0, 9.0)
    none, far, farther = _far_below_leukocytes(cells, usual)
    assert none == 0
    assert 0 < far <= farther
