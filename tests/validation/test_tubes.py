"""What the whole way must reach on simulated tubes: 60,000 events, 12 seeds, five scenarios."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from validation.tubes import SCENARIOS, TubeOutcome, outcomes

pytestmark = pytest.mark.slow

SEEDS = range(1, 13)


@pytest.fixture(scope="module", params=SCENARIOS)
def tubes(request: pytest.FixtureRequest) -> tuple[str, tuple[TubeOutcome, ...]]:
    scenario = request.param
    return scenario, tuple(tube for seed in SEEDS for tube in outcomes(scenario, seed))


def p95(errors: Sequence[float]) -> float:
    return float(np.quantile(errors, 0.95)) if errors else 0.0


def bright(tubes: Sequence[TubeOutcome], low: int, high: float) -> list[TubeOutcome]:
    return [tube for tube in tubes if tube.true_rd >= 5_000 and low <= tube.true_cells < high]


def test_the_receptor_density_is_right(tubes: tuple[str, tuple[TubeOutcome, ...]]) -> None:
    scenario, found = tubes
    many, few = (0.08, 0.12) if scenario == "no_matrix" else (0.05, 0.12)
    assert p95([tube.error for tube in bright(found, 500, np.inf)]) <= many
    assert p95([tube.error for tube in bright(found, 50, 500)]) <= few
    dim = [tube for tube in found if tube.true_rd < 5_000 and tube.true_cells >= 50]
    assert p95([abs(t.rd - t.true_rd) / max(150, 0.2 * t.true_rd) for t in dim]) <= 1


def test_every_tube_with_enough_cells_gets_a_number(tubes: tuple[str, tuple[TubeOutcome, ...]]) -> None:
    _, found = tubes
    assert [tube.sample_id for tube in found if tube.true_cells >= 50 and np.isnan(tube.rd)] == []


def test_the_plasma_cells_are_found(tubes: tuple[str, tuple[TubeOutcome, ...]]) -> None:
    _, found = tubes
    assert np.median([tube.f1 for tube in found]) >= 0.95


def test_a_missing_matrix_is_flagged(tubes: tuple[str, tuple[TubeOutcome, ...]]) -> None:
    scenario, found = tubes
    flagged = ["SPILL_MISSING" in tube.result.flags for tube in found]
    assert all(flagged) if scenario == "no_matrix" else not any(flagged)


def test_the_clogged_stretch_is_left_out(tubes: tuple[str, tuple[TubeOutcome, ...]]) -> None:
    scenario, found = tubes
    if scenario != "clog":
        pytest.skip("no clog in this scenario")
    assert max(tube.clog_kept for tube in found) <= 0.05
    assert all("TIME_UNSTABLE" in tube.result.flags for tube in found)
