"""Scatter beside the anchors: the likelihood ratio of a group on a scatter channel, and the anchor made of it."""

from __future__ import annotations

import numpy as np
import pytest

from gating.anchors.side_scatter import MOST_AGAINST, MOST_FOR, _as_anchor, _likelihood_ratio
from gating.events.panel import Target
from gating.thresholds import Axis

RNG = np.random.default_rng(1)
GROUP, REST = RNG.normal(3.0, 0.5, 3000), RNG.normal(4.0, 0.5, 6000)
AXIS = Axis(np.concatenate([GROUP, REST]).astype(np.float32), 100.0, 0.0, 8.0)
WANTED = np.arange(9000) < 3000


def test_the_likelihood_ratio_is_that_of_the_two_normal_laws_of_the_groups():
    """ln of the ratio of two normal densities with SD 0.5 at 3 and 4, wherever both are dense: 4 · (3.5 − x)."""
    ratio, x = _likelihood_ratio(AXIS, WANTED), AXIS.values
    near = (x > 3.35) & (x < 3.85)
    assert ratio[near] == pytest.approx(4 * (3.5 - x[near]), abs=0.4)
    assert (ratio.min(), ratio.max()) == (-MOST_AGAINST, MOST_FOR)


@pytest.mark.parametrize(
    ("wanted", "target", "edge"), [(WANTED, Target.LOW, 8.0), (~WANTED, Target.POSITIVE, 0.0)]
)
def test_scatter_is_an_anchor_on_the_side_of_the_group(wanted, target, edge):
    anchor = _as_anchor("SSC-A", AXIS, wanted)
    assert (anchor.channel, anchor.target, anchor.edge) == ("SSC-A", target, edge)
