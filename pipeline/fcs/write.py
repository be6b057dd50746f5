"""Write FCS 3.1: list mode, float32, little-endian; the same arguments give the same bytes.

Section numbers are those of FCS 3.1 (Spidlen et al. 2010, doi:10.1002/cyto.a.20825).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.fcs.errors import UnwritableError, shown
from pipeline.fcs.text.header import HEADER_BYTES, LARGEST_HEADER_OFFSET
from pipeline.fcs.text.scales import LARGEST_RANGE
from pipeline.fcs.writable import (
    check_channels,
    check_readable,
    writable_keywords,
    writable_names,
    writable_rows,
)

TEXT_DELIMITERS = "|/!~#&%@;\f\x1e\x1f\x1d\x1c"
"""Section 3.2.3: the delimiter may be any ASCII character but NUL; the first one that occurs in no keyword or
value is used."""

DATA_ALIGNMENT = 64
"""DATA starts at a multiple of this, so that memory maps are aligned. Convention: 64 bytes on all usual
processors."""

DEFAULT_RANGE = 262_144
"""$PnR if none is given; larger if the values need it. Vendor: the 18 bits of today's digitisers."""

BLOCK_EVENTS = 65_536
"""Events that are written at once, to bound the memory. Convention: about ten MB at forty channels."""


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
        Shape (n_channels, n_events), rounded to float32 and written without a gain: a reader divides by $PnG.
    channels
        $PnN, one per row of `values`; unique, not empty, without commas (section 3.2.20), no blanks around.
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
        FCS does not allow a value, name or keyword; a value exceeds float32; a reader would have to repair
        the file; or the file cannot be written.
    """
    if not isinstance(path, str | Path) or not str(path):
        raise UnwritableError(f"the file to write is {shown(path)}, expected a path")
    target = Path(path)
    names, labels = writable_names(channels, "channels"), writable_names(markers, "markers")
    rows = writable_rows(values, names)
    check_channels(names, labels)
    more = writable_keywords({} if keywords is None else keywords)
    text, data_begin = _layout(rows, _keywords(rows, names, labels) | more, target.name)
    try:
        with target.open("wb") as file:
            _write(file, text, data_begin, rows)
    except OSError as fault:
        raise UnwritableError(f"{target} cannot be written: {fault.strerror or fault}") from fault
    return target


def _keywords(rows: NDArray[np.float32], channels: Sequence[str], markers: Sequence[str]) -> dict[str, str]:
    """Return the keywords of the writer without the offsets, required ones first."""
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
    return fields


def _range(row: NDArray[np.float32]) -> int:
    top = float(row[np.isfinite(row)].max(initial=0))
    return min(max(DEFAULT_RANGE, 1 << int(top).bit_length()), LARGEST_RANGE)


def _layout(rows: NDArray[np.float32], fields: Mapping[str, str], file: str) -> tuple[bytes, int]:
    """Return the TEXT segment and where DATA begins; the offsets are in TEXT and change its length."""
    delimiter = _delimiter(fields)
    begin = 0
    while True:
        whole = {**_offsets(begin, rows.nbytes), **fields}
        text = _text(whole, delimiter)
        room = -(-(HEADER_BYTES + len(text)) // DATA_ALIGNMENT) * DATA_ALIGNMENT
        if room == begin:
            check_readable(text, whole, file)
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
    return next((mark for mark in TEXT_DELIMITERS if mark not in used), TEXT_DELIMITERS[0])


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
