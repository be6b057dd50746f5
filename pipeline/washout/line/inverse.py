"""Weeks to wait: the washout at which half of the patients, or nine of ten, reach a receptor density."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from calibration.numbers import Floats
from gating.arithmetic.linear import times
from pipeline.washout.censored.estimate import (
    HALF_OF_PATIENTS,
    NOT_IN_DATA,
    ModelName,
    NotEstimableError,
    PatientShare,
    Wait,
)
from pipeline.washout.censored.likelihood import LEFT, RIGHT, CensoredRows, maximise
from pipeline.washout.censored.profile import effective_rows, interval
from pipeline.washout.censored.repeated import PatientJackknife
from pipeline.washout.line.doubts import Doubt
from pipeline.washout.line.intervals import critical_of, jackknife_of
from pipeline.washout.line.line import FIRST_TERM, Line, LineParameter, fit_line
from pipeline.washout.line.share_limits import share_limits

if TYPE_CHECKING:
    from pipeline.washout.line.tobit import WashoutFit

_FARTHEST_DOUBLINGS: Final = 1.0
"""Doublings by which an answer may lie before the shortest washout. Convention (docs/method.md)."""

_TOO_FEW: Final = 0.05
"""Chance, if the answer were right, of so few later rows with the density; below it the answer is withheld.
Convention: one in twenty, as for every test here."""

_ENOUGH_FOR_TAILS: Final = 20.0
"""Rows, a censored one counted half, below which the note warns that a reported upper limit of a share other
than half errs early: only the earlier answers are reported. Convention: of 19 rows (13 counted so) it is too
early in some 7 % of the simulated studies that report it."""

_FIRST_STEP: Final = 0.1
"""First step outwards to a limit, on standardised axes, and relative to the estimate. Convention: the steps
grow; any first step reaches the same limit."""
_WAIT_HALVINGS: Final = 100
"""Iterations to the washout at which a share has the density, if the scatter changes with weeks. Arithmetic:
each halves the distance."""

_LARGEST_EXPONENT: Final = 300.0
"""Largest exponent of two; a larger one gives infinity. Convention: within float64."""


def weeks_to_reach(fit: WashoutFit, rd: float, share: float = HALF_OF_PATIENTS.fraction) -> Wait:
    """Return the washout in weeks at which this share of patients has at least this receptor density.

    On the line this is 2^((log10 rd + z·σ − a)/b), z the normal quantile of `share`. The interval is by
    profile likelihood of this washout (`pipeline.washout.line.share_limits`). It is scaled to the jackknife
    of patients if a patient gave several samples, and it contains shared errors.

    An answer is withheld if it lies after every washout of the data, or if the rows after it contradict it.
    Then `weeks` and `high` are None, and `low` is the lower limit of the interval.

    Parameters
    ----------
    rd
        Molecules per cell.
    share
        0.5: the median patient; 0.9: nine of ten patients.

    Raises
    ------
    NotEstimableError
        If the slope's interval holds 0, the rise is not straight, or the answer lies more than a doubling
        before the shortest washout.
    ValueError
        If the density is not above 0, or the share is not between 0 and 1.
    """
    wait = waits_on(fit, [(rd, share)])[0]
    if isinstance(wait, NotEstimableError):
        raise wait
    return wait


def waits_on(fit: WashoutFit, targets: Iterable[tuple[float, float]]) -> list[Wait | NotEstimableError]:
    """Return the wait for each (density, share), or the reason why there is none; the line is fitted once."""
    refit = _Refit(fit)
    waits: list[Wait | NotEstimableError] = []
    for rd, share in targets:
        try:
            waits.append(_weeks_to_reach(refit, rd, PatientShare.of(share)))
        except NotEstimableError as reason:
            waits.append(reason)
    return waits


class _Refit:
    """The line of a fit and its jackknife of patients, each computed once, when it is first needed."""

    def __init__(self, fit: WashoutFit) -> None:
        self.fit = fit

    @cached_property
    def line(self) -> Line:
        """The line, fitted to the same rows."""
        return fit_line(self.fit.data)

    @cached_property
    def jackknife(self) -> PatientJackknife | None:
        """Its jackknife of patients; None if no patient gave two samples."""
        return jackknife_of(self.line)


def _weeks_to_reach(refit: _Refit, rd: float, share: PatientShare) -> Wait:
    fit = refit.fit
    if not 0 < rd < np.inf:
        raise ValueError(f"rd is {rd}; expected molecules per cell above 0")
    if not fit.slope_interval[0] > 0:
        raise _not_from_these_data("the interval of the slope contains 0, so a rise is not sure")
    bent = next((doubt for doubt in fit.doubts if doubt.doubt is Doubt.BEND and doubt.is_significant), None)
    if bent is not None:
        how = "slows" if bent.effect < 0 else "quickens"
        why = f"the rise {how} with weeks (p {bent.p:.2g})"
        raise NotEstimableError(f"cannot be estimated from a line: {why}", f"{why}, so it is no line")
    line = refit.line
    doublings = float(_crossing(line, rd, share)(line.estimate[None])[0])
    _refuse_far_before(line, doublings, rd)
    low, high, how = _limits(refit, rd, share)
    low_weeks, high_weeks = (_known_weeks(limit) for limit in (low, high))
    withheld = _withheld(line, doublings, rd, share)
    note = f"{NOT_IN_DATA}: {withheld}" if withheld else _note(line, (low, doublings, high), share)
    weeks, high_weeks = (None, None) if withheld else (_weeks(doublings), high_weeks)
    name = ModelName.LINE.value
    of_fit = (fit.n, fit.method, how, fit.level, note)
    return Wait(name, rd, share.fraction, weeks, low_weeks, high_weeks, *of_fit, why=withheld)


def _not_from_these_data(why: str) -> NotEstimableError:
    return NotEstimableError(f"cannot be estimated from these data: {why}", why)


def _withheld(line: Line, doublings: float, rd: float, share: PatientShare) -> str:
    """Return why an answer is withheld; "" if it is not."""
    longest = float(np.log2(line.data.weeks.max()))
    if not doublings <= longest:
        return f"by {_weeks(longest):.3g} weeks {share.words} do not have {rd:,.0f} on the line"
    reached, n_rows = _reached(line, doublings, rd)
    if n_rows and _chance_of_fewer(reached, n_rows, share.fraction) < _TOO_FEW:
        rows = f"{reached} of {n_rows} rows from {_weeks(doublings):.3g} weeks on have it"
        return f"the line would say {_weeks(doublings):.3g} weeks, but only {rows}"
    return ""


def _reached(line: Line, doublings: float, rd: float) -> tuple[int, int]:
    """Return how many rows from this washout on have the density, and for how many rows this is known.

    A row of another kit, clone, dye or cytometer is first converted to the usual one, as on the line.
    """
    data, last = line.data, FIRST_TERM + len(line.data.terms)
    terms = times(line.rows.design[0, :, FIRST_TERM:last], line.estimate[FIRST_TERM:last])
    log_rd = data.log_rd - line.axes.scale_y * terms
    late, limit = np.log2(data.weeks) >= doublings, np.log10(rd)
    above = late & (data.kind != LEFT) & (log_rd >= limit)
    below = late & (data.kind != RIGHT) & (log_rd <= limit) & ~above
    return int(np.sum(above)), int(np.sum(above | below))


def _chance_of_fewer(reached: int, n_rows: int, share: float) -> float:
    """Return the chance that at most `reached` of `n_rows` rows have the density, if this share has it."""
    from scipy.special import bdtr

    return float(bdtr(reached, n_rows, share))


def _limits(refit: _Refit, rd: float, share: PatientShare) -> tuple[float, float, str]:
    """Return the limits on log2 weeks, and the method in words."""
    fit, line, jackknife = refit.fit, refit.line, refit.jackknife
    crossing = _crossing(line, rd, share)
    scaled = "" if jackknife is None else ", scaled to the jackknife of patients"
    critical = critical_of(line, jackknife, crossing, fit.level)
    if share.is_half:
        low, high = _profiled(line, rd, critical)
    else:
        likeliest = float(crossing(line.maximum[None])[0])
        low, high = share_limits(line, float(np.log10(rd)), _quantile(share), likeliest, critical)
    return low, high, "profile likelihood" + scaled


def _crossing(line: Line, rd: float, share: PatientShare) -> LineParameter:
    """Return the function that gives log2 weeks from the line's standardised parameters, (m, k+1) → (m,)."""
    axes, z = line.axes, _quantile(share)
    level = axes.y(float(np.log10(rd)))
    steps = 0 if not z else _WAIT_HALVINGS if line.data.scatter_varies else 1

    def doublings(parameters: Floats) -> Floats:
        x = (level - parameters[:, 0]) / parameters[:, 1]
        for _ in range(steps):
            above = level + z * np.exp(line.log_sigma(parameters, x))
            next_x = (above - parameters[:, 0]) / parameters[:, 1]
            x = (x + next_x) / 2 if line.data.scatter_varies else next_x
        return np.asarray(axes.centre_x + axes.scale_x * x)

    return doublings


