"""The gating on the project's own simulated tubes: 12 seeds a scenario, 60,000 events."""

from __future__ import annotations

import numpy as np
import pytest

from gating import gate_plasma_cells
from helpers.known_marrow import f1
from pipeline.simulate import draw_tube, simulate_tube

pytestmark = pytest.mark.slow
SEEDS = range(101, 113)


def _gated(scenario: str, seed: int):
    """Gate a tube; return F1, the relative error of the CD38 median, the true cells' number, and more."""
    rng = np.random.default_rng(seed)
    tube = simulate_tube(draw_tube(scenario, rng, n_events=60_000), rng)
    events = tube.compensated()
    cd38 = events.column(tube.cytometer.cd38.channel)
    gated = gate_plasma_cells(
        events.only([name for name in events.channels if name != tube.cytometer.cd38.channel]),
        tube.gating_panel(),
    )
    split = gated.aberrant is not None
    found = gated.aberrant if split else gated.mask
    true = (tube.aberrant if split else tube.plasma_cells) & ~tube.labels.clog
    error = (
        abs(float(np.median(cd38[found]) / np.median(cd38[true])) - 1)
        if found.any() and true.any()
        else np.nan
    )
    in_clog = int((gated.viable_singlets & tube.labels.clog).sum())
    return f1(gated.mask, tube.plasma_cells & ~tube.labels.clog), error, int(true.sum()), gated, in_clog


@pytest.mark.parametrize("scenario", ["plain", "masked", "rare", "no_matrix", "clog"])
def test_plasma_cells_of_simulated_tubes_are_found_and_their_cd38_is_not_bent(scenario):
    tubes = [_gated(scenario, seed) for seed in SEEDS]
    scores, errors, numbers = (np.array([tube[i] for tube in tubes]) for i in range(3))
    many, some = errors[numbers >= 500], errors[(numbers >= 50) & (numbers < 500)]
    print(scenario, f"F1 median {np.median(scores):.3f}", f"P5 {np.percentile(scores, 5):.3f}", end=" ")
    print(*(f"error P95 {np.percentile(e, 95):.4f}" if e.size else "-" for e in (many, some)))
    assert np.median(scores) >= 0.95
    bound = 0.08 if scenario == "no_matrix" else 0.02
    assert not many.size or np.percentile(many, 95) <= bound
    assert not some.size or np.percentile(some, 95) <= max(bound, 0.05)
    assert all(tube[4] == 0 for tube in tubes)


def test_simulated_tubes_without_plasma_cells_are_not_given_any_with_confidence():
    for seed in SEEDS:
        _, _, _, gated, _ = _gated("no_plasma_cells", seed)
        assert gated.mask.sum() < 20
        assert gated.confidence < 0.5
