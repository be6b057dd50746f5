"""GatingML 2.0: each axis of a gate has its own matrix and scale, and what a document lacks is named."""

from __future__ import annotations

import io
import warnings

import flowkit
import numpy as np
import pytest

from gating.arithmetic.linear import inverse_of
from gating.drawn.gate_file import GateFileError
from gating.drawn.population import read_drawn_population
from gating.events import Events
from gating.events.compensation import SpilloverMatrix

CHANNELS = ("FL1", "FL2", "FL3")
SPILL = np.array([[1.0, 0.3, 0.1], [0.2, 1.0, 0.25], [0.05, 0.1, 1.0]])
OWN = SpilloverMatrix(("FL1", "FL3"), np.array([[1.0, 0.4], [0.1, 1.0]]), "of the file")


@pytest.fixture(autouse=True)
def _flowkit_warns_of_its_own():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture(scope="module")
def raw() -> np.ndarray:
    light = np.random.default_rng(7).lognormal(6, 1.2, (3, 4_000))
    return (SPILL.T @ light).astype(np.float32).astype(np.float64)


@pytest.fixture(scope="module")
def compensated(raw) -> np.ndarray:
    return inverse_of(SPILL).T @ raw


def document(*gates, transforms=(), dyes=CHANNELS, matrix=SPILL) -> bytes:
    strategy = flowkit.GatingStrategy()
    strategy.add_comp_matrix("M", flowkit.Matrix(matrix, list(CHANNELS), fluorochromes=list(dyes)))
    for name, transform in transforms:
        strategy.add_transform(name, transform)
    for gate in gates:
        strategy.add_gate(gate, ("root",))
    text = io.BytesIO()
    flowkit.export_gatingml(strategy, text)
    return text.getvalue()


def members(text: bytes, raw: np.ndarray, name: str = "P") -> np.ndarray:
    drawn = read_drawn_population(text, "gates.xml", name)
    return drawn.step_masks(Events(raw.astype(np.float32), CHANNELS), ("", "", ""), OWN)[-1]


def dimension(channel: str, matrix: str, low=None, high=None, scale=None) -> flowkit.Dimension:
    return flowkit.Dimension(channel, matrix, scale, range_min=low, range_max=high)


def test_one_gate_may_have_raw_axes_axes_of_its_matrix_and_axes_of_the_file_s_own(raw, compensated):
    gate = flowkit.gates.RectangleGate(
        "P",
        [
            dimension("FL1", "uncompensated", 700),
            dimension("FL2", "M", 300),
            dimension("FL3", "FCS", None, 900),
        ],
    )
    own = inverse_of(OWN.values).T @ raw[[0, 2]]
    expected = (raw[0] >= 700) & (compensated[1] >= 300) & (own[1] < 900)
    assert np.array_equal(members(document(gate), raw), expected)


def test_one_channel_may_be_two_axes_with_two_scales(raw, compensated):
    asinh = flowkit.transforms.AsinhTransform(262_144.0, 4.5, 0.0)
    dimensions = [dimension("FL1", "uncompensated", scale="A"), dimension("FL1", "M")]
    corners = [(0.3, 0.0), (0.8, 0.0), (0.8, 5_000.0), (0.3, 5_000.0)]
    gate = flowkit.gates.PolygonGate("P", dimensions, corners)
    shown = asinh.apply(raw[0])
    expected = (shown >= 0.3) & (shown <= 0.8) & (compensated[0] >= 0) & (compensated[0] <= 5_000)
    assert 100 < expected.sum() < 3_900
    assert np.array_equal(members(document(gate, transforms=[("A", asinh)]), raw), expected)


def test_quadrants_may_divide_a_raw_and_a_compensated_axis(raw, compensated):
    dividers = [
        flowkit.QuadrantDivider("x", "FL1", "uncompensated", [800.0]),
        flowkit.QuadrantDivider("y", "FL1", "M", [400.0]),
    ]
    quadrants = [
        flowkit.gates.Quadrant("P", ["x", "y"], [(800.0, None), (None, 400.0)]),
        flowkit.gates.Quadrant("other", ["x", "y"], [(None, 800.0), (400.0, None)]),
    ]
    gate = flowkit.gates.QuadrantGate("Q", dividers, quadrants)
    rest = flowkit.gates.BooleanGate(
        "rest", "not", [{"ref": "P", "path": ("root", "Q"), "complement": False}]
    )
    text = document(gate, rest)
    expected = (raw[0] >= 800) & (compensated[0] < 400)
    assert expected.sum() > 20
    assert np.array_equal(members(text, raw), expected)
    assert np.array_equal(members(text, raw, "rest"), ~expected)


def test_a_ratio_of_compensated_channels_is_compensated(raw, compensated):
    rule = flowkit.transforms.RatioTransform(["FL1", "FL2"], 2.0, 10.0, -5.0)
    gate = flowkit.gates.RectangleGate("P", [flowkit.RatioDimension("R", "M", range_min=1.5, range_max=9.0)])
    ratio = 2.0 * (compensated[0] - 10) / (compensated[1] + 5)
    found = members(document(gate, transforms=[("R", rule)]), raw)
    assert np.array_equal(found, (ratio >= 1.5) & (ratio < 9))


