"""Doses of a patient up to the day of a sample, in mg, and the assumptions behind them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Final

import numpy as np

from pipeline.patients.pharmacokinetics.integration import PaddedDoses
from pipeline.patients.pharmacokinetics.parameters import (
    BIOAVAILABILITY,
    IGG_SHARE,
    REFERENCE_WEIGHT_KG,
    Body,
)
from pipeline.study.drugs import is_drug
from pipeline.study.drugs.amounts import PER_KG, dose_in
from pipeline.study.drugs.routes import Route
from pipeline.study.study import Dose, Patient, Study

_HOURS: Final = 24.0
"""Arithmetic: of a day."""


_IGG = re.compile(r"\big[\s-]?g|^\W*g[1-4]?\b")
_NOT_IGG = re.compile(r"\b(no|not|non|kein|nicht)\b[\s-]*ig[\s-]?g")
_OTHER_CHAIN = re.compile(
    r"\big[\s-]?[adem]\b|^\W*[ade]\b|light|leicht|kappa|lambda|bence|flc|non[\s-]?secretory|asecretory|none"
)


@dataclass(frozen=True, slots=True)
class GivenDoses:
    """A patient's doses up to the day of a sample. Each tuple has one value per dose.

    Attributes
    ----------
    days
        Days from this dose to the next; from the last dose to the sample.
    central_mg, depot_mg
        Intravenous dose, and subcutaneous dose times the bioavailability, mg; 0 for the other route.
    troughs
        Serum trough before this dose, µg/mL; NaN if not measured.
    body
        The patient's covariates.
    per_kg
        Whether the last dose was given by weight.
    notes
        Assumptions, as sentences.
    """

    days: tuple[int, ...]
    central_mg: tuple[float, ...]
    depot_mg: tuple[float, ...]
    troughs: tuple[float, ...]
    body: Body
    per_kg: bool
    notes: tuple[str, ...]

    @property
    def chains(self) -> tuple[tuple[GivenDoses, float], ...]:
        """The patient with a known heavy chain, and its probability; two, IgG and not, if it is unknown."""
        if self.body.igg is not None:
            return ((self, 1.0),)
        shares = ((False, 1 - IGG_SHARE), (True, IGG_SHARE))
        return tuple((replace(self, body=replace(self.body, igg=igg)), share) for igg, share in shares)


def given_doses(study: Study, patient_days: Sequence[tuple[str, date]]) -> list[GivenDoses | str]:
    """Return the doses of each patient up to a day, or the reason why they are unknown, in the same order."""
    doses: dict[str, list[Dose]] = {}
    for dose in sorted(study.doses, key=lambda dose: dose.given_on):
        if is_drug(dose.drug, study.settings.washed_out_drug):
            doses.setdefault(dose.patient_id, []).append(dose)
    patients = {patient.patient_id: patient for patient in study.patients}
    return [
        _doses_given_to(study, doses.get(name, ()), day, patients.get(name)) for name, day in patient_days
    ]


def body_of(patient: Patient | None) -> Body:
    """Return the covariates of a patient from the patients sheet; each None if unknown."""
    if patient is None:
        return Body()
    sex = patient.sex.strip().casefold()
    return Body(
        weight_kg=patient.weight_kg,
        albumin_g_l=patient.albumin_g_l,
        female=sex.startswith("f") if sex else None,
        igg=is_igg(patient.heavy_chain),
    )


def is_igg(heavy_chain: str) -> bool | None:
    """Return whether a typed heavy chain is IgG; None if the text leaves it open.

    Examples
    --------
    >>> [is_igg(text) for text in ("IgG", "κ IgG", "Typ Ig-G lambda", "G", "IgA", "light", "not IgG")]
    [True, True, True, True, False, False, False]
    >>> [is_igg(text) for text in ("", "unknown", "to be determined")]
    [None, None, None]
    """
    text = heavy_chain.casefold()
    if _NOT_IGG.search(text):
        return False
    if _IGG.search(text):
        return True
    return False if _OTHER_CHAIN.search(text) else None


def course_of(rows: Sequence[GivenDoses]) -> PaddedDoses:
    """Return the doses of N patients as arrays (N, K); fewer doses have empty intervals in front."""
    longest = max((len(doses.days) for doses in rows), default=0)
    columns = np.zeros((3, len(rows), longest))
    for row, doses in enumerate(rows):
        n = len(doses.days)
        columns[0, row, longest - n :] = doses.days
        columns[1, row, longest - n :] = doses.central_mg
        columns[2, row, longest - n :] = doses.depot_mg
    return PaddedDoses(columns[0] * _HOURS, columns[1], columns[2])


def _doses_given_to(
    study: Study, doses: Sequence[Dose], day: date, patient: Patient | None
) -> GivenDoses | str:
    """Return the doses of a patient up to a day, or the reason why they are unknown."""
    before = [dose for dose in doses if dose.given_on <= day]
    if not before:
        return f"no dose of {study.settings.washed_out_drug} before the sample is known"
    unknown = next((dose for dose in before if dose.dose is None or not dose.unit), None)
    if unknown is not None:
        return f"the dose of {unknown.given_on} has no amount or no unit"
    body = body_of(patient)
    weight = body.weight_kg or REFERENCE_WEIGHT_KG
    # a dose on the day of the sample is given after it; its trough is measured before it
    amounts = [
        (dose_in("mg", dose.dose or 0.0, dose.unit, weight) or 0.0) * (dose.given_on < day) for dose in before
    ]
    skin = [dose.route.upper() == Route.SC.upper() for dose in before]
    dates = [*(dose.given_on for dose in before), day]
    return GivenDoses(
        days=tuple((after - on).days for on, after in pairwise(dates)),
        central_mg=tuple(0.0 if under else mg for mg, under in zip(amounts, skin, strict=True)),
        depot_mg=tuple(BIOAVAILABILITY * mg * under for mg, under in zip(amounts, skin, strict=True)),
        troughs=tuple(dose.serum_trough_ug_ml or np.nan for dose in before),
        body=body,
        per_kg=before[-1].unit == PER_KG,
        notes=(*_unknown(body), *_unread(before)),
    )


def _unread(doses: Sequence[Dose]) -> tuple[str, ...]:
    """Return a note about troughs of 0: not used, since 0 has no logarithm and no limit was typed."""
    days = [dose.given_on.isoformat() for dose in doses[1:] if dose.serum_trough_ug_ml == 0]
    return (f"a trough of 0 is not used, its limit is not known: {', '.join(days)}",) if days else ()


def _unknown(body: Body) -> tuple[str, ...]:
    """Return a note about each unknown covariate: it widens the 95 % band."""
    chains = f"heavy chain not known: {100 * IGG_SHARE:.0f} % IgG, the others not, are both in the band"
    missing = (
        (body.weight_kg, "weight not known: the band is wider"),
        (body.albumin_g_l, "albumin not known: the band is wider"),
        (body.igg, chains),
        (body.female, "sex not known: the band is wider"),
    )
    return tuple(words for value, words in missing if value is None)
