"""The name of a threshold that a person can set: by its step and its role, whatever its channel is called."""

from __future__ import annotations

from gating.events.panel import GatingChannel, GatingPanel, Role, Target
from gating.gates import AnyOf, Gate, PolygonGate, RangeGate
from gating.gates.steps import GateStep, Step
from gating.thresholds.methods import Method
from pipeline.output.figures.outlines import kept_words
from pipeline.review.bench.handles import cuts_of, handles_of, polygon_over_time, usual_name, why_no_polygon
from pipeline.review.view import Along
from pipeline.tube.histograms import Density

PANEL = GatingPanel(
    (
        GatingChannel("FSC-A", "fsc_area"),
        GatingChannel("FSC-H", "fsc_height"),
        GatingChannel("APC/Cy7-A", "cd138", Target.POSITIVE),
        GatingChannel("V500-A", "cd45", Target.LOW),
    )
)
ANCHORS = GateStep(
    Step.PLASMA_CELLS, RangeGate("APC/Cy7-A", 900.0, None), ("APC/Cy7-A", "V500-A"), 90, 9, (Method.VALLEY,),
    (("APC/Cy7-A", 900.0), ("V500-A", 300.0)),
)  # fmt: skip
SINGLETS = GateStep(
    Step.SINGLETS, PolygonGate("FSC-A", "FSC-H", ((0.0, 0.0), (9.0, 5.0), (0.0, 5.0))), ("FSC-A", "FSC-H"),
    99, 90, (Method.VALLEY,), (("FSC-A/FSC-H", 1.8),),
)  # fmt: skip


def test_a_channel_with_a_slash_in_its_name_is_no_ratio():
    assert [cut.gate for cut in cuts_of(ANCHORS, PANEL, {})] == ["cd138", "cd45"]
    assert usual_name(PANEL, "APC/Cy7-A") == "cd138"
    assert not ANCHORS.is_ratio


def test_the_ratio_of_single_cells_has_the_name_of_its_step():
    assert [cut.gate for cut in cuts_of(SINGLETS, PANEL, {})] == ["singlets"]
    assert SINGLETS.is_ratio


def picture(step: GateStep) -> Density:
    x, y = step.channels
    return Density(step.name, x, y, (0.0, 9.0, 100.0), (0.0, 9.0, 100.0), 1, "", step.gate)


def test_only_the_line_of_the_ratio_moves_along_both_axes():
    along = {
        handle.gate: handle.along
        for step in (ANCHORS, SINGLETS)
        for handle in handles_of(step, picture(step), cuts_of(step, PANEL, {}), is_polygon=False)
    }
    assert along == {"cd138": Along.X, "cd45": Along.Y, "singlets": Along.BOTH}


def test_the_words_of_a_gate_are_a_ratio_only_where_single_cells_are_cut():
    assert kept_words(picture(ANCHORS), ANCHORS) == "keeps APC/Cy7-A ≥ 900"
    assert kept_words(picture(SINGLETS), SINGLETS) == "keeps FSC-A/FSC-H < 1.8"


def time_step(gate: Gate | None) -> tuple[GateStep, Density]:
    step = GateStep(Step.TIME, gate, ("Time",), 90, 90, (Method.STEADY,))
    return step, Density(Step.TIME, "Time", "", (0.0, 9.0, None), (0.0, 1.0, None), 1, "", gate)


def test_steady_time_becomes_a_box_around_every_event_on_side_scatter_or_forward_scatter():
    ends = {"Time": (0.0, 60.0), "FSC-A": (-100.0, 900.0), "SSC-A": (0.0, 400.0)}
    with_side = GatingPanel((*PANEL.channels, GatingChannel("SSC-A", Role.SSC_AREA)))
    for panel, other in ((PANEL, "FSC-A"), (with_side, "SSC-A")):
        box = polygon_over_time(*time_step(None), panel, ends)
        assert box is not None
        assert (box.x, box.y) == ("Time", other)
        low, high = ends[other]
        for x, y in box.vertices:
            assert x < 0 or x > 60
            assert y < low or y > high
    assert polygon_over_time(ANCHORS, picture(ANCHORS), PANEL, ends) is None
    assert polygon_over_time(*time_step(None), GatingPanel(()), ends) is None, "no second axis"


def test_several_stretches_of_time_are_no_polygon_and_the_page_says_where_one_is_typed():
    step, density = time_step(AnyOf((RangeGate("Time", None, 10.0), RangeGate("Time", 20.0, None))))
    assert polygon_over_time(step, density, PANEL, {"Time": (0.0, 60.0), "FSC-A": (0.0, 1.0)}) is None
    assert "type that polygon in the sheet gates" in why_no_polygon(step, density)
    assert why_no_polygon(*time_step(None)) == ""
