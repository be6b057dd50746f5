"""The further tables of a letter: every part for which the optional columns are filled, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.patients.patient_rd import PatientRd
from pipeline.response.follow_up import FollowUp
from pipeline.response.letter.courses import (
    adverse_events,
    anti_drug_antibodies,
    control_by_definition,
    duration_of_treatment,
)
from pipeline.response.letter.cytogenetics import cytogenetics
from pipeline.response.letter.part import LetterPart
from pipeline.response.letter.refractoriness import refractoriness
from pipeline.response.letter.serum import (
    serum_against_density,
    serum_by_visit,
    serum_pairs,
    typed_serum_levels,
)
from pipeline.response.statistics.rank_link import RankLink
from pipeline.study.study import Study


@dataclass(frozen=True, slots=True)
class Letter:
    """The parts that count a patient, and the correlation of serum levels with receptor density."""

    parts: tuple[LetterPart, ...]
    serum_and_density: tuple[RankLink, ...] = ()


def letter(study: Study, rows: Sequence[PatientRd], courses: Sequence[FollowUp]) -> Letter:
    """Return every part for which the study has the columns.

    Parameters
    ----------
    rows
        Receptor densities, one per patient and visit.
    courses
        Follow-up of every patient of the patients sheet.
    """
    levels = typed_serum_levels(study)
    parts = (
        *refractoriness(study.patients),
        *cytogenetics(study.patients),
        *anti_drug_antibodies(study.patients),
        *serum_by_visit(levels),
        *duration_of_treatment(courses, study.settings.month_days),
        *adverse_events(study),
        *control_by_definition(study),
    )
    return Letter(parts, serum_against_density(serum_pairs(levels, rows), study.settings.seed))
