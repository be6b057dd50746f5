"""Recovery within patients, and tubes without a density, in words."""

from __future__ import annotations

from typing import Final

from pipeline.assembly.slope_bound import SlopeBound
from pipeline.assembly.study_result import StudyResult
from pipeline.assembly.unnumbered import GroupFacts, Unnumbered
from pipeline.output.interval import fold_bound
from pipeline.response.statistics.counts import Contrast
from pipeline.study.quantity_name import density_name
from pipeline.washout.within.mean import MeanChange
from pipeline.washout.within.result import WithinPatients
from pipeline.washout.within.slopes import PatientSlopes

_ONLY_ASSAY: Final = (
    "“Beyond the assay” means more than its errors explain; a patient's own ups and downs from week to week "
    "are not in them."
)


def within_words(study_result: StudyResult) -> tuple[str, ...]:
    """Return sentences on the changes within patients; none where no patient has two visits."""
    washout = study_result.washout
    within = washout.within if washout else None
    if within is None:
        return ()
    name = density_name(study_result.study)
    sentences = [_counts(within, name)] if within.changes else []
    sentences += [_mean(within.mean)] if within.mean else []
    sentences += [_slopes(within.slopes)] if within.slopes else []
    sentences += [f"Not given: {refusal.name}, because {refusal.reason}." for refusal in within.refusals]
    return tuple(sentences)


def unnumbered_words(study_result: StudyResult) -> tuple[str, ...]:
    """Return sentences on tubes without density, and their possible effect; none where every tube has one."""
    unnumbered = study_result.unnumbered
    if unnumbered is None:
        return ()
    sentences = [_who(unnumbered), *_washouts(unnumbered.visits)]
    sentences += [_response(unnumbered.response)] if unnumbered.response else []
    sentences += (
        [_bound(unnumbered.slope)]
        if unnumbered.slope
        else [f"The slope has no bound: {unnumbered.slope_note}."]
    )
    sentences += [_split(contrast) for contrast in unnumbered.by_rd]
    return tuple(sentences)


def _counts(within: WithinPatients, name: str) -> str:
    least = "" if within.least_fold is None else (
        f" Here a change of less than {_fold(within.least_fold)}-fold, up or down, may be the assay's "
        "error alone (median over the patients)."
    )  # fmt: skip
    n = within.n_patients
    who = "1 patient has" if n == 1 else f"{n} patients have"
    return (
        f"{who} two visits after the same dose, measured in the same way. From the first to the last the "
        f"{name} rose by more than the assay's error in {within.n_up}, fell in {within.n_down}, and changed "
        f"by less in {within.n_no}; the others are open.{least} {_ONLY_ASSAY}"
    )


def _mean(mean: MeanChange) -> str:
    beyond = f", {mean.n_beyond} of them known by a limit" if mean.n_beyond else ""
    return (
        f"On average it changed {_fold(mean.fold)}-fold (95 % interval {_end(mean.low, '0')} to "
        f"{_end(mean.high, '∞')}; {mean.n} patients{beyond})."
    )


def _slopes(slopes: PatientSlopes) -> str:
    differ = (
        "the patients' own slopes do not differ beyond the scatter"
        if slopes.sd_of_slopes == 0
        else f"95 % of patients lie between {_fold(10**slopes.least)} and {_fold(10**slopes.most)}"
    )
    return (
        f"Within a patient, each doubling of the washout multiplies it by {_fold(10**slopes.slope)} (95 % "
        f"interval {_fold(10**slopes.low)} to {_fold(10**slopes.high)}; {slopes.n_patients} patients, "
        f"{slopes.n} visits); {differ} (p = {slopes.p_slopes_differ:.2g} if all are alike). "
        f"{_between(slopes)}"
    )


def _between(slopes: PatientSlopes) -> str:
    if slopes.between is None or slopes.between_low is None or slopes.between_high is None:
        return "All patients had the same mean washout, so there is no slope between patients."
    middle, low, high = (_fold(10**end) for end in (slopes.between, slopes.between_low, slopes.between_high))
    return f"Between patients: {middle} ({low} to {high})."


def _who(unnumbered: Unnumbered) -> str:
    lost = sum(tube.only for tube in unnumbered.tubes)
    n = len(unnumbered.tubes)
    tubes = "1 tube has" if n == 1 else f"{n} tubes have"
    named = ", ".join(
        f"{tube.sample_id} ({tube.status.value})" for tube in unnumbered.tubes[:_MOST_TUBES_NAMED]
    )
    more = f" and {n - _MOST_TUBES_NAMED} more in rd_unnumbered.csv" if n > _MOST_TUBES_NAMED else ""
    return (
        f"{tubes} neither a density nor a limit; for {lost} of them no other tube of the visit has one: "
        f"{named}{more}. The analyses use the other tubes. That is safe only if these patients are like the "
        "others."
    )


_MOST_TUBES_NAMED: Final = 10
"""Most tubes that the sentence names. Convention: more would not be read; the table has all."""


def _washouts(groups: tuple[GroupFacts, ...]) -> list[str]:
    with_median = [group for group in groups if group.median_weeks is not None]
    if len(with_median) < len(groups):
        return []
    words = "; ".join(
        f"visits {group.name}: median {group.median_weeks:.1f} weeks ({group.least_weeks:.1f} to "
        f"{group.most_weeks:.1f}, n = {group.n_washout})"
        for group in with_median
    )
    return [f"Washout of {words}."]


def _response(response: Contrast) -> str:
    p = "" if response.fisher_p is None else f", Fisher p = {response.fisher_p:.2g}"
    return (
        f"Disease control: {response.first.k}/{response.first.n} of the patients without any density, "
        f"{response.second.k}/{response.second.n} of the others{p}."
    )


def _bound(bound: SlopeBound) -> str:
    visits = "this visit" if bound.n == 1 else f"these {bound.n} visits"
    return (
        f"If {visits} had any of the densities of this study (one for all early visits and one for all late "
        f"ones), each doubling of the washout multiplies the median by {_fold(bound.least)} to "
        f"{_fold(bound.most)} instead of {_fold(bound.without_missing)}."
    )


def _split(contrast: Contrast) -> str:
    p = "" if contrast.fisher_p is None else f", Fisher p = {contrast.fisher_p:.2g}"
    return (
        f"{contrast.name}: {contrast.first.k}/{contrast.first.n} v "
        f"{contrast.second.k}/{contrast.second.n}{p}."
    )


def _fold(value: float) -> str:
    return fold_bound(value) or f"{value:.2f}"


def _end(value: float | None, none: str) -> str:
    return none if value is None else _fold(value)
