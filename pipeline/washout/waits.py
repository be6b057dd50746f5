"""Weeks to wait until patients reach a density, from the line of M1 and from the recovery curve of M2."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.patients.patient_rd import PatientRd
from pipeline.patients.pharmacokinetics.levels import LEAST_UG_ML, DrugLevel
from pipeline.patients.receptor_occupancy.theta import ThetaFrom
from pipeline.study.settings import Settings
from pipeline.washout.censored.estimate import ModelName, NotEstimableError, Wait
from pipeline.washout.line.inverse import waits_on
from pipeline.washout.line.tobit import WashoutFit
from pipeline.washout.observations.rows import Observations
from pipeline.washout.observations.selection import number_or_nan
from pipeline.washout.recovery.fit import NOT_IN_DATA, RecoveryFit, fit_recovery, weeks_until
from pipeline.washout.recovery.refusals import refuse_recovery

SHARES_WAITED_FOR = (0.5, 0.9)
"""Shares of the patients: the median patient, and nine of ten. Convention (docs/method.md)."""

_MOST_BODIES = 64
"""Most patients whose serum curves are computed. Convention: for speed."""


def wanted_levels(rows: Sequence[PatientRd], settings: Settings) -> list[float]:
    """Return the densities to wait for: the RD cut and the median LLOQ of the rows."""
    limits = sorted(row.lloq for row in rows if row.lloq and 0 < row.lloq < np.inf)
    return [settings.rd_cut, *limits[len(limits) // 2 : len(limits) // 2 + 1]]


def line_waits(tobit: WashoutFit, rows: Sequence[PatientRd], settings: Settings) -> list[Wait]:
    """Return the weeks until half of the patients, and nine of ten, reach each density on the line."""
    targets = [(rd, share) for rd in wanted_levels(rows, settings) for share in SHARES_WAITED_FOR]
    answers = zip(targets, waits_on(tobit, targets), strict=True)
    return [_line_wait(tobit, target, answer) for target, answer in answers]


def recovery_waits(recovery: RecoveryFit, rows: Sequence[PatientRd], settings: Settings) -> list[Wait]:
    """Return these weeks on the recovery curve; None, with a note, outside the weeks of the data."""
    targets = ((rd, share) for rd in wanted_levels(rows, settings) for share in SHARES_WAITED_FOR)
    return [_recovery_wait(recovery, rd, share) for rd, share in targets]


def recovery_of(rows: Sequence[PatientRd], data: Observations, settings: Settings) -> RecoveryFit:
    """Fit M2 to the rows, each with its own drug level if that is known."""
    from pipeline.patients.pharmacokinetics.decline import labelled_curve

    refuse_recovery(data)
    if data.terms:
        raise NotEstimableError(
            "rows of several bead kits, clones, dyes or cytometers: a recovery curve has no term for them"
        )
    levels = [_level(rows[index]) for index in data.places]
    bodies = [row.body for row in rows if row.body is not None]
    step = max(1, len(bodies) // _MOST_BODIES)
    return fit_recovery(
        data,
        labelled_curve(bodies[::step]),
        ug_ml=np.array([number_or_nan(level.ug_ml if level else None) for level in levels]),
        log_sd=np.array([number_or_nan(level.log_sd if level else None) for level in levels]),
        kd_ug_ml=settings.kd_app_ug_ml,
        plateau=settings.sentinel_plasma_cell_usual,
        seed=settings.seed,
    )


def _line_wait(tobit: WashoutFit, target: tuple[float, float], answer: Wait | NotEstimableError) -> Wait:
    if isinstance(answer, Wait):
        return answer
    name, nothing = ModelName.LINE.value, (None, None, None)
    return Wait(name, *target, *nothing, tobit.n, tobit.method, level=tobit.level, note=str(answer))


def _recovery_wait(recovery: RecoveryFit, rd: float, share: float) -> Wait:
    value, low, high = (limit if np.isfinite(limit) else None for limit in weeks_until(recovery, rd, share))
    plain = recovery.estimates()[1]
    note = "" if low is not None and high is not None else f"the missing limit is {NOT_IN_DATA}"
    if value is None:
        note = f"{NOT_IN_DATA}: the curve does not reach this density there"
    how = (plain.method, plain.interval_method, plain.level)
    return Wait(ModelName.RECOVERY.value, rd, share, value, low, high, plain.n, *how, note)


def _level(row: PatientRd) -> DrugLevel | None:
    """Return the drug level that covers CD38 for the clone: almost none if the clone does not compete."""
    if row.theta is not None and row.theta.source is ThetaFrom.NO_COMPETITION:
        return DrugLevel(ug_ml=LEAST_UG_ML, log_sd=0.0)
    return row.drug
