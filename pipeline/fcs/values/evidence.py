"""Chooses between two positions of DATA by the values, if HEADER and TEXT give different ones and both fit.

At the right position, an event counter rises by one and time never falls in the channel with that name,
floats are plausible light signals, and bytes outside all segments are blanks. A counter may skip events, and
a counter or a time may restart. At a wrong position this happens only by a chance of one in many millions. If
no evidence favours exactly one position, none is chosen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.fcs.layout.claims import Claims, Peek, Reading
from pipeline.fcs.layout.layout import Field, Layout
from pipeline.fcs.text.segments import BLANKS
from pipeline.fcs.values.blocks import first_values
from pipeline.fcs.values.plausible import FEW_FAR, MANY_FAR, far_share

BYTES_FOR_EVIDENCE = 1 << 18
"""Bytes of DATA that are examined at its start and at its end. Convention: for speed."""

FEWEST_FOR_EVIDENCE = 20
"""Fewest events: with fewer, a count or a time may rise by chance. Arithmetic: twenty random values rise in
one of 20! orders."""

FALLS = 0.1
"""Share of falling steps from which a channel is neither time nor counter; a restart falls once. Convention:
in other channels, half of the steps fall."""

RESTARTS = 0.01
"""Largest share of falling steps of a time or counter that restarted. Convention: one fall in 100 events."""

LEAST_BLANKS = 16
"""Fewest blanks that count as padding, not as values, if they fill an event or more. Convention: values have
no such run of blanks by chance."""

COUNTS = re.compile(r"event|count|number|index|#", re.IGNORECASE)
TIMES = re.compile(r"time", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Testimony:
    """The evidence of the values at one position, in sentences such as `Event Count rises by one`.

    Attributes
    ----------
    strong
        Evidence for the position.
    against
        Evidence against the position.
    is_counted
        Whether a channel with the name of a counter rises by one at every event.
    counting
        Channels that rise by one, with any name.
    restarts
        Times that rarely fall: the acquisition was stopped and restarted. Counters that do not rise by one
        but rarely fall: they skipped events, or restarted.
    """

    strong: tuple[str, ...]
    against: tuple[str, ...]
    is_counted: bool
    counting: tuple[str, ...]
    restarts: tuple[str, ...]


def better_reading(readings: Sequence[Reading], claims: Claims, peek: Peek) -> tuple[Reading, str] | None:
    """Return the reading that the values support, and the reasons; None if they do not decide.

    Parameters
    ----------
    readings
        Readings with different positions, all of the length that $TOT needs.
    claims, peek
        The claims of the file; a function that reads its bytes.
    """
    if claims.total is None or claims.total < FEWEST_FOR_EVIDENCE:
        return None
    testimonies = [_testimony(reading, claims, peek, claims.total) for reading in readings]
    blanks = ("the bytes that belong to no segment are blanks",)
    kinds = (
        [testimony.strong if testimony.is_counted else () for testimony in testimonies],
        [testimony.strong for testimony in testimonies],
        [testimony.counting for testimony in testimonies],
        [testimony.restarts for testimony in testimonies],
        [blanks if _leaves_blanks(reading, readings, claims, peek) else () for reading in readings],
    )
    for kind in kinds:
        named = [index for index in range(len(testimonies)) if kind[index]]
        clear = [index for index in named if not testimonies[index].against]
        if not clear and all(testimony.against for testimony in testimonies):
            clear = named
        if len(clear) == 1:
            return readings[clear[0]], " and ".join(kind[clear[0]])
        if named:
            return None
    return None


def _testimony(reading: Reading, claims: Claims, peek: Peek, n_events: int) -> Testimony:
    layout, begin = reading.layout, claims.start + reading.segment.begin
    if layout.is_text or not layout.record_bits:
        return Testimony((), (), False, (), ())
    n_peeked = min(n_events, max(8, BYTES_FOR_EVIDENCE * 8 // layout.record_bits // 8 * 8))
    last = (n_events - n_peeked) // 8 * 8
    columns = {}
    ends = [
        (first, peek(begin + first * layout.record_bits // 8, layout.n_bytes(count)))
        for first, count in ((0, n_peeked), (last, n_events - last))
    ]
    for parameter, field in zip(claims.parameters, layout.fields, strict=True):
        head, tail = (_values(raw, layout, field, n_events - first) for first, raw in ends)
        columns[parameter.name] = (head[:n_peeked], tail, last, field)
    counting = [name for name, column in columns.items() if _counts(*column)]
    named = [name for name in columns if COUNTS.search(name) or TIMES.search(name)]
    favour = [f"{name} rises by one" for name in counting if name in named and not TIMES.search(name)]
    is_counted = bool(favour)
    rising = {name: _falls(*columns[name][:2]) for name in named if name not in counting}
    favour += [f"{name} never falls" for name, falls in rising.items() if falls == 0 and TIMES.search(name)]
    against = [f"{name} falls" for name, falls in rising.items() if falls is not None and falls > FALLS]
    light = _light(ends[0][1], layout)
    favour += ["values are light"] if light else []
    against += ["values are impossible for a detector"] if light is False else []
    restarts = [
        f"{name} hardly ever falls"
        for name, falls in rising.items()
        if falls is not None and falls <= RESTARTS and (falls or not TIMES.search(name))
    ]
    by_one = tuple(f"{name} rises by one" for name in counting)
    return Testimony(tuple(favour), tuple(against), is_counted, by_one, tuple(restarts))


def _values(raw: bytes, layout: Layout, field: Field, most: int) -> NDArray[np.float64]:
    """Return the values of a field as they are stored, masked by $PnR."""
    values = first_values(raw, layout, field)[: min(most, layout.n_events(len(raw)))]
    if field.mask is not None:
        values = np.bitwise_and(values, values.dtype.type(field.mask))
    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray(values, np.float64)


def _counts(head: NDArray[np.float64], tail: NDArray[np.float64], last: int, field: Field) -> bool:
    """Whether each event is one more than the event before; a full counter restarts."""
    full = float((field.mask or (1 << field.bits) - 1) + 1) if field.kind == "I" else np.inf
    with np.errstate(invalid="ignore", over="ignore"):
        steps = np.concatenate([np.diff(head), np.diff(tail), [1 + tail[0] - head[0] - last]])
        return bool((np.mod(steps - 1, full) == 0).all()) if full < np.inf else bool((steps == 1).all())


def _falls(head: NDArray[np.float64], tail: NDArray[np.float64]) -> float | None:
    """Return the share of falling steps; None for a time that never changes."""
    with np.errstate(invalid="ignore", over="ignore"):
        steps = np.concatenate([np.diff(head), [tail[-1] - head[-1]], np.diff(tail)])
    if not (steps != 0).any():
        return None
    return float(np.count_nonzero(~(steps >= 0)) / steps.size)


def _light(raw: bytes, layout: Layout) -> bool | None:
    """Return whether floats of one width can be light signals; None for other data, or if it is not clear."""
    kinds = {(field.kind, field.bits) for field in layout.fields}
    order = list(layout.byte_order)
    if kinds not in ({("F", 32)}, {("D", 64)}) or order not in (sorted(order), sorted(order, reverse=True)):
        return None
    size = layout.fields[0].bits // 8
    far = far_share(raw[: len(raw) // size * size], f"{'<' if order == sorted(order) else '>'}f{size}")
    return True if far < FEW_FAR else False if far > MANY_FAR else None


def _leaves_blanks(reading: Reading, every: Sequence[Reading], claims: Claims, peek: Peek) -> bool:
    """Whether the bytes that only the other positions cover are blank, and fill an event or more."""
    n_bytes = reading.layout.n_bytes(claims.total or 0)
    begin = reading.segment.begin
    low = min(candidate.segment.begin for candidate in every)
    high = max(candidate.segment.begin for candidate in every) + n_bytes
    outside = peek(claims.start + low, begin - low) + peek(
        claims.start + begin + n_bytes, high - begin - n_bytes
    )
    least = max(LEAST_BLANKS, -(-reading.layout.record_bits // 8))
    return len(outside) >= least and not outside.strip(BLANKS)
