"""The head of the report: title, people, day of the run, program and what was set otherwise than usual."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.assembly.study_result import StudyResult
from pipeline.study.file_labels import labels_of_settings
from pipeline.study.quantity_name import marker_of
from pipeline.study.settings import Settings, setting_text
from pipeline.study.study import Study

ABOUT_THE_STUDY = frozenset({"report_title", "lab", "operator", "comment"})
"""Settings that stand in the head as they are: they change no result."""


@dataclass(frozen=True, slots=True)
class Head:
    """What stands at the head of the report; `facts` are named words in one line."""

    title: str
    comment: str
    facts: tuple[tuple[str, str], ...]
    changed_settings: tuple[tuple[str, str], ...]


def head(study_result: StudyResult, run_on: str) -> Head:
    """Return the head of a report.

    Parameters
    ----------
    study_result
        What was found.
    run_on
        Day of the run, an ISO date; "": not known.
    """
    settings, provenance = study_result.study.settings, study_result.provenance
    facts = (
        ("Laboratory", single_line(settings.lab)),
        ("Operator", single_line(settings.operator)),
        ("Run on", f"{run_on} (UTC)" if run_on else ""),
        ("Program", f"{provenance.program}, code {provenance.code_sha256[:12]}" if provenance else ""),
    )
    return Head(
        title_of(study_result.study),
        single_line(settings.comment),
        tuple((name, text) for name, text in facts if text),
        changed_settings(settings),
    )


def title_of(study: Study) -> str:
    """Return the typed title, or what was measured: the folder's name may tell who a patient is."""
    return single_line(study.settings.report_title) or f"{marker_of(study)} receptor density"


def changed_settings(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Return the settings that differ from their defaults; not what the head itself says.

    They are as typed, but for labels in place of file names.

    Examples
    --------
    >>> changed_settings(Settings(seed=7, lab="Haematology"))
    (('seed', '7'),)
    """
    default, labels = Settings().model_dump(), labels_of_settings(Path(), settings)
    return tuple(
        (name, labels.in_text(setting_text(value)))
        for name, value in settings.model_dump().items()
        if value != default[name] and name not in ABOUT_THE_STUDY
    )


def single_line(text: str) -> str:
    """Return typed text on one line."""
    return " ".join(text.split())
