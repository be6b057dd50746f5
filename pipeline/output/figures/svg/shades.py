"""A density as a picture of ten shades, from which a page can read how many events a bin holds."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.output.figures.style.palette import DENSITY_SHADES

ShadeCounts = NDArray[np.uint32]
Shades = NDArray[np.uint8]

SHADE_BESIDE_LONE_EVENT: Final = len(DENSITY_SHADES) + 1
"""Shade of the four bins beside an event that stands alone: they make it a dot and hold none themselves."""

SHADE_COLOURS: Final = (*DENSITY_SHADES, "#a3c0de")
"""Of the shades from 1 on; that of `SHADE_BESIDE_LONE_EVENT` looks like the first, and yet is
distinguished."""

_REACH: Final = 2
_MOST_LISTED: Final = 50_000
"""Events of a bin up to which the shade of every count is listed. Convention: for speed."""

_LONE: Final = 3
"""Events within `_REACH` bins up to which an event stands alone. Convention."""


def shades_of(counts: ShadeCounts) -> tuple[Shades, tuple[int, ...]]:
    """Return the shade of each bin, and the lowest count of each shade from 1 on.

    Shade 0 is no event; 1 to 10 go by the logarithm of the count. An event that stands alone becomes a dot
    of five bins (`SHADE_BESIDE_LONE_EVENT`), so that a dozen rare cells are seen.

    Parameters
    ----------
    counts
        Shape (bins, bins).

    Examples
    --------
    >>> shades, floors = shades_of(np.array([[0, 1], [9, 80]], np.uint32))
    >>> shades.tolist(), floors[:4]
    ([[0, 2], [6, 10]], (1, 1, 2, 3))
    """
    top = max(int(counts.max(initial=0)), 3)
    floors = _floors(top)
    shades = _shade(counts, np.array(floors), top)
    lone = (counts > 0) & (_around(counts) <= _LONE)
    beside = np.zeros_like(lone)
    beside[1:] |= lone[:-1]
    beside[:-1] |= lone[1:]
    beside[:, 1:] |= lone[:, :-1]
    beside[:, :-1] |= lone[:, 1:]
    shades[beside & (counts == 0)] = SHADE_BESIDE_LONE_EVENT
    return shades, floors


def png(shades: Shades) -> bytes:
    """Return a PNG with a palette, four bits a bin, the first row at the bottom.

    Parameters
    ----------
    shades
        Shape (rows, columns), 0 to `SHADE_BESIDE_LONE_EVENT`.
    """
    rows, columns = shades.shape
    even = np.zeros((rows, columns + columns % 2), np.uint8)
    even[:, :columns] = shades[::-1]
    packed = np.zeros((rows, 1 + even.shape[1] // 2), np.uint8)  # each row begins with its filter: none
    packed[:, 1:] = even[:, ::2] << 4 | even[:, 1::2]
    header = struct.pack(">IIBBBBB", columns, rows, 4, 3, 0, 0, 0)
    chunks = (
        (b"IHDR", header),
        (b"PLTE", _PALETTE),
        (b"tRNS", b"\0"),
        (b"IDAT", _packed(packed.tobytes())),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in (*chunks, (b"IEND", b"")))


def data_url(picture: bytes) -> str:
    """Return a PNG as it stands within a page."""
    return "data:image/png;base64," + base64.b64encode(picture).decode("ascii")


def _floors(top: int) -> tuple[int, ...]:
    """Return the lowest count of each shade: steps of log(1 + count) up to the fullest bin."""
    steps = np.arange(len(DENSITY_SHADES)) / len(DENSITY_SHADES)
    return tuple(max(1, int(np.ceil(np.expm1(step * np.log1p(top)) - 1e-9))) for step in steps.tolist())


def _shade(counts: ShadeCounts, floors: NDArray[np.int64], top: int) -> Shades:
    if top > _MOST_LISTED:
        return np.searchsorted(floors, counts, side="right").astype(np.uint8)
    listed: Shades = np.searchsorted(floors, np.arange(top + 1), side="right").astype(np.uint8)
    return listed[counts]


def _around(counts: ShadeCounts) -> ShadeCounts:
    """Return the events within `_REACH` bins of each bin, itself among them."""
    return _along_columns(_along_columns(counts).T).T


def _along_columns(counts: ShadeCounts) -> ShadeCounts:
    """Return the sum of each bin and its `_REACH` neighbours above and below."""
    rows, columns = counts.shape
    width = 2 * _REACH + 1
    padded = np.zeros((rows + width, columns), np.uint32)
    padded[_REACH + 1 : _REACH + 1 + rows] = counts
    running = np.cumsum(padded, axis=0, dtype=np.uint32)
    return running[width:] - running[:-width]


def _packed(pixels: bytes) -> bytes:
    """Pack by runs of one byte: three times as fast as the usual way, and these pictures get smaller."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 15, 8, zlib.Z_RLE)
    return packer.compress(pixels) + packer.flush()


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _rgb(code: str) -> bytes:
    return bytes.fromhex(code.removeprefix("#"))


_PALETTE: Final = b"\xff\xff\xff" + b"".join(map(_rgb, SHADE_COLOURS))
