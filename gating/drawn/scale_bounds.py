"""Bounds of a GatingML scale: values beyond boundMin and boundMax are held at them (GatingML 2.0, section 6).

FlowKit reads the bounds of no scale. They are kept on FlowKit's scale, so that they go where it goes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gating.arithmetic.numbers import Floats
from gating.drawn.gate_file import AXES, GateFileError

if TYPE_CHECKING:
    import flowkit
    from lxml.etree import _Element

ENDS = ("boundMin", "boundMax")


def keep_bounds(strategy: flowkit.GatingStrategy, root: _Element) -> None:
    """Keep the bounds of a document's scales on the scales of FlowKit's strategy."""
    for axis in root.iter(f"{AXES}transformation"):
        texts = [axis.get(f"{AXES}{end}") for end in ENDS]
        if any(texts):
            low, high = (None if text is None else float(text) for text in texts)
            strategy.transformations[axis.get(f"{AXES}id")].bounds = (low, high)


def bounds_of(scale: Any) -> tuple[float | None, float | None]:
    """Return the lower and upper bound of FlowKit's scale; None: it has no such bound."""
    bounds: tuple[float | None, float | None] = getattr(scale, "bounds", (None, None))
    return bounds


def within_bounds(shown: Floats, scale: Any, label: str) -> Floats:
    """Return positions on a scale, each held at the bound that it exceeds.

    Raises
    ------
    GateFileError
        If the scale is bound and has no value for an event: the logarithm of a value below 0.
    """
    low, high = bounds_of(scale)
    if low is None and high is None:
        return shown
    without = int(np.count_nonzero(np.isnan(shown)))
    if without:
        raise GateFileError(
            f"{without} events have no value on the scale of {label}, which has bounds: the standard does "
            "not say on which side they lie; use an asinh or logicle scale"
        )
    return np.clip(shown, low, high)


def write_bounds(strategy: flowkit.GatingStrategy, document: bytes) -> bytes:
    """Return a GatingML document of FlowKit with the bounds of the strategy's scales."""
    from lxml import etree

    if not any(map(any, map(bounds_of, strategy.transformations.values()))):
        return document
    root = etree.fromstring(document)
    for axis in root.iter(f"{AXES}transformation"):
        bounds = bounds_of(strategy.transformations[axis.get(f"{AXES}id")])
        for end, value in zip(ENDS, bounds, strict=True):
            if value is not None:
                axis.set(f"{AXES}{end}", repr(value))
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return written
