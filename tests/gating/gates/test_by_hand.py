"""Gates that a person gives: which steps take which, on which channels; CD38 on none."""

from __future__ import annotations

import numpy as np
import pytest

from gating.events import Events
from gating.events.panel import GatingChannel, GatingPanel, Target, UnfitPanelError
from gating.gates import PolygonGate
from gating.gates.movable_gates import BY_HAND, POLYGON_STEPS, step_of_threshold
from gating.gates.person_gates import Choices, UnknownGateError
from gating.gates.steps import GateFlag, Step
from gating.strategy import UnfitEventsError, gate_plasma_cells
from gating.thresholds.methods import Method
from helpers.known_marrow import marrow, panel

CORNERS = ((1.0, 1.0), (9.0, 1.0), (9.0, 9.0))
PANEL = GatingPanel(
    (
        GatingChannel("FSC-A", "fsc_area"),
        GatingChannel("FSC-H", "fsc_height"),
        GatingChannel("Time", "time"),
        GatingChannel("V450-A", "viability", Target.NEGATIVE),
        GatingChannel("BV421-A", "cd138", Target.POSITIVE, "Syndecan"),
        GatingChannel("APC-A", "cd319", Target.POSITIVE),
        GatingChannel("V500-A", "cd45", Target.LOW),
        GatingChannel("PE-Cy7-A", "cd19"),
        GatingChannel("R1-A", "other"),
        GatingChannel("R2-A", "other"),
    ),
    quantified=("PE-A",),
)


def choices(gate: str, x: str, y: str, **thresholds: float) -> Choices:
    return Choices(PANEL, thresholds, polygons={gate: PolygonGate(x, y, CORNERS)})


def test_every_step_says_what_a_person_may_give():
    assert set(BY_HAND) == set(Step)
    assert Step.MARGINS not in POLYGON_STEPS


@pytest.mark.parametrize("step", [step for step in POLYGON_STEPS if step is not Step.TIME])
def test_a_polygon_may_stand_in_place_of_a_step(step):
    given = choices(step.upper(), "Syndecan", "cd45")
    given.check()
    assert given.polygon(step) == PolygonGate("BV421-A", "V500-A", CORNERS)


@pytest.mark.parametrize("axis", ["PE-A", "CD38", "cd38"])
@pytest.mark.parametrize("step", POLYGON_STEPS)
def test_no_polygon_has_the_quantified_channel_as_an_axis(step, axis):
    for axes in ((axis, "FSC-A"), ("Time", axis)):
        given = choices(step, *axes)
        with pytest.raises(UnknownGateError, match="quantified"):
            given.check()
        with pytest.raises(UnknownGateError, match="quantified"):
            given.polygon(step)  # nor can one be had without the check


def test_cd38_cannot_be_made_an_axis_by_a_panel_or_by_events_either():
    with pytest.raises(UnfitPanelError):
        GatingPanel((*PANEL.channels, GatingChannel("PE-A", "other")), ("PE-A",))
    events = Events(np.zeros((11, 5), np.float32), (*(c.channel for c in PANEL.channels), "PE-A"))
    polygons = {Step.DEBRIS: PolygonGate("PE-A", "FSC-A", CORNERS)}
    with pytest.raises((UnfitEventsError, UnknownGateError), match="quantified"):
        gate_plasma_cells(events, PANEL, polygons=polygons)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (choices("margins", "FSC-A", "FSC-H"), "no step that takes a polygon"),
        (choices("cd138", "FSC-A", "FSC-H"), "no step that takes a polygon"),
        (choices("plasma_cell_size", "FSC-A", "FSC-H"), "no step that takes a polygon"),
        (choices("viable", "FSC-A", "FSC-W"), "no channel 'FSC-W'"),
        (choices("viable", "other", "FSC-H"), "no channel 'other'"),
        (choices("viable", "FSC-A", "fsc_area"), "both axes of the polygon are FSC-A"),
        (choices("viable", "Time", "V450-A"), "time is an axis of the step time alone"),
        (choices("time", "FSC-A", "V450-A"), "has time as one of its axes"),
        (choices("debris", "FSC-A", "FSC-H", debris=5.0), "replaces the whole step"),
        (choices("debris", "FSC-A", "FSC-H", fsc_area=5.0), "replaces the whole step"),
        (choices("viable", "FSC-A", "FSC-H", viability=5.0), "replaces the whole step"),
        (choices("plasma_cells", "FSC-A", "FSC-H", plasma_cell_size=5.0), "replaces the whole step"),
        (choices("plasma_cells", "FSC-A", "FSC-H", Syndecan=5.0), "replaces the whole step"),
        (choices("second_anchor", "FSC-A", "FSC-H", cd319=5.0), "replaces the whole step"),
        (choices("aberrant", "FSC-A", "FSC-H", cd19=5.0), "replaces the whole step"),
    ],
)
def test_a_polygon_that_is_no_gate_of_the_panel_is_refused(given, said):
    with pytest.raises(UnknownGateError, match=said):
        given.check()