def _profiled(line: Line, rd: float, critical: float) -> tuple[float, float]:
    axes, best = line.axes, line.best
    level = axes.y(float(np.log10(rd)))
    estimate = (level - float(best.beta[0, 0])) / float(best.beta[0, 1])

    def ratio(x: float) -> float:
        through = maximise(_through(line.rows, x, level), (best.beta[:, 1:], best.log_sigma))
        return max(0.0, 2 * float(best.log_likelihood[0] - through.log_likelihood[0]))

    low, high = interval(ratio, estimate, _FIRST_STEP + _FIRST_STEP * abs(estimate), critical)
    return axes.centre_x + axes.scale_x * low, axes.centre_x + axes.scale_x * high


def _through(rows: CensoredRows, x: float, level: float) -> CensoredRows:
    """Return rows whose line is forced through the point (x, level)."""
    design = rows.design[:, :, 1:].copy()
    design[:, :, 0] -= x
    return replace(rows, design=design, y=rows.y - level)


def _quantile(share: PatientShare) -> float:
    from scipy.special import ndtri

    if not 0 < share.fraction < 1:
        raise ValueError(f"share is {share.fraction}; expected a number between 0 and 1")
    return float(ndtri(share.fraction))


def _refuse_far_before(line: Line, doublings: float, rd: float) -> None:
    measured = np.log2([line.data.weeks.min(), line.data.weeks.max()])
    if not doublings >= measured[0] - _FARTHEST_DOUBLINGS:
        raise _not_from_these_data(
            f"{rd:g} would be reached at {_weeks(doublings):.3g} weeks, "
            f"far before the {2 ** measured[0]:.3g} to {2 ** measured[1]:.3g} weeks that were seen"
        )


def _note(line: Line, doublings: tuple[float, float, float], share: PatientShare) -> str:
    measured = np.log2([line.data.weeks.min(), line.data.weeks.max()])
    notes = []
    if not measured[0] <= doublings[0] <= measured[1]:
        notes.append("the weeks lie beyond the washouts that were seen: extrapolated")
    elif min(doublings) < measured[0] or max(doublings) > measured[1]:
        notes.append("the interval goes beyond the washouts that were seen")
    if not share.is_half and effective_rows(line.data.kind) < _ENOUGH_FOR_TAILS:
        notes.append("from so few rows the upper limit is too early more often than in 2.5 % of studies")
    return "; ".join(notes)


def _known_weeks(doublings: float) -> float | None:
    weeks = _weeks(doublings)
    return weeks if np.isfinite(weeks) else None


def _weeks(doublings: float) -> float:
    return float(2.0**doublings) if doublings < _LARGEST_EXPONENT else float("inf")
