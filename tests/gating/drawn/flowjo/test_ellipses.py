"""FlowJo's ellipses: in the bins of the display axes, whatever their scale and direction."""

from __future__ import annotations

import warnings
from itertools import product
from math import cos, radians, sin

import numpy as np
import pytest

from gating.drawn.flowjo.binned import BINS, BinnedPolygon
from gating.drawn.flowjo.sample import TubeFile
from gating.drawn.gate_file import GateFileError
from gating.drawn.outline import outline_of
from gating.drawn.population import read_drawn_population
from gating.events import Events
from gating.gates import inside as gate_inside
from helpers import workspaces as fj

CHANNELS = ("X", "Y")
SCALES = {
    "log": {"offset": "0.2", "decades": "3.84"},
    "linear": {"minRange": "-1000", "maxRange": "9000"},
    "fasinh": {"T": "262144", "M": "4.5", "A": "0.5", "length": "256", "maxRange": "262144", "W": "1"},
    "logicle": {"T": "262144", "W": "0.5", "M": "4.5", "A": "0"},
    "biex": {"length": "256", "maxRange": "262144", "neg": "0", "pos": "4.418539922", "width": "-100"},
}


@pytest.fixture(autouse=True)
def _flowkit_warns_of_its_own():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def turned(long: float, short: float, degrees: float, centre=(120.0, 110.0)):
    """Return foci and points of an ellipse, in bins."""
    c, s, away = cos(radians(degrees)), sin(radians(degrees)), (long**2 - short**2) ** 0.5

    def at(along: float, across: float) -> tuple[float, float]:
        return centre[0] + along * c - across * s, centre[1] + along * s + across * c

    return [at(-away, 0), at(away, 0)], [at(long, 0), at(-long, 0), at(0, short), at(0, -short)]


def document(kind: str, foci, edge, *, inside: bool = True) -> bytes:
    scales = "".join(fj.scale(kind, name, **SCALES[kind]) for name in CHANNELS)
    gate = fj.population("E", fj.ellipse(CHANNELS, foci, edge, inside=inside))
    return fj.workspace(fj.sample(gate, scales=scales))


def drawn_of(document: bytes):
    return read_drawn_population(document, "lab.wsp", "E", tube=TubeFile("a.fcs"))


def grid(drawn, step: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Return positions in bins, shape (2, n), and values that lie in the middle of that place."""
    places = np.array(list(product(np.arange(60.5, 180, step), repeat=2))).T
    columns = []
    for name, place in zip(CHANNELS, places, strict=True):
        axis = drawn.strategy.transformations[name]
        shown = place / BINS * (4096 if type(axis).__name__ == "WSPBiexTransform" else 1)
        columns.append(
            axis.inverse(shown) if hasattr(axis, "inverse") else axis.offset * 10 ** (axis.decades * shown)
        )
    return places, np.stack(columns)


def distance(places: np.ndarray, foci) -> np.ndarray:
    return sum(np.hypot(places[0] - x, places[1] - y) for x, y in foci)


@pytest.mark.parametrize("kind", SCALES)
@pytest.mark.parametrize("degrees", [0, 30, 90, 135, 200])
@pytest.mark.parametrize(("long", "short"), [(40.0, 15.0), (25.0, 25.0)])
def test_an_ellipse_is_where_flowjo_draws_it_on_every_scale_and_in_every_direction(
    kind, degrees, long, short
):
    foci, edge = turned(long, short, degrees)
    drawn = drawn_of(document(kind, foci, edge))
    places, values = grid(drawn)
    found = drawn.step_masks(Events(values.astype(np.float32), CHANNELS), ("", ""), None)[-1]
    reach = distance(places, foci)
    assert found[reach <= 2 * long - 3].all()
    assert not found[reach >= 2 * long + 6].any()
    other = drawn_of(document(kind, foci, edge, inside=False))
    outside = other.step_masks(Events(values.astype(np.float32), CHANNELS), ("", ""), None)[-1]
    assert np.array_equal(outside, ~found)


def test_the_bins_on_the_outline_are_inside():
    foci, edge = turned(43.1, 42.9, 55)
    drawn = drawn_of(document("log", foci, edge))
    places, values = grid(drawn, 0.5)
    found = drawn.step_masks(Events(values.astype(np.float32), CHANNELS), ("", ""), None)[-1]
    exact = distance(places, foci) <= 2 * 43.1
    assert 1.005 < found.sum() / exact.sum() < 1.03
    assert isinstance(drawn.strategy.get_gate("E", ("root",)), BinnedPolygon)


def test_whole_numbers_of_log_data_stay_in_their_bin_though_float32_rounds_them():
    stored = np.arange(512)
    values = (0.2 * 10 ** (3.84 * stored / 512)).astype(np.float32)
    foci, edge = turned(60, 60, 0, centre=(128.0, 128.0))
    drawn = drawn_of(document("log", foci, edge))
    gate = drawn.strategy.get_gate("E", ("root",))
    shown = drawn.strategy.transformations["X"].apply(values.astype(np.float64))
    assert np.array_equal(gate._binned(shown, 0, gate._slacks[0]), stored // 2)


def test_the_outline_of_an_ellipse_on_a_log_axis_holds_its_cells():
    foci, edge = turned(40, 15, 30)
    drawn = drawn_of(document("log", foci, edge))
    _, values = grid(drawn)
    events = Events(values.astype(np.float32), CHANNELS)
    outline = outline_of(drawn.strategy, drawn.path, lambda name: name, ours=None, files=None)
    mine, theirs = gate_inside(outline, events), drawn.step_masks(events, ("", ""), None)[-1]
    assert np.count_nonzero(mine != theirs) <= 0.05 * theirs.sum()
    halved = outline_of(
        drawn.strategy, drawn.path, lambda name: name, ours=None, files=None, divisor_of=lambda _: 2.0
    )
    assert np.allclose(np.array(halved.vertices) * 2, np.array(outline.vertices))


def test_an_ellipse_that_says_too_little_is_refused():
    foci, edge = turned(40, 15, 30)
    with pytest.raises(GateFileError, match="the ellipse 'E' has 1 foci and 4 points, expected 2 and 4"):
        drawn_of(document("log", foci[:1], edge))
    gate = fj.population("E", fj.ellipse(CHANNELS, foci, edge))
    with pytest.raises(GateFileError, match="an ellipse lies on X, Y, and the workspace has no scale for it"):
        drawn_of(fj.workspace(fj.sample(gate)))


def test_an_ellipse_whose_foci_lie_outside_of_it_is_refused():
    _, edge = turned(40, 15, 30)
    with pytest.raises(GateFileError, match="the foci of the ellipse 'E' are farther apart than its points"):
        drawn_of(document("log", [(10.0, 100.0), (190.0, 100.0)], edge))
