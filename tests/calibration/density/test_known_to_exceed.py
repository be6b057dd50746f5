import numpy as np
import pytest

from calibration import RdStatus, fit_standard_curve, pool_receptor_densities, quantify_receptor_density
from calibration.density.result import known_to_exceed

LEVELS = [638.0, 6930.0, 31008.0, 67601.0]
CURVE = fit_standard_curve([level / 10 for level in LEVELS], LEVELS)


def tube(rd, *, extrapolation=4.0, top=np.inf):
    rng = np.random.default_rng(1)
    stained = np.minimum(rd / 10 * rng.lognormal(0, 0.3, 500), top)
    control = rng.normal(40, 10, 500)
    return quantify_receptor_density(
        stained, control, CURVE, kit="qsc", uloq_extrapolation=extrapolation, detector_top=top
    )


@pytest.mark.parametrize("extrapolation", [1.0, 2.0, 4.0, 10.0])
def test_an_estimate_beyond_the_extrapolation_exceeds_that_many_top_beads(extrapolation):
    beyond = tube(1.2 * extrapolation * LEVELS[-1], extrapolation=extrapolation)
    assert beyond.status is RdStatus.ABOVE_ULOQ
    assert known_to_exceed(beyond) == beyond.rd_low == pytest.approx(extrapolation * LEVELS[-1])
    assert (beyond.rd, beyond.rd_high, beyond.uloq) == (None, None, LEVELS[-1])


@pytest.mark.parametrize(("top", "bound"), [(3000.0, 29_600.0), (30_000.0, LEVELS[-1])])
def test_cells_on_the_end_of_the_scale_exceed_that_end_and_at_most_the_top_bead(top, bound):
    beyond = tube(20 * top, top=top)
    assert known_to_exceed(beyond) == pytest.approx(bound, rel=0.03)
    assert beyond.uloq == LEVELS[-1]


def test_a_number_is_not_known_to_exceed_anything():
    assert [known_to_exceed(tube(rd)) for rd in (30_000.0, 150_000.0)] == [None, None]


def test_a_pool_of_tubes_beyond_the_extrapolation_keeps_their_bound():
    pool = pool_receptor_densities([tube(400_000.0), tube(500_000.0)])
    assert known_to_exceed(pool) == pytest.approx(4 * LEVELS[-1])
    assert pool.uloq == LEVELS[-1]
