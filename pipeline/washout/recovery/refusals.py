"""Reasons to report no recovery curve: too few rows, no plateau in the data, rows that contradict it."""

from __future__ import annotations

from typing import Final

import numpy as np

from pipeline.washout.censored.estimate import NotEstimableError
from pipeline.washout.censored.likelihood import LEFT, OBSERVED
from pipeline.washout.goodness import CONTRADICTED, RowLaw, trend_p
from pipeline.washout.observations.rows import Observations
from pipeline.washout.recovery.rivals import AICC_MARGIN, rivals

FEWEST_FOR_CURVE, FEWEST_LATE, LATE_WEEKS = 8, 4, 26.0
"""Fewest measured values for a curve, and fewest of them after the last number of weeks. Convention
(docs/method.md)."""

FEWEST_ON_A_SIDE: Final = 5
"""Fewest patients with a measured value before T50, and after it. Convention (docs/method.md)."""

HIGHEST_PLATEAU: Final = 2.0
"""Highest plateau, in multiples of the largest density of the rows. Convention: the data must reach half of
the plateau (docs/method.md)."""


def refuse_recovery(data: Observations) -> None:
    """Raise NotEstimableError if the rows are too few or too early for a recovery curve."""
    measured = data.kind == OBSERVED
    late = int(np.sum(measured & (data.weeks > LATE_WEEKS)))
    patients = len(np.unique(data.patients[measured]))
    if measured.sum() < FEWEST_FOR_CURVE or late < FEWEST_LATE:
        raise NotEstimableError(
            f"{int(measured.sum())} measured receptor densities, {late} of them beyond {LATE_WEEKS:g} weeks; "
            f"a recovery curve needs {FEWEST_FOR_CURVE} and {FEWEST_LATE}"
        )
    if patients < FEWEST_ON_A_SIDE:
        raise NotEstimableError(
            f"measured receptor densities of {patients} patients; a recovery curve needs {FEWEST_ON_A_SIDE} "
            "before its bend and as many after it"
        )


def refuse_unseen(data: Observations, log_plateau: float, half_weeks: float) -> None:
    """Raise NotEstimableError if the plateau or the bend of the curve lies outside the data."""
    measured = data.kind == OBSERVED
    first, last = float(data.weeks[measured].min()), float(data.weeks[measured].max())
    largest = float(data.log_rd[data.kind != LEFT].max())
    if log_plateau > largest + np.log10(HIGHEST_PLATEAU):
        raise NotEstimableError(
            f"the plateau lies outside of what was seen: more than {HIGHEST_PLATEAU:g} times the largest "
            f"receptor density, {10**largest:,.0f} molecules per cell"
        )
    if not first <= half_weeks <= last:
        raise NotEstimableError(
            f"T50 lies outside of what was seen: {_side(half_weeks, first)} of the measured values, "
            f"which are from {first:.3g} to {last:.3g} weeks"
        )
    before, after = (
        len(np.unique(data.patients[measured & side]))
        for side in (data.weeks < half_weeks, data.weeks >= half_weeks)
    )
    if min(before, after) < FEWEST_ON_A_SIDE:
        raise NotEstimableError(
            f"{before} patients have a measured value before the bend of the curve (T50, week "
            f"{half_weeks:.3g}) and {after} after it; each side needs {FEWEST_ON_A_SIDE}"
        )


def refuse_without_a_bend(data: Observations, law: RowLaw, aicc: float) -> None:
    """Raise NotEstimableError if a line without a plateau describes the rows about as well.

    It is also raised if only the rows of a single patient make the curve better than such a line.
    """
    logs = law.log_likelihoods()
    for rival in rivals(data):
        ahead = rival.aicc - aicc
        if ahead <= AICC_MARGIN:
            raise NotEstimableError(
                f"these rows do not show a plateau: {rival.words}, describes them about as well (AICc "
                f"{rival.aicc:.1f}, the curve {aicc:.1f}; it must be lower by more than {AICC_MARGIN:g})"
            )
        of_patient = 2 * np.bincount(data.patients, logs - rival.law.log_likelihoods())
        if ahead <= float(of_patient.max()):
            raise NotEstimableError(
                f"the plateau rests on one patient: without it {rival.words}, describes the rows better"
            )


def refuse_contradicted(law: RowLaw, seed: int) -> float:
    """Return p of the curve's misfit; raise NotEstimableError if the rows contradict the curve."""
    p = trend_p(law, seed)
    if p < CONTRADICTED:
        raise NotEstimableError(
            f"the rows contradict the curve: its residuals have a trend over the weeks (p = {p:.3f})"
        )
    return p


def _side(half_weeks: float, first: float) -> str:
    return "before the first" if half_weeks < first else "after the last"
