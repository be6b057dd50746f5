"""Whatever a tube's input may be wrong in is a GatingError; a mistake of the program is not."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

import gating
from gating import (
    Events,
    GatingChannel,
    GatingError,
    GatingPanel,
    SpilloverMatrix,
    compensate,
    gate_plasma_cells,
)
from gating.drawn.gate_file import GateFileError, read_root
from gating.events.compensation import UnusableSpilloverError
from gating.events.panel import UnfitPanelError
from gating.gates.person_gates import UnknownGateError
from gating.strategy import UnfitEventsError
from helpers.syntax import tree_of
from pipeline.quantification.prepared import TUBE_ERRORS

EVENTS = Events(np.ones((1, 30), np.float32), ("A",))
PANEL = GatingPanel((GatingChannel("A", "cd138"),))
OF_THE_PROGRAM = {("gating/events/events.py", "ValueError"), ("gating/events/events.py", "KeyError")}
"""Shapes and channels that no tube's input decides."""
ARITHMETIC = {"OverflowError", "LinAlgError"}


@pytest.mark.parametrize(
    ("kind", "act"),
    [
        (UnknownGateError, lambda: gate_plasma_cells(EVENTS, PANEL, overrides={"cd999": 1.0})),
        (UnusableSpilloverError, lambda: SpilloverMatrix(("A",), np.array([[np.nan]]), "m.csv")),
        (UnusableSpilloverError, lambda: compensate(EVENTS, SpilloverMatrix(("B",), np.eye(1), "m.csv"))),
        (GateFileError, lambda: read_root(b"no XML", "gates.xml")),
    ],
)
def test_input_of_a_tube_that_cannot_be_used_raises_a_gating_error(kind, act):
    with pytest.raises(GatingError) as caught:
        act()
    assert type(caught.value) is kind
    assert not isinstance(caught.value, ValueError), "a handler of stray values would take it for one"


@pytest.mark.parametrize(
    ("kind", "act"),
    [
        (ValueError, lambda: Events(np.ones((2, 3), np.float32), ("A",))),
        (UnfitEventsError, lambda: gate_plasma_cells(EVENTS, GatingPanel((GatingChannel("B", "cd138"),)))),
        (UnfitEventsError, lambda: gate_plasma_cells(EVENTS, GatingPanel((), quantified=("A",)))),
        (UnfitPanelError, lambda: GatingChannel("A", "cd38")),
        (UnfitPanelError, lambda: GatingChannel("A", "cd999")),
        (UnfitPanelError, lambda: GatingPanel((GatingChannel("A", "cd138"),), quantified=("A",))),
    ],
)
def test_a_mistake_of_the_program_is_a_defect_and_no_bad_tube(kind, act):
    with pytest.raises(ValueError, match=r"one row per channel|channel 'A'|channel A|channel B") as caught:
        act()
    assert type(caught.value) is kind
    assert not isinstance(caught.value, GatingError)
    assert not isinstance(caught.value, TUBE_ERRORS)


def test_no_other_module_of_gating_raises_a_bare_value_error():
    root = Path(gating.__file__).parents[1]
    raised = set()
    for path in (root / "gating").rglob("*.py"):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                raised.add((path.relative_to(root).as_posix(), ast.unparse(node.exc.func).rpartition(".")[2]))
    known = {
        "UnfitEventsError",
        "UnfitPanelError",
        "UnknownGateError",
        "UnusableSpilloverError",
        "GateFileError",
    }
    assert {(path, name) for path, name in raised if name not in known | ARITHMETIC} == OF_THE_PROGRAM
