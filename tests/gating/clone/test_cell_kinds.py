"""Kinds of cells among plasma cells, of small mixtures written by hand: which groups are one kind, and which the clone."""

from __future__ import annotations

import numpy as np
import pytest

from gating.clone.cell_kinds import _are_fragments, _differs, _is_like, _kinds_of, clone_among
from gating.clone.marker_levels import MarkerLook
from gating.clusters.mixture import Mixture
from gating.events.panel import GatingChannel, Role
from gating.thresholds import Axis

NO_CELLS = Axis(np.zeros(0, np.float32), 100.0, -1.0, 9.0)
MARKERS = (Role.CD19, Role.CD56, Role.CD81, Role.CD45)


def looks(*roles):
    return [MarkerLook(GatingChannel(role.value, role), NO_CELLS, 1.0) for role in roles]


def mixture(*groups, spread=0.3):
    """Return a mixture of (cells, centre), the noise last."""
    shares, means = zip(*groups, (5.0, (0.0,) * len(groups[0][1])), strict=True)
    n_axes = len(means[0])
    covariances = np.array([*[np.eye(n_axes) * spread**2] * len(groups), np.eye(n_axes) * 25])
    return Mixture(np.array(shares, float), np.array(means, float), covariances)


@pytest.mark.parametrize("role", [Role.CD19, Role.CD45, Role.CD27, Role.VIABILITY, Role.DUMP, Role.CD20])
@pytest.mark.parametrize(("offset", "differs"), [(1.2, True), (1.19, False), (-1.2, False)])
def test_towards_normal_cells_a_marker_differs_from_1_2_upwards_and_not_the_other_way(role, offset, differs):
    assert _differs(role, offset) is differs


@pytest.mark.parametrize("role", [Role.CD56, Role.CD81, Role.CD117])
@pytest.mark.parametrize(("offset", "differs"), [(1.2, True), (1.19, False), (-1.2, True), (-1.19, False)])
def test_any_other_marker_differs_in_either_direction(role, offset, differs):
    assert _differs(role, offset) is differs


@pytest.mark.parametrize(
    ("offsets", "is_odd", "like"),
    [
        ((0, 2, 2, 0), True, True),
        ((0, 2, 2, 2), True, False),
        ((0, 2, 2, 0), False, False),
        ((0, 2, 0, 0), False, True),
        ((2, 0, 0, 0), True, True),
        ((2, 2, 0, 0), True, False),
    ],
)
def test_a_kind_is_the_clones_unless_it_differs_in_three_markers_or_in_cd19_and_one_more(
    offsets, is_odd, like
):
    assert _is_like(np.array(offsets, float), looks(*MARKERS), is_odd=is_odd) is like


@pytest.mark.parametrize(
    ("apart", "kinds"),
    [((0.89, 0.89), [[0, 1, 2]]), ((0.91, 0.89), [[0], [1, 2]]), ((0.91, 0.91), [[0], [1], [2]])],
)
def test_groups_nearer_than_three_spreads_are_one_kind_also_through_others(apart, kinds):
    centres = np.cumsum([0.0, *apart])
    assert _kinds_of(mixture(*((50, (at, 0.0)) for at in centres))) == kinds


@pytest.mark.parametrize(
    ("small", "n_small", "n_normal", "are"),
    [
        (-1.0, 90, 100, True),
        (-0.99, 90, 100, False),
        (-1.0, 100, 100, False),  # half of the cells are no minority
        (-1.0, 10, 20, True),
        (-1.0, 10, 19, False),  # too few normal cells to compare with
    ],
)
def test_fragments_are_a_minority_and_one_unit_smaller_than_normal_cells(small, n_small, n_normal, are):
    means = np.array([[0.0, small], [3.0, 0.0]])
    shares, odd = np.array([n_small, n_normal], float), np.array([1.0, 0.0])
    assert _are_fragments(means, shares, odd, looks(Role.CD19, Role.FSC_AREA)).tolist() == [are, False]
    assert not _are_fragments(means, shares, odd, looks(Role.CD19, Role.CD56)).any()


ABERRANT, NORMAL = (0.0, 5.0, 1.0, 1.0), (4.0, 0.0, 4.0, 4.0)


@pytest.mark.parametrize(("n", "clone"), [(20, [0]), (19.9, [])])
def test_a_clone_has_twenty_cells(n, clone):
    assert clone_among(mixture((n, ABERRANT), (50, NORMAL)), looks(*MARKERS)) == clone


def test_normal_cells_alone_are_no_clone_and_two_kinds_of_a_clone_are_one():
    assert clone_among(mixture((50, NORMAL)), looks(*MARKERS)) == []
    subclone = (0.0, 3.0, 1.0, 1.0)
    assert clone_among(mixture((50, ABERRANT), (50, NORMAL), (30, subclone)), looks(*MARKERS)) == [0, 2]


def test_without_groups_there_is_no_clone():
    noise = Mixture(np.array([5.0]), np.zeros((1, 4)), np.eye(4)[None] * 25)
    assert clone_among(noise, looks(*MARKERS)) == []


@pytest.mark.parametrize(("n", "clone"), [(101, [0]), (99, [])])
def test_a_clone_of_less_than_a_quarter_of_the_cells_must_look_clearly_unlike_normal_ones(n, clone):
    """Evidence by CD19 −1, CD56 1.5, CD81 0.8 and CD45 −0.5: 0.8 in all, of 1.5 that a small clone needs."""
    hardly_odd = (3.0, 5.0, 1.0, 4.0)
    assert clone_among(mixture((n, hardly_odd), (300, NORMAL)), looks(*MARKERS)) == clone
    assert clone_among(mixture((n, ABERRANT), (300, NORMAL)), looks(*MARKERS)) == [0]


@pytest.mark.parametrize(("cd56", "clone"), [(2.51, [0]), (2.49, [])])
def test_clearly_unlike_is_an_evidence_of_one_and_a_half(cd56, clone):
    """By CD19 1, CD56 up to 1.5 (its height above the edge less 0.8), CD81 0.8 and CD45 −0.5 where it is bright."""
    odd = (0.0, 1.0 + cd56 - 2.5 + 1.0, 1.0, 4.0)
    assert clone_among(mixture((60, odd), (300, NORMAL)), looks(*MARKERS)) == clone
