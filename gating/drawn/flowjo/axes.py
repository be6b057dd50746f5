"""The axes of a FlowJo sample: which gates see compensated events, and on which scale each gate was drawn.

In a workspace `Comp-PE-A` is compensated and `PE-A` is not (`Comp-` is the matrix's prefix), and each has its
own scale. FlowKit compensates both and uses the scale of `PE-A` for both. FlowKit therefore gets a matrix
whose detectors have the full names and no prefix, so that it cannot confuse the two. Afterwards the original
names are restored.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gating.drawn.flowkit_calls import by_flowkit
from gating.drawn.gate_file import AXES, DATATYPES, GATING, GateFileError

if TYPE_CHECKING:
    from lxml.etree import _Element

AXIS = 4096
"""Upper end of FlowKit's biexponential axis, which begins at 0 (the channels of FlowJo's look-up table).
Vendor: FlowJo and FlowKit."""


@dataclass(frozen=True, slots=True)
class DetectorNames:
    """The original names of detectors, which are restored after FlowKit.

    Attributes
    ----------
    detectors
        Detector of each name of a compensated channel: `Comp-PE-A` → `PE-A`.
    """

    detectors: Mapping[str, str]

    def restore(self, strategy: Any) -> None:
        """Name the detectors in a FlowKit strategy as the FCS file does; the scales keep their own names."""
        for matrix in strategy.comp_matrices.values():
            for names in ("detectors", "true_detectors"):
                if hasattr(matrix, names):
                    own = [self.detectors.get(name, name) for name in getattr(matrix, names)]
                    setattr(matrix, names, own)
        for name, ancestors in strategy.get_gate_ids():
            for dimension in strategy.get_gate(name, ancestors).dimensions:
                if dimension.compensation_ref is not None:
                    dimension.id = self.detectors.get(dimension.id, dimension.id)
                _open_at_top(dimension, strategy.transformations.get(dimension.transformation_ref))


def _open_at_top(dimension: Any, scale: Any) -> None:
    """Leave out an upper limit on the end of a biexponential axis: brighter events are shown on that end.

    The limit lies on the end if it is in the last channel of FlowJo's look-up table, or less than one channel
    below the scale's largest value.
    """
    import flowkit

    if not isinstance(scale, flowkit.transforms.WSPBiexTransform) or dimension.max is None:
        return
    end = float(scale.apply(np.array([[scale.max_value]]))[0, 0])
    if dimension.max >= min(end, AXIS) - 1:
        dimension.max = None


def prepared_axes(sample: _Element, source: str) -> DetectorNames:
    """Give a sample's matrix, gates and scales names that FlowKit cannot confuse.

    Raises
    ------
    GateFileError
        If the matrix or a scale that a gate needs cannot be used.
    """
    detectors: dict[str, str] = {}
    for matrix in sample.findall(f"{AXES}spilloverMatrix"):
        detectors |= _renamed(matrix, source)
    _name_dimensions(sample, detectors)
    _prepare_scales(sample, detectors, source)
    return DetectorNames(detectors)


def _renamed(matrix: _Element, source: str) -> dict[str, str]:
    """Name a matrix's detectors as its compensated channels; return the detector of each."""
    prefix, suffix = matrix.get("prefix", ""), matrix.get("suffix", "")
    parameters = matrix.findall(f"{DATATYPES}parameters/{DATATYPES}parameter")
    full = {
        element.get(f"{DATATYPES}name", ""): f"{prefix}{element.get(f'{DATATYPES}name')}{suffix}"
        for element in parameters
    }
    if matrix.get("spectral", "0") != "1":
        _order(matrix, list(full), source)
    for element in [*parameters, *matrix.iter(f"{AXES}spillover", f"{AXES}coefficient")]:
        key = f"{DATATYPES}name" if element in parameters else f"{DATATYPES}parameter"
        name = element.get(key, "")
        element.set(key, full.get(name, name))
    for key in ("prefix", "suffix"):
        matrix.set(key, "")
    matrix.set("name", matrix.get("name", "matrix"))
    return {compensated: detector for detector, compensated in full.items()}


def _order(matrix: _Element, names: list[str], source: str) -> None:
    """Sort rows and cells in the order of the detectors, since FlowKit does not sort them."""
    rows = matrix.findall(f"{AXES}spillover")
    cells = [row.findall(f"{AXES}coefficient") for row in rows]
    detectors = [[cell.get(f"{DATATYPES}parameter", "") for cell in line] for line in (rows, *cells)]
    if any(sorted(line) != sorted(names) for line in detectors):
        raise GateFileError(
            f"{source}: the matrix {matrix.get('name', '')!r} of the tube does not name each of its "
            f"{len(names)} detectors once in every row; save the workspace again"
        )
    for parent, line in zip((matrix, *rows), (rows, *cells), strict=True):
        for cell in sorted(line, key=lambda cell: names.index(cell.get(f"{DATATYPES}parameter", ""))):
            parent.append(cell)


