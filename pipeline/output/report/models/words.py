"""What the models beyond the line say, in plain words."""

from __future__ import annotations

import math
from collections import Counter
from typing import Final

from pipeline.output.figures.style.ticks import count
from pipeline.output.interval import fold_bound
from pipeline.patients.receptor_occupancy.theta import NO_DIVISION, ThetaFrom
from pipeline.study.quantity_name import UnitKind
from pipeline.study.wording import capitalized
from pipeline.washout.censored.estimate import Estimate, IntervalKind, ModelName, PatientShare, Wait
from pipeline.washout.censored.subject import Covariate, EstimateKind, WayPart
from pipeline.washout.line.doubts import open_scatter_words
from pipeline.washout.observations.kept import left_out_notes
from pipeline.washout.report import WashoutReport

LONGEST_WEEKS: Final = 520.0
"""Ten years in weeks: a later limit of a wait is reported as none, or as > 10 years. Convention: no patient
waits so long, and no study follows a washout for so long, so a later limit only extends the line."""

LIKELY_P: Final = 0.05
"""p below which the rank test, or the line, is said to show that density changes with washout. Convention: 5
% go with the 95 % intervals that stand beside p in the report."""

_WAYS: Final = {
    WayPart.KIT: "kit",
    WayPart.CLONE: "clone",
    WayPart.DYE: "dye",
    WayPart.CYTOMETER: "cytometer",
}

_ADJUSTED: Final = {
    Covariate.IMID_SINCE: "an immunomodulatory drug since then",
    Covariate.PRIOR_LINES: "each prior line of therapy",
    Covariate.IGG: "IgG myeloma",
}


def model_words(report: WashoutReport, name: str) -> tuple[str, ...]:
    """Return a sentence or two for each model beyond M0 and M1, and which one is preferred.

    Parameters
    ----------
    report
        The models.
    name
        Of the density: `free CD38`.
    """
    sentences = [
        *_way_words(report),
        *_left_out_words(report),
        *_doubt_words(report),
        *_adjusted_words(report),
        *_mixed_words(report),
        *_recovery_words(report, name),
        *_total_words(report),
        *(_wait_words(wait, name) for wait in report.waits if wait.weeks is not None),
    ]
    return (
        *sentences,
        *([f"{capitalized(report.choice.reason)}; rule: {report.choice.rule}."] if report.choice else []),
    )


def refusal_words(report: WashoutReport, name: str) -> tuple[str, ...]:
    """Return what was not estimated and why, one sentence per reason, in plain names.

    Parameters
    ----------
    name
        Of the density: `free CD38`.
    """
    by_reason: dict[str, list[str]] = {}
    without_weeks = [(_wait(wait, name), _why(wait)) for wait in report.waits if wait.weeks is None]
    for estimate, reason in (
        *(refusal.plain or (refusal.name, refusal.reason) for refusal in report.not_estimable),
        *without_weeks,
    ):
        by_reason.setdefault(reason, []).append(estimate)
    return tuple(f"{capitalized('; '.join(names))}: {reason}." for reason, names in by_reason.items())


def _interval(estimate: Estimate) -> str:
    """`12.3 (95 % interval 8.1 to 20)`, a limit that the data do not set as ∞; a posterior as `_credible`."""
    if estimate.interval is IntervalKind.CREDIBLE:
        return _credible(estimate)
    shown = fold_words if estimate.unit.kind is UnitKind.FOLD else three_digits
    value, low, high = (shown(number) for number in (estimate.value, estimate.low, estimate.high))
    return f"{value} (95 % interval {low} to {high})"


def _credible(estimate: Estimate) -> str:
    """As `_interval`, of a posterior: the value with its unit, and its credible interval."""
    value = f"{three_digits(estimate.value)} {estimate.unit}"
    return f"{value} ({credible_words(estimate.low, estimate.high, estimate.unit)})"


def credible_words(low: float | None, high: float | None, unit: str) -> str:
    """Return a credible interval in words; None is an end beyond what was observed.

    Examples
    --------
    >>> credible_words(25.5, 40.0, "weeks")
    '95 % credible interval 25.5 to 40'
    >>> credible_words(25.5, None, "weeks")
    '95 % credible interval from 25.5 weeks; its upper end is beyond the observed range'
    """
    if low is not None and high is not None:
        return f"95 % credible interval {three_digits(low)} to {three_digits(high)}"
    beyond = "is beyond the observed range"
    if low is not None:
        return f"95 % credible interval from {three_digits(low)} {unit}; its upper end {beyond}"
    if high is not None:
        return f"95 % credible interval up to {three_digits(high)} {unit}; its lower end {beyond}"
    return "both ends of the 95 % credible interval are beyond the observed range"


def fold_words(number: float | None) -> str:
    """Return a fold in three digits, or the bound that it lies beyond; ∞ for a limit that is not set.

    Examples
    --------
    >>> fold_words(257.4), fold_words(8.9e12), fold_words(None)
    ('257', '> 1,000-fold', '∞')
    """
    is_known = number is not None and math.isfinite(number)
    return (fold_bound(number) if number is not None and is_known else "") or three_digits(number)


def latest_weeks(wait: Wait) -> float | None:
    """Return the upper limit of a wait in weeks; None where it is unknown or later than ten years."""
    return wait.high if wait.high is not None and wait.high <= LONGEST_WEEKS else None


def bounded_weeks(number: float | None) -> float | str | None:
    """Return weeks, or in words that the wait is longer than ten years.

    Examples
    --------
    >>> bounded_weeks(79.1), bounded_weeks(147_525.0), bounded_weeks(None)
    (79.1, '> 10 years', None)
    """
    return number if number is None or number <= LONGEST_WEEKS else "> 10 years"


