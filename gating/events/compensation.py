"""Spillover between detectors, and its inverse applied to events."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gating.arithmetic.linear import inverse_of
from gating.events.errors import GatingError
from gating.events.events import Events, FloatArray

COMPENSATED_AT_ONCE = 16384
"""Number of events whose channels are combined at once: they fit the processor's cache. Convention: any size
that fits the processor's cache gives the same values."""
WORST_CONDITION_NUMBER = 1e6
"""Largest condition number of a matrix; above it float32 keeps less than one digit of a compensated value.
From the precision of float32 (IEEE 754)."""


class UnusableSpilloverError(GatingError):
    """A spillover matrix that cannot compensate: wrong shape, not finite, singular, or for other channels."""


@dataclass(frozen=True, slots=True)
class SpilloverMatrix:
    """How much of each dye (row) every detector (column) sees, as a fraction of the dye's own detector.

    Attributes
    ----------
    channels
        $PnN of the detectors, in the order of the rows and columns.
    values
        float64, shape (n_channels, n_channels); the diagonal is 1 in a matrix as instruments write it.
    source
        Origin of the matrix, in words: `$SPILLOVER of the file`, `matrix.csv`.

    Examples
    --------
    >>> SpilloverMatrix(("FITC-A", "PE-A"), np.array([[1.0, 0.2], [0.0, 1.0]]), "by hand").digest[:12]
    '112b07ca37af'
    """

    channels: tuple[str, ...]
    values: NDArray[np.float64]
    source: str

    def __post_init__(self) -> None:
        values = np.ascontiguousarray(self.values, np.float64)
        object.__setattr__(self, "values", values)
        n = len(self.channels)
        if values.shape != (n, n):
            raise UnusableSpilloverError(
                f"spillover matrix ({self.source}) has shape {values.shape}; its {n} channels need ({n}, {n})"
            )
        if len(set(self.channels)) != n:
            raise UnusableSpilloverError(f"spillover matrix ({self.source}) names a channel twice")
        if not np.isfinite(values).all():
            raise UnusableSpilloverError(f"spillover matrix ({self.source}) has a value that is no number")

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the channel names and values, without the source."""
        names = "\x1f".join(self.channels).encode("utf-8")
        return hashlib.sha256(names + b"\x1e" + self.values.astype("<f8").tobytes()).hexdigest()

    @property
    def is_identity(self) -> bool:
        """Whether the matrix changes nothing: instruments write one where nobody compensated."""
        return bool(np.array_equal(self.values, np.eye(len(self.channels))))

    def inverse(self) -> NDArray[np.float64]:
        """Return the compensation matrix, shape (n_channels, n_channels).

        Raises
        ------
        UnusableSpilloverError
            If the matrix is singular or so close to it that compensated values would be noise.
        """
        condition = float(f"{np.linalg.cond(self.values):.6g}") if self.channels else 1.0  # rounded: LAPACK
        if not condition < WORST_CONDITION_NUMBER:
            raise UnusableSpilloverError(
                f"spillover matrix ({self.source}) cannot be inverted (its condition number is above "
                f"{WORST_CONDITION_NUMBER:.0e}): two detectors carry the same signal; check the single-stain "
                "controls or name another matrix"
            )
        return inverse_of(self.values)


def spillover_from_rows(rows: Sequence[Sequence[str]], source: str) -> SpilloverMatrix:
    """Return the matrix of a table whose first row names the channels.

    Parameters
    ----------
    rows
        Text cells. The first row holds the channel names, every further row the values; a first column of row
        names is allowed and must then repeat the channels in the same order. Decimal commas are read.
    source
        Origin of the table; stated in errors and results.

    Raises
    ------
    UnusableSpilloverError
        If the table is not square, a cell is no number, or the row names disagree with the header.

    Examples
    --------
    >>> spillover_from_rows([["", "A", "B"], ["A", "1", "0,1"], ["B", "0", "1"]], "m.csv").values.tolist()
    [[1.0, 0.1], [0.0, 1.0]]
    """
    filled = [[cell.strip() for cell in row] for row in rows if any(cell.strip() for cell in row)]
    if len(filled) < 2:
        raise UnusableSpilloverError(f"spillover matrix ({source}) is empty: expected a header and rows")
    named_rows = filled[0][0] == "" or len(filled[1]) == len(filled[0]) + 1
    channels = tuple(cell for cell in filled[0] if cell)
    body = [row[1:] for row in filled[1:]] if named_rows else filled[1:]
    if named_rows and tuple(row[0] for row in filled[1:]) not in {channels, tuple("" for _ in filled[1:])}:
        raise UnusableSpilloverError(
            f"spillover matrix ({source}): the row names {[row[0] for row in filled[1:]]} "
            f"differ from the columns {list(channels)}"
        )
    if len(body) != len(channels) or any(len(row) != len(channels) for row in body):
        raise UnusableSpilloverError(
            f"spillover matrix ({source}) has {len(body)} rows of "
            f"{sorted({len(row) for row in body})} values; its {len(channels)} channels need as many of each"
        )
    return SpilloverMatrix(channels, np.array([[_number(c, source) for c in row] for row in body]), source)


def compensate(events: Events, matrix: SpilloverMatrix) -> Events:
    """Return the events with the spillover between the matrix's channels removed.

    Parameters
    ----------
    events
        Linear scale, uncompensated. Channels that the matrix does not name pass unchanged.
    matrix
        Spillover over channels that are all among the events.

    Raises
    ------
    UnusableSpilloverError
        If the events lack a channel of the matrix, or the matrix cannot be inverted.

    Notes
    -----
    compensated = measured @ inv(S) (Bagwell & Adams 1993, doi:10.1111/j.1749-6632.1993.tb38775.x), in
    float32: the condition number is checked first.

    Examples
    --------
    >>> matrix = SpilloverMatrix(("A", "B"), np.array([[1.0, 0.5], [0.0, 1.0]]), "by hand")
    >>> compensate(Events(np.array([[10], [7]], np.float32), ("A", "B")), matrix).values.ravel().tolist()
    [10.0, 2.0]
    """
    copied = Events(events.values.astype(np.float32, copy=True), events.channels, events.scale_tops)
    return compensate_in_place(copied, matrix)


def compensate_in_place(events: Events, matrix: SpilloverMatrix) -> Events:
    """Return the result of `compensate`; the float32 values of `events` are overwritten with it.

    Raises
    ------
    UnusableSpilloverError
        As in `compensate`; the values are unchanged then.
    """
    missing = [channel for channel in matrix.channels if channel not in events.channels]
    if missing:
        raise UnusableSpilloverError(
            f"spillover matrix ({matrix.source}) names {', '.join(missing)}, which the events do not have; "
            f"there are {', '.join(events.channels)}"
        )
    rows = [events.channels.index(channel) for channel in matrix.channels]
    _combine(matrix.inverse().T.astype(np.float32), events.values, rows)
    return Events(events.values, events.channels, events.scale_tops)


def _combine(inverse: FloatArray, values: FloatArray, rows: list[int]) -> None:
    """Write inverse @ values into these rows; each event's sum runs in the order of the channels."""
    for start in range(0, values.shape[1], COMPENSATED_AT_ONCE):
        measured = values[rows, start : start + COMPENSATED_AT_ONCE]
        values[rows, start : start + COMPENSATED_AT_ONCE] = np.einsum(
            "ij,jk->ik", inverse, measured
        )  # no BLAS: not optimised


def _number(cell: str, source: str) -> float:
    try:
        return float(cell.replace(",", "."))
    except ValueError:
        raise UnusableSpilloverError(f"spillover matrix ({source}): {cell!r} is no number") from None
