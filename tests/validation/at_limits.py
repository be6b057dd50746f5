"""Seeded inputs that meet each limit of the response tables and of the drug's model, and what comes out.

Ties, empty groups, counts of zero, values on a limit, doses on the day of the sample: a deciding line that is
changed changes one of these answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, time, timedelta
from itertools import product
from pathlib import Path

import numpy as np

from calibration.density.result import RdStatus
from helpers.response import facts_of, tables_of
from pipeline.patients.exposure import exposures, response_clocks
from pipeline.patients.patient_rd import PatientRd
from pipeline.patients.pharmacokinetics import drug_levels
from pipeline.patients.receptor_occupancy.theta import (
    Theta,
    chosen_theta,
    contradict,
    theta_of_level,
    theta_of_tubes,
)
from pipeline.patients.receptor_occupancy.total import FreeDensity, total_of
from pipeline.response.by_density.numbers import density_numbers
from pipeline.response.statistics.counts import contrast, proportion, trend
from pipeline.response.statistics.cox import cox_ratio
from pipeline.response.statistics.cuts.best_cut import best_cut, fixed_cut
from pipeline.response.statistics.cuts.implied import with_odds
from pipeline.response.statistics.cuts.roc import area_under
from pipeline.response.statistics.dose_response import dose_response
from pipeline.response.statistics.logistic import odds_ratio
from pipeline.response.statistics.rank_link import rank_link
from pipeline.response.statistics.survival import log_rank, survival_curve
from pipeline.response.statistics.true_values import true_values
from pipeline.study.cells.choices import AdaCourse
from pipeline.study.settings import Settings
from pipeline.study.study import AdverseEvent, Dose, Patient, Sample, Statement, Study

START = date(2024, 5, 31)
TABLES = (
    (0, 0, 0, 3),
    (0, 5, 0, 4),
    (3, 3, 0, 4),
    (2, 7, 3, 7),
    (5, 5, 4, 4),
    (1, 1, 0, 1),
    (9, 20, 2, 25),
    (1, 40, 6, 30),
)
"""k of n against k of n: empty groups, cells of zero, all alike, few and many."""
STRATA = (
    ((0, 4), (1, 5), (3, 4)),
    ((2, 2), (0, 0), (1, 2)),
    ((1, 70), (4, 71), (9, 60)),
    ((3, 3), (2, 2)),
    ((5, 9),),
)


def counted() -> object:
    """Return proportions, contrasts and trends of every table."""
    pairs = [(proportion("a", k, n), proportion("b", m, o)) for k, n, m, o in TABLES]
    groups = [[proportion(f"s{s}", *stratum) for s, stratum in enumerate(strata)] for strata in STRATA]
    return [contrast("c", *pair) for pair in pairs], [trend("t", strata) for strata in groups]


def times() -> object:
    """Return curves, log-rank tests and hazard ratios of times with ties, censored on the day of an event."""
    found: list[object] = []
    for n, seed in ((1, 1), (2, 2), (9, 3), (24, 4), (130, 5)):
        rng = np.random.default_rng([seed, 33])
        when, events = rng.integers(1, 4 + n // 2, n).astype(float), rng.random(n) < (1.0 if n == 2 else 0.7)
        x = rng.normal(0, 1, n).round(1)
        events = events if n < 100 else np.ones(n, bool)
        found += [survival_curve(when, events), cox_ratio("x", "1", x, when, events)]
        parts = [(when[x <= 0], events[x <= 0]), (when[x > 0], events[x > 0])]
        if all(len(part[0]) for part in parts):
            found.append(log_rank((parts[0], parts[1])))
    return found


def along() -> object:
    """Return odds, areas, cuts and ranks along values: exact, with errors, below and above limits, separated."""
    found: list[object] = []
    for kind_of, error, split in product(("all", "below", "both"), (0.0, 0.4), (False, True)):
        rng = np.random.default_rng([len(kind_of), round(10 * error), split, 33])
        value = rng.normal(15.0, 1.3, 14).round(1)
        y = value >= np.median(value) if split else rng.random(14) < 1 / (1 + np.exp(15.0 - value))
        kind = np.where((value < 14.2) & (kind_of != "all"), -1, 0)
        kind = np.where((value > 16.3) & (kind_of == "both"), 1, kind)
        value = np.where(kind < 0, 14.2, np.where(kind > 0, 16.3, value))
        known = true_values(value, kind, np.full(14, error))
        area = area_under(value, kind, y)
        # without what a patient moves: a numerical derivative that is zero differs between processors
        found.append(known and (known.centre, known.spread, known.expected, known.nodes, known.weights))
        found += [area, odds_ratio("x", "1", value, y), fixed_cut("f", 15.0, value, kind, y)]
        other = [(float(v), int(k)) for v, k in zip(np.roll(value, 3), np.roll(kind, 3), strict=True)]
        found.append(rank_link("r", list(zip(value.tolist(), kind.tolist(), strict=True)), other, seed=1))
        if known is not None and (kind_of, error, split) in REGRESSED:
            odds = dose_response("x", "1", known, y)
            cut, corrected = best_cut(
                "b", value, kind, known.expected, y, area, seed=1, law=known.law, n_samples=20
            )
            found += [odds, corrected, with_odds(cut, odds, known, value, kind, y) if cut.cut else cut]
    return found


REGRESSED = (("all", 0.4, False), ("below", 0.0, False))
"""Where odds and cuts are estimated too, since these take most of the time."""


def _day(days: float | None) -> date | None:
    return None if days is None else START + timedelta(int(days))


def _patient(k: int, rng: np.random.Generator) -> Patient:
    """Return a patient whose cells are filled, empty or on a limit, each in turn."""

    def pick(*of: object) -> object:
        return of[int(rng.integers(len(of)))]

    end = int(rng.integers(20, 400))
    return Patient(
        f"P{k:02}",
        best_response=pick("CR", "VGPR", "PR", "MR", "SD", "SD", "PD", "", "NE"),
        evaluable=pick(True, True, None, False),
        disease_control_days=pick(None, 55, 56, 57, 8, end / 30.4375, end + 2.0),
        treatment_start=pick(START, START, START + timedelta(3), None),
        progressed_on=pick(None, _day(end), _day(56), _day(57), _day(-4)),
        died_on=pick(None, None, _day(end), _day(end + 40), _day(56)),
        last_assessed_on=pick(None, _day(end), _day(end - 120), _day(end - 128)),
        next_therapy_on=pick(None, None, _day(end - 10), _day(end)),
        last_contact_on=pick(None, _day(end + 60), _day(56), _day(57), _day(end)),
        discontinued_on=pick(None, _day(end), _day(91), _day(183)),
        discontinuation_reason=pick("", "progression", "response in 37 %"),
        dexamethasone_on=pick(None, _day(55), _day(56), _day(57), _day(0)),
        age=pick(None, 64.0, 65.0, 66.0, 75.0),
        sex=pick("", "female", "male"),
        ecog=pick(None, 0, 1, 2),
        iss_stage=pick("", "I", "II", "III"),
        cytogenetic_risk=pick("", "high", "standard"),
        prior_lines=pick(None, 1, 3, 4, 7),
        refractory_to=pick("", "none", "bortezomib; lenalidomide", "V; R; Darzalex", "carf; pom; bort; len; dara"),
        exposure_weeks=pick(None, 2.0, end / 7, end / 7 + 5, end / 7 + 6, end / 30.4),
        teae_grade=pick(None, 0, 1, 2, 3, 5),
        infusion_reaction=pick(None, True, False),
        infusions=pick(None, 4, 8),
        infusions_interrupted=pick(None, 0, 1, 8, 9),
        last_line_refractory=pick(None, True, False),
        cytogenetics=pick("", "del17p; t(4;14)", "1q21 gain", "normal", "1q normal; del(11q)"),
        ada_before=pick(None, True, False),
        ada_on_treatment=pick("", *AdaCourse),
        related_grade=pick(None, 0, 1, 3, 5),
    )  # fmt: skip


def _row(name: str, rng: np.random.Generator, settings: Settings) -> Iterator[PatientRd]:
    cut = settings.rd_cut
    for days in sorted(rng.choice([0, 1, 7, 7, 200], int(rng.integers(0, 3)), replace=False).tolist()):
        status = (RdStatus.OK, RdStatus.OK, RdStatus.BELOW_LLOQ, RdStatus.ABOVE_ULOQ)[int(rng.integers(4))]
        rd = float((cut, cut - 1, cut + 1, 0.4 * cut, 2.5 * cut)[int(rng.integers(5))])
        facts = {"lloq": 5000.0, "uloq": 90_000.0, "rd_log_sd": float(rng.choice([0.05, 0.1]))}
        yield PatientRd(
            name, "baseline", 10.0, rd, status, collected_on=START - timedelta(days), rd_low=0.8 * rd,
            beads_kit=("a", "a", "b")[int(rng.integers(3))], **facts,
        )  # fmt: skip


def small_studies() -> object:
    """Return the response tables of small studies whose cells lie on limits; and of nobody."""
    found: list[object] = []
    for n, seed in ((0, 1), (1, 2), (7, 3), (33, 4)):
        rng = np.random.default_rng([seed, 333])
        settings = Settings()
        patients = tuple(_patient(k, rng) for k in range(n))
        rows = [row for patient in patients for row in _row(patient.patient_id, rng, settings)]
        doses = [Dose(one.patient_id, START, "Isatuximab") for one in patients if rng.random() < 0.9]
        gaps = (27, 28, 41, 42, 83, 84, 91, 92, 182, 183, 0, -5)
        doses += [
            Dose(one.patient_id, START - timedelta(gaps[k % len(gaps)] + back), "daratumumab", 16.0, "mg/kg")
            for k, one in enumerate(patients)
            for back in (0, 7, 28, 56)
        ]
        events = tuple(
            AdverseEvent(one.patient_id, int(rng.integers(1, 6)), bool(rng.random() < 0.5))
            for one in patients[::2]
            for _ in range(2)
        )
        texts = (
            "Response in 37 % after 3 months (12 weeks)",
            "5/12 (42 %) and 7 of 9 (70 %)",
            "101 %",
            "33.3 %",
        )
        statements = tuple(Statement(text, k or None) for text, k in product(texts, (0, n)))
        study = Study(
            Path(), (), (), (), tuple(doses), patients, settings, statements=statements, adverse_events=events
        )
        tables = tables_of(study, rows)
        numbers = list(density_numbers(tables.by_density)) if tables.by_density is not None else []
        found += [tables, facts_of(study, rows), numbers]
    return found


SCHEDULES = (
    (0,), (7, 0), (14, 7), (28, 21, 14, 7), (70, 69, 62, 55), (91, 84, 77, 70, 56, 42, 28), (200, 193, 186, 90, 83, 21),
    (300, 295, 285, 274, 257, 239, 221, 196, 161, 60), (420, 359, 299, 289, 278, 254, 225), (365, 300, 299, 238),
)  # fmt: skip
"""Days before the sample on which doses were given: every gap at the limit of a rhythm, pauses, split doses."""


def drug_in_patients() -> object:
    """Return exposures, drug levels, occupancies and totals of patients with every schedule, route and body."""
    samples, doses, patients = [], [], []
    bodies = (
        (78.6, 37.0, "IgG", "male"),
        (None, None, "", ""),
        (55.0, 28.0, "IgA", "female"),
        (110.0, 44.0, "light", "f"),
    )
    for k, given in enumerate(SCHEDULES):
        name, (weight, albumin, chain, sex) = f"P{k}", bodies[k % 4]
        patients.append(Patient(name, weight_kg=weight, albumin_g_l=albumin, heavy_chain=chain, sex=sex,
                                refractory_to=("", "dara", "not daratumumab", "Rd")[k % 4]))  # fmt: skip
        samples.append(
            Sample(f"S{k}", name, START, "a.fcs", "MM", "B1", collected_time=time(12) if k % 2 else None)
        )
        unit = ("mg/kg", "mg")[k % 3 == 1]
        for row, days in enumerate(given):
            amount = {"mg": 1800.0, "mg/kg": 16.0}[unit]
            trough = (None, 300.0, 0.0, None, 90.0)[(k + row) % 5] if k % 2 else None
            route = "SC" if unit == "mg" else "IV"
            at = time(9 + 6 * (k % 3 == 0)) if days == 0 else None
            doses.append(Dose(name, START - timedelta(days), "daratumumab", amount, unit, route, trough, at))
        doses += [Dose(name, START - timedelta(given[-1] - after), drug, 4.0, "mg")
                  for after, drug in ((0, "pomalidomide"), (1, "dexamethasone"), (6, "isatuximab"))[: k % 4]]  # fmt: skip
        doses.append(Dose(name, START + timedelta((7, 0, -3)[k % 3]), "isatuximab", 10.0, "mg/kg", "IV"))
    study = Study(Path(), tuple(samples), (), (), tuple(doses), tuple(patients), Settings())
    days = [(sample.patient_id, START) for sample in samples]
    levels = drug_levels(study, days)
    many = replace(study, settings=Settings(seed=2))
    crowd = drug_levels(many, days[1:3] * 630)[:2]  # so many that points of a cubature replace the draws
    return exposures(study, response_clocks(study)), levels, crowd, _occupied(levels)


def _occupied(levels: tuple) -> object:
    thetas = [theta_of_level(level) for level in levels]
    by_sentinels = [
        Theta(0.3, 0.1, 0.5),
        Theta(0.95, 0.9, 0.99),
        Theta(None, 0.4, None),
        Theta(),
        Theta(0.0, 0.0, 0.2),
    ]
    pairs = list(product(by_sentinels, thetas[:4]))
    free = [FreeDensity(RdStatus.OK, 9e3, 8e3, 1e4, 500.0), FreeDensity(RdStatus.BELOW_LLOQ, 300.0, -90.0, 480.0, 500.0),
            FreeDensity(RdStatus.ABOVE_ULOQ, 9e4, 8e4, None, 500.0), FreeDensity(RdStatus.LOW_EVENTS, None, None, None)]  # fmt: skip
    return (
        thetas,
        [contradict(*pair) for pair in pairs],
        [chosen_theta(*pair, competes=competes) for pair in pairs for competes in (True, False, None)],
        [theta_of_tubes(group) for group in (thetas[:2], by_sentinels, by_sentinels[:2])],
        [total_of(one, theta) for one in free for theta in (*thetas, *by_sentinels)],
    )


AT_LIMITS: dict[str, Callable[[], object]] = {
    "response, counts": counted,
    "response, times": times,
    "response, along a value": along,
    "response, small studies": small_studies,
    "washout, drug in patients": drug_in_patients,
}
"""Name of an answer, its room first, and what computes it."""