def test_a_fluorochrome_of_the_gate_s_matrix_goes_before_a_channel_of_that_name(raw, compensated):
    gate = flowkit.gates.RectangleGate("P", [dimension("FL2", "M", 500)])
    found = members(document(gate, dyes=("FL2", "FL1", "PE")), raw)
    assert np.array_equal(found, compensated[0] >= 500)
    drawn = read_drawn_population(document(gate, dyes=("FL2", "FL1", "PE")), "gates.xml", "P")
    with pytest.raises(GateFileError, match="look at FL2, the quantified channel"):
        drawn.refuse("FL1", CHANNELS, ("", "", ""))


def test_a_matrix_that_is_inverted_already_is_not_inverted_once_more(raw, compensated):
    gate = flowkit.gates.RectangleGate("P", [dimension("FL2", "M", 500)])
    text = document(gate, matrix=inverse_of(SPILL)).replace(
        b"<transforms:spectrumMatrix ",
        b'<transforms:spectrumMatrix transforms:matrix-inverted-already="true" ',
    )
    assert np.array_equal(members(text, raw), compensated[1] >= 500)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"0.3"', b'"much"'),
        (b'"0.3"', b'"nan"'),
        (b'"0.3"', b'"1e999"'),
        (b'<transforms:coefficient transforms:value="0.3"/>', b""),
        (b'"0.2"', b'"0.05"'),
    ],
)
def test_a_matrix_that_is_inverted_already_and_cannot_be_inverted_back_is_refused(raw, old, new):
    gate = flowkit.gates.RectangleGate("P", [dimension("FL2", "M", 500)])
    singular = [[1.0, 0.3, 0.1], [0.2, 0.1, 1.0], [0.05, 0.1, 1.0]]
    matrix = np.array(singular) if old == b'"0.2"' else SPILL
    text = document(gate, matrix=matrix).replace(
        b"<transforms:spectrumMatrix ",
        b'<transforms:spectrumMatrix transforms:matrix-inverted-already="true" ',
    )
    assert old in text
    with pytest.raises(GateFileError, match="the matrix 'M' is marked as inverted already and cannot be"):
        members(text.replace(old, new), raw)


def test_a_matrix_that_cannot_compensate_is_refused(raw):
    gate = flowkit.gates.RectangleGate("P", [dimension("FL2", "M", 500)])
    with pytest.raises(GateFileError, match="the matrix 'M' cannot compensate"):
        members(document(gate, matrix=np.ones((3, 3))), raw)


def test_ellipsoids_of_two_and_three_channels_have_their_edge(raw):
    covariance = [[4.0, 1.0, 0.0], [1.0, 9.0, 0.5], [0.0, 0.5, 1.0]]
    for size in (2, 3):
        gate = flowkit.gates.EllipsoidGate(
            "P",
            [dimension(name, "uncompensated") for name in CHANNELS[:size]],
            [10.0, 20.0, 30.0][:size],
            [row[:size] for row in covariance[:size]],
            1.0,
        )
        points = np.array([[10, 20, 30], [12, 20.5, 30], [13, 20, 30]], np.float64).T
        assert members(document(gate), points).tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("low", "high", "why"),
    [
        (600, 500, "'P' begins at 600.0 and ends at 500.0: no event can lie in it"),
        (500, 500, "no event can lie in it"),
        (None, None, "'P' has no end on any axis: every event lies in it"),
    ],
)
def test_a_rectangle_that_takes_no_event_or_every_event_is_refused(raw, low, high, why):
    gate = flowkit.gates.RectangleGate("P", [dimension("FL2", "uncompensated", low, high)])
    with pytest.raises(GateFileError, match=why):
        members(document(gate), raw)


def test_a_rectangle_may_be_open_on_one_axis_and_a_parent_on_all(raw):
    whole = flowkit.gates.RectangleGate("All", [dimension("FL1", "uncompensated")])
    gate = flowkit.gates.RectangleGate(
        "P", [dimension("FL1", "uncompensated"), dimension("FL2", "uncompensated", 500)]
    )
    strategy = flowkit.GatingStrategy()
    strategy.add_gate(whole, ("root",))
    strategy.add_gate(gate, ("root", "All"))
    text = io.BytesIO()
    flowkit.export_gatingml(strategy, text)
    np.testing.assert_array_equal(members(text.getvalue(), raw), raw[1] >= 500)


REFERENCES = {
    "parent": (b'gating:id="P"', b'gating:id="P" gating:parent_id="GONE"', "'P' lies in 'GONE'"),
    "scale": (
        b'gating:transformation-ref="A"',
        b'gating:transformation-ref="GONE"',
        "lies on the axis 'GONE'",
    ),
    "matrix": (
        b'gating:compensation-ref="M"',
        b'gating:compensation-ref="GONE"',
        "asks for the matrix 'GONE'",
    ),
    "part": (b'gating:ref="P"', b'gating:ref="GONE"', "'rest' is made of 'GONE'"),
}


@pytest.mark.parametrize(("there", "gone", "said"), REFERENCES.values(), ids=REFERENCES)
def test_what_a_gate_refers_to_and_the_file_lacks_is_named(there, gone, said):
    asinh = flowkit.transforms.AsinhTransform(262_144.0, 4.5, 0.0)
    gate = flowkit.gates.RectangleGate("P", [dimension("FL2", "M", 0.5, scale="A")])
    rest = flowkit.gates.BooleanGate("rest", "not", [{"ref": "P", "path": ("root",), "complement": False}])
    text = document(gate, rest, transforms=[("A", asinh)])
    assert there in text
    with pytest.raises(GateFileError, match=rf"gates\.xml: gate .*{said}.*which the file does not have"):
        read_drawn_population(text.replace(there, gone, 1), "gates.xml", "P")
