"""The history of a simulated patient before and after the marrow: doses, response, follow-up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from pipeline.study.drugs.routes import Route
from pipeline.study.response import Response
from pipeline.study.study import Dose, Patient

FOLLOW_UP_DAYS = 720
CONTROL_DAYS = 56
ASSESSED_EVERY_DAYS = 28
SERUM_LLOQ_UG_ML = 0.2
_DARATUMUMAB_GAPS = (*(7,) * 7, *(14,) * 8, *(28,) * 40)
_ISATUXIMAB_GAPS = (*(7,) * 4, *(14,) * 60)


def draw_doses(
    patient_id: str,
    last_daratumumab: date,
    marrow: date,
    stops: date,
    peak_ug_ml: float,
    rng: np.random.Generator,
) -> tuple[Dose, ...]:
    """Draw daratumumab doses up to the last day (weekly, every 2, every 4 weeks), then isatuximab.

    The last daratumumab dose has a trough: the serum level that the doses before have left.
    """
    days = _schedule(_DARATUMUMAB_GAPS, int(rng.integers(8, 24)))
    subcutaneous = bool(rng.random() < 0.4)
    trough = round(peak_ug_ml * float(rng.uniform(0.5, 0.7)), 1)
    amount, unit, route = (1_800.0, "mg", Route.SC.value) if subcutaneous else (16.0, "mg/kg", Route.IV.value)
    before = [
        Dose(patient_id, last_daratumumab - timedelta(days[-1] - day), "daratumumab", amount, unit, route)
        for day in days
    ]
    last = Dose(patient_id, last_daratumumab, "daratumumab", amount, unit, route, trough)
    start = study_start(marrow)
    dose_days = _schedule(_ISATUXIMAB_GAPS, 30)
    isatuximab = float(rng.choice([10.0, 20.0]))
    after = [
        Dose(patient_id, start + timedelta(day), "isatuximab", isatuximab, "mg/kg", Route.IV.value)
        for day in dose_days
        if start + timedelta(day) <= stops
    ]
    return (*before[:-1], last, *after)


def study_start(marrow: date) -> date:
    """Return the day of the first isatuximab."""
    return marrow + timedelta(days=7)


def draw_record(patient_id: str, rd: float, marrow: date, rng: np.random.Generator) -> Patient:
    """Draw a row of the patients sheet; disease control is more likely with more free CD38."""
    start = study_start(marrow)
    evaluable = bool(rng.random() > 0.1)
    controlled = bool(rng.random() < 1 / (1 + np.exp(0.4 - 0.9 * np.log10(max(rd, 100) / 15_000))))
    response = _response(evaluable, controlled, rng)
    control_days = int(
        rng.integers(CONTROL_DAYS + 4, 420) if controlled else rng.integers(20, CONTROL_DAYS - 2)
    )
    survived = control_days + int(rng.exponential(320))
    followed_days = min(survived, FOLLOW_UP_DAYS)
    progressed = start + timedelta(control_days) if evaluable else None
    return Patient(
        patient_id=patient_id,
        best_response=response,
        evaluable=evaluable,
        disease_control_days=float(control_days)
        if response in (Response.SD, Response.MR, Response.PR)
        else None,
        treatment_start=start,
        progressed_on=progressed,
        died_on=start + timedelta(survived) if survived <= FOLLOW_UP_DAYS else None,
        last_assessed_on=progressed
        or start + timedelta(control_days // ASSESSED_EVERY_DAYS * ASSESSED_EVERY_DAYS),
        last_contact_on=start + timedelta(max(followed_days, control_days)),
        discontinued_on=start + timedelta(control_days),
        discontinuation_reason=_reason(evaluable, rng),
        dexamethasone_on=start + timedelta(58) if controlled and rng.random() < 0.5 else None,
        age=float(rng.integers(46, 85)),
        sex=str(rng.choice(["female", "male"])),
        weight_kg=round(float(np.clip(rng.normal(76, 13), 45, 130)), 1),
        albumin_g_l=round(float(rng.normal(36, 4)), 1),
        heavy_chain=str(rng.choice(["IgG", "IgA", "light"], p=[0.6, 0.22, 0.18])),
        ecog=int(rng.choice([0, 1, 2], p=[0.35, 0.5, 0.15])),
        iss_stage=str(rng.choice(["I", "II", "III"])),
        cytogenetic_risk=str(rng.choice(["standard", "high"], p=[0.65, 0.35])),
        prior_lines=int(rng.integers(2, 13)),
        refractory_to="daratumumab; lenalidomide",
    )


def draw_safety(
    record: Patient, doses: Sequence[Dose], serum_ug_ml: float, rng: np.random.Generator
) -> Patient:
    """Draw the infusions of the study drug, and its serum level by an assay at the marrow."""
    infusions = sum(dose.drug == "isatuximab" for dose in doses)
    reaction = bool(rng.random() < 0.2)
    interrupted = int(rng.binomial(infusions, 0.15)) if reaction else 0
    grade = int(rng.choice([0, 1, 2, 3, 4, 5], p=[0.12, 0.18, 0.22, 0.33, 0.13, 0.02]))
    return replace(
        record,
        teae_grade=max(grade, int(reaction)),
        infusion_reaction=reaction,
        infusions=infusions,
        infusions_interrupted=interrupted,
        serum_ug_ml=round(serum_ug_ml, 1) if serum_ug_ml >= SERUM_LLOQ_UG_ML else 0.0,
    )


def draw_letter(record: Patient, rng: np.random.Generator) -> Patient:
    """Draw what a letter reports beside response: cytogenetics, anti-drug antibodies, related events, site.

    They have their own random numbers, so that no other number of a simulated study depends on them.
    """
    high = record.cytogenetic_risk == "high"
    usual = str(rng.choice(["none", "t(11;14)", "gain 1q", "none; t(14;16) n.d."]))
    risky = str(rng.choice(["del17p", "t(4;14)", "del17p; t(4;14)", "t(14;16); gain 1q"]))
    grade = record.teae_grade or 0
    return replace(
        record,
        site=str(rng.choice(["A", "B"])),
        last_line_refractory=bool(rng.random() < 0.7),
        cytogenetics=risky if high else usual,
        ada_before=bool(rng.random() < 0.05),
        ada_on_treatment=str(rng.choice(["none", "transient", "persistent"], p=[0.9, 0.06, 0.04])),
        related_grade=int(rng.integers(0, grade + 1)),
    )


def _schedule(gaps: tuple[int, ...], n: int) -> list[int]:
    return [sum(gaps[:n_gaps]) for n_gaps in range(n)]


def _reason(evaluable: bool, rng: np.random.Generator) -> str:
    return "progression" if evaluable else str(rng.choice(["adverse event", "withdrawal"]))


def _response(evaluable: bool, controlled: bool, rng: np.random.Generator) -> str:
    if not evaluable:
        return Response.NE
    if controlled:
        return str(rng.choice([Response.PR, Response.MR, Response.SD], p=[0.04, 0.08, 0.88]))
    return str(rng.choice([Response.SD, Response.PD], p=[0.35, 0.65]))
