"""What M0 and M1 say in plain words, with what the other models say, and which visits they use."""

from __future__ import annotations

import math
from typing import Final

from pipeline.assembly.study_result import StudyResult
from pipeline.output.interval import fold_bound
from pipeline.output.report.models.words import LIKELY_P, model_words, refusal_words
from pipeline.output.report.words import p_words
from pipeline.study.quantity_name import density_name
from pipeline.study.wording import counted
from pipeline.washout.line.tobit import WashoutFit
from pipeline.washout.ranks import RankAssociation
from pipeline.washout.report import WashoutReport

BETWEEN_PATIENTS: Final = (
    "These are cross-sectional data: each patient stands at one washout or a few, so the slope is one "
    "between patients and does not show how an individual's {name} recovers."
)


def washout_words(study_result: StudyResult) -> tuple[str, ...]:
    """Return the results of M0 to M3, a sentence or two each."""
    report = study_result.washout
    if report is None:
        return ()
    name = density_name(study_result.study)
    sentences = [_rank_words(report.rank, name)] if report.rank else []
    sentences += [_slope_words(report.tobit, name)] if report.tobit else []
    return (*sentences, *model_words(report, name), BETWEEN_PATIENTS.format(name=name))


def no_answer_words(study_result: StudyResult) -> tuple[str, ...]:
    """Return which questions the data cannot answer, and why."""
    return (
        refusal_words(study_result.washout, density_name(study_result.study)) if study_result.washout else ()
    )


def data_words(report: WashoutReport) -> str:
    """Return which visits the models use."""
    used = f"{report.n_used} of {counted(report.n_rows, 'visit')} ({counted(report.n_patients, 'patient')})"
    return (
        f"A washout and a density or a limit are known for {used}: {report.n_observed} with a density "
        "(also where the curve is extended above the top bead), "
        f"{report.n_left_censored} known only as below LLOQ, {report.n_right_censored} known only as above "
        "ULOQ; those enter the models as limits."
    )


def _rank_words(rank: RankAssociation, name: str) -> str:
    interval = rank.spearman_interval
    limits = f" (95 % interval {interval[0]:.2f} to {interval[1]:.2f})" if interval else ""
    direction = "more" if rank.spearman > 0 else "less"
    reading = (
        f"The longer the washout, the {direction} {name}"
        if rank.p < LIKELY_P
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
    return "" if fold == likely else f"maximum likelihood, with its bias from few rows: {likely}; "


def _fold(value: float) -> str:
    return (fold_bound(value) or f"{value:.2f}") if math.isfinite(value) else "∞"