def _name_dimensions(sample: _Element, detectors: Mapping[str, str]) -> None:
    """Name the compensated channels of gates by prefix and detector, whatever name a person gave them."""
    own = {
        parameter.get("userProvidedCompInfix"): parameter.get(f"{DATATYPES}name", "")
        for parameter in sample.iterfind(f"{AXES}spilloverMatrix/{DATATYPES}parameters/{DATATYPES}parameter")
    }
    raw = set(detectors.values())
    for dimension in _dimensions(sample):
        name = dimension.get(f"{DATATYPES}name", "")
        if name in own and name not in detectors and name not in raw:
            dimension.set(f"{DATATYPES}name", own[name])


def _dimensions(sample: _Element) -> list[_Element]:
    return [
        dimension
        for dimension in sample.iter(f"{DATATYPES}fcs-dimension")
        if dimension.getparent().tag == f"{GATING}dimension"
    ]


def _prepare_scales(sample: _Element, detectors: Mapping[str, str], source: str) -> None:
    """Keep the scales that gates use; a compensated channel without a scale gets its detector's."""
    scales = sample.find("Transformations")
    if scales is None:
        return
    used = {dimension.get(f"{DATATYPES}name", "") for dimension in _dimensions(sample)}
    names = [_parameter(scale) for scale in scales]
    twice = next((name for name in sorted(used) if names.count(name) > 1), "")
    if twice:
        raise GateFileError(
            f"{source}: the workspace has {names.count(twice)} scales of {twice} for the tube; save it again"
        )
    by_name = {_parameter(scale): scale for scale in scales}
    for name in sorted(used - by_name.keys()):
        detector = by_name.get(detectors.get(name, ""))
        if detector is not None and name in detectors:
            own = copy.deepcopy(detector)
            own.find(f"{DATATYPES}parameter").set(f"{DATATYPES}name", name)
            scales.append(own)
    for scale in list(scales):
        name = _parameter(scale)
        if name not in used:
            scales.remove(scale)
            continue
        problem = _problem(scale)
        if problem:
            raise GateFileError(
                f"{source}: the scale of {name} {problem}; choose another scale for it in FlowJo and save "
                "the workspace again"
            )


def _parameter(scale: _Element) -> str:
    parameter = scale.find(f"{DATATYPES}parameter")
    return "" if parameter is None else parameter.get(f"{DATATYPES}name", "")


def _problem(scale: _Element) -> str:
    """Return why FlowKit cannot use a scale, and turn FlowJo's linear scale into GatingML's."""
    kind = scale.tag.rpartition("}")[2]
    if kind == "biex" and not _number(scale, "width") < 0:
        return f"is biexponential with the width {scale.get(f'{AXES}width')}, expected one below 0"
    if kind == "log" and not (_number(scale, "offset") > 0 and _number(scale, "decades") > 0):
        return "is logarithmic without an offset and decades above 0"
    if kind == "linear":
        low, high = _number(scale, "minRange"), _number(scale, "maxRange")
        if not low < high:
            return f"is linear from {low:g} to {high:g}, expected a range"
        scale.set(f"{AXES}minRange", repr(-low))  # GatingML's A is the negative of the lower end
    return _refused_by_flowkit(scale)


def _refused_by_flowkit(scale: _Element) -> str:
    from flowkit._utils.wsp_utils import _parse_wsp_transforms
    from lxml import etree

    alone = etree.Element("Transformations", nsmap=scale.nsmap)
    alone.append(copy.deepcopy(scale))
    spaces = {uri: prefix for prefix, uri in scale.nsmap.items()}
    prefixes = [spaces.get(space[1:-1]) for space in (AXES, DATATYPES)]
    if None in prefixes:
        return "cannot be read (the workspace does not declare the name spaces of GatingML above it)"
    try:
        by_flowkit("cannot be read", _parse_wsp_transforms, alone, *prefixes)
    except GateFileError as error:
        return str(error)
    return ""


def _number(scale: _Element, name: str) -> float:
    try:
        return float(scale.get(f"{AXES}{name}", "nan"))
    except ValueError:
        return float("nan")
