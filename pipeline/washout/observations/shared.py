"""Errors that rows share: taken out of each row's own error, and kept for what does not average out.

A wrong assigned value of a lot, a wrong F:P or a curve moves every row of its source, and their limits, by
one factor. A common factor moves the level of the line and the weeks until a density, not the slope; and
more rows do not make it smaller.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipeline.patients.patient_rd import SharedError

if TYPE_CHECKING:
    from pipeline.washout.observations.rows import Observations

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SharedPart:
    """The error of one source: `sd` (n,) of log10 RD in dex, 0 for rows of other sources."""

    source: str
    sd: Floats

    def take(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> SharedPart:
        """Return the part of these rows."""
        return SharedPart(self.source, self.sd[rows])


def shared_parts(data: Observations, errors: Sequence[Sequence[SharedError]]) -> Observations:
    """Return the observations with what several rows share, and own errors less that.

    Parameters
    ----------
    errors
        Of each row of `data`. A source of one row alone stays that row's own error.
    """
    counts = Counter(error.source for row in errors for error in row)
    columns: dict[str, Floats] = {}
    for place, row in enumerate(errors):
        for error in row:
            if counts[error.source] > 1:
                columns.setdefault(error.source, np.zeros(data.n))[place] = error.log_sd
    parts = tuple(SharedPart(source, sd) for source, sd in sorted(columns.items()))
    return replace(data, shared=parts, measurement_sd=own_sd(data.measurement_sd, parts))


def own_sd(whole: Floats, parts: Sequence[SharedPart]) -> Floats:
    """Return each row's own SD, dex: what is left of the whole without the shared parts."""
    squares = whole**2
    for part in parts:
        squares = squares - part.sd**2
    return np.sqrt(np.maximum(squares, 0.0))
