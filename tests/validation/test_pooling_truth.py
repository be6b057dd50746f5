"""Batches of simulated tubes: who differs keeps its own cut and is flagged, and nobody else is."""

from __future__ import annotations

import pytest

from validation.pooling import SITUATIONS, TUBES, batch

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("number", [0, 1])
def test_a_tube_whose_viability_detector_was_thrice_as_sensitive_is_not_hidden_by_its_batch(number: int):
    tubes = batch((SITUATIONS[-1], number, 31))
    assert [tube.unlike for tube in tubes] == [False] * (TUBES - 1) + [True]
    assert tubes[-1].cut == tubes[-1].cut_alone
    assert tubes[-1].f1 >= 0.9


def test_the_batch_s_cut_does_no_harm_to_the_tubes_that_take_it():
    tubes = [tube for situation in SITUATIONS[1:4] for tube in batch((situation, 2, 32))]
    for tube in tubes:
        assert tube.f1 >= tube.f1_alone - 0.02
        assert tube.taken or tube.cut == tube.cut_alone
