"""A GatingML 2.0 document, read by FlowKit after a correction or refusal of what FlowKit misreads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from gating.arithmetic.linear import inverse_of
from gating.arithmetic.numbers import Floats
from gating.drawn.flowkit_calls import by_flowkit
from gating.drawn.gate_file import AXES, DATATYPES, GATING, GateFileError, as_file
from gating.drawn.gatingml_faults import COMPLEMENT, dangling, misread_parts, without_area
from gating.drawn.scale_bounds import keep_bounds

if TYPE_CHECKING:
    import flowkit
    from lxml.etree import _Element


def gatingml_strategy(root: _Element, source: str) -> flowkit.GatingStrategy:
    """Return all gates of a GatingML document.

    Raises
    ------
    GateFileError
        If a gate refers to something that is missing in the document, or if FlowKit cannot read the document.
    """
    import flowkit

    missing = next(dangling(root), "")
    if missing:
        raise GateFileError(f"{source}: {missing}, which the file does not have; export the gates again")
    misread = next(misread_parts(root), "")
    if misread:
        raise GateFileError(f"{source}: {misread}; export the gates again")
    endless = next(without_area(root), "")
    if endless:
        raise GateFileError(f"{source}: {endless}; draw it again")
    _name_fluorochromes(root)
    _as_spillover(root, source)
    _name_complements(root)
    fault = f"{source}: no GatingML 2.0 that FlowKit can read{_outside_schema(root)}"
    strategy = by_flowkit(fault, flowkit.parse_gating_xml, as_file(root))
    keep_bounds(strategy, root)
    return strategy


def _outside_schema(root: _Element) -> str:
    """Return the first line that the standard's schema does not allow; "" if there is none."""
    from flowkit._resources import gml_schema

    if gml_schema.validate(root.getroottree()):
        return ""
    error = gml_schema.error_log[0]
    return f": line {error.line}: {re.sub(r'{[^}]*}', '', error.message)}"


def _name_complements(root: _Element) -> None:
    """Write the complement of a part as `true` or `false`: FlowKit takes XML's `1` for `false`."""
    for part in root.iter(f"{GATING}gateReference"):
        complement = part.get(COMPLEMENT)
        if complement is not None:
            part.set(COMPLEMENT, {"1": "true", "0": "false"}.get(complement.strip(), complement.strip()))


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
