"""A FlowJo 10 workspace: one population of one tube, with the gates it needs, read by FlowKit.

FlowKit reads the tree of gates well, but names and axes badly. The workspace is therefore prepared here.
FlowKit gets only the gates that decide which events are in the population, names without `/`, and the axes of
axes.py. It gets no ellipses; they are kept separately as FlowJo writes them.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gating.drawn.flowjo.axes import prepared_axes
from gating.drawn.flowjo.ellipse import Ellipse, taken_out
from gating.drawn.flowjo.faults import refuse_circles, refuse_misread
from gating.drawn.flowjo.sample import TubeFile, tube_sample
from gating.drawn.flowkit_calls import by_flowkit
from gating.drawn.gate_file import DATATYPES, GATING, GateFileError, as_file
from gating.drawn.population_names import GateId, find_population, path_of

if TYPE_CHECKING:
    import flowkit
    from lxml.etree import _Element

BOOLEAN = ("AndNode", "OrNode", "NotNode")
POPULATION_TAGS = ("Population", *BOOLEAN)
SLASH, DOT = "\ue000", "\ue001"
"""Replacements for `/`, and for the dot in a name of dots alone, since FlowKit reads both as paths.
Convention: characters of the private use area, which no name has."""


@dataclass(frozen=True, slots=True)
class WorkspaceGates:
    """The gates that a population of a workspace needs.

    Attributes
    ----------
    strategy
        FlowKit's strategy with these gates alone; ellipses are gates without limits.
    path
        Path of the population, in the names of `strategy`; see `shown_name`.
    ellipses
        FlowJo's ellipses, by gate.
    uses_gain
        Whether FlowJo divided the values by $PnG before display.
    """

    strategy: flowkit.GatingStrategy
    path: GateId
    ellipses: Mapping[GateId, Ellipse]
    uses_gain: bool


def workspace_gates(root: _Element, source: str, population: str, tube: TubeFile) -> WorkspaceGates:
    """Return the gates of a population of the workspace's sample that is the tube.

    Raises
    ------
    GateFileError
        If the workspace has no such tube or population, or if gates cannot be applied to an FCS file.
    """
    samples = root.findall("SampleList/Sample")
    sample = tube_sample(samples, tube, source)
    uses_gain = _uses_gain(root, sample)
    for other_sample in samples:
        if other_sample is not sample:
            other_sample.getparent().remove(other_sample)
    for group in root.findall("Groups/*"):
        group.getparent().remove(group)
    path = _keep_population(sample, population, source)
    _refuse_derived(sample, source)
    ellipses = {gate: taken_out(node, source) for gate, node in _tree(sample) if _is_ellipse(node)}
    axes = prepared_axes(sample, source)
    strategy = _read(root, source)
    axes.restore(strategy)
    return WorkspaceGates(strategy, path, ellipses, uses_gain)


def shown_name(name: str) -> str:
    """Return a gate's name as FlowJo shows it."""
    return name.replace(SLASH, "/").replace(DOT, ".")


def _read(root: _Element, source: str) -> flowkit.GatingStrategy:
    from flowkit._utils.wsp_utils import parse_wsp

    fault = f"{source}: FlowKit cannot read this workspace"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        samples = list(by_flowkit(fault, parse_wsp, as_file(root))["samples"].values())
    if len(samples) != 1:
        raise GateFileError(f"{fault} (it reads {len(samples)} samples of the name, expected 1)")
    strategy: flowkit.GatingStrategy = samples[0]["gating_strategy"]
    return strategy


def _uses_gain(root: _Element, sample: _Element) -> bool:
    """Return whether the sample's cytometer is set to divide by $PnG, which is not FlowJo's default."""
    cyt = next((k.get("value") for k in sample.iterfind("Keywords/Keyword") if k.get("name") == "$CYT"), "")
    every = root.findall("Cytometers/Cytometer")
    own = [cytometer for cytometer in every if cytometer.get("cyt", "") == (cyt or "")] or every
    return bool(own) and all(cytometer.get("useGain") == "1" for cytometer in own)


