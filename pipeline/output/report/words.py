"""Results in plain words."""

from __future__ import annotations

import math
from typing import Final

from calibration.density.receptor_density import RdStatus
from pipeline.assembly.study_result import StudyResult
from pipeline.output.figures.style.ticks import count
from pipeline.output.interval import fold_bound
from pipeline.output.legend.verdict import verdict_counts, verdict_of
from pipeline.output.report.models.words import model_words, refusal_words
from pipeline.output.result_tables import sample_flags
from pipeline.study.quantity_name import clones_compete, density_name, drug_of, marker_of
from pipeline.study.study import Study
from pipeline.washout.line.tobit import WashoutFit
from pipeline.washout.ranks import RankAssociation
from pipeline.washout.report import WashoutReport

BETWEEN_PATIENTS: Final = (
    "These are cross-sectional data: each patient stands at one washout or a few, so the slope is one "
    "between patients and does not tell how an individual's {name} recovers."
)


def sorting_number(value: float | None) -> str:
    """Return the number by which a table sorts; empty where there is none: last."""
    return "" if value is None else f"{value:.6g}"


def rounded_text(value: float | None) -> str:
    """Return a number for reading: 3 significant digits, thousands apart; "–" where it is not known.

    Examples
    --------
    >>> rounded_text(31412.7), rounded_text(-55.2), rounded_text(None)
    ('31,400', '−55.2', '–')
    """
    return "–" if value is None else count(float(f"{value:.3g}"))


def density_words(status: RdStatus, rd: float | None, lloq: float | None, exceeded: float | None) -> str:
    """Return a receptor density as it may be quoted: a number, or the limit that it lies beyond.

    Parameters
    ----------
    exceeded
        What it is known to exceed (`known_to_exceed`).

    Examples
    --------
    >>> density_words(RdStatus.BELOW_LLOQ, 310.0, 950.0, None)
    '< 950'
    """
    if status is RdStatus.BELOW_LLOQ:
        return f"< {rounded_text(lloq)}"
    if status is RdStatus.ABOVE_ULOQ:
        return f"> {rounded_text(exceeded)}"
    if status is RdStatus.NOT_QUANTIFIABLE:
        return rounded_text(None)
    return rounded_text(rd)


def interval_words(low: float | None, high: float | None) -> str:
    """Return an interval, "" where it is not known.

    Examples
    --------
    >>> interval_words(24100, 40800), interval_words(None, 3)
    ('24,100 to 40,800', '')
    """
    return "" if low is None or high is None else f"{rounded_text(low)} to {rounded_text(high)}"


def competition_words(study: Study) -> str:
    """Return whether the clones compete with the washed-out drug, so that what they bind is free of it."""
    drug, marker = drug_of(study), marker_of(study)
    clones = ", ".join(dict.fromkeys(panel.quantified.clone or "not named" for panel in study.panels))
    compete = clones_compete(study)
    if compete:
        return (
            f"{drug.capitalize()}-competitive free {marker}: sites that the clone ({clones}) can still bind."
        )
    if compete is False:
        return (
            f"The clone ({clones}) does not compete with {drug}: what follows is total {marker}, "
            "with or without drug on it, not free sites."
        )
    if None not in {panel.quantified.competes_with_drug for panel in study.panels}:
        return (
            f"Not every clone ({clones}) competes with {drug}: where it does, these are free sites "
            f"({drug}-competitive free {marker}); where not, total {marker}, with or without drug on it."
        )
    if {panel.quantified.competes_with_drug for panel in study.panels} == {None}:
        return (
            f"The sheet panels does not say whether the clone ({clones}) competes with {drug}, so it is not "
            f"known whether what follows is free or total {marker}."
        )
    return (
        f"The panel does not say for every tube whether the clone ({clones}) competes with {drug}; "
        f"only where it does are these free sites ({drug}-competitive free {marker})."
    )


def verdict_line(study_result: StudyResult) -> str:
    """Return how many tubes have each verdict."""
    return verdict_counts(
        verdict_of(result.receptor.status, sample_flags(result, study_result.exposures.get(result.sample_id)))
        for result in study_result.results
    )


def washout_words(study_result: StudyResult) -> tuple[str, ...]:
    """Return the results of M0 to M3, a sentence or two each."""
    report = study_result.washout
    if report is None:
        return ()
    name = density_name(study_result.study)
    said = [_rank_words(report.rank, name)] if report.rank else []
    said += [_slope_words(report.tobit, name)] if report.tobit else []
    return (*said, *model_words(report, name), BETWEEN_PATIENTS.format(name=name))


def no_answer_words(study_result: StudyResult) -> tuple[str, ...]:
    """Return which questions the data cannot answer, and why."""
    return (
        refusal_words(study_result.washout, density_name(study_result.study)) if study_result.washout else ()
    )


def data_words(report: WashoutReport) -> str:
    """Return which visits the models use."""
    used = f"{report.n_used} of {_counted(report.n_rows, 'visit')} ({_counted(report.n_patients, 'patient')})"
    return (
        f"A washout and a density or a limit are known for {used}: {report.n_observed} with a density "
        "(also where the curve is extended above the top bead), "
        f"{report.n_left_censored} known only as below LLOQ, {report.n_right_censored} known only as above "
        "ULOQ; those enter the models as limits."
    )


def _counted(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _rank_words(rank: RankAssociation, name: str) -> str:
    interval = rank.spearman_interval
    limits = f" (95 % interval {interval[0]:.2f} to {interval[1]:.2f})" if interval else ""
    direction = "more" if rank.spearman > 0 else "less"
    reading = (
        f"The longer the washout, the {direction} {name}"
        if rank.p < 0.05
        else f"These data show no clear association of {name} with washout"
    )
    p = p_words(rank.p)
    return f"M0. {reading}: Spearman ρ = {rank.spearman:.2f}{limits}, permutation {p}, n = {rank.n}."


def _slope_words(fit: WashoutFit, name: str) -> str:
    low, high = fit.fold_interval
    p = f", {p_words(fit.slope_p)}" if fit.slope_p is not None else ""
    return (
        f"M1. Each doubling of the washout multiplies the median {name} by "
        f"{_fold(fit.fold_per_doubling)} (95 % interval {_fold(low)} to {_fold(high)}{p}); "
        f"{_likely_words(fit)}scatter between patients {fit.sigma:.2f} dex, n = {fit.n}."
    )


def _likely_words(fit: WashoutFit) -> str:
    """Return the plain likelihood estimate, without bias correction, where it reads differently."""
    fold, likely = f"{fit.fold_per_doubling:.2f}", f"{10**fit.most_likely.slope:.2f}"
    return "" if fold == likely else f"highest likelihood, with its bias of few rows: {likely}; "


def _fold(value: float) -> str:
    return (fold_bound(value) or f"{value:.2f}") if math.isfinite(value) else "∞"


def p_words(p: float) -> str:
    """Return a p value for reading.

    Examples
    --------
    >>> p_words(0.00001), p_words(0.0312)
    ('p < 0.001', 'p = 0.031')
    """
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"
