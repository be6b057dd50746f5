"""The value at a rank is found by looking at few values, and is the one that a sort gives."""

from __future__ import annotations

import numpy as np
import pytest

from gating.events.quantiles import dim_end, median, quantile, ranked
from gating.events.rank_search import FEWEST_TO_SAMPLE, pair_at

RNG = np.random.default_rng(5)
KINDS = {
    "spread": RNG.lognormal(0, 2, 20_000),
    "in order": np.sort(RNG.normal(0, 1, 9_000)),
    "mostly one value": np.maximum(RNG.normal(0, 1, 12_345), 0.5),
    "one value": np.full(FEWEST_TO_SAMPLE, 3.0),
    "few": RNG.normal(0, 1, FEWEST_TO_SAMPLE - 1),
    "misleading where they are looked at": np.where(np.arange(8_192) % 16 == 0, 1e6, RNG.normal(0, 1, 8_192)),
    "very many": RNG.normal(0, 1, 150_000),
}


@pytest.mark.parametrize("values", KINDS.values(), ids=KINDS)
def test_every_rank_is_that_of_a_sort(values):
    values = values.astype(np.float32)
    ordered = np.sort(values)
    for rank in {0, 1, 40, values.size // 3, values.size // 2, values.size - 2, values.size - 1}:
        assert pair_at(values, rank) == (ordered[rank], ordered[min(rank + 1, values.size - 1)])


@pytest.mark.parametrize("values", KINDS.values(), ids=KINDS)
def test_medians_and_quantiles_are_numpys(values):
    values = values.astype(np.float32)
    assert median(values) == np.median(values)
    assert median(values[1:]) == np.median(values[1:])
    for share in (0.0, 0.03, 0.5, 0.97, 1.0):
        assert quantile(values, share) == pytest.approx(
            float(np.quantile(values.astype(np.float64), share)), rel=1e-6
        )
        assert ranked(values, share) == np.sort(values)[int(share * (values.size - 1))]
        assert dim_end(values, share) == ranked(values, share)
