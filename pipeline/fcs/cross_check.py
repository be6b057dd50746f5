"""Cross-check of our values against two independent readers, FlowIO and fcsparser, channel by channel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path

import numpy as np

from calibration.numbers import Floats
from pipeline.fcs.errors import LONGEST_READER_MESSAGE
from pipeline.fcs.file import FcsFile, read_fcs
from pipeline.fcs.other_readers import ReaderError, read_by_fcsparser, read_by_flowio
from pipeline.fcs.repairs import RepairCode

FLOWIO_BITS = frozenset({8, 16, 32})
"""Widths of integers that FlowIO reads; from others it reads no events. Vendor: FlowIO."""

OF_LENGTH = frozenset({RepairCode.DATA_END_OFF_BY_ONE, RepairCode.DATA_LONGER, RepairCode.TRUNCATED})
OF_NUMBERS = frozenset({
    RepairCode.AMPLIFICATION_UNREAD, RepairCode.RANGE_UNREAD, RepairCode.GAIN_UNREAD,
    RepairCode.TIMESTEP_UNREAD,
})  # fmt: skip
OF_TEXT = frozenset({
    RepairCode.TEXT_BEGIN_WRONG, RepairCode.TEXT_END_SHORT, RepairCode.TEXT_END_LONG, RepairCode.TEXT_CUT,
    RepairCode.OFFSETS_ABSOLUTE,
})  # fmt: skip
"""Codes of repairs that explain a difference from another reader."""


class ReaderVerdict(StrEnum):
    """Whether another reader finds the values that we read."""

    AGREES = "agrees"
    DIFFERS = "differs"
    CANNOT_READ = "cannot read"


@dataclass(frozen=True, slots=True)
class WitnessedChannel:
    """One channel, as stored: our sum, the other reader's sum, and the largest difference of an event.

    The other reader's sum is None if it lacks the channel or cannot read the file; the difference is None if
    it has another number of events.
    """

    channel: str
    our_sum: float
    their_sum: float | None
    largest_difference: float | None

    @property
    def agrees(self) -> bool:
        """Whether every event has the same value."""
        return self.largest_difference == 0


@dataclass(frozen=True, slots=True)
class Witness:
    """The result of another reader.

    Attributes
    ----------
    reader
        Name and version.
    agreement
        Whether it agrees with our values, differs, or cannot read the file.
    text
        One sentence.
    explanations
        Known limits of the reader that affect this file; empty if a difference is not explained.
    channels
        One per channel of the file.
    """

    reader: str
    agreement: ReaderVerdict
    text: str
    explanations: tuple[str, ...]
    channels: tuple[WitnessedChannel, ...]


def cross_check(path: str | Path, *, data_set: int = 1) -> tuple[Witness, ...]:
    """Read a file with FlowIO and fcsparser as well, and compare the stored values.

    Parameters
    ----------
    path
        The file, or `file.lmd#2` for its second data set.
    data_set
        Which data set, from 1.

    Returns
    -------
    tuple of Witness
        FlowIO first, then fcsparser; their exceptions are reported in words.

    Raises
    ------
    FcsError
        If we cannot read the file, not even as a truncated one.
    """
    file = read_fcs(path, data_set=data_set, allow_truncated=True)
    ours = np.stack([file.raw(name).astype(np.float64) for name in file.channels])
    return (
        _witness("flowio", "FlowIO", read_by_flowio, _flowio_limits, file, ours),
        _witness("fcsparser", "fcsparser", read_by_fcsparser, _fcsparser_limits, file, ours),
    )


def describe_witnesses(witnesses: tuple[Witness, ...]) -> tuple[str, ...]:
    """Return what `--cross-check` prints: whether each reader agrees, then the sums by channel."""
    if not witnesses:
        return ()
    lines: list[str] = []
    for witness in witnesses:
        lines.append(f"{witness.reader}: {witness.text}")
        lines += [f"  known: {explanation}" for explanation in witness.explanations]
    return (*lines, *_table(witnesses))


def _table(witnesses: tuple[Witness, ...]) -> list[str]:
    rows = [("sum of stored values", "ours", *(witness.reader for witness in witnesses))]
    rows += [
        (same[0].channel, f"{same[0].our_sum:.10g}", *map(_cell, same))
        for same in zip(*(witness.channels for witness in witnesses), strict=True)
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _cell(channel: WitnessedChannel) -> str:
    if channel.their_sum is None:
        return "none"
    text = f"{channel.their_sum:.10g}"
    if channel.largest_difference is None:
        return f"{text} (other events)"
    return text if channel.agrees else f"{text} (differs by up to {channel.largest_difference:.6g})"


def _witness(
    package: str,
    name: str,
    read: Callable[[FcsFile], Floats | None],
    limits: Callable[[FcsFile], list[str]],
    file: FcsFile,
    ours: Floats,
) -> Witness:
    reader = f"{name} {version(package)}"
    theirs, agreement = None, ReaderVerdict.DIFFERS
    try:
        theirs = read(file)
    except ReaderError as error:
        agreement = ReaderVerdict.CANNOT_READ
        text = f"cannot read the file ({type(error.fault).__name__}: {_single_line(error.fault, file)})"
    else:
        if theirs is not None and theirs.shape == ours.shape:
            return _compared(reader, file, ours, theirs, limits)
        contents = (
            "no events" if theirs is None else f"{theirs.shape[1]:,} events of {theirs.shape[0]} channels"
        )
        text = f"reads {contents}, we read {file.n_events:,} events of {len(file.channels)} channels"
    return Witness(reader, agreement, text, tuple(limits(file)), _side_by_side(file, ours, theirs))


def _side_by_side(file: FcsFile, ours: Floats, theirs: Floats | None) -> tuple[WitnessedChannel, ...]:
    """Return the sums of a reader that found other events or channels, or none."""
    n_theirs = 0 if theirs is None else len(theirs)
    return tuple(
        WitnessedChannel(
            name,
            float(row.sum()),
            float(theirs[index].sum()) if theirs is not None and index < n_theirs else None,
            None,
        )
        for index, (name, row) in enumerate(zip(file.channels, ours, strict=True))
    )


def _single_line(fault: Exception, file: FcsFile) -> str:
    text = " ".join(str(fault).replace(str(file.path), file.path.name).split())
    return text if len(text) <= LONGEST_READER_MESSAGE else text[:LONGEST_READER_MESSAGE] + "…"


def _compared(
    reader: str, file: FcsFile, ours: Floats, theirs: Floats, limits: Callable[[FcsFile], list[str]]
) -> Witness:
    channels = tuple(
        WitnessedChannel(name, float(a.sum()), float(b.sum()), _largest_difference(a, b))
        for name, a, b in zip(file.channels, ours, theirs, strict=True)
    )
    differing = [channel.channel for channel in channels if not channel.agrees]
    if not differing:
        text = f"agrees on all {file.n_events:,} events of {len(channels)} channels"
        return Witness(reader, ReaderVerdict.AGREES, text, (), channels)
    text = f"differs in {len(differing)} of {len(channels)} channels: {', '.join(differing)}"
    return Witness(reader, ReaderVerdict.DIFFERS, text, tuple(limits(file)), channels)


def _largest_difference(ours: Floats, theirs: Floats) -> float:
    same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    if same.all():
        return 0.0
    with np.errstate(invalid="ignore", over="ignore"):
        difference = np.abs(ours[~same] - theirs[~same])
    return float("inf") if np.isnan(difference).any() else float(difference.max())


def _flowio_limits(file: FcsFile) -> list[str]:
    codes = {repair.code for repair in file.reading_repairs}
    kinds = {parameter.kind for parameter in file.parameters}
    widths = {parameter.bits for parameter in file.parameters}
    limits = {
        "it reads integers of 8, 16 and 32 bits only": kinds == {"I"} and not widths <= FLOWIO_BITS,
        "it does not read ASCII": "A" in kinds,
        "it takes all channels for one type and ignores $PnDATATYPE of FCS 3.2": len(kinds) > 1,
        "it expects $MODE, $NEXTDATA and HEADER offsets, which may lack": _lacks_keywords(file, codes),
        "it takes DATA from the offsets in TEXT, which do not fit the bytes here": (
            RepairCode.DATA_OFFSETS_DIFFER in codes
        ),
        "after an empty TEXT value it loses the next keyword": "" in file.keywords.values(),
        "it knows byte orders 1,2,3,4 and 4,3,2,1 only": _is_mixed(file),
        "it counts events by the offsets of DATA, not by $TOT": bool(codes & OF_LENGTH),
        "it takes $DATATYPE F for 32 bits whatever $PnB says": kinds == {"F"}
        and RepairCode.WIDTHS_DIFFER in codes,
        "a $PnR, $PnE or $PnG that is no number stops or misleads it": bool(codes & OF_NUMBERS),
        "it takes TEXT from the offsets in HEADER, which do not fit here": bool(codes & OF_TEXT),
    }
    return [sentence for sentence, applies in limits.items() if applies]


def _fcsparser_limits(file: FcsFile) -> list[str]:
    codes = {repair.code for repair in file.reading_repairs}
    kinds = {parameter.kind for parameter in file.parameters}
    order = file.data.layout.byte_order
    odd = any(field.kind == "I" and field.bits not in (8, 16, 32, 64) for field in file.data.layout.fields)
    limits = {
        "under NumPy 2 it raises on every big-endian file": list(order) == sorted(order)[::-1] != [1],
        "it does not read ASCII": "A" in kinds,
        "it takes all channels for one type and ignores $PnDATATYPE of FCS 3.2": len(kinds) > 1,
        "it takes widths that are no 8, 16, 32 or 64 bits for whole bytes": odd
        or RepairCode.WIDTHS_DIFFER in codes,
        "it reads as many events as $TOT says": RepairCode.TOT_DIFFERS in codes,
        "a $PnR, $PnE or $PnG that is no number stops or misleads it": bool(codes & OF_NUMBERS),
        "it takes TEXT from the offsets in HEADER, which do not fit here": bool(codes & OF_TEXT),
        "it expects $MODE, $NEXTDATA and $TOT, which may lack": _lacks_keywords(file, codes),
        "it takes DATA from the offsets in HEADER, which do not fit here": RepairCode.DATA_OFFSETS_DIFFER
        in codes,
        "after an empty TEXT value it loses the next keyword": "" in file.keywords.values(),
        "it knows byte orders 1,2,3,4 and 4,3,2,1 only": _is_mixed(file),
        "it has the second and later data sets at the wrong place": file.data_set > 1,
        "it does not read supplemental TEXT": _is_supplemented(file),
        "it does not read a file that ends early": RepairCode.TRUNCATED in codes,
    }
    return [sentence for sentence, applies in limits.items() if applies]


def _lacks_keywords(file: FcsFile, codes: set[RepairCode]) -> bool:
    expected = ("$MODE", "$NEXTDATA", "$TOT")
    return any(key not in file.keywords for key in expected) or RepairCode.HEADER_OFFSETS_BLANK in codes


def _is_mixed(file: FcsFile) -> bool:
    order = list(file.data.layout.byte_order)
    return order not in (sorted(order), sorted(order, reverse=True))


def _is_supplemented(file: FcsFile) -> bool:
    return file.keywords.get("$BEGINSTEXT", "0").strip(" 0") != ""
