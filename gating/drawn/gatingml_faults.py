"""Faults of a GatingML 2.0 document that would give other cells without a word: each in one sentence."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from gating.drawn.gate_file import AXES, DATATYPES, GATING, number_in_gate

if TYPE_CHECKING:
    from lxml.etree import _Element

WITHOUT_MATRIX = ("uncompensated", "FCS")
"""GatingML's words for no matrix, and for the matrix of the FCS file (section 5.1.1)."""
COMPLEMENT = f"{GATING}use-as-complement"
"""GatingML's attribute of a part of a Boolean gate of which the complement counts (section 5.5)."""
OPTIONAL = ("parent_id", "min", "max", "transformation-ref", "use-as-complement", "boundMin", "boundMax")
"""Attributes of the standard that may be left out: without the prefix of their name space they would not be
read."""
GATE_ENDS = (f"{GATING}min", f"{GATING}max")
FINITE = (f"{DATATYPES}value", f"{GATING}location", f"{AXES}boundMin", f"{AXES}boundMax")
"""Attributes that must be numbers and not infinite."""


def _is_logicle(t: float, m: float, w: float, a: float) -> bool:
    return t > 0 and m > 0 and 0 <= w <= m / 2 and -w <= a <= m - 2 * w


SCALES: Mapping[str, tuple[str, Callable[..., bool]]] = {
    "flin": ("TA", lambda t, a: t > 0 and t + a > 0),
    "flog": ("TM", lambda t, m: t > 0 and m > 0),
    "fasinh": ("TMA", lambda t, m, a: t > 0 and m > 0 and 0 <= a <= m),
    "logicle": ("TMWA", _is_logicle),
    "hyperlog": ("TMWA", lambda t, m, w, a: w > 0 and _is_logicle(t, m, w, a)),
    "fratio": ("ABC", lambda a, b, c: all(map(math.isfinite, (a, b, c)))),
}
"""Parameters of each scale, and whether they are in their range (GatingML 2.0, section 6)."""


def misread_parts(root: _Element) -> Iterator[str]:
    """Yield each part of a document that FlowKit would read as something else, or would not read."""
    yield from _twice(root)
    yield from _unprefixed(root)
    yield from _no_numbers(root)
    yield from _wrong_kinds(root)
    yield from _scales_out_of_range(root)
    yield from _no_ellipsoids(root)


def _twice(root: _Element) -> Iterator[str]:
    """Yield each id that two gates, scales or matrices have, and Boolean gates made of their own parent."""
    for space in (GATING, AXES):
        ids = [name for element in root.iter(f"{space}*") if (name := element.get(f"{space}id"))]
        yield from (f"the id {name!r} occurs {ids.count(name)} times" for name in ids if ids.count(name) > 1)
    for gate in root.iter(f"{GATING}BooleanGate"):
        parent = gate.get(f"{GATING}parent_id")
        parts = [part.get(f"{GATING}ref") for part in gate.iter(f"{GATING}gateReference")]
        if parent is not None and parent in parts:
            name = gate.get(f"{GATING}id")
            yield f"the Boolean gate {name!r} lies in {parent!r} and is made of it too: leave that part out"


def _unprefixed(root: _Element) -> Iterator[str]:
    """Yield attributes outside their name space, and gates that ask for the events outside of them."""
    for element in root.iter(f"{GATING}*", f"{AXES}*", f"{DATATYPES}*"):
        kind = element.tag.rpartition("}")[2]
        for name in OPTIONAL:
            if element.get(name) is not None:
                yield f"line {element.sourceline}: {name!r} of {kind} lacks the prefix of its name space"
        if "0" in (element.get("eventsInside"), element.get(f"{GATING}eventsInside")):
            yield f"line {element.sourceline}: {kind} asks for the events outside, which GatingML cannot"


