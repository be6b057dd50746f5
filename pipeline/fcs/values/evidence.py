"""Evidence: which of two places of DATA the values bear out, where HEADER and TEXT name two and both fit.

Counts of events rise by one and time never falls, from the first event to the last, in the channel that has
such a name; floats are light; and bytes of no segment are blanks. A count may leave events out, and a count
or a time may begin again. At a wrong place none of this is so, except by a chance of one in many millions.
Where nothing speaks for one place alone, none is taken.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.fcs.layout.claims import Claims, Peek, Reading
from pipeline.fcs.layout.layout import Field, Layout
from pipeline.fcs.values.blocks import first_values
from pipeline.fcs.values.plausible import FEW_FAR, MANY_FAR, far_share

PEEKED_BYTES = 1 << 18
"""Bytes of DATA that are looked at, from its beginning and before its end. Convention: for speed."""

FEWEST_EVENTS = 20
"""From fewer events a count or a time may rise by chance. Arithmetic: twenty values that rise by chance are
one order in 20!."""

FALLS = 0.1
"""Share of steps that fall, from which on a channel is no time and no count; one that starts anew falls once.
Convention: of values that are no time, half of the steps fall."""

RESTARTS = 0.01
"""Share of steps up to which a time or a count may fall where an acquisition began again. Convention: one
fall in 100 events."""

LEAST_BLANKS = 16
"""Bytes from which on blanks are padding rather than values, if they are an event or more. Convention: values
hold no such run of blanks by chance."""

BLANKS = b"\0 "
COUNTS = re.compile(r"event|count|number|index|#", re.IGNORECASE)
TIMES = re.compile(r"time", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Testimony:
    """What the values at one place say, in sentences such as `Event Count rises by one`.

    Attributes
    ----------
    strong
        For the place.
    against
        Against it.
    is_counted
        Whether a channel that is named a count rises by one throughout.
    counting
        Channels that rise by one, whatever their names.
    restarts
        Times that fall hardly ever: those of an acquisition that was stopped and begun again. Counts that do
        not rise by one, but fall hardly ever: they left events out, or began again.
    """

    strong: tuple[str, ...]
    against: tuple[str, ...]
    is_counted: bool
    counting: tuple[str, ...]
    restarts: tuple[str, ...]


def better_reading(readings: Sequence[Reading], claims: Claims, peek: Peek) -> tuple[Reading, str] | None:
    """Return the reading that the values bear out and how they do; None where they do not tell.

    Parameters
    ----------
    readings
        Of different places, all of the length that $TOT needs.
    claims, peek
        What the file says; reads its bytes.
    """
    if claims.total is None or claims.total < FEWEST_EVENTS:
        return None
    said = [_testimony(reading, claims, peek, claims.total) for reading in readings]
    blanks = ("the bytes that belong to no segment are blanks",)
    kinds = (
        [one.strong if one.is_counted else () for one in said],
        [one.strong for one in said],
        [one.counting for one in said],
        [one.restarts for one in said],
        [blanks if _leaves_blanks(one, readings, claims, peek) else () for one in readings],
    )
    for kind in kinds:
        named = [at for at in range(len(said)) if kind[at]]
        clear = [at for at in named if not said[at].against]
        if not clear and all(one.against for one in said):
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
    n_peeked = min(n_events, max(8, PEEKED_BYTES * 8 // layout.record_bits // 8 * 8))
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
    against += ["values are no light"] if light is False else []
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
    """Whether each event has one more than the event before; a count that is full begins anew."""
    full = float((field.mask or (1 << field.bits) - 1) + 1) if field.kind == "I" else np.inf
    with np.errstate(invalid="ignore", over="ignore"):
        steps = np.concatenate([np.diff(head), np.diff(tail), [1 + tail[0] - head[0] - last]])
        return bool((np.mod(steps - 1, full) == 0).all()) if full < np.inf else bool((steps == 1).all())


def _falls(head: NDArray[np.float64], tail: NDArray[np.float64]) -> float | None:
    """Return the share of steps down; None for a time that stands still."""
    with np.errstate(invalid="ignore", over="ignore"):
        steps = np.concatenate([np.diff(head), [tail[-1] - head[-1]], np.diff(tail)])
    if not (steps != 0).any():
        return None
    return float(np.count_nonzero(~(steps >= 0)) / steps.size)


def _light(raw: bytes, layout: Layout) -> bool | None:
    """Return whether floats of one width can be light; None for other data, and where it is not clear."""
    kinds = {(field.kind, field.bits) for field in layout.fields}
    order = list(layout.byte_order)
    if kinds not in ({("F", 32)}, {("D", 64)}) or order not in (sorted(order), sorted(order, reverse=True)):
        return None
    size = layout.fields[0].bits // 8
    far = far_share(raw[: len(raw) // size * size], f"{'<' if order == sorted(order) else '>'}f{size}")
    return True if far < FEW_FAR else False if far > MANY_FAR else None


def _leaves_blanks(reading: Reading, every: Sequence[Reading], claims: Claims, peek: Peek) -> bool:
    """Whether what this place leaves out of all that the places cover is blank, and an event or more."""
    n_bytes = reading.layout.n_bytes(claims.total or 0)
    begin = reading.segment.begin
    low = min(one.segment.begin for one in every)
    high = max(one.segment.begin for one in every) + n_bytes
    outside = peek(claims.start + low, begin - low) + peek(
        claims.start + begin + n_bytes, high - begin - n_bytes
    )
    least = max(LEAST_BLANKS, -(-reading.layout.record_bits // 8))
    return len(outside) >= least and not outside.strip(BLANKS)
