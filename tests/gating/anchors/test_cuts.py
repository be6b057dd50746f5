"""Cuts on the anchors: the fewest wanted cells lost and rivals let in, however few cells are looked at."""

from __future__ import annotations

import numpy as np
import pytest

from gating.anchors.cuts import cut_between, cut_positions, passes
from gating.anchors.evidence import Anchor
from gating.events.panel import Target
from gating.thresholds import Axis


def anchors_of(rng, n, decimals):
    """One to three anchors on positions of which many are equal where they have few decimals."""
    targets = rng.choice([Target.POSITIVE, Target.LOW], rng.integers(1, 4))
    return [
        Anchor(
            f"{target}-{row}",
            target,
            Axis(rng.normal(0, 2, n).round(decimals).astype(np.float32), 1.0, -9.0, 9.0),
            round(float(rng.normal(0, 1)), int(decimals)),
        )
        for row, target in enumerate(targets)
    ]


def best_of_all(anchor, wanted, rivals):
    """What `cut_between` promises, by every position that there is."""
    sign = 1.0 if anchor.is_positive else -1.0
    values = sign * anchor.axis.values.astype(np.float64)
    good, bad = np.sort(values[wanted]), np.sort(values[rivals])
    bad = bad[bad >= good[0] - 1]
    every = np.concatenate(([good[0] - 1], good, bad + 1e-6))
    wrong = np.searchsorted(good, every) + bad.size - np.searchsorted(bad, every)
    start = every[wrong == wrong.min()].min()
    end = good[good >= start][0] if start <= good[-1] else start
    return sign * 0.5 * (start + end)


def drawn(seed, n, decimals):
    rng = np.random.default_rng(seed)
    anchors = anchors_of(rng, n, decimals)
    outward = sum((1 if a.is_positive else -1) * a.axis.values for a in anchors)
    wanted = (rng.random(n) < rng.choice([0.02, 0.3, 0.7])) & (outward > rng.normal(0, 1))
    wanted[int(np.argmax(outward))] = True
    return anchors, wanted


@pytest.mark.parametrize("decimals", [1, 6])
@pytest.mark.parametrize("n", [30, 6_000])
@pytest.mark.parametrize("seed", range(12))
def test_a_cut_makes_the_fewest_errors_of_all_there_are(seed, n, decimals):
    (anchor, *_), wanted = drawn(seed, n, decimals)
    assert cut_between(anchor, wanted, ~wanted) == best_of_all(anchor, wanted, ~wanted)


@pytest.mark.parametrize("decimals", [1, 6])
@pytest.mark.parametrize("seed", range(40))
def test_cuts_are_those_among_all_candidates(seed, decimals):
    anchors, wanted = drawn(seed, 3_000, decimals)
    positions = [anchor.edge for anchor in anchors]
    for _ in range(2):
        for i, anchor in enumerate(anchors):
            others = [passes(o, p) for j, (o, p) in enumerate(zip(anchors, positions, strict=True)) if j != i]
            positions[i] = best_of_all(anchor, wanted, np.logical_and.reduce([~wanted, *others]))
    assert cut_positions(anchors, wanted, has_rivals=True) == positions
