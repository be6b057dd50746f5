"""Results in plain words."""

from __future__ import annotations

from calibration.density.receptor_density import RdStatus
from pipeline.assembly.study_result import StudyResult
from pipeline.output.figures.style.ticks import rounded_text
from pipeline.output.legend.tube_verdict import TubeVerdict, verdict_counts, verdict_of
from pipeline.output.result_tables import sample_flags
from pipeline.quantification.result import SampleResult
from pipeline.study.quantity_name import clones_compete, drug_of, marker_of
from pipeline.study.study import Study


def sorting_number(value: float | None) -> str:
    """Return the number by which a table sorts; empty where there is none: last."""
    return "" if value is None else f"{value:.6g}"


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
    return verdict_counts(verdict_in(study_result, result) for result in study_result.results)


def verdict_in(study_result: StudyResult, result: SampleResult) -> TubeVerdict:
    """Return the verdict of a tube, with the flags of its patient's doses."""
    flags = sample_flags(result, study_result.exposures.get(result.sample_id))
    return verdict_of(result.receptor.status, flags)


def p_words(p: float) -> str:
    """Return a p value for reading.

    Examples
    --------
    >>> p_words(0.00001), p_words(0.0312)
    ('p < 0.001', 'p = 0.031')
    """
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"
