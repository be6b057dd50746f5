"""Bead runs that are wrong in a known way: refused, rejected, flagged or right, never silently wrong."""

import pytest

from validation.beads import SABOTAGES, outcome

N_RUNS = 10


def ends(kind, **how):
    return [outcome(kind, seed, **how)[0] for seed in range(N_RUNS)]


@pytest.mark.parametrize("gated", [True, False], ids=["singlets", "every event"])
@pytest.mark.parametrize("kind", SABOTAGES)
def test_no_sabotaged_run_is_silently_wrong(kind, gated):
    found = ends(kind, gated=gated)
    assert "silently wrong" not in found
    if kind == "swapped lot":
        assert set(found) <= {"reject", "refused"}
    if kind in ("merged", "missing", "wrong channel"):
        assert "right" not in found


def test_debris_does_not_cost_the_run():
    assert sum(end in ("right", "accept", "warn") for end in ends("debris")) >= 8
