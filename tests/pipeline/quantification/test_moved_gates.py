"""The sentences on a person's gates: each threshold is known by its name and its step, never by its number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gating.batch_cuts import BatchCut
from gating.gates.steps import GatedPopulation, GateStep, GivenCut, Step
from gating.thresholds.methods import Method
from pipeline.quantification.automatic_gates import _taken
from pipeline.quantification.person_gate_notes import moved_gates
from pipeline.study.study import GateOverride, Panel, PanelChannel
from pipeline.tube.names.typed_gates import thresholds_of

PANEL = Panel(
    "P",
    (
        PanelChannel(("V450-A", "Horizon-A"), "viability", "negative"),
        PanelChannel(("BV421-A",), "cd138", "positive"),
        PanelChannel(("V500-A",), "cd45", "low"),
        PanelChannel(("PE-A",), "cd38"),
    ),
)
VIABLE = GateStep(Step.VIABLE, None, ("V450-A",), 90, 80, (Method.VALLEY,), (("V450-A", 700.0),))
WANTED = GateStep(
    Step.PLASMA_CELLS, None, ("BV421-A", "V500-A"), 80, 9, (Method.VALLEY,),
    (("BV421-A", 500.0), ("V500-A", 800.0)),
)  # fmt: skip


def by_person(gate: str, value: float) -> GateOverride:
    return GateOverride("S1", gate, value, "AB", "debris")


def gated(*steps: GateStep) -> GatedPopulation:
    nobody = np.zeros(3, np.bool_)
    return GatedPopulation(nobody, steps, np.zeros((len(steps), 3), np.bool_), 1.0, nobody)


def set_on(step: GateStep, channel: str, name: str, value: float) -> GateStep:
    cuts = tuple((other, value if other == channel else cut) for other, cut in step.thresholds)
    given = (GivenCut(channel, Method.PERSON, name),)
    return replace(step, thresholds=cuts, methods=(Method.PERSON, Method.VALLEY), given_cuts=given)


def test_two_gates_of_the_same_number_each_have_their_own_sentence():
    gates = [by_person("horizon-a", 900.0), by_person("cd138", 900.0)]
    steps = (set_on(VIABLE, "V450-A", "V450-A", 900.0), set_on(WANTED, "BV421-A", "cd138", 900.0))
    assert thresholds_of(PANEL, gates) == {"V450-A": 900.0, "cd138": 900.0}
    assert moved_gates((VIABLE, WANTED), gated(*steps), PANEL, gates)[1] == (
        "gate horizon-a set by AB (debris): V450-A 900, in place of automatic 700 (valley)",
        "gate cd138 set by AB (debris): BV421-A 900, in place of automatic 500 (valley)",
    )


def test_a_gate_that_no_step_used_has_no_sentence_though_another_has_its_number():
    gates = [by_person("cd138", 900.0), by_person("viable", 900.0)]
    steps = (VIABLE, set_on(WANTED, "BV421-A", "cd138", 900.0))
    notes = moved_gates((VIABLE, WANTED), gated(*steps), PANEL, gates)[1]
    assert notes == ("gate cd138 set by AB (debris): BV421-A 900, in place of automatic 500 (valley)",)


def test_an_automatic_cut_that_moved_to_a_persons_number_is_named_as_moved():
    moved = set_on(WANTED, "BV421-A", "cd138", 900.0)
    moved = replace(moved, thresholds=(("BV421-A", 900.0), ("V500-A", 900.0)))
    notes = moved_gates((VIABLE, WANTED), gated(VIABLE, moved), PANEL, [by_person("cd138", 900.0)])[1]
    assert notes[-1] == "automatic cuts were found again with that: plasma_cells V500-A 800 to 900"


def test_a_cut_of_the_batch_is_named_where_it_was_used_and_not_where_the_number_changed():
    alone = replace(WANTED, name=Step.DUMP)
    steps = replace(
        alone,
        methods=(Method.POOLED, Method.VALLEY),
        thresholds=(("BV421-A", 500.0), ("V500-A", 810.0)),
        given_cuts=(GivenCut("BV421-A", Method.POOLED, "BV421-A"),),
    )
    cuts = [BatchCut(Step.DUMP, channel, 500.0, 0.1, 5) for channel in ("BV421-A", "V500-A")]
    (note,) = _taken((VIABLE, steps), (VIABLE, alone), cuts)
    assert "own cut on BV421-A was unclear (500)" in note
