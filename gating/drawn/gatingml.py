"""A GatingML 2.0 document, read by FlowKit after a correction or refusal of what FlowKit misreads."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from gating.arithmetic.linear import inverse_of
from gating.arithmetic.numbers import Floats
from gating.drawn.flowkit_calls import by_flowkit
from gating.drawn.gate_file import AXES, DATATYPES, GATING, GateFileError, as_file

if TYPE_CHECKING:
    import flowkit
    from lxml.etree import _Element

WITHOUT_MATRIX = ("uncompensated", "FCS")
"""GatingML's words for no matrix, and for the matrix of the FCS file (section 5.1.1)."""


def gatingml_strategy(root: _Element, source: str) -> flowkit.GatingStrategy:
    """Return all gates of a GatingML document.

    Raises
    ------
    GateFileError
        If a gate refers to something that is missing in the document, or if FlowKit cannot read the document.
    """
    import flowkit

    missing = next(_dangling(root), "")
    if missing:
        raise GateFileError(f"{source}: {missing}, which the file does not have; export the gates again")
    endless = next(_without_area(root), "")
    if endless:
        raise GateFileError(f"{source}: {endless}; draw it again")
    _name_fluorochromes(root)
    _as_spillover(root, source)
    fault = f"{source}: no GatingML 2.0 that FlowKit can read"
    return by_flowkit(fault, flowkit.parse_gating_xml, as_file(root))


def _dangling(root: _Element) -> Iterator[str]:
    """Yield each reference to a missing parent, part of a Boolean gate, axis or matrix."""
    gates = [gate for gate in root if gate.get(f"{GATING}id") is not None]
    gate_ids = {gate.get(f"{GATING}id") for gate in gates}
    gate_ids |= {part.get(f"{GATING}id") for part in root.iter(f"{GATING}Quadrant")}
    axes = {axis.get(f"{AXES}id") for axis in root.iter(f"{AXES}transformation")}
    matrices = {matrix.get(f"{AXES}id") for matrix in root.iter(f"{AXES}spectrumMatrix")}
    for gate in gates:
        name = gate.get(f"{GATING}id")
        parent = gate.get(f"{GATING}parent_id")
        if parent is not None and parent not in gate_ids:
            yield f"gate {name!r} lies in {parent!r}"
        for part in gate.iter(f"{GATING}gateReference"):
            if part.get(f"{GATING}ref") not in gate_ids:
                yield f"gate {name!r} is made of {part.get(f'{GATING}ref')!r}"
        for axis in gate.iter(f"{GATING}dimension", f"{GATING}divider", f"{DATATYPES}new-dimension"):
            for space in (GATING, DATATYPES):
                transform = axis.get(f"{space}transformation-ref")
                if transform is not None and transform not in axes:
                    yield f"gate {name!r} lies on the axis {transform!r}"
            matrix = axis.get(f"{GATING}compensation-ref")
            if matrix is not None and matrix not in {*WITHOUT_MATRIX, *matrices}:
                yield f"gate {name!r} asks for the matrix {matrix!r}"


def _without_area(root: _Element) -> Iterator[str]:
    """Yield each rectangle that ends before it begins, and each that is no part of a gate and has no end.

    A rectangle may be open on an axis (section 5.1); one that is open on all of them takes every event.
    """
    used = {gate.get(f"{GATING}parent_id") for gate in root}
    used |= {part.get(f"{GATING}ref") for part in root.iter(f"{GATING}gateReference")}
    for gate in root.iter(f"{GATING}RectangleGate"):
        name = gate.get(f"{GATING}id")
        axes = list(gate.iter(f"{GATING}dimension"))
        ends = [(axis.get(f"{GATING}min"), axis.get(f"{GATING}max")) for axis in axes]
        for low, high in ends:
            if low is not None and high is not None and _value(low) >= _value(high):
                yield f"gate {name!r} begins at {low} and ends at {high}: no event can lie in it"
        if name not in used and not any(low or high for low, high in ends):
            yield f"gate {name!r} has no end on any axis: every event lies in it"


def _value(text: str) -> float:
    """Return a number; NaN for text that is none, which FlowKit refuses."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def _name_fluorochromes(root: _Element) -> None:
    """Name the fluorochromes of a matrix after its detectors if they have no name.

    FlowKit writes such documents and then refuses to read them.
    """
    name = f"{DATATYPES}name"
    for matrix in root.iter(f"{AXES}spectrumMatrix"):
        dyes = matrix.findall(f"{AXES}fluorochromes/*")
        detectors = matrix.findall(f"{AXES}detectors/*")
        for dye, detector in zip(dyes, detectors, strict=False):
            if not dye.get(name):
                dye.set(name, detector.get(name) or "")


def _as_spillover(root: _Element, source: str) -> None:
    """Invert an already inverted matrix back into spillover, since FlowKit would invert it again."""
    for matrix in root.iter(f"{AXES}spectrumMatrix"):
        if matrix.get(f"{AXES}matrix-inverted-already", "false").strip() not in ("true", "1"):
            continue
        cells = [list(row.iter(f"{AXES}coefficient")) for row in matrix.iter(f"{AXES}spectrum")]
        spillover = _inverted_back(
            [[_as_number(cell.get(f"{AXES}value", "")) for cell in row] for row in cells]
        )
        if spillover is None:
            name = matrix.get(f"{AXES}id")
            raise GateFileError(
                f"{source}: the matrix {name!r} is marked as inverted already and cannot be inverted back"
            )
        for row, values in zip(cells, spillover.tolist(), strict=True):
            for cell, value in zip(row, values, strict=True):
                cell.set(f"{AXES}value", repr(value))
        matrix.set(f"{AXES}matrix-inverted-already", "false")


def _inverted_back(rows: Sequence[Sequence[float | None]]) -> Floats | None:
    """Return the inverse, shape (n, n); None where the rows are no square matrix of numbers, or singular."""
    if not rows or any(len(row) != len(rows) for row in rows):
        return None
    if not all(value is not None and isfinite(value) for row in rows for value in row):
        return None
    try:
        spillover = inverse_of(np.array(rows, np.float64))
    except np.linalg.LinAlgError:  # what inverse_of raises for a singular matrix, and for nothing else
        return None
    return spillover if np.isfinite(spillover).all() else None


def _as_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
