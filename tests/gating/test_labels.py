"""Labels are for people: no number hangs on their words, and no step drops out because of its name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gating.gates.steps import GateFlag, GateStep, Step
from gating.strategy import _overall
from gating.thresholds.methods import Method, methods_in, words_of

TESTS = Path(__file__).parents[1]


def gated_by_another_process(*words: str) -> dict[str, object]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(TESTS.parent), str(TESTS)))}
    done = subprocess.run(
        [sys.executable, str(TESTS / "helpers" / "renamed_labels.py"), *words],
        env=environment, capture_output=True, text=True, encoding="utf-8", check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def test_renamed_labels_change_no_cell_no_threshold_and_no_confidence():
    usual, renamed = gated_by_another_process(), gated_by_another_process("renamed")
    assert (usual["word"], renamed["word"]) == ("plasma_cells", "Step no 6")
    assert renamed["tubes"] == usual["tubes"]


def test_the_tubes_of_that_test_raise_most_flags_and_use_most_methods():
    rows = gated_by_another_process()["tubes"]
    flags = {flag for row in rows for flag in row[3]}
    methods = {method for row in rows for step in row[4] for method in step[1]}
    assert flags >= {"LOW_GATE_CONFIDENCE", "OVERRIDE_UNUSED", "NO_VIABILITY", "NO_CLEAR_POPULATION"}
    assert flags >= {"NO_ABERRANT_PHENOTYPE", "NO_TIME"}
    assert methods >= {"PERSON", "VALLEY", "SPREAD", "POOLED", "NONE"}


@pytest.mark.parametrize("name", ["plasma cells", "anchor", ""])
def test_a_step_of_another_name_is_refused(name: str):
    with pytest.raises(ValueError, match="is not a valid Step"):
        GateStep(name, None, (), 9, 9, (Method.VALLEY,))


def test_a_gate_that_a_person_drew_may_have_any_name_and_is_none_of_ours():
    drawn = GateStep("plasma_cells", None, (), 9, 9, (Method.FILE,))
    assert drawn.name == "plasma_cells"
    assert drawn.name is not Step.PLASMA_CELLS
    assert GateStep("plasma_cells", None, (), 9, 9, (Method.VALLEY,)).name is Step.PLASMA_CELLS


@pytest.mark.parametrize("name", Step)
def test_every_step_that_narrows_the_population_counts_in_the_confidence(name: Step):
    step = GateStep(name, None, (), 9, 9, (Method.NONE,), confidence=0.5)
    expected = {Step.PLASMA_CELLS: 0.5, Step.SECOND_ANCHOR: 0.5, Step.ABERRANT: 1.0}.get(name, 0.9)
    assert _overall((step,)) == expected


def test_a_persons_cut_is_told_by_its_method_not_by_words():
    step = GateStep(Step.VIABLE, None, (), 9, 9, (Method.PERSON, Method.VALLEY), note="no person")
    assert step.is_set_by_person
    assert not replace(step, methods=(Method.VALLEY,)).is_set_by_person


@pytest.mark.parametrize(
    "methods", [(), (Method.SCALE_END,), (Method.PERSON, Method.VALLEY, Method.LIGHT_CHAIN)]
)
def test_methods_are_told_from_the_words_that_were_written(methods: tuple[Method, ...]):
    assert methods_in(words_of(methods)) == methods


def test_a_flag_is_written_as_its_name():
    assert all(flag.value == flag.name for flag in GateFlag)
