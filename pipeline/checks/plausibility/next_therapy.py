"""A new treatment of the myeloma that is in the doses sheet, but not in the patients sheet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from pipeline.checks.findings import Finding, warning
from pipeline.checks.headers import Headers
from pipeline.checks.typed import days_of
from pipeline.study.drugs import agents_of, is_drug
from pipeline.study.drugs.vocabulary import AGENTS
from pipeline.study.study import Dose, Patient, Study
from pipeline.study.wording import quoted

MYELOMA_DRUGS: Final = frozenset(
    {
        "lenalidomide", "pomalidomide", "thalidomide", "iberdomide", "mezigdomide", "bortezomib",
        "carfilzomib", "ixazomib", "marizomib", "oprozomib", "elotuzumab", "belantamab mafodotin",
        "teclistamab", "talquetamab", "elranatamab", "linvoseltamab", "cevostamab", "alnuctamab",
        "idecabtagene vicleucel", "ciltacabtagene autoleucel", "anitocabtagene autoleucel",
        "selinexor", "venetoclax", "sonrotoclax", "panobinostat", "melphalan flufenamide", "melphalan",
        "bendamustine", "cyclophosphamide", "doxorubicin", "etoposide", "cisplatin",
        "stem cell transplant",
    }
)  # fmt: skip
"""Drugs that are a new antimyeloma therapy if they begin under treatment; so are antibodies against CD38.
Steroids are not among them: they are given with every regimen, and dexamethasone has a column of its own.
Convention."""

_AGAINST_CD38: Final = frozenset(agent.name for agent in AGENTS if agent.against_cd38)


def unrecorded_therapies(study: Study, headers: Headers) -> Iterator[Finding]:
    """Warn of patients with a new drug in the doses before progression, but without `next_therapy_on`."""
    del headers
    started = days_of(study, study.settings.study_drug)
    doses: dict[str, list[tuple[int, Dose]]] = {}
    for number, dose in enumerate(study.doses):
        doses.setdefault(dose.patient_id, []).append((number, dose))
    for patient in study.patients:
        start = patient.treatment_start or next(iter(started.get(patient.patient_id, ())), None)
        if start is None or patient.next_therapy_on is not None:
            continue
        new = _new_drug(study, patient, start, doses.get(patient.patient_id, []))
        if new is not None:
            number, dose = new
            cell = study.at("doses", str(number), "given_on")
            problem = f"nothing, though {cell} has {quoted(dose.drug)} on {dose.given_on}"
            expected = "the first day of a new antimyeloma therapy"
            hint = "PFS is censored there. Is it a part of the study treatment? Then leave the cell empty."
            where = study.at("patients", patient.patient_id, "next_therapy_on")
            yield warning(problem, expected, where=where, hint=hint)


def _new_drug(
    study: Study, patient: Patient, start: date, doses: list[tuple[int, Dose]]
) -> tuple[int, Dose] | None:
    """Return the first dose of a drug that begins under treatment and before progression; else None.

    A drug that begins within the first cycle is a partner of the study drug. A drug that was given before is
    continued, not new.
    """
    first_cycle_end = start + timedelta(days=study.settings.cycle_days)
    end = patient.progressed_on or date.max
    later = [(number, dose) for number, dose in doses if first_cycle_end < dose.given_on < end]
    new = [
        (number, dose)
        for number, dose in later
        if _is_therapy(study, dose) and not _was_given_before(study, dose, doses, first_cycle_end)
    ]
    return min(new, key=lambda row: (row[1].given_on, row[0]), default=None)


def _therapies(dose: Dose) -> frozenset[str]:
    return agents_of(dose.drug) & (MYELOMA_DRUGS | _AGAINST_CD38)


def _is_therapy(study: Study, dose: Dose) -> bool:
    return bool(_therapies(dose)) and not is_drug(dose.drug, study.settings.study_drug)


def _was_given_before(study: Study, dose: Dose, doses: list[tuple[int, Dose]], until: date) -> bool:
    """Return whether the drugs of a dose were given before; the washed-out drug always counts as new."""
    if is_drug(dose.drug, study.settings.washed_out_drug):
        return False
    before = {
        agent
        for _, earlier_dose in doses
        if earlier_dose.given_on <= until
        for agent in agents_of(earlier_dose.drug)
    }
    return _therapies(dose) <= before
