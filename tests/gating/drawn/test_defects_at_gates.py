"""A mistake in our own reading of drawn gates is no GateFileError: that one is for what the file has wrong."""

from __future__ import annotations

import io

import flowkit
import numpy as np
import pytest

import gating.drawn.flowjo.axes
import gating.drawn.flowjo.workspace
import gating.drawn.gatingml
import gating.drawn.membership
import gating.drawn.population
from gating.drawn.flowjo.sample import TubeFile
from gating.drawn.flowkit_calls import by_flowkit
from gating.drawn.gate_file import GateFileError
from gating.drawn.population import read_drawn_population
from gating.events import Events
from helpers.workspaces import biex, polygon, population, sample, workspace

CHANNELS = ("FSC-A", "BV421-A")
GATE = population("bright", polygon(CHANNELS, [(0, 0), (9, 0), (9, 30), (0, 30)]))
WORKSPACE = workspace(sample(GATE, scales="".join(map(biex, CHANNELS))))
EVENTS = Events(np.arange(20, dtype=np.float32).reshape(2, 10), CHANNELS)


def gatingml(covariance: float) -> bytes:
    """Return a file with a rectangle around an ellipsoid whose two axes have this covariance."""
    strategy, text = flowkit.GatingStrategy(), io.BytesIO()
    axes = [flowkit.Dimension(channel, "uncompensated") for channel in CHANNELS]
    whole = flowkit.Dimension("FSC-A", "uncompensated", range_min=1.0)
    strategy.add_gate(flowkit.gates.RectangleGate("all", [whole]), ("root",))
    shape = [[1.0, 0.125], [0.125, 1.0]]
    strategy.add_gate(flowkit.gates.EllipsoidGate("bright", axes, [3, 12], shape, 4.0), ("root", "all"))
    flowkit.export_gatingml(strategy, text)
    assert text.getvalue().count(b"0.125") == 2
    return text.getvalue().replace(b"0.125", repr(covariance).encode())


def gate(document: bytes) -> None:
    drawn = read_drawn_population(document, "gates", "bright", tube=TubeFile("a.fcs"))
    drawn.step_masks(EVENTS, ("", ""), None)


@pytest.mark.parametrize(
    ("module", "function", "document"),
    [
        (gating.drawn.population, "needed_gates", gatingml(0.5)),
        (gating.drawn.population, "pruned", WORKSPACE),
        (gating.drawn.population, "masks_of", WORKSPACE),
        (gating.drawn.membership, "_in_polygon", WORKSPACE),
        (gating.drawn.membership, "_between", gatingml(0.5)),
        (gating.drawn.gatingml, "_name_fluorochromes", gatingml(0.5)),
        (gating.drawn.flowjo.workspace, "_keep_population", WORKSPACE),
        (gating.drawn.flowjo.axes, "_problem", WORKSPACE),
    ],
)
def test_a_defect_in_our_own_code_is_never_said_to_be_the_file_s(monkeypatch, module, function, document):
    gate(document)

    def broken(*_: object, **__: object) -> None:
        raise IndexError("list index out of range")

    monkeypatch.setattr(module, function, broken)
    with pytest.raises(IndexError, match="list index out of range"):
        gate(document)


@pytest.mark.parametrize("error", [KeyError("x"), IndexError("x"), TypeError("x"), RecursionError("x")])
def test_whatever_flowkit_raises_is_the_file_s(error):
    def call(_: int) -> None:
        raise error

    with pytest.raises(GateFileError, match=r"a\.wsp: not read \('?x'?\)"):
        by_flowkit("a.wsp: not read", call, 1)


def test_an_ellipsoid_that_is_none_is_refused_by_its_name():
    with pytest.raises(GateFileError, match="covariance matrix of 'bright' cannot be inverted"):
        gate(gatingml(1.0))
