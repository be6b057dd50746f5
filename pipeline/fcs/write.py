"""Write FCS 3.1: list mode, float32, little-endian; the same arguments give the same bytes.

Section numbers are those of FCS 3.1 (Spidlen et al. 2010, doi:10.1002/cyto.a.20825).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.fcs.errors import UnwritableError
from pipeline.fcs.header import HEADER_BYTES, LARGEST_HEADER_OFFSET

DELIMITERS = "|/!~#&%@;\f"
"""Section 3.2.3: any ASCII character but NUL; these need no escaping in any reader's regular expressions."""

DATA_ALIGNMENT = 64
"""DATA starts on a cache line, so that it can be memory-mapped aligned."""

DEFAULT_RANGE = 262_144
"""$PnR where none is given: the 18 bits of today's digitisers; more where the values need it."""

BLOCK_EVENTS = 65_536
"""Events written at once: bounds the memory beside the values."""

STRUCTURE = frozenset(
    {"$BYTEORD", "$DATATYPE", "$MODE", "$NEXTDATA", "$PAR", "$TOT"}
    | {f"${end}{segment}" for end in ("BEGIN", "END") for segment in ("ANALYSIS", "DATA", "STEXT")}
)
"""Section 3.2.18: the keywords that describe the layout; the writer alone sets them."""


def write_fcs(
    path: str | Path,
    values: ArrayLike,
    channels: Sequence[str],
    *,
    markers: Sequence[str] = (),
    keywords: Mapping[str, str] | None = None,
) -> Path:
    """Write events as one FCS 3.1 data set.

    Parameters
    ----------
    path
        The file to write; an older one is replaced.
    values
        Shape (n_channels, n_events), written as float32 and as they are: a reader divides them by $PnG.
    channels
        $PnN, one per row of `values`; unique, not empty, without commas (section 3.2.20).
    markers
        $PnS, one per channel, "" for none; or nothing at all.
    keywords
        More TEXT keywords, such as `$CYT`, `$DATE`, `$TIMESTEP`, `$SPILLOVER`, `$P3V`, or the lab's own;
        `$PnR`, `$PnE`, `$PnG` given here replace the writer's. Written in the order given.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    UnwritableError
        Shapes that do not match, names that FCS does not allow, empty values, a file that cannot be written.
    """
    rows = np.asarray(values, dtype=np.float32)
    _check(rows, channels, markers)
    text, data_begin = _layout(rows, _keywords(rows, channels, markers, keywords or {}))
    target = Path(path)
    try:
        with target.open("wb") as file:
            _write(file, text, data_begin, rows)
    except OSError as fault:
        raise UnwritableError(f"{target} cannot be written: {fault.strerror or fault}") from fault
    return target


def _check(rows: NDArray[np.float32], channels: Sequence[str], markers: Sequence[str]) -> None:
    if rows.ndim != 2 or rows.shape[0] != len(channels):
        raise UnwritableError(
            f"values have shape {rows.shape}, expected ({len(channels)}, n_events): one row per channel"
        )
    if not channels:
        raise UnwritableError("no channel was given; an FCS file has at least one")
    if markers and len(markers) != len(channels):
        raise UnwritableError(f"{len(markers)} markers were given for {len(channels)} channels")
    for channel in channels:
        if not channel.strip() or "," in channel:
            raise UnwritableError(f"{channel!r} is no channel name: $PnN is not empty and has no comma")
    if len(set(channels)) < len(channels):
        raise UnwritableError("two channels have one name; $PnN must be unique")


def _keywords(
    rows: NDArray[np.float32], channels: Sequence[str], markers: Sequence[str], given: Mapping[str, str]
) -> dict[str, str]:
    """Return all keywords but the offsets, required ones first."""
    fields = {
        "$BYTEORD": "1,2,3,4",
        "$DATATYPE": "F",
        "$MODE": "L",
        "$NEXTDATA": "0",
        "$PAR": str(rows.shape[0]),
        "$TOT": str(rows.shape[1]),
    }
    for number, (channel, row) in enumerate(zip(channels, rows, strict=True), 1):
        fields |= {
            f"$P{number}B": "32",
            f"$P{number}E": "0,0",
            f"$P{number}N": channel,
            f"$P{number}R": str(_range(row)),
        }
        if markers and markers[number - 1]:
            fields[f"$P{number}S"] = markers[number - 1]
    return fields | dict(_allowed(given))


def _allowed(given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for keyword, value in given.items():
        key = keyword.strip().upper()
        if not key or not key.isascii():
            raise UnwritableError(f"{keyword!r} is no keyword: expected ASCII characters")
        if key in STRUCTURE or (key.startswith("$P") and key[2:-1].isdigit() and key[-1] in "BN"):
            raise UnwritableError(f"{key} describes the layout, which the writer sets itself; leave it out")
        if not str(value):
            raise UnwritableError(f"{key} has an empty value, which FCS 3.1 does not allow; leave it out")
        yield key, str(value)


def _range(row: NDArray[np.float32]) -> int:
    finite = row[np.isfinite(row)]
    top = float(finite.max()) if finite.size else 0.0
    return max(DEFAULT_RANGE, 1 << int(top).bit_length())


def _layout(rows: NDArray[np.float32], fields: Mapping[str, str]) -> tuple[bytes, int]:
    """Return the TEXT segment and where DATA begins; the offsets are in TEXT and change its length."""
    delimiter = _delimiter(fields)
    begin = 0
    while True:
        text = _text({**_offsets(begin, rows.nbytes), **fields}, delimiter)
        room = -(-(HEADER_BYTES + len(text)) // DATA_ALIGNMENT) * DATA_ALIGNMENT
        if room == begin:
            return text, begin
        begin = max(room, begin)


def _offsets(begin: int, n_bytes: int) -> dict[str, str]:
    return {
        "$BEGINANALYSIS": "0",
        "$BEGINDATA": str(begin),
        "$BEGINSTEXT": "0",
        "$ENDANALYSIS": "0",
        "$ENDDATA": str(begin + n_bytes - 1),
        "$ENDSTEXT": "0",
    }


def _delimiter(fields: Mapping[str, str]) -> str:
    used = set("".join(fields)) | set("".join(fields.values()))
    return next((mark for mark in DELIMITERS if mark not in used), DELIMITERS[0])


def _text(fields: Mapping[str, str], delimiter: str) -> bytes:
    words = (word.replace(delimiter, 2 * delimiter) for pair in fields.items() for word in pair)
    return (delimiter + delimiter.join(words) + delimiter).encode("utf-8")


def _write(file: BinaryIO, text: bytes, data_begin: int, rows: NDArray[np.float32]) -> None:
    data_end = data_begin + rows.nbytes - 1
    data = (data_begin, data_end) if data_end <= LARGEST_HEADER_OFFSET else (0, 0)
    offsets = (HEADER_BYTES, HEADER_BYTES + len(text) - 1, *data, 0, 0)
    file.write(b"FCS3.1    " + b"".join(b"%8d" % offset for offset in offsets) + text)
    file.write(b" " * (data_begin - HEADER_BYTES - len(text)))
    for first in range(0, rows.shape[1], BLOCK_EVENTS):
        file.write(np.ascontiguousarray(rows[:, first : first + BLOCK_EVENTS].T, dtype="<f4").tobytes())
