"""Outlines of drawn gates: the same cells as the gate itself where there is one, and none where there is not."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from lxml import etree

from gating.drawn.flowjo.sample import TubeFile, tube_sample
from gating.drawn.outline import outline_of
from gating.drawn.population import read_drawn_population
from gating.events import Events
from gating.events.compensation import SpilloverMatrix
from gating.gates import AllOf, PolygonGate, RangeGate, inside
from pipeline.fcs import read_fcs

CHANNELS = ("BV421-A", "APC-A")
MATRIX = SpilloverMatrix(CHANNELS, np.array([[1.0, 0.1], [0.05, 1.0]]), "by hand")


@pytest.fixture(scope="module")
def flowkit():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import flowkit

        yield flowkit


@pytest.fixture(scope="module")
def events() -> Events:
    values = np.random.default_rng(2).lognormal(7, 1.2, (2, 4_000)).astype(np.float32)
    return Events(values, CHANNELS)


def strategy_of(flowkit, gate):
    """Return a strategy with one gate on an asinh axis."""
    strategy = flowkit.GatingStrategy()
    strategy.add_transform("asinh", flowkit.transforms.AsinhTransform(262_144.0, 4.5, 0.0))
    strategy.add_comp_matrix(
        "mine", flowkit.Matrix(MATRIX.values, list(CHANNELS), fluorochromes=list(CHANNELS))
    )
    strategy.add_gate(gate, ("root",))
    return strategy


def dimensions(flowkit, reference="uncompensated", **limits):
    return [
        flowkit.Dimension(name, reference, "asinh", range_min=low, range_max=high)
        for name, (low, high) in zip(CHANNELS, limits.get("limits", [(None, None)] * 2), strict=True)
    ]


def outline(strategy, ours=None, files=None):
    return outline_of(
        strategy, ("root", "wanted"), lambda label: label if label in CHANNELS else "", ours=ours, files=files
    )


def theirs(strategy, events: Events) -> np.ndarray:
    import pandas as pd

    transform = strategy.transformations["asinh"]
    frame = pd.DataFrame(
        {name: transform.apply(events.column(name).astype(float).copy()) for name in CHANNELS}
    )
    return np.asarray(strategy.get_gate("wanted").apply(frame), bool)


def test_a_rectangle_s_outline_holds_the_same_cells(flowkit, events):
    gate = flowkit.gates.RectangleGate("wanted", dimensions(flowkit, limits=[(0.3, None), (0.25, 0.6)]))
    strategy = strategy_of(flowkit, gate)
    found = outline(strategy)
    assert isinstance(found, AllOf)
    assert found.gates[0].upper is None
    assert np.count_nonzero(inside(found, events) != theirs(strategy, events)) <= 2
    assert 100 < inside(found, events).sum() < 3_900


@pytest.mark.parametrize("kind", ["polygon", "ellipse"])
def test_a_polygon_s_and_an_ellipse_s_outline_hold_the_same_cells_but_at_the_very_edge(flowkit, events, kind):
    if kind == "polygon":
        corners = [[0.25, 0.3], [0.6, 0.35], [0.5, 0.6], [0.3, 0.55]]
        gate = flowkit.gates.PolygonGate("wanted", dimensions(flowkit), corners)
    else:
        shape = [[0.004, 0.001], [0.001, 0.006]]
        gate = flowkit.gates.EllipsoidGate("wanted", dimensions(flowkit), [0.4, 0.42], shape, 4.0)
    strategy = strategy_of(flowkit, gate)
    found = outline(strategy)
    assert isinstance(found, PolygonGate)
    assert np.count_nonzero(inside(found, events) != theirs(strategy, events)) <= 0.003 * events.n_events
    assert 100 < inside(found, events).sum() < 3_900


def test_a_gate_on_otherwise_compensated_events_has_no_outline(flowkit):
    other = SpilloverMatrix(CHANNELS, np.array([[1.0, 0.3], [0.05, 1.0]]), "another")
    mine = strategy_of(flowkit, flowkit.gates.RectangleGate("wanted", dimensions(flowkit, "mine")))
    assert outline(mine, ours=MATRIX) is not None
    assert outline(mine, ours=other) is None
    assert outline(mine, ours=None) is None
    plain = strategy_of(flowkit, flowkit.gates.RectangleGate("wanted", dimensions(flowkit)))
    assert outline(plain, ours=None) is not None
    assert outline(plain, ours=MATRIX) is None
    files = strategy_of(flowkit, flowkit.gates.RectangleGate("wanted", dimensions(flowkit, "FCS")))
    assert outline(files, ours=MATRIX, files=MATRIX) is not None
    assert outline(files, ours=other, files=MATRIX) is None


def test_a_complement_a_boolean_gate_and_an_unknown_channel_have_no_outline(flowkit):
    turned = flowkit.gates.PolygonGate("wanted", dimensions(flowkit), [[0, 0], [1, 0], [1, 1]], True)
    assert outline(strategy_of(flowkit, turned)) is None
    unknown = [flowkit.Dimension("BV711-A", "uncompensated", None, range_min=1.0)]
    assert outline(strategy_of(flowkit, flowkit.gates.RectangleGate("wanted", unknown))) is None
    base = flowkit.gates.RectangleGate("base", [flowkit.Dimension("APC-A", range_min=1.0)])
    strategy = strategy_of(flowkit, base)
    references = [{"ref": "base", "path": ("root",), "complement": c} for c in (False, True)]
    strategy.add_gate(flowkit.gates.BooleanGate("wanted", "or", references), ("root",))
    assert outline(strategy) is None


def test_a_range_without_an_axis_of_its_own_is_taken_as_it_is(flowkit):
    gate = flowkit.gates.RectangleGate("wanted", [flowkit.Dimension("APC-A", range_min=300.0)])
    assert outline(strategy_of(flowkit, gate)) == RangeGate("APC-A", 300.0, None)


def _paths(document: bytes, tube: str) -> list[str]:
    """Return the path of every population that a workspace has of a tube."""
    samples = etree.fromstring(document).findall("SampleList/Sample")
    node = tube_sample(samples, TubeFile(tube), "marrow.wsp").find("SampleNode")
    return [
        "/".join(
            [*(up.get("name") for up in reversed(list(one.iterancestors("Population")))), one.get("name")]
        )
        for one in node.iter("Population")
    ]


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.filterwarnings("ignore")
def test_outlines_of_a_real_flowjo_workspace_hold_the_cells_that_flowjo_saw(real_data):
    """FlowJo bins its polygons, an outline does not: a few of a hundred cells may lie on the other side."""
    tube = "390C_BM_027.fcs"
    path, workspace = real_data / "flowjo" / tube, real_data / "flowjo" / "marrow.wsp"
    file = read_fcs(path)
    assert file.spillover is None  # exported as compensated by FlowJo
    events, document = Events(file.events(), file.channels), workspace.read_bytes()
    n_drawn = 0
    for one in _paths(document, tube):
        drawn = read_drawn_population(document, "marrow.wsp", one, tube=TubeFile(tube))

        def channel_of(label: str, drawn=drawn) -> str:
            return drawn.channel_of(label, file.channels, file.markers)

        found = outline_of(drawn.strategy, drawn.path, channel_of, ours=None, files=None)
        if found is None:
            continue
        n_drawn += 1
        masks = drawn.step_masks(events, file.markers, None)
        before = masks[-2] if len(masks) > 1 else np.ones(file.n_events, bool)
        mine, theirs = inside(found, events) & before, masks[-1]
        assert np.count_nonzero(mine != theirs) <= 0.1 * max(theirs.sum(), 50), one
    assert n_drawn >= 15
