import numpy as np
import pytest

from calibration.density.replicates import replicate_scatter


def test_the_pooled_cv_is_that_of_the_replicates():
    rng = np.random.default_rng(2)
    groups = [1e4 * 10 ** rng.uniform(-1, 1) * rng.lognormal(0, 0.12, 3) for _ in range(2000)]
    found = replicate_scatter(groups)
    assert found.cv_percent == pytest.approx(12.04, rel=0.03)
    assert found.freedom == 4000


def test_the_interval_covers_with_few_groups():
    rng = np.random.default_rng(3)
    held = [
        found.low <= 12.04 <= found.high
        for found in (replicate_scatter(rng.lognormal(9, 0.12, (5, 2))) for _ in range(800))
    ]
    assert 0.93 <= np.mean(held) <= 0.97


@pytest.mark.parametrize("groups", [[], [[5.0]], [[5.0, -1.0], [0.0, 3.0]]])
def test_single_values_tell_nothing(groups):
    assert replicate_scatter(groups) is None
