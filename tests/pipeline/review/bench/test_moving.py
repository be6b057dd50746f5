"""A moved cut moves the bound of its own gate, whatever digits the bound and the written threshold have."""

from __future__ import annotations

import ast

import numpy as np
import pytest

from doc_rooms import ROOT
from gating.events import Events, Survivors
from gating.gates import AllOf, AnyOf, Gate, RangeGate
from gating.gates.steps import GateStep, Step
from gating.thresholds.methods import Method
from helpers.syntax import tree_of
from pipeline.review.bench.moving import moved_steps
from pipeline.review.view import Move
from pipeline.study.study import Panel, PanelChannel

PANEL = Panel(
    "myeloma",
    (
        PanelChannel(("PE-A",), "cd38", marker="CD38"),
        PanelChannel(("BV-A",), "dump", marker="CD3/CD14", target="negative"),
        PanelChannel(("APC-A",), "cd138", marker="CD138", target="positive"),
        PanelChannel(("V500-A",), "cd45", marker="CD45", target="low"),
    ),
)
EVERYONE = Survivors.everyone(Events(np.zeros((3, 4), np.float32), ("BV-A", "APC-A", "V500-A")))
ANCHOR = RangeGate("APC-A", 500.0, None)


def moved_gate(step: Step, gate: Gate, channel: str, gate_name: str, value: float) -> Gate | None:
    before = GateStep(step, gate, (channel,), 9, 5, (Method.VALLEY,), ((channel, 900.0),))
    steps = moved_steps((before,), Move(gate_name, value), PANEL, EVERYONE)
    assert steps is not None
    return steps[0].gate


@pytest.mark.parametrize("bound", [900.0, 900.0000001])
def test_the_bound_of_a_moved_cut_takes_effect_though_its_last_digit_differs_from_the_threshold(bound: float):
    low, high = RangeGate("V500-A", None, bound), RangeGate("APC-A", bound, None)
    gate = AllOf((high, low))
    assert moved_gate(Step.PLASMA_CELLS, gate, "APC-A", "cd138", 70.0) == AllOf(
        (RangeGate("APC-A", 70.0, None), low)
    )
    assert moved_gate(Step.PLASMA_CELLS, gate, "V500-A", "cd45", 70.0) == AllOf(
        (high, RangeGate("V500-A", None, 70.0))
    )


def test_cells_beyond_a_dump_cut_that_an_anchor_identifies_keep_their_own_bound():
    smeared = AllOf((RangeGate("BV-A", None, 900.0), ANCHOR))
    gate = AnyOf((RangeGate("BV-A", None, 900.0), smeared))
    assert moved_gate(Step.DUMP, gate, "BV-A", "dump", 70.0) == AnyOf(
        (RangeGate("BV-A", None, 70.0), smeared)
    )


@pytest.mark.parametrize("gate", [ANCHOR, RangeGate("V500-A", 1.0, 900.0)])
def test_a_gate_without_one_cut_on_the_channel_needs_a_run(gate: Gate):
    step = GateStep(Step.PLASMA_CELLS, gate, ("V500-A",), 9, 5, (Method.VALLEY,), (("V500-A", 900.0),))
    assert moved_steps((step,), Move("cd45", 70.0), PANEL, EVERYONE) is None


def test_a_dragged_gate_is_marked_by_the_functions_that_mark_it_in_a_run():
    """Value, method and name of a person's gate come from the gating alone: no second way of setting one."""
    module = ROOT / "pipeline/review/bench/moving.py"
    names = {node.id for node in ast.walk(tree_of(module)) if isinstance(node, ast.Name)}
    assert {"persons_threshold", "given_cuts", "with_persons_polygon"} <= names
    assert not names & {"GivenCut", "Threshold", "StepEstimate", "Method", "rounded"}
