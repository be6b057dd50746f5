"""The section on density and washout: what the models say, in sentences, beside its picture."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.assembly.study_result import StudyResult
from pipeline.output.report.models.names import PLAIN_NAMES, plain_names
from pipeline.output.report.models.reconciled import reconciled
from pipeline.output.report.models.washout_words import data_words, no_answer_words, washout_words
from pipeline.output.report.models.within import unnumbered_words, within_words
from pipeline.study.quantity_name import density_name


@dataclass(frozen=True, slots=True)
class ModelSection:
    """What the models say.

    Attributes
    ----------
    washout
        Of the line.
    no_answer
        What the data do not allow, and why.
    data
        How many rows there were, measured and censored.
    within, unnumbered
        Of the changes within patients; of the visits without a density.
    reconciled
        Where two models seem to say different things: why.
    notes
        Of the models, one by one.
    names
        Name in the files → what it is in words.
    curve_name
        Of the curve in the picture; "" without one.
    """

    washout: tuple[str, ...]
    no_answer: tuple[str, ...]
    data: str
    within: tuple[str, ...]
    unnumbered: tuple[str, ...]
    reconciled: tuple[str, ...]
    notes: tuple[str, ...]
    names: tuple[tuple[str, str], ...]
    curve_name: str


def model_section(study_result: StudyResult) -> ModelSection:
    """Return what the models of a study say."""
    report = study_result.washout
    return ModelSection(
        washout=tuple(map(plain_names, washout_words(study_result))),
        no_answer=tuple(map(plain_names, no_answer_words(study_result))),
        data=data_words(report) if report else "",
        within=within_words(study_result),
        unnumbered=unnumbered_words(study_result),
        reconciled=reconciled(report, density_name(study_result.study)),
        notes=tuple(map(plain_names, report.notes)) if report else (),
        names=tuple((name, words) for name, words in PLAIN_NAMES.items()),
        curve_name=plain_names(report.curve_name) if report and report.curve else "",
    )
