"""The answer of a study in two sentences: whether free CD38 rises with washout, and how long it takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from calibration.density.receptor_density import QUANTIFIED, RdStatus
from pipeline.assembly.study_result import StudyResult
from pipeline.output.figures.style.ticks import count
from pipeline.output.report.models.words import (
    LIKELY_P,
    credible_words,
    fold_words,
    latest_weeks,
    three_digits,
)
from pipeline.study.quantity_name import density_name, drug_of
from pipeline.study.wording import capitalized
from pipeline.washout.censored.estimate import IntervalKind, ModelName, PatientShare, Wait
from pipeline.washout.line.tobit import WashoutFit
from pipeline.washout.report import WashoutReport

CLEAR_P = 0.001
"""p below which a rise is called clear and not only probable. Convention: 0.1 % leave room for the several
tests of one report, and for rows that are not quite independent."""

WELL_KNOWN, ROUGHLY_KNOWN = 2.0, 5.0
"""Upper over lower limit of the fold per doubling up to which its size is called well, or roughly, known.
Convention: within a factor of 2 the wait can be planned, beyond 5 not even its
order of magnitude is known."""

_LACKS: Final[Mapping[RdStatus, str]] = {
    RdStatus.LOW_EVENTS: "too few cells",
    RdStatus.NOT_QUANTIFIABLE: "a density that is not known well enough",
    RdStatus.NO_BACKGROUND: "no control tube",
    RdStatus.NO_CURVE: "no usable standard curve",
    RdStatus.REPLICATES_DISAGREE: "replicates that contradict each other",
    RdStatus.FAILED: "failed",
}
"""Reasons why a tube has no density, in words."""

_TO_DO: Final = "“Look at these first” says what to do."


def answer(study_result: StudyResult) -> tuple[str, ...]:
    """Return the answer in two sentences; none where there are densities but no washout is known."""
    statuses = [result.receptor.status for result in study_result.results]
    if not any(status in QUANTIFIED for status in statuses):
        return _no_density(statuses, density_name(study_result.study))
    report = study_result.washout
    if report is None or not report.n_used:
        return ()
    name, cut = density_name(study_result.study), study_result.study.settings.rd_cut
    if report.tobit is None:
        return (_no_answer(report, name),)
    contradicted = _contradicted(report)
    rise = _rise(report.tobit, name, report.n_patients)
    if ModelName.LINE in contradicted:
        rise += "; but the points do not lie along a straight line: take it as an average over all weeks"
    return (f"{rise}.", _wait(report, name, cut, contradicted))


def no_washout_words(study_result: StudyResult) -> str:
    """Return why no washout can be drawn, in one sentence; "" where one can."""
    with_washout = [visit for visit in study_result.visits if visit.washout_weeks is not None]
    if any(visit.receptor.status in QUANTIFIED for visit in with_washout):
        return ""
    drug, name = drug_of(study_result.study), density_name(study_result.study)
    if not study_result.study.doses:
        return f"No dose is typed in the doses sheet, so the weeks since {drug} are not known for any tube."
    if not with_washout:
        return f"For no tube is a dose of {drug} before it known, so there is no washout to draw."
    return f"No visit has both a washout and a density of {name}, so there is nothing to draw."


def _no_density(statuses: Sequence[RdStatus], name: str) -> tuple[str, ...]:
    """Return that no tube has a density and why, the most frequent reason first."""
    if not statuses:
        return (f"No tube was measured, so nothing can be said about {name}.",)
    counts = sorted(Counter(statuses).items(), key=lambda item: (-item[1], item[0].value))
    reasons = ", ".join(_lack(status, n) for status, n in counts)
    if len(statuses) == 1:
        return (f"The tube has no density of {name} that can be used: {reasons}.", _TO_DO)
    return (
        f"None of the {len(statuses):,} tubes has a density of {name} that can be used: {reasons}.",
        _TO_DO,
    )


def _lack(status: RdStatus, n: int) -> str:
    lack = _LACKS.get(status, "no density")
    has = "" if status is RdStatus.FAILED else "has " if n == 1 else "have "
    return f"{n:,} {has}{lack}"


def _contradicted(report: WashoutReport) -> frozenset[str]:
    """Return the models that the rows contradict."""
    candidates = report.choice.candidates if report.choice else ()
    return frozenset(candidate.name for candidate in candidates if candidate.is_contradicted)


def _no_answer(report: WashoutReport, name: str) -> str:
    reason = next((r.reason for r in report.not_estimable if r.name == ModelName.LINE), "")
    return f"Whether {name} rises with the washout is not known" + (f": {reason}." if reason else ".")


def _rise(fit: WashoutFit, name: str, n_patients: int) -> str:
    low, high = fit.fold_interval
    p = 1.0 if fit.slope_p is None else fit.slope_p
    fold = f"{fold_words(fit.fold_per_doubling)} per doubling of the weeks"
    interval = f"95 % interval {fold_words(low)} to {fold_words(high)}"
    size = f"× {fold} ({interval}; {fit.n} visits of {n_patients} patients)"
    if p >= LIKELY_P:
        return f"Whether {name} rises with the washout is open: {size}"
    way = "rises" if fit.slope > 0 else "falls"
    sure = "clearly" if p < CLEAR_P else "probably"
    return f"{capitalized(name)} {sure} {way} with the washout: {size}; the rate is {_known(low, high)}"


def _known(low: float, high: float) -> str:
    ratio = high / low if low > 0 else float("inf")
    if ratio <= WELL_KNOWN:
        return "well known"
    return "roughly known" if ratio <= ROUGHLY_KNOWN else "hardly known"


def _wait(report: WashoutReport, name: str, cut: float, contradicted: frozenset[str]) -> str:
    preferred = report.choice.preferred if report.choice else ModelName.LINE.value
    asked = [wait for wait in report.waits if wait.density == cut and PatientShare.of(wait.share).is_half]
    by_preference = sorted(asked, key=lambda wait: wait.model != preferred)
    half_way = f"half of the patients have {count(cut)} {name} molecules per cell"
    if not by_preference:
        return f"It cannot be estimated when {half_way}: no model gives it."
    wait = next((wait for wait in by_preference if wait.model not in contradicted), None)
    if wait is None:
        return f"It cannot be estimated when {half_way}: the points do not lie along the line."
    if wait.weeks is None:
        return f"It cannot be estimated when {half_way}" + (f": {wait.why}." if wait.why else ".")
    return f"{capitalized(half_way)} after {_weeks(wait)}{_beyond(report, wait)}."


def _beyond(report: WashoutReport, wait: Wait) -> str:
    """Return which part of a wait is extrapolated: the weeks, or only an end of their interval."""
    if wait.interval is IntervalKind.CREDIBLE:  # it says which of its ends is beyond
        return ""
    if wait.model != ModelName.LINE or wait.weeks is None or report.tobit is None:
        return f"; {wait.note}" if wait.note else ""
    first, last = float(report.tobit.data.weeks.min()), float(report.tobit.data.weeks.max())
    weeks_seen = f"the {three_digits(first)} to {three_digits(last)} weeks that were seen"
    if not first <= wait.weeks <= last:
        return f"; that lies beyond {weeks_seen}: extrapolated"
    within = all(end is not None and first <= end <= last for end in (wait.low, wait.high))
    return "" if within else f"; the interval goes beyond {weeks_seen}"


def _weeks(wait: Wait) -> str:
    if wait.interval is IntervalKind.CREDIBLE:
        return f"{three_digits(wait.weeks)} weeks ({credible_words(wait.low, wait.high, 'weeks')})"
    high = latest_weeks(wait)
    ends = (
        f"from {three_digits(wait.low)} weeks, no upper limit"
        if high is None
        else f"{three_digits(wait.low)} to {three_digits(high)}"
    )
    return f"{three_digits(wait.weeks)} weeks (95 % interval {ends})"