def _no_numbers(root: _Element) -> Iterator[str]:
    """Yield each coordinate, limit or bound that is not a number, or infinite where it must not be."""
    for element in root.iter(f"{GATING}*", f"{AXES}*", f"{DATATYPES}*"):
        texts = [(name, element.get(name)) for name in (*GATE_ENDS, *FINITE)]
        texts += [("value", element.text)] if element.tag == f"{GATING}value" else []
        for name, text in texts:
            if text is None:
                continue
            number = number_in_gate(text)
            if math.isnan(number) or (math.isinf(number) and name not in GATE_ENDS):
                where = f"{element.tag.rpartition('}')[2]}, {name.rpartition('}')[2]}"
                comma = " (decimals have a point, not a comma)" if "," in text else ""
                yield f"line {element.sourceline}: {text.strip()!r} ({where}) is no number to gate by{comma}"
    for axis in root.iter(f"{AXES}transformation"):
        low, high = (
            number_in_gate(axis.get(f"{AXES}boundMin", "-inf")),
            number_in_gate(axis.get(f"{AXES}boundMax", "inf")),
        )
        if low >= high:
            yield f"the scale {axis.get(f'{AXES}id')!r} is bound from {low:g} to {high:g}, expected a range"


def _wrong_kinds(root: _Element) -> Iterator[str]:
    """Yield Boolean gates of a whole quadrant gate, ratios that are none, and scales that are ratios."""
    quadrant_gates = {gate.get(f"{GATING}id") for gate in root.iter(f"{GATING}QuadrantGate")}
    for part in root.iter(f"{GATING}gateReference"):
        if part.get(f"{GATING}ref") in quadrant_gates:
            name = part.get(f"{GATING}ref")
            yield f"a Boolean gate is made of the quadrant gate {name!r}, expected one of its quadrants"
    ratios = {
        axis.get(f"{AXES}id")
        for axis in root.iter(f"{AXES}transformation")
        if axis.find(f"{AXES}fratio") is not None
    }
    for axis in root.iter(f"{GATING}dimension", f"{GATING}divider"):
        scale = axis.get(f"{GATING}transformation-ref")
        if scale in ratios:
            yield f"an axis has the ratio {scale!r} as its scale"
        for ratio in axis.iter(f"{DATATYPES}new-dimension"):
            name = ratio.get(f"{DATATYPES}transformation-ref")
            if name not in ratios:
                yield f"an axis is the ratio {name!r}, which is a scale and not a ratio"


def _scales_out_of_range(root: _Element) -> Iterator[str]:
    for axis in root.iter(f"{AXES}transformation"):
        for scale in axis:
            kind = str(scale.tag).rpartition("}")[2]
            if kind not in SCALES:
                continue
            names, is_allowed = SCALES[kind]
            texts = [scale.get(f"{AXES}{name}", "") for name in names]
            if not is_allowed(*map(number_in_gate, texts)):
                name = axis.get(f"{AXES}id")
                pairs = ", ".join(f"{letter} {text}" for letter, text in zip(names, texts, strict=True))
                yield f"the scale {name!r} ({kind}) has {pairs}, which the standard excludes"


def _no_ellipsoids(root: _Element) -> Iterator[str]:
    """Yield each ellipsoid whose centre or covariance matrix does not fit its axes.

    Otherwise a matrix is taken as it is: one in the standard's own tests is no covariance matrix.
    """
    for gate in root.iter(f"{GATING}EllipsoidGate"):
        name, size = gate.get(f"{GATING}id"), len(gate.findall(f"{GATING}dimension"))
        centre = gate.findall(f"{GATING}mean/{GATING}coordinate")
        rows = [
            [number_in_gate(entry.get(f"{DATATYPES}value", "")) for entry in row.iterfind(f"{GATING}entry")]
            for row in gate.iterfind(f"{GATING}covarianceMatrix/{GATING}row")
        ]
        if len(centre) != size or len(rows) != size or any(len(row) != size for row in rows):
            yield f"the ellipsoid {name!r} has {size} axes, and a centre or covariance matrix of another size"
        elif any(row[i] <= 0 for i, row in enumerate(rows)):
            yield f"the covariance matrix of {name!r} has a variance that is not above 0"


def dangling(root: _Element) -> Iterator[str]:
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


def without_area(root: _Element) -> Iterator[str]:
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
            if low is not None and high is not None and number_in_gate(low) >= number_in_gate(high):
                yield f"gate {name!r} begins at {low} and ends at {high}: no event can lie in it"
        if name not in used and not any(low or high for low, high in ends):
            yield f"gate {name!r} has no end on any axis: every event lies in it"
