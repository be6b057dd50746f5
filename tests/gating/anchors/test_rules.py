"""The rule of a group: it tells of any cells what the search told of its own candidates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gating.anchors.anchors import anchor_of, find_group, find_likely
from gating.anchors.evidence import either
from gating.events.panel import Target
from gating.thresholds import axis_of


def anchors_of(seed=1, n=6_000, few=200):
    """CD138 and CD319 positive, CD45 low: a group that lies apart from many other cells."""
    rng = np.random.default_rng(seed)
    anchors = []
    for channel, target, other, wanted in (
        ("CD138", Target.POSITIVE, 3.0, 9.0),
        ("CD319", Target.POSITIVE, 4.0, 8.0),
        ("CD45", Target.LOW, 9.5, 7.0),
    ):
        logs = np.r_[rng.normal(other, 0.4, n), rng.normal(wanted, 0.4, few)]
        values = np.exp(logs).astype(np.float32)
        anchors.append(anchor_of(channel, target, axis_of(values), axis_of(values)))
    return anchors


def at(anchors, rows):
    return [replace(anchor, axis=anchor.axis.at(rows)) for anchor in anchors]


def test_the_rule_of_a_group_gives_its_own_cells():
    anchors = anchors_of()
    group = find_group(anchors)
    assert np.count_nonzero(group.mask) == 200
    np.testing.assert_array_equal(group.rule(anchors, np.zeros(6_200, np.float32)), group.mask)


def test_the_rule_of_likely_cells_gives_its_own_cells():
    anchors, traits = anchors_of(), np.zeros(6_200, np.float32)
    traits[-100:] += 1.0
    group = find_likely(anchors, traits)
    assert group.mask.any()
    np.testing.assert_array_equal(group.rule(anchors, traits), group.mask)


def test_a_rule_tells_of_a_few_cells_what_it_tells_of_all():
    anchors, rows = anchors_of(), np.arange(5_000, 6_200, 7)
    group = find_group(anchors)
    told = group.rule(at(anchors, rows), np.zeros(rows.size, np.float32))
    np.testing.assert_array_equal(told, group.mask[rows])


def test_either_of_two_groups_needs_both_rules():
    anchors, traits = anchors_of(), np.zeros(6_200, np.float32)
    first, second = find_group(anchors), find_likely(anchors, traits)
    both = either(first.rule, second.rule)
    np.testing.assert_array_equal(both(anchors, traits), first.mask | second.mask)
    assert either(first.rule, None) is None
