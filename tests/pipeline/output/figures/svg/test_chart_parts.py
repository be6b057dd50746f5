"""What charts are made of: words that fit, shapes and colours that are told apart, names that keep apart."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.path import Path as Outline
from matplotlib.textpath import TextPath

from pipeline.output.figures.style.palette import RESPONSE_LOOK
from pipeline.output.figures.svg.chart import SMALL, KeyEntry, Scale, bottom_axis, clipped, row_key
from pipeline.output.figures.svg.elements import safe
from pipeline.output.figures.svg.labels import placed_labels
from pipeline.output.figures.svg.letters import fitted, width, wrapped_lines
from pipeline.output.figures.svg.marks import SHAPES, outline
from pipeline.study.response import Response

WORDS = ["RD cut 150,000", "95 % interval of that median", "CD38 · PE-A", "P123_BM1", "wwwWWW", "iiiilll'"]


@pytest.mark.parametrize("words", WORDS)
def test_words_are_never_wider_than_is_thought(words):
    drawn = TextPath((0, 0), words, size=100).get_extents().width / 100
    assert drawn <= width(words, 1.0) + 0.01
    assert width(words, 1.0) <= drawn * 1.12 + 0.2


@given(st.text(max_size=60), st.floats(8, 200))
def test_fitted_words_fit_and_tell_what_is_cut(words, room):
    shown = fitted(words, 7, room)
    assert shown == words or shown.endswith("…")
    assert width(shown, 7) <= max(room, width("…", 7) + width(words[:1], 7)) + 1e-9


@given(st.text(alphabet="ab c", max_size=60))
def test_lines_hold_all_words(words):
    assert " ".join(wrapped_lines(words, 7, 40)).split() == words.split()


def test_characters_that_no_file_may_hold_are_replaced():
    assert safe("P\x00\x1f\ud800<") == "P\ufffd\ufffd\ufffd&lt;"


@given(
    st.lists(st.tuples(st.floats(10, 290), st.floats(10, 190)), min_size=1, max_size=30, unique=True),
)
@settings(max_examples=40, deadline=None)
def test_names_lie_inside_touch_no_mark_and_not_each_other(points):
    frame, wall = (0.0, 0.0, 300.0, 200.0), (150.0, 0.0, 151.0, 200.0)
    named = [(x, y, f"P{k:02}") for k, (x, y) in enumerate(points)]
    written, left_out = placed_labels(named, [wall], frame)
    found = re.findall(r'<text x="([\d.]+)" y="([\d.]+)" class="small greytext">(P\d\d)<', written)
    assert len(found) + left_out == len(named)
    boxes = [
        (float(x), float(y) - 0.7 * SMALL, float(x) + 0.9 * width(name, SMALL), float(y))
        for x, y, name in found
    ]
    marks = [(x - 3, y - 3, x + 3, y + 3) for x, y, _ in named]
    for k, box in enumerate(boxes):
        assert box[0] >= 0 and box[1] >= 0 and box[2] <= 300 and box[3] <= 200  # noqa: PT018
        for other in (*boxes[k + 1 :], *marks, wall):
            apart = box[2] <= other[0] or other[2] <= box[0] or box[3] <= other[1] or other[3] <= box[1]
            assert apart


def pixels(shape: str) -> np.ndarray:
    """Return how much of each of 8 × 8 pixels a mark of 8 pixels covers."""
    fine = (np.arange(64) + 0.5) / 8
    x, y = np.meshgrid(fine, fine)
    if shape == "circle":
        inside = np.hypot(x - 4, y - 4) <= 3
    else:
        corners = re.split("[ML]", outline(shape, 4, 4, 3).rstrip("Z"))[1:]
        path = Outline([[float(part) for part in corner.split()] for corner in corners])
        inside = path.contains_points(np.stack([x.ravel(), y.ravel()]).T).reshape(64, 64)
    return inside.reshape(8, 8, 8, 8).mean(axis=(1, 3))


def test_shapes_of_responses_are_told_apart_at_eight_pixels():
    shapes = {look.shape for look in RESPONSE_LOOK.values()}
    assert len(shapes) == len(RESPONSE_LOOK) - 1  # CR and sCR are one depth of response
    covered = {shape: pixels(shape) for shape in shapes}
    for one, other in combinations(sorted(covered), 2):
        apart = np.abs(covered[one] - covered[other]).sum() / np.maximum(covered[one], covered[other]).sum()
        assert apart >= 0.2, (one, other)


LMS = {
    "usual": np.eye(3),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
}
"""Machado, Oliveira and Fernandes 2009, doi:10.1109/TVCG.2009.113, severity 1, on linear RGB."""


def lab(code: str, seen_by: str) -> np.ndarray:
    channels = np.array([int(code[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    seen = np.clip((LMS[seen_by] * linear).sum(axis=1), 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = (to_xyz * seen).sum(axis=1) / [0.9505, 1.0, 1.089]
    bent = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * bent[1] - 16, 500 * (bent[0] - bent[1]), 200 * (bent[1] - bent[2])])


@pytest.mark.parametrize("seen_by", LMS)
def test_colours_of_responses_stay_apart_in_colour_blindness(seen_by):
    """A bar of the swimmer plot has no shape: colour and letters tell its response."""
    fills = {name: look.fill for name, look in RESPONSE_LOOK.items() if name not in ("", Response.SCR)}
    for one, other in combinations(fills, 2):
        assert np.linalg.norm(lab(fills[one], seen_by) - lab(fills[other], seen_by)) >= 20, (one, other)


def test_every_shape_has_its_outline_around_its_middle():
    for shape in (*SHAPES, "circle"):
        numbers = [float(part) for part in re.findall(r"-?[\d.]+", outline(shape, 50, 50, 10))]
        assert min(numbers) >= 35
        assert max(numbers) <= 65


def test_a_scale_places_values_on_a_line_or_by_their_logarithm():
    assert Scale(0, 10, 100, 200).position(5) == 150
    assert Scale(1, 100, 0, 10, logarithmic=True).position(10) == pytest.approx(5)
    assert Scale(0, 10, 200, 100).position(10) == 100


def test_labels_of_an_axis_never_touch_and_every_tick_stays():
    ticks = [(float(k), "100,000") for k in range(10)]
    drawn = bottom_axis(Scale(0, 9, 0, 100), 50, ticks)
    places = [float(x) for x in re.findall(r'<text x="([\d.]+)"', drawn)]
    assert min(np.diff(places)) >= width("100,000", 7)
    assert drawn.count("v2.5") == 10


def test_a_key_goes_on_in_a_new_row_where_it_is_full():
    _, high = row_key([KeyEntry("", "a name of some length")] * 3, 0, 0, 120)
    _, higher = row_key([KeyEntry("", "a name of some length")] * 3, 0, 0, 400)
    assert high > higher
    assert row_key([], 0, 0, 100) == ("", 0.0)


def test_what_is_clipped_keeps_its_coordinates():
    assert clipped("<g/>", (10, 20, 30, 60)).startswith(
        '<svg x="10" y="20" width="20" height="40" viewBox="10 20 20 40">'
    )


def test_a_name_without_a_line_is_nearest_to_its_own_point():
    named = [(100.0, 50.0, "Angstrom"), (78.0, 50.0, "Celik"), (122.0, 50.0, "Brien"), (60.0, 50.0, "Wei")]
    arrows = [(x - 1, 50.0, x + 1, 75.0) for x, _, _ in named]
    written, left_out = placed_labels(named, arrows, (0.0, 0.0, 300.0, 76.0))
    assert not left_out
    pieces = re.findall(r'<text x="([\d.]+)" y="([\d.]+)"[^>]*>(\w+)</text>(<path)?', written)
    assert len(pieces) == len(named)
    for left, base, name, leader in pieces:
        near, right = {}, float(left) + width(name, SMALL)
        for x, y, other_name in named:
            across = max(float(left) - x, x - right, 0.0)
            near[other_name] = np.hypot(across, max(y - float(base), float(base) - 0.8 * SMALL - y, 0.0))
        assert leader or min(near, key=near.__getitem__) == name
