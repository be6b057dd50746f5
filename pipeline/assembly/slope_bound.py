"""Bounds on the slope of the line if visits without a density had any density of this study."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from calibration.density.receptor_density import QUANTIFIED, RdStatus
from calibration.density.result import known_to_exceed, quotable_density
from calibration.numbers import Floats
from pipeline.files.json_names import WRITTEN_AS
from pipeline.patients.patient_rd import PatientRd, visit_key
from pipeline.study.study import Study
from pipeline.washout.censored.likelihood import LEFT, CensoredRows, maximise, single
from pipeline.washout.observations.rows import Observations
from pipeline.washout.observations.selection import select_rows

MOST_SPLITS, GRID_LEVELS = 8, 6
"""Washouts at which missing visits are split into early and late, and densities at which each group is
placed, the lowest one below the limit. Convention: for speed; a finer grid hardly changes the line."""


@dataclass(frozen=True, slots=True)
class SlopeBound:
    """Fold per doubling of the washout, by the highest likelihood of M1.

    `without_missing`: only visits with a density. `least`, `most`: the extremes over the lines with the
    missing visits placed from below `low` up to `high`, the lowest and highest density of this study,
    molecules per cell; early visits are placed at one density, late visits at another.
    """

    without_missing: float = field(metadata={WRITTEN_AS: "told"})
    least: float
    most: float
    n: int
    low: float
    high: float


def slope_bound(rows: Sequence[PatientRd], study: Study) -> tuple[SlopeBound | None, str]:
    """Return the bounds of the slope with the missing visits at densities of this study, or why none exist.

    Early visits are placed at one density and late visits at another, for each split into early and late.

    Densities between the extremes are tried as well: the extremes alone widen the scatter, and a value below
    a limit then counts as even lower.
    """
    silent = [row for row in rows if row.status not in QUANTIFIED and row.weeks is not None and row.weeks > 0]
    if not silent:
        return None, "no visit without a density has a washout, so none of them could be in the line"
    densities = [rd for row in rows if (rd := quotable_density(row))]
    densities += [bound for row in rows if (bound := known_to_exceed(row)) is not None]
    if not densities:
        return None, "no visit has a density that could be assumed for them"
    low, high = min([*densities, *(row.lloq for row in rows if row.lloq)]), max(densities)
    selection = select_rows([_at_density(row, low, high) for row in rows], study.settings)
    missing = {visit_key(row) for row in silent}
    is_missing = np.array(
        [visit_key(selection.used[index]) in missing for index in selection.data.places.tolist()]
    )
    if not is_missing.any():
        return (
            None,
            "the models leave these visits out for other reasons, so none of them could be in the line",
        )
    slopes = _slopes(selection.data, is_missing, np.geomspace(low, high, GRID_LEVELS - 1))
    if slopes is None:
        return None, "the line of the other visits cannot be fitted"
    without_missing, with_missing = 10 ** slopes[0], 10 ** slopes[1]
    return SlopeBound(
        float(without_missing),
        float(min(without_missing, *with_missing)),
        float(max(without_missing, *with_missing)),
        int(is_missing.sum()),
        low,
        high,
    ), ""


def _at_density(row: PatientRd, low: float, high: float) -> PatientRd:
    """Return a row; a row without a density gets one, so that the models can use it."""
    if row.status in QUANTIFIED or row.weeks is None or row.weeks <= 0:
        return row
    return replace(row, status=RdStatus.OK, rd=high, rd_low=None, rd_log_sd=None, lloq=low)


def _slopes(data: Observations, is_missing: NDArray[np.bool_], levels: Floats) -> tuple[float, Floats] | None:
    """Return the slope without the missing rows and the slopes with them, dex per doubling."""
    x, y = np.log2(data.weeks), data.log_rd
    scale_x, middle_y, scale_y = float(x.std()) or 1.0, float(y.mean()), float(y.std()) or 1.0
    terms = [(term.values - term.centre) / term.scale for term in data.terms]
    design = np.column_stack([np.ones_like(x), (x - x.mean()) / scale_x, *terms])
    sd = data.measurement_sd / scale_y
    scaled = (y - middle_y) / scale_y
    has_density = ~is_missing
    alone = maximise(
        single(design[has_density], scaled[has_density], data.kind[has_density], sd[has_density])
    )
    if not alone.is_determined(int(has_density.sum()))[0]:
        return None
    placed = list(_placements(x, is_missing, np.log10(levels)))
    values = np.array(
        [(np.where(is_missing, log_density, y) - middle_y) / scale_y for log_density, _ in placed]
    )
    kinds = np.array([np.where(is_missing & below, LEFT, data.kind) for _, below in placed], dtype=np.int8)
    size = values.shape
    best = maximise(
        CensoredRows(
            np.broadcast_to(design, (size[0], *design.shape)).copy(),
            values,
            kinds,
            np.broadcast_to(sd, size).copy(),
            np.ones(size),
        )
    )
    determined = best.is_determined(size[1])
    if not determined.any():
        return None
    ratio = scale_y / scale_x
    return float(alone.beta[0, 1]) * ratio, np.asarray(best.beta[determined, 1] * ratio)


def _placements(
    x: Floats, is_missing: NDArray[np.bool_], levels: Floats
) -> Iterator[tuple[Floats, NDArray[np.bool_]]]:
    """Yield the log densities of all rows, and which rows lie below theirs (only at the lowest density)."""
    doublings = np.unique(x[is_missing])
    splits = np.unique(np.linspace(0, doublings.size - 1, MOST_SPLITS).round().astype(int))
    sides = [(levels[0], True), *((level, False) for level in levels.tolist())]
    for first in doublings[splits].tolist():
        late = x >= first
        for early_level, early_below in sides if first > doublings[0] else sides[:1]:
            for late_level, late_below in sides:
                yield np.where(late, late_level, early_level), np.where(late, late_below, early_below)
