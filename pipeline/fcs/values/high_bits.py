"""Decides whether bits of integers above $PnR are light signal, or marks that an instrument writes there.

FCS masks integers by $PnR (3.1, section 3.2.20), since some instruments write marks into the bits above.
Where $PnR is too small, these bits are light, and masking would make the brightest cells dim.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum, auto

import numpy as np

from pipeline.fcs.layout.claims import DataSegment, Peek
from pipeline.fcs.layout.layout import Field, Layout
from pipeline.fcs.repairs import Repair, RepairCode
from pipeline.fcs.values.blocks import Values, first_values
from pipeline.fcs.values.evidence import COUNTS, TIMES

BYTES_FOR_BITS = 1 << 20
"""Bytes of DATA in which high bits are examined. Convention: some ten thousand events."""

FEWEST_FOR_BITS, FEWEST_HIGH = 100, 5
"""Fewest values of a channel, and fewest values with high bits, for a decision. Convention: from fewer, a
share is not known to a tenth."""

BESIDE_BITS, STEEP = 0.25, 2.0
"""Part of the range on each side of its end in which values are counted, and largest ratio of values above to
below the end that is light. Convention: brighter light is rarer, but marks lift all values above the end, and
most light is dim."""

MOST_MARKS, MARKED = 4, 0.9
"""Most different high bits, and share of values with high bits, in a channel with marks. Convention: a mark
is on all events or on very few, and has one or two values."""


class HighBits(Enum):
    """The meaning of a channel's bits above $PnR."""

    NONE = auto()
    MARKS = auto()
    LIGHT = auto()
    UNCLEAR = auto()


def judge_high_bits(values: Values, mask: int) -> HighBits:
    """Return the meaning of the bits above the mask.

    Parameters
    ----------
    values
        Integers of one channel with every bit, shape (n,).
    mask
        The bits of $PnR.

    Examples
    --------
    >>> judge_high_bits(np.arange(2000), 1023), judge_high_bits(np.arange(500) + 16384, 1023)
    (<HighBits.LIGHT: 3>, <HighBits.MARKS: 2>)
    """
    high = values > mask
    n_high = int(np.count_nonzero(high))
    if not n_high:
        return HighBits.NONE
    marks = np.unique(values[high] >> mask.bit_length()).size
    if values.size < FEWEST_FOR_BITS or (marks <= MOST_MARKS and n_high >= MARKED * values.size):
        return HighBits.MARKS
    width = int(BESIDE_BITS * (mask + 1))
    below = int(np.count_nonzero((values > mask - width) & ~high))
    above = int(np.count_nonzero(high & (values <= mask + width)))
    if n_high >= FEWEST_HIGH and 0 < above <= STEEP * below:
        return HighBits.LIGHT
    return HighBits.UNCLEAR


def without_masks(peek: Peek, data: DataSegment, names: tuple[str, ...]) -> tuple[DataSegment, list[Repair]]:
    """Return the position of DATA with masks, but without a mask if high bits are light; and the repairs.

    If one detector shows that $PnR is too small, it is too small for all detectors of the file.

    Parameters
    ----------
    peek
        Reads bytes of the file.
    place, names
        The position and layout of DATA; the names of the channels.
    """
    layout = data.layout
    if layout.is_text or not data.n_events or all(field.mask is None for field in layout.fields):
        return data, []
    head = peek(data.begin, min(data.n_bytes, BYTES_FOR_BITS))
    bits_used = [_judged(head, layout, field, data.n_events) for field in layout.fields]
    detectors = [not (TIMES.search(name) or COUNTS.search(name)) for name in names]
    if any(bits is HighBits.LIGHT and sees for bits, sees in zip(bits_used, detectors, strict=True)):
        bits_used = [
            HighBits.LIGHT if sees and bits is not HighBits.NONE else bits
            for bits, sees in zip(bits_used, detectors, strict=True)
        ]
    fields = tuple(
        replace(field, mask=None) if bits is HighBits.LIGHT else field
        for field, bits in zip(layout.fields, bits_used, strict=True)
    )
    named = {
        kind: [name for name, bits in zip(names, bits_used, strict=True) if bits is kind] for kind in HighBits
    }
    repairs = [
        *_repair(
            RepairCode.HIGH_BITS,
            "values have bits beyond $PnR, which were masked: marks of the instrument",
            named[HighBits.MARKS],
            "the bits of $PnR",
        ),
        *_repair(
            RepairCode.HIGH_BITS_LIGHT,
            "integers go on beyond $PnR as light does, so $PnR is too small and they were not masked",
            named[HighBits.LIGHT],
            "all bits",
        ),
        *_repair(
            RepairCode.HIGH_BITS_UNCLEAR,
            "values have bits beyond $PnR, which were masked; if they are light, $PnR or $BYTEORD is wrong "
            "and these values are too",
            named[HighBits.UNCLEAR],
            "the bits of $PnR",
        ),
    ]
    return replace(data, layout=replace(layout, fields=fields)), repairs


def _judged(head: bytes, layout: Layout, field: Field, n_events: int) -> HighBits:
    if field.mask is None:
        return HighBits.NONE
    values = first_values(head, layout, field)[: min(n_events, layout.n_events(len(head)))]
    return judge_high_bits(values, field.mask)


def _repair(code: RepairCode, text: str, names: list[str], used: str) -> list[Repair]:
    return [Repair(code, f"{text}: {', '.join(names)}", f"{len(names)} channels", used)] if names else []
