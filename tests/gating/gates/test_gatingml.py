"""Gates written as GatingML 2.0 and applied by FlowKit to the file as the instrument wrote it."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest

from gating import gate_plasma_cells
from gating.events import Events
from gating.events.compensation import SpilloverMatrix, compensate
from gating.events.panel import GatingPanel, Target
from gating.gates import AllOf, AnyOf, EllipsoidGate, PolygonGate, RangeGate, inside
from gating.gates.gatingml import to_gatingml
from gating.gates.steps import GateStep
from gating.thresholds.methods import Method
from helpers.known_marrow import FLUORESCENCE, marrow, panel
from pipeline.simulate import draw_tube, simulate_tube


def _spillover() -> SpilloverMatrix:
    """A matrix that has the quantified detector, which the gating never sees."""
    channels = (*FLUORESCENCE, "CD38")
    spill = np.eye(len(channels)) + 0.06 * np.eye(len(channels), k=1) + 0.02 * np.eye(len(channels), k=-1)
    return SpilloverMatrix(channels, spill, "by hand")


def _raw(sample, matrix) -> Events:
    """The events as a detector would give them, with the CD38 channel."""
    channels = (*sample.events.channels, "CD38")
    values = np.vstack([sample.events.values, sample.cd38[None, :].astype(np.float32)])
    rows = [channels.index(channel) for channel in matrix.channels]
    values[rows] = matrix.values.T.astype(np.float32) @ values[rows]
    return Events(values, channels)


def _flowkit_masks(document: bytes, events: Events, tmp_path) -> dict[str, np.ndarray]:
    flowio, flowkit = pytest.importorskip("flowio"), pytest.importorskip("flowkit")
    path = tmp_path / "tube.fcs"
    with path.open("wb") as file:
        flowio.create_fcs(file, events.values.T.astype(float).ravel().tolist(), list(events.channels))
    strategy = flowkit.parse_gating_xml(io.BytesIO(document))
    results = strategy.gate_sample(flowkit.Sample(str(path)))
    return {
        name: results.get_gate_membership(name)
        for name, _ in strategy.get_gate_ids()
        if "_" not in name or name in STEPS
    }


STEPS = (
    "time", "margins", "debris", "singlets", "viable", "dump", "plasma_cells", "second_anchor", "aberrant",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _flowkit_warns_of_its_own(recwarn):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def test_flowkit_finds_the_same_cells_step_for_step_on_the_original_file(tmp_path):
    matrix = _spillover()
    sample = marrow(31, n=20_000, clog=(0.3, 0.42))
    raw = _raw(sample, matrix)
    compensated = compensate(raw, matrix)
    seen = compensated.only(sample.events.channels)
    gated = gate_plasma_cells(Events(seen.values, seen.channels, sample.events.scale_tops), panel())
    theirs = _flowkit_masks(to_gatingml(gated.steps, matrix), raw, tmp_path)
    written = [step.name for step in gated.steps if step.gate is not None]
    assert set(written) == set(STEPS)
    for name, ours in zip(STEPS, gated.step_masks, strict=True):
        assert np.count_nonzero(theirs[name] != ours) <= 1e-4 * raw.n_events, name


def test_every_kind_of_gate_survives_the_way_through_the_document(tmp_path):
    sample = marrow(32, n=5_000).events
    gates = (
        EllipsoidGate(("CD138", "CD45"), (150.0, 150.0), (0.5, 4.0), ((1.0, 0.3), (0.3, 2.0)), 6.0),
        PolygonGate("FSC-A", "SSC-A", ((0.0, 0.0), (2e5, 0.0), (2e5, 9e4), (0.0, 5e4))),
        AnyOf(
            (
                RangeGate("CD138", None, 2e3),
                AllOf((RangeGate("CD45", 1e3, None), RangeGate("CD45", None, 2e4))),
            )
        ),
        AnyOf((RangeGate("CD19", None, 500.0),)),
        PolygonGate(
            "CD138", "CD45", ((-2e3, -2e3), (1e3, -2e3), (3e5, 900.0), (2e3, 3e5)), cofactors=(150.0, 90.0)
        ),
    )
    steps = [GateStep(name, gate, (), 0, 0, ()) for name, gate in zip(STEPS, gates, strict=False)]
    theirs = _flowkit_masks(to_gatingml(steps, None), sample, tmp_path)
    passed = np.ones(5_000, bool)
    for step in steps:
        passed &= inside(step.gate, sample)
        assert 0 < passed.sum() < 5_000
        assert np.count_nonzero(theirs[step.name] != passed) == 0, step.name


@pytest.mark.parametrize(("scenario", "seed"), [("plain", 53), ("dim_cd138", 51)])
def test_a_gate_that_came_from_clusters_reopens_with_the_same_cells_event_for_event(
    tmp_path, scenario: str, seed: int
):
    """Without a viability dye and a second anchor clusters of all channels find the cells."""
    rng = np.random.default_rng(seed)
    tube = simulate_tube(draw_tube(scenario, rng, n_events=8_000), rng)
    kept = [c for c in tube.gating_panel().channels if c.role not in ("viability", "cd319")]
    seen = tube.compensated().only([channel.channel for channel in kept])
    gated = gate_plasma_cells(seen, GatingPanel(tuple(kept), tube.gating_panel().quantified))
    step = next(step for step in gated.steps if step.name == "plasma_cells")
    assert n_ellipsoids(step.gate) >= 1
    matrix = SpilloverMatrix(tube.spillover_channels, tube.spillover, "of the tube")
    raw = Events(np.asarray(tube.values, np.float32), tube.channels)
    theirs = _flowkit_masks(to_gatingml(gated.steps, matrix), raw, tmp_path)
    assert gated.mask.sum() >= 200
    for name, ours in zip([one.name for one in gated.steps], gated.step_masks, strict=True):
        assert name not in theirs or np.count_nonzero(theirs[name] != ours) == 0, name
    assert {"plasma_cells", "debris", "singlets"} <= set(theirs)


def n_ellipsoids(gate) -> int:
    return isinstance(gate, EllipsoidGate) or sum(n_ellipsoids(part) for part in getattr(gate, "gates", ()))


def test_the_same_gates_give_the_same_bytes():
    gated = gate_plasma_cells(marrow(33, n=5_000).events, panel())
    again = gate_plasma_cells(marrow(33, n=5_000).events, panel())
    assert to_gatingml(gated.steps, _spillover()) == to_gatingml(again.steps, _spillover())


def test_flowkit_reads_the_gates_and_writes_the_same_document():
    flowkit = pytest.importorskip("flowkit")
    gates = (
        AllOf((RangeGate("FSC-A", 0.1, None), RangeGate("SSC-A", None, 2e5))),
        PolygonGate("CD138", "CD45", ((1.0, 2.0), (300.5, 2.0), (9.0, 80.0)), cofactors=(150.0, None)),
        EllipsoidGate(("CD138", "CD56"), (150.0, 90.0), (0.5, 4.0), ((1.0, 0.3), (0.3, 2.0)), 6.0),
        AnyOf((RangeGate("CD19", None, 500.0), AllOf((RangeGate("CD45", 1e3, None), RangeGate("CD45", None, 2e4))))),
        AnyOf((RangeGate("CD27", None, 500.0),)),
    )  # fmt: skip
    steps = [GateStep(name, gate, (), 0, 0, ()) for name, gate in zip(STEPS, gates, strict=False)]
    for matrix in (_spillover(), None):
        document = to_gatingml(steps, matrix)
        theirs = io.BytesIO()
        flowkit.export_gatingml(flowkit.parse_gating_xml(io.BytesIO(document)), theirs)
        assert theirs.getvalue() == document


def test_steps_without_a_gate_leave_no_trace():
    document = to_gatingml([GateStep("viable", None, (), 5, 5, (Method.NONE,))], None)
    assert b"viable" not in document


def test_ellipsoids_that_keep_neighbours_out_reopen_with_the_same_cells(tmp_path):
    """VS38c instead of CD138 and CD319: a cluster's ellipsoid is cut by the borders to its neighbours."""
    rng = np.random.default_rng(51)
    tube = simulate_tube(draw_tube("plain", rng, n_events=8_000), rng)
    roles = {"cd319": ("other", Target.POSITIVE)}
    kept = [
        replace(c, role=roles[c.role][0], target=roles[c.role][1]) if c.role in roles else c
        for c in tube.gating_panel().channels
        if c.role != "cd138"
    ]
    gating_panel = GatingPanel(tuple(kept), tube.gating_panel().quantified)
    gated = gate_plasma_cells(tube.compensated().only([c.channel for c in kept]), gating_panel)
    step = next(step for step in gated.steps if step.name == "plasma_cells")
    assert n_ellipsoids(step.gate) >= 1
    assert gated.mask.sum() >= 100
    matrix = SpilloverMatrix(tube.spillover_channels, tube.spillover, "of the tube")
    raw = Events(np.asarray(tube.values, np.float32), tube.channels)
    theirs = _flowkit_masks(to_gatingml(gated.steps, matrix), raw, tmp_path)
    for name, ours in zip([one.name for one in gated.steps], gated.step_masks, strict=True):
        assert name not in theirs or np.count_nonzero(theirs[name] != ours) == 0, name
    assert "plasma_cells" in theirs
