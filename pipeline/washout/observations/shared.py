"""Errors that rows share: taken out of each row's own error, and kept for what does not average out.

A wrong assigned value of a lot, a wrong F:P or a curve moves every row of its source, and their limits, by
one factor. A common factor moves the level of the line and the weeks until a density, not the slope; and
more rows do not make it smaller.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pipeline.patients.patient_rd import SharedError
from pipeline.washout.observations.rows import Observations, SharedErrors


def with_shared_errors(data: Observations, errors: Sequence[Sequence[SharedError]]) -> Observations:
    """Return the observations with what several rows share, and own errors less that.

    Parameters
    ----------
    errors
        Of each row of `data`. A source of one row alone stays that row's own error; a size that is not known
        (NaN) is the source's median.
    """
    known: dict[str, list[float]] = {}
    for error in (error for row in errors for error in row if np.isfinite(error.log_sd)):
        known.setdefault(error.source, []).append(error.log_sd)
    usual = {source: float(np.median(sizes)) for source, sizes in known.items()}
    counts = Counter(error.source for row in errors for error in row)
    number = {source: place for place, source in enumerate(sorted(s for s, n in counts.items() if n > 1))}
    entries = [
        (place, number[error.source], error.log_sd if np.isfinite(error.log_sd) else usual[error.source])
        for place, row in enumerate(errors)
        for error in row
        if error.source in number and error.source in usual
    ]
    if not entries:
        return data
    rows, sources, sds = zip(*entries, strict=True)
    shared = SharedErrors(np.array(rows, np.intp), np.array(sources, np.intp), np.array(sds, np.float64))
    squares = np.bincount(shared.row, weights=shared.sd**2, minlength=data.n)
    own = np.sqrt(np.maximum(data.measurement_sd**2 - squares, 0.0))
    return replace(data, shared=shared, measurement_sd=own)