def test_a_threshold_of_another_step_stands_beside_a_polygon():
    choices("plasma_cells", "cd138", "cd45", debris=5.0, viable=9.0, cd319=50.0, cd19=3.0).check()


def test_a_threshold_belongs_to_the_step_that_it_cuts():
    without = GatingPanel(tuple(c for c in PANEL.channels if c.role != "cd138"))
    of = {c.role: c for c in PANEL.channels}
    assert step_of_threshold(PANEL, "cd319", of["cd319"]) is Step.SECOND_ANCHOR
    assert step_of_threshold(without, "cd319", of["cd319"]) is Step.PLASMA_CELLS
    assert step_of_threshold(PANEL, "R1-A", of["other"]) is None


@pytest.mark.parametrize("step", [Step.SINGLETS, Step.PLASMA_CELLS, Step.ABERRANT])
def test_the_cells_of_a_step_are_those_inside_the_polygon(step):
    """Against matplotlib's own test of points in a polygon."""
    from matplotlib.path import Path as Outline

    events, names = marrow(n=6_000, percent=5.0).events, ["CD138", "CD45"]
    corners = ((300.0, -2000.0), (200_000.0, -2000.0), (150_000.0, 3000.0), (300.0, 9000.0))
    plain = gate_plasma_cells(events, panel())
    moved = gate_plasma_cells(events, panel(), polygons={step: PolygonGate("CD138", "CD45", corners)})
    place = [one.name for one in moved.steps].index(step)
    points = np.column_stack([events.column(name) for name in names])
    inside = Outline(corners).contains_points(points)
    assert (moved.step_masks[place] == (moved.step_masks[place - 1] & inside)).all()
    assert (np.asarray(moved.step_masks)[:place] == np.asarray(plain.step_masks)[:place]).all()
    told = moved.steps[place]
    assert (told.methods, told.thresholds, told.confidence) == ((Method.PERSON,), (), 1.0)
    assert told.channels == tuple(names)


def test_a_polygon_answers_the_flags_of_its_step_but_not_a_missing_viability_dye():
    events, rows = marrow(n=6_000, percent=5.0).events, panel(without=("Viability", "FSC-H"))
    x, y = "FSC-A", "SSC-A"
    whole = PolygonGate(x, y, ((-1.0, -1.0), (9e6, -1.0), (9e6, 9e6), (-1.0, 9e6)))
    without = gate_plasma_cells(events, rows)
    assert {GateFlag.NO_SINGLETS, GateFlag.NO_VIABILITY} <= set(without.flags)
    by_hand = gate_plasma_cells(events, rows, polygons={"singlets": whole, "viable": whole})
    assert GateFlag.NO_SINGLETS not in by_hand.flags
    assert GateFlag.NO_VIABILITY in by_hand.flags
