"""Errors that rows share: kept apart from the rows' own errors, since they do not average out.

A wrong assigned value of a bead lot, a wrong F:P or a wrong curve multiplies all rows of its source, and
their limits, by one factor. A factor common to all rows moves the level of the line and the weeks until a
density, not the slope. More rows do not make this error smaller.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pipeline.patients.patient_rd import SharedError
from pipeline.washout.observations.rows import Observations, SharedErrors


def with_shared_errors(data: Observations, errors: Sequence[Sequence[SharedError]]) -> Observations:
    """Return the observations with the errors that several rows share, taken out of the rows' own errors.

    Parameters
    ----------
    errors
        The errors of each row of `data`, by source. A source with a single row stays that row's own error. An
        unknown size (NaN) is replaced by the median of its source.
    """
    sds_of_source: dict[str, list[float]] = {}
    for error in (error for row in errors for error in row if np.isfinite(error.log_sd)):
        sds_of_source.setdefault(error.source, []).append(error.log_sd)
    usual = {source: float(np.median(sizes)) for source, sizes in sds_of_source.items()}
    counts = Counter(error.source for row in errors for error in row)
    number = {source: index for index, source in enumerate(sorted(s for s, n in counts.items() if n > 1))}
    entries = [
        (index, number[error.source], error.log_sd if np.isfinite(error.log_sd) else usual[error.source])
        for index, row in enumerate(errors)
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
