"""The picture of a density: what its shades say, and that a page can read them back."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image

from pipeline.output.figures.svg.shades import SHADE_BESIDE_LONE_EVENT, SHADE_COLOURS, png, shades_of

counts_of_a_tube = npst.arrays(
    np.uint32, st.tuples(st.integers(1, 20), st.integers(1, 20)), elements=st.integers(0, 300_000)
)


@given(counts_of_a_tube)
def test_the_floors_of_the_shades_say_between_which_counts_a_bin_lies(counts):
    shades, floors = shades_of(counts)
    assert list(floors) == sorted(floors)
    for count, shade in zip(counts.ravel().tolist(), shades.ravel().tolist(), strict=True):
        if count == 0:
            assert shade in (0, SHADE_BESIDE_LONE_EVENT)
        else:
            assert floors[shade - 1] <= count
            assert shade == len(floors) or count < floors[shade]


@given(counts_of_a_tube)
def test_the_picture_decodes_to_the_colours_of_its_shades_from_the_origin_up(counts):
    shades, _ = shades_of(counts)
    seen = np.asarray(Image.open(io.BytesIO(png(shades))).convert("RGBA"))[::-1]
    assert seen.shape[:2] == counts.shape
    assert np.array_equal(seen[..., 3] == 0, shades == 0)
    known = {tuple(bytes.fromhex(colour[1:])): k for k, colour in enumerate(SHADE_COLOURS, 1)}
    for pixel, shade in zip(seen.reshape(-1, 4).tolist(), shades.ravel().tolist(), strict=True):
        assert shade == 0 or known[tuple(pixel[:3])] == shade


def test_no_two_shades_have_one_colour():
    assert len(set(SHADE_COLOURS)) == len(SHADE_COLOURS) == SHADE_BESIDE_LONE_EVENT


def test_a_lone_event_becomes_a_dot_and_a_crowd_stays_as_it_is():
    counts = np.zeros((9, 9), np.uint32)
    counts[1, 1] = 1
    counts[5:8, 5:8] = 4
    shades, _ = shades_of(counts)
    assert (shades[0:3, 0:3] > 0).sum() == 5
    assert (shades[0:3, 0:3] == SHADE_BESIDE_LONE_EVENT).sum() == 4
    assert np.array_equal(shades[4:, 4:] > 0, counts[4:, 4:] > 0)


def test_an_event_at_the_edge_is_a_dot_as_far_as_the_picture_goes():
    counts = np.zeros((4, 4), np.uint32)
    counts[0, 3] = 1
    shades, _ = shades_of(counts)
    assert (shades > 0).sum() == 3


@pytest.mark.parametrize(("events", "dots"), [(3, True), (4, False)])
def test_up_to_three_events_near_each_other_are_dots(events, dots):
    counts = np.zeros((9, 9), np.uint32)
    counts[4, 2 : 2 + events] = 1  # all within two bins of the third
    shades, _ = shades_of(counts)
    assert (
        bool((shades[3, 4] == SHADE_BESIDE_LONE_EVENT) and (shades[5, 4] == SHADE_BESIDE_LONE_EVENT)) is dots
    )
