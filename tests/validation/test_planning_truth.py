"""A planned study against further studies of its size: few of those of docs/validation.md."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.planning import WantedWidth, plan_size
from validation.planning import USUAL, Wanted, fresh, one_study

WANTED = Wanted("slope", USUAL, WantedWidth(slope_width=0.4))


@pytest.mark.slow
def test_the_width_of_further_studies_is_that_of_the_planned_ones():
    planned = plan_size(USUAL, WANTED.target, studies=12, tried=(30,)).sizes[0]
    found = [one_study((WANTED, 30, seed)) for seed in range(12)]
    assert np.median([width for width, _ in found]) == pytest.approx(planned.width, rel=0.2)
    assert sum(holds for _, holds in found) >= 9


def test_tubes_of_a_visit_are_averaged_and_visits_follow_one_another():
    wanted = replace(WANTED, visits=3, replicates=2)
    weeks, rd, status, owners = fresh(wanted, 5, np.random.default_rng(1))
    assert len(weeks) == len(rd) == len(status) == 15
    assert weeks[1] / weeks[0] == pytest.approx(1.5)
    assert owners == sorted(owners)
