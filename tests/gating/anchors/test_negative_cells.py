"""The tube's own negative cells: bright leukocytes and granulocytes."""

from __future__ import annotations

import numpy as np
import pytest

from gating.anchors.negative_cells import below_leukocytes, granularity, negatives_of
from gating.events import Survivors
from gating.gates.person_gates import Choices
from helpers.known_marrow import marrow, panel


@pytest.fixture(scope="module")
def sample():
    return marrow(3, n=10_000)


def cells(sample, *kinds: str) -> Survivors:
    return Survivors(sample.events, np.flatnonzero(np.isin(sample.kind, kinds) & sample.whole))


def everyone(sample) -> Survivors:
    return Survivors(sample.events, np.flatnonzero(sample.whole))


def test_leukocytes_and_granulocytes_are_negative_and_found_cells_are_not(sample):
    found = cells(sample, "plasma_cell").mask()
    reference = everyone(sample)
    negative = negatives_of(found, reference, Choices(panel()))
    kinds = sample.kind[reference.index]
    assert negative[np.isin(kinds, ("t_cell", "b_cell", "granulocyte"))].mean() >= 0.8
    assert negative[kinds == "plasma_cell"].mean() <= 0.03  # the most granular ones


def test_granulocytes_stay_negative_though_they_were_found(sample):
    found = cells(sample, "granulocyte")
    negative = negatives_of(found.mask(), everyone(sample), Choices(panel()))
    assert negative[sample.kind[everyone(sample).index] == "granulocyte"].mean() >= 0.8


def test_a_clone_that_keeps_cd45_is_not_its_own_negative_control(sample):
    found = cells(sample, "t_cell")
    negative = negatives_of(found.mask(), everyone(sample), Choices(panel()))
    assert not negative[sample.kind[everyone(sample).index] == "t_cell"].any()


@pytest.mark.parametrize("without", ["CD45", "SSC-A"])
def test_without_cd45_or_side_scatter_the_others_are_the_negative_ones(sample, without):
    found = cells(sample, "plasma_cell")
    negative = negatives_of(found.mask(), everyone(sample), Choices(panel(without=(without,))))
    assert negative.sum() >= 2_000
    assert granularity(found, everyone(sample), Choices(panel(without=(without,)))) == 0.0


def test_granularity_and_cd45_tell_granulocytes_and_leukocytes_from_plasma_cells(sample):
    choices, reference = Choices(panel()), everyone(sample)
    assert granularity(cells(sample, "granulocyte"), reference, choices) > 0.2
    assert granularity(cells(sample, "plasma_cell"), reference, choices) == 0.0
    assert below_leukocytes(cells(sample, "plasma_cell"), reference, choices) > 1.5
    assert below_leukocytes(cells(sample, "t_cell"), reference, choices) < 0.0