def _tree(sample: _Element) -> Iterator[tuple[GateId, _Element]]:
    """Yield every population with its path."""
    node = sample.find("SampleNode")
    if node is not None:
        yield from _below(node, ("root",))


def _below(parent: _Element, path: GateId) -> Iterator[tuple[GateId, _Element]]:
    for node in parent.iterfind("Subpopulations/*"):
        if node.tag in POPULATION_TAGS:
            node_path = (*path, node.get("name", ""))
            yield node_path, node
            yield from _below(node, node_path)


def _keep_population(sample: _Element, population: str, source: str) -> GateId:
    """Keep a population and the gates it needs, under names that FlowKit does not read as paths."""
    tree = list(_tree(sample))
    if not tree:
        raise GateFileError(
            f"{source}: the tube has no populations of its own in this workspace; if its group has, apply "
            "the group's gates to the tube in FlowJo and save the workspace again"
        )
    population_path = find_population(tuple(dict.fromkeys(path for path, _ in tree)), population, source)
    needed: dict[GateId, None] = {}
    _require(population_path, tree, needed, source)
    for path in needed:
        twins = sum(node_path == path for node_path, _ in tree)
        if twins > 1:
            raise GateFileError(
                f"{source}: {twins} populations lie at {path_of(path)!r}; rename all but one in FlowJo"
            )
    for path, node in tree:
        if path not in needed:
            node.getparent().remove(node)
    kept = [(path, node) for path, node in tree if path in needed]
    refuse_circles(
        {
            path: [_part(part, tree, path, source) for part in node.iterfind("Dependents/Dependent")]
            for path, node in kept
            if node.tag in BOOLEAN
        },
        source,
    )
    refuse_misread(kept, population_path, source)
    for path, node in tree:
        if path in needed:
            node.set("name", _plain(path[-1]))
            node.set("owningGroup", node.get("owningGroup", ""))
            for part in node.iterfind("Dependents/Dependent"):
                part.set("name", "/".join(map(_plain, _part(part, tree, path, source)[1:])))
    return tuple(map(_plain, population_path))


def _require(
    gate: GateId, tree: list[tuple[GateId, _Element]], needed: dict[GateId, None], source: str
) -> None:
    """Add a population, its parents, and the populations of a Boolean gate."""
    for end in range(2, len(gate) + 1):
        path = gate[:end]
        if path in needed:
            continue
        needed[path] = None
        for node in (node for node_path, node in tree if node_path == path and node.tag in BOOLEAN):
            for part in node.iterfind("Dependents/Dependent"):
                _require(_part(part, tree, path, source), tree, needed, source)


def _part(part: _Element, tree: list[tuple[GateId, _Element]], path: GateId, source: str) -> GateId:
    """Return the population that a Boolean gate names by its path."""
    name = part.get("name", "")
    part_gates = list(dict.fromkeys(gate for gate, _ in tree if path_of(gate) == name))
    if len(part_gates) != 1:
        which = "does not have" if not part_gates else f"has {len(part_gates)} times"
        raise GateFileError(
            f"{source}: the population {path_of(path)!r} is made of {name!r}, which the workspace {which}"
        )
    return part_gates[0]


def _plain(name: str) -> str:
    return DOT * len(name) if name in (".", "..") else name.replace("/", SLASH)


def _refuse_derived(sample: _Element, source: str) -> None:
    """Refuse gates on parameters that FlowJo computes: the FCS file does not have them."""
    derived = {parameter.get("name") for parameter in sample.iter("DerivedParameter")}
    for path, node in _tree(sample):
        for dimension in node.iterfind(f"Gate/*/{GATING}dimension/{DATATYPES}fcs-dimension"):
            name = dimension.get(f"{DATATYPES}name")
            if name in derived:
                raise GateFileError(
                    f"{source}: the gate of {shown_name(path[-1])!r} looks at {name!r}, a parameter that "
                    "FlowJo derives and the FCS file does not have; draw it on recorded channels"
                )


def _is_ellipse(node: _Element) -> bool:
    return node.tag not in BOOLEAN and node.find(f"Gate/{GATING}EllipsoidGate") is not None
