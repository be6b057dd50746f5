"""What the models beyond the line say, in plain words."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

from pipeline.output.figures.style.ticks import count
from pipeline.output.interval import fold_bound
from pipeline.patients.receptor_occupancy.theta import NO_DIVISION, ThetaFrom
from pipeline.study.quantity_name import UnitKind
from pipeline.study.wording import capitalized
from pipeline.washout.censored.estimate import Estimate, ModelName, Wait
from pipeline.washout.observations.kept import left_out_notes
from pipeline.washout.report import WashoutReport

LONGEST_WEEKS: Final = 520.0
"""Ten years in weeks: a later limit of a wait is reported as none, or as > 10 years. Convention: no patient
waits so long, and no study follows a washout for so long, so a later limit only extends the line."""

LIKELY_P: Final = 0.05
"""p below which the rank test, or the line, is said to show that density changes with washout. Convention: 5
% go with the 95 % intervals that stand beside p in the report."""

_COLUMNS: Final = {
    "imid_since": "an immunomodulatory drug since the last dose",
    "prior_lines": "the number of prior lines",
    "igg": "the IgG type",
    ModelName.ADJUSTED: "M1, adjusted",
}

_WAYS: Final = {
    "fold_kit_": "Kit",
    "fold_clone_": "Clone",
    "fold_fluorochrome_": "Dye",
    "fold_instrument_": "Cytometer",
}

_ADJUSTED: Final = {
    "adjusted_fold_imid_since": "an immunomodulatory drug since then",
    "adjusted_fold_prior_lines": "each prior line of therapy",
    "adjusted_fold_igg": "IgG myeloma",
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
    estimates = {estimate.name: estimate for estimate in report.estimates}
    sentences = [
        *_kit_words(estimates.values()),
        *_left_out_words(report, estimates),
        *_doubt_words(report, estimates),
        *_adjusted_words(estimates),
        *_mixed_words(estimates),
        *_recovery_words(estimates, name),
        *_total_words(report, estimates),
        *(_wait_words(wait, name) for wait in report.waits if wait.weeks is not None),
    ]
    return (*sentences, *([f"{report.choice.reason}; rule: {report.choice.rule}."] if report.choice else []))


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
        *((_plain(refusal.name), refusal.reason) for refusal in report.not_estimable),
        *without_weeks,
    ):
        by_reason.setdefault(_plain(reason), []).append(estimate)
    return tuple(f"{capitalized('; '.join(names))}: {reason}." for reason, names in by_reason.items())


def _plain(text: str) -> str:
    """Return a sentence with the columns' names as words."""
    for column, words in _COLUMNS.items():
        text = re.sub(rf"\b{column}\b", words, text)
    return text


def _interval(estimate: Estimate) -> str:
    """`12.3 (95 % interval 8.1 to 20)`, a limit that the data do not set as ∞."""
    shown = fold_words if estimate.unit.kind is UnitKind.FOLD else three_digits
    value, low, high = (shown(number) for number in (estimate.value, estimate.low, estimate.high))
    return f"{value} (95 % interval {low} to {high})"


def _credible(estimate: Estimate) -> str:
    """As `_interval`, of a posterior; a limit that lies outside of what was seen is named."""
    low, high = _number_or_open(estimate.low), _number_or_open(estimate.high)
    return f"{three_digits(estimate.value)} (95 % credible interval {low} to {high})"


def _number_or_open(number: float | None) -> str:
    return "not within the observed range" if number is None else three_digits(number)


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


def _kit_words(estimates: Iterable[Estimate]) -> list[str]:
    return [
        f"{words} {estimate.name.removeprefix(start)} reads × {_interval(estimate)} of the usual one."
        for estimate in estimates
        for start, words in _WAYS.items()
        if estimate.name.startswith(start)
    ]


def _left_out_words(report: WashoutReport, estimates: dict[str, Estimate]) -> list[str]:
    """Say which rows the models leave out by default, and what the line is with them."""
    fold = estimates.get("with_left_out_fold_per_doubling")
    sentences = [f"{capitalized(note)}." for note in left_out_notes(report.left_out)]
    return sentences + (
        [f"M1 with these rows included: × {_interval(fold)} per doubling, n = {fold.n}."] if fold else []
    )


def _doubt_words(report: WashoutReport, estimates: dict[str, Estimate]) -> list[str]:
    """Return sentences on doubts about the line: curvature, and a scatter that may change with weeks."""
    if report.tobit is None:
        return []
    varying = estimates.get("slope_varying_scatter")
    beside = (
        f"M1 with a scatter that may change with weeks: {_interval(varying)} dex per doubling."
        if varying
        else ""
    )
    return [
        *(f"M1. {capitalized(words)}." for words in report.tobit.doubt_words),
        *([beside] if beside else []),
    ]


def _adjusted_words(estimates: dict[str, Estimate]) -> list[str]:
    fold = estimates.get("adjusted_fold_per_doubling")
    if fold is None:
        return []
    covariates = [
        f"{words} × {_interval(estimates[name])}" for name, words in _ADJUSTED.items() if name in estimates
    ]
    return [f"M1 adjusted. × {_interval(fold)} per doubling at the same {'; '.join(covariates)}."]


def _mixed_words(estimates: dict[str, Estimate]) -> list[str]:
    slope, alike = estimates.get("slope_random_intercept"), estimates.get("alike_within_patients")
    if slope is None or alike is None or alike.value is None:
        return []
    words = (
        f"M1 with a random intercept of the patient: {_interval(slope)} dex per doubling; "
        f"{100 * alike.value:.0f} % of the scatter is between patients."
    )
    return [words]


def _recovery_words(estimates: dict[str, Estimate], name: str) -> list[str]:
    plateau, half = estimates.get("plateau"), estimates.get("t50_weeks")
    if plateau is None or half is None:
        return []
    words = (
        f"M2. The median {name} comes back to a plateau of {_credible(plateau)} molecules per cell, half of "
        f"it after {_credible(half)} weeks. These intervals rest on the rows and on priors, which are listed "
        "among the assumptions. ρ, T and Kd cannot be separated by such data and are not given."
    )
    return [words]


def _total_words(report: WashoutReport, estimates: dict[str, Estimate]) -> list[str]:
    fold = estimates.get("total_fold_per_doubling")
    if fold is None:
        return []
    sources = {visit.theta_from for visit in report.visits if visit.theta is not None}
    if sources == {ThetaFrom.NO_COMPETITION.value}:
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
    note = f"; {wait.note}" if wait.note else ""
    if wait.model == ModelName.RECOVERY:
        limits = f"95 % credible interval {_number_or_open(wait.low)} to {_number_or_open(wait.high)}"
        note = ""  # a missing limit is named in its place
    else:
        high = latest_weeks(wait)
        limits = (
            f"95 % interval from {three_digits(wait.low)}, no upper limit"
            if high is None
            else f"95 % interval {three_digits(wait.low)} to {three_digits(high)}"
        )
    weeks = f"{three_digits(wait.weeks)} ({limits}) weeks{note}"
    return f"Wait by {wait.model}. {capitalized(_wait(wait, name))} after {weeks}."


def _why(wait: Wait) -> str:
    """Return why no weeks are reported, and their known lower bound."""
    if wait.low is None:
        return wait.note
    least = "ten years" if wait.low > LONGEST_WEEKS else f"{three_digits(wait.low)} weeks"
    return f"{wait.note}; not before {least} (95 % interval)"


def _wait(wait: Wait, name: str) -> str:
    who = "half of the patients" if wait.share == 0.5 else f"{100 * wait.share:g} % of the patients"
    return f"{who} have {count(wait.density)} {name}"
