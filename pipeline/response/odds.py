"""The odds of disease control per doubling of washout, and at or above the RD cut against below."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from pipeline.patients.exposure import ResponseClock
from pipeline.patients.patient_rd import PatientRd
from pipeline.response.patients import controlled_patients, sides_of_cut
from pipeline.response.statistics.logistic import OddsRatio, odds_ratio
from pipeline.study.study import Study


def control_odds(
    study: Study, rows: Sequence[PatientRd], clocks: Mapping[str, ResponseClock]
) -> tuple[OddsRatio, ...]:
    """Return the odds ratios of disease control, of the patients in whom both sides are known.

    One covariate at a time: the studies that this is for have too few patients for two. A washout of less
    than a day counts as one day, as in the washout models.
    """
    told = controlled_patients(study)
    days = {name: clocks[name].days for name in told}
    waited = {name: math.log2(max(day, 1)) for name, day in days.items() if day is not None}
    sides = sides_of_cut(told, rows, clocks, study)
    split = {name: float(side == "above") for name, side in sides.items() if side in ("above", "below")}
    return (
        _odds("washout before the study drug", "doubling", told, waited),
        _odds("receptor density", f">= {study.settings.rd_cut:,.0f} v below", told, split),
    )


def _odds(name: str, per: str, told: dict[str, bool], covariate: dict[str, float]) -> OddsRatio:
    patients = list(covariate)
    return odds_ratio(name, per, [covariate[p] for p in patients], [told[p] for p in patients])
