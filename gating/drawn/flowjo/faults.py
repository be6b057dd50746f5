"""Faults of a FlowJo workspace's gates that would give other cells without a word: each in one sentence."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from gating.drawn.gate_file import DATATYPES, GATING, GateFileError, number_in_gate
from gating.drawn.population_names import GateId, path_of

if TYPE_CHECKING:
    from lxml.etree import _Element

KINDS = ("RectangleGate", "PolygonGate", "EllipsoidGate")
"""Gates of FlowJo whose form is known. Vendor: FlowJo's format; its curly quadrants are not published."""
FEWEST_CORNERS = 3
"""Fewest corners of a polygon. Convention: two corners have no area."""


def refuse_misread(tree: Sequence[tuple[GateId, _Element]], population: GateId, source: str) -> None:
    """Raise GateFileError if a gate that a population needs has no clear meaning.

    Parameters
    ----------
    tree
        The gates that the population needs, by path, under the names that FlowJo shows.
    population
        Path of the population.
    """
    for path, node in tree:
        name = path_of(path)
        fault = next(_faults(node, path == population), "")
        if fault:
            raise GateFileError(f"{source}: the gate of {name!r} {fault}; draw it again in FlowJo")


def refuse_circles(parts: Mapping[GateId, Sequence[GateId]], source: str) -> None:
    """Raise GateFileError if a Boolean population is made of itself, directly or by its parts.

    Parameters
    ----------
    parts
        Of each Boolean population those that it is made of.
    """
    for start in parts:
        reached, waiting = set(), list(_below(start, parts))
        while waiting:
            path = waiting.pop()
            if path == start:
                raise GateFileError(f"{source}: the population {path_of(start)!r} is made of itself")
            if path not in reached:
                reached.add(path)
                waiting += _below(path, parts)


def _below(path: GateId, parts: Mapping[GateId, Sequence[GateId]]) -> Iterator[GateId]:
    """Yield the populations that one is directly made of: its parent, and its parts if it is Boolean."""
    if len(path) > 2:
        yield path[:-1]
    yield from parts.get(path, ())


def _faults(node: _Element, is_population: bool) -> Iterator[str]:
    if node.tag.endswith("Node"):
        n_parts = len(node.findall("Dependents/Dependent"))
        if n_parts < 1 or (node.tag == "NotNode" and n_parts > 1):
            yield f"is {node.tag.removesuffix('Node').upper()} of {n_parts} populations"
        return
    gates = [gate for gate in node.iterfind("Gate/*") if str(gate.tag).startswith("{")]
    kinds = [str(gate.tag).rpartition("}")[2] for gate in gates]
    if len(kinds) != 1 or kinds[0] not in KINDS:
        yield f"is of the kind {', '.join(kinds) or 'unknown'}, which is not read"
        return
    inside = gates[0].get("eventsInside", "1")
    if inside not in ("0", "1"):
        yield f"says {inside!r} of the events inside, expected 0 or 1"
    n_axes = len(gates[0].findall(f"{GATING}dimension"))
    if kinds[0] != "RectangleGate" and n_axes != 2:
        yield f"is a {kinds[0]} on {n_axes} axes, expected 2"
    yield from _no_numbers(gates[0])
    if kinds[0] == "RectangleGate":
        yield from _no_area(gates[0], is_population)
    elif kinds[0] == "PolygonGate" and len(gates[0].findall(f"{GATING}vertex")) < FEWEST_CORNERS:
        yield f"is a polygon of fewer than {FEWEST_CORNERS} corners"


def _no_numbers(gate: _Element) -> Iterator[str]:
    for element in gate.iter(f"{GATING}dimension", f"{GATING}coordinate"):
        coordinate = element.get(f"{DATATYPES}value")
        limits = (element.get(f"{GATING}min"), element.get(f"{GATING}max"))
        for text in (coordinate, *limits):
            if text is None:
                continue
            number = number_in_gate(text)
            if math.isnan(number) or (math.isinf(number) and text is coordinate):
                comma = " (decimals have a point, not a comma)" if "," in text else ""
                yield f"has {text!r} where a number must stand{comma}"


def _no_area(gate: _Element, is_population: bool) -> Iterator[str]:
    ends = [(axis.get(f"{GATING}min"), axis.get(f"{GATING}max")) for axis in gate.iter(f"{GATING}dimension")]
    for low, high in ends:
        if low is not None and high is not None and number_in_gate(low) >= number_in_gate(high):
            yield f"begins at {low} and ends at {high}: no event can lie in it"
    if is_population and not any(low or high for low, high in ends):
        yield "has no end on any axis: every event lies in it"
