"""The name of a threshold that a person can set: by its step and its role, whatever its channel is called."""

from __future__ import annotations

from gating.events.panel import GatingChannel, GatingPanel, Target
from gating.gates import PolygonGate, RangeGate
from gating.gates.steps import GateStep, Step
from gating.thresholds.methods import Method
from pipeline.output.figures.outlines import kept_words
from pipeline.review.bench.handles import cuts_of, handles_of, usual_name
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