def three_digits(number: float | None) -> str:
    """Return three significant digits; ∞ for a limit that the data do not set."""
    return "∞" if number is None or number == math.inf else count(float(f"{number:.3g}"))


def _way_words(report: WashoutReport) -> list[str]:
    """Say how each further kit, clone, dye or cytometer reads."""
    sentences = []
    for estimate in report.term_estimates(ModelName.LINE):
        if isinstance(estimate.subject, tuple):
            way = " with ".join(f"{_WAYS[part]} {value}" for part, value in estimate.subject)
            sentences.append(f"{capitalized(way)} reads × {_interval(estimate)} of the usual one.")
    return sentences


def _left_out_words(report: WashoutReport) -> list[str]:
    """Say which rows the models leave out by default, and what the line is with them."""
    fold = report.estimate(EstimateKind.FOLD, ModelName.WITH_LEFT_OUT)
    sentences = [f"{capitalized(note)}." for note in left_out_notes(report.left_out)]
    return sentences + (
        [f"M1 with these rows included: × {_interval(fold)} per doubling, n = {fold.n}."] if fold else []
    )


def _doubt_words(report: WashoutReport) -> list[str]:
    """Return sentences on doubts about the line: curvature, and a scatter that may change with weeks."""
    if report.tobit is None:
        return []
    varying = report.estimate(EstimateKind.SLOPE_WITH_VARYING_SCATTER, ModelName.LINE)
    beside = (
        f"M1 with a scatter that may change with weeks: {_interval(varying)} dex per doubling."
        if varying
        else ""
    )
    return [
        *(f"M1. {capitalized(words)}." for words in report.tobit.doubt_words),
        *([beside, *filter(None, [open_scatter_words(report.tobit.doubts)])] if beside else []),
    ]


def _adjusted_words(report: WashoutReport) -> list[str]:
    fold = report.estimate(EstimateKind.FOLD, ModelName.ADJUSTED)
    if fold is None:
        return []
    covariates = [
        f"{_ADJUSTED[estimate.subject]} × {_interval(estimate)}"
        for estimate in report.term_estimates(ModelName.ADJUSTED)
        if isinstance(estimate.subject, Covariate)
    ]
    return [f"M1 adjusted. × {_interval(fold)} per doubling at the same {'; '.join(covariates)}."]


def _mixed_words(report: WashoutReport) -> list[str]:
    slope = report.estimate(EstimateKind.SLOPE_WITH_RANDOM_INTERCEPT, ModelName.RANDOM_INTERCEPT)
    alike = report.estimate(EstimateKind.ALIKE, ModelName.RANDOM_INTERCEPT)
    if slope is None or alike is None or alike.value is None:
        return []
    words = (
        f"M1 with a random intercept of the patient: {_interval(slope)} dex per doubling; "
        f"{100 * alike.value:.0f} % of the scatter is between patients."
    )
    return [words]


def _recovery_words(report: WashoutReport, name: str) -> list[str]:
    plateau = report.estimate(EstimateKind.PLATEAU, ModelName.RECOVERY)
    half = report.estimate(EstimateKind.HALF_TIME, ModelName.RECOVERY)
    if plateau is None or half is None:
        return []
    words = (
        f"M2. The median {name} comes back to a plateau of {_interval(plateau)}, half of "
        f"it after {_interval(half)}. These intervals rest on the rows and on priors, which are listed "
        "among the assumptions. ρ, T and Kd cannot be separated by such data and are not given."
    )
    return [words]


def _total_words(report: WashoutReport) -> list[str]:
    fold = report.estimate(EstimateKind.FOLD, ModelName.TOTAL)
    if fold is None:
        return []
    sources = {visit.theta_from for visit in report.visits if visit.theta is not None}
    if sources == {ThetaFrom.NO_COMPETITION}:
        return [f"M3. {capitalized(NO_DIVISION)}: × {_interval(fold)} per doubling, n = {fold.n}."]
    words = (
        "M3. Where θ, the part that the drug occupies, is known well enough, free over 1 − θ gives the "
        f"total: × {_interval(fold)} per doubling, n = {fold.n}. {_where_from(report)}. "
        f"{report.assumptions[0]}; {report.assumptions[1]}; {report.assumptions[2]}; {report.assumptions[3]}."
    )
    return [words]


def _where_from(report: WashoutReport) -> str:
    """Return how many visits have their θ from each source."""
    counts = Counter(visit.theta_from for visit in report.visits)
    return "θ at the visits is from: " + ", ".join(f"{name} ({counts[name]})" for name in sorted(counts))


def _wait_words(wait: Wait, name: str) -> str:
    after = f"Wait by {wait.model}. {capitalized(_wait(wait, name))} after {three_digits(wait.weeks)}"
    if wait.interval is IntervalKind.CREDIBLE:  # it says which of its ends is missing, as the note does
        return f"{after} weeks ({credible_words(wait.low, wait.high, 'weeks')})."
    high = latest_weeks(wait)
    limits = (
        f"95 % interval from {three_digits(wait.low)} weeks, no upper limit"
        if high is None
        else f"95 % interval {three_digits(wait.low)} to {three_digits(high)}"
    )
    return f"{after} weeks ({limits}){f'; {wait.note}' if wait.note else ''}."


def _why(wait: Wait) -> str:
    """Return why no weeks are reported, and their known lower bound."""
    if wait.low is None:
        return wait.note
    least = "ten years" if wait.low > LONGEST_WEEKS else f"{three_digits(wait.low)} weeks"
    return f"{wait.note}; not before {least} (95 % interval)"


def _wait(wait: Wait, name: str) -> str:
    return f"{PatientShare.of(wait.share).words} have {count(wait.density)} {name} molecules per cell"
