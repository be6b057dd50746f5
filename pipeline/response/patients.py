"""From patients and their receptor densities to counts: who is counted where, and who is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from calibration.density.receptor_density import NUMBERED, RdStatus
from calibration.density.result import known_to_exceed
from pipeline.patients.exposure import ResponseClock
from pipeline.patients.patient_rd import PatientRd
from pipeline.study.response import Response
from pipeline.study.study import Patient, Study

OBJECTIVE: Final = (Response.SCR, Response.CR, Response.VGPR, Response.PR)
DISEASE_CONTROL_DAYS: Final = 56
"""SD for so long is disease control, as the study of docs/method.md (NCT02514668) counts."""

STRATA_MONTHS: Final = (3, 6, 12)
"""Bounds of the washout strata. Convention, as the study of docs/method.md reports them."""

WASHOUT_STRATA: Final = ("< 3 months", "3 to < 6 months", "6 to < 12 months", ">= 12 months")


class CutSide(StrEnum):
    """Where a receptor density lies against the cut of the study."""

    ABOVE = "above"
    """At the cut or above."""
    BELOW = "below"
    BETWEEN = "between"
    """A limit of quantification does not tell."""
    UNKNOWN = ""
    """No receptor density."""


@dataclass(frozen=True, slots=True)
class Count:
    """k patients with disease control (or a response) of n."""

    name: str
    k: int
    n: int


@dataclass(frozen=True, slots=True)
class ResponseCounts:
    """All that the tables need.

    Attributes
    ----------
    responses
        Best responses over the evaluable patients with a known one.
    disease_control
        DCR over the evaluable patients whose disease control is known.
    by_washout
        Disease control in each of `WASHOUT_STRATA`, in their order.
    by_rd
        Disease control at or above the RD cut, and below it.
    outside
        Disease control of those in no stratum: no washout known, no RD, or a limit that does not tell.
    """

    n_patients: int
    n_evaluable: int
    responses: tuple[Count, ...]
    disease_control: Count
    by_washout: tuple[Count, ...]
    by_rd: tuple[Count, ...]
    outside: tuple[Count, ...] = ()
    notes: tuple[str, ...] = ()


def is_evaluable(patient: Patient) -> bool:
    """Tell whether the patient is in the denominators: `evaluable` says so, or is empty beside a response."""
    if patient.evaluable is None:
        return patient.best_response not in ("", Response.NE)
    return patient.evaluable


def disease_control(patient: Patient) -> bool | None:
    """Return whether the imported response is MR or better, or SD for at least 56 days; None = not known.

    Examples
    --------
    >>> disease_control(Patient("P1", best_response="SD", disease_control_days=56))
    True
    >>> disease_control(Patient("P1", best_response="SD")) is None
    True
    """
    if patient.best_response in (*OBJECTIVE, Response.MR):
        return True
    if patient.best_response == Response.SD:
        days = patient.disease_control_days
        return None if days is None else days >= DISEASE_CONTROL_DAYS
    return False if patient.best_response in (Response.PD, Response.NE) else None


def washout_stratum(days: int, month_days: float) -> str:
    """Return the stratum of this many days of washout; months have `month_days` days.

    Examples
    --------
    >>> washout_stratum(91, 30.4375), washout_stratum(92, 30.4375)
    ('< 3 months', '3 to < 6 months')
    """
    return WASHOUT_STRATA[sum(days / month_days >= bound for bound in STRATA_MONTHS)]


def controlled_patients(study: Study) -> dict[str, bool]:
    """Return the disease control of every evaluable patient in whom it is known, by patient_id."""
    controls = {
        patient.patient_id: disease_control(patient) for patient in study.patients if is_evaluable(patient)
    }
    return {name: controlled for name, controlled in controls.items() if controlled is not None}


def count_responses(
    study: Study, rows: Sequence[PatientRd], clocks: Mapping[str, ResponseClock]
) -> ResponseCounts:
    """Count the evaluable patients of a study by response, washout stratum and RD.

    Parameters
    ----------
    study
        Its patients sheet gives the responses as they are: nothing is adjudicated or derived.
    rows
        One per patient and visit.
    clocks
        Response clocks by patient_id.
    """
    evaluable = [patient for patient in study.patients if is_evaluable(patient)]
    known = [patient for patient in evaluable if patient.best_response]
    controlled = controlled_patients(study)
    months = {name: _stratum(clocks[name], study.settings.month_days) for name in controlled}
    sides = sides_of_cut(controlled, rows, clocks, study)
    above, below = (f"{sign} {study.settings.rd_cut:,.0f}" for sign in (">=", "<"))
    return ResponseCounts(
        n_patients=len(study.patients),
        n_evaluable=len(evaluable),
        responses=_responses(known),
        disease_control=_count("DCR", controlled, controlled),
        by_washout=tuple(_count(name, controlled, _where(months, name)) for name in WASHOUT_STRATA),
        by_rd=(
            _count(above, controlled, _where(sides, CutSide.ABOVE)),
            _count(below, controlled, _where(sides, CutSide.BELOW)),
        ),
        outside=(
            _count("washout not known", controlled, _where(months, "")),
            _count("no RD", controlled, _where(sides, CutSide.UNKNOWN)),
            _count(
                "limit of quantification on the other side of the cut",
                controlled,
                _where(sides, CutSide.BETWEEN),
            ),
        ),
        notes=tuple(_notes(study, evaluable, known, controlled, rows)),
    )


def rd_side(row: PatientRd, cut: float) -> CutSide:
    """Return `above` (at or above the cut), `below`, `between` (a limit does not tell) or "" (no RD).

    `BELOW_LLOQ` is below unless its LLOQ lies above the cut; `ABOVE_ULOQ` is above where what it is known to
    exceed reaches the cut.
    """
    if row.status == RdStatus.BELOW_LLOQ:
        return CutSide.BETWEEN if row.lloq is not None and row.lloq > cut else CutSide.BELOW
    if row.status == RdStatus.ABOVE_ULOQ:
        limit = known_to_exceed(row)
        return CutSide.ABOVE if limit is not None and limit >= cut else CutSide.BETWEEN
    if row.status not in NUMBERED or row.rd is None:
        return CutSide.UNKNOWN
    return CutSide.ABOVE if row.rd >= cut else CutSide.BELOW


def baseline_row(rows: Iterable[PatientRd], clock: ResponseClock) -> PatientRd | None:
    """Return the visit that stands for the patient: the last with an RD, not after the first study drug."""
    start = clock.first_study_drug_on
    usable = [
        row
        for row in rows
        if rd_side(row, 1.0) is not CutSide.UNKNOWN
        and (start is None or row.collected_on is None or row.collected_on <= start)
    ]
    dated = [row for row in usable if row.collected_on is not None]
    if dated:
        return max(dated, key=lambda row: (str(row.collected_on), row.visit))
    return usable[0] if usable else None


def _stratum(clock: ResponseClock, month_days: float) -> str:
    return "" if clock.days is None else washout_stratum(clock.days, month_days)


def baseline_rows(
    patients: Iterable[str], rows: Sequence[PatientRd], clocks: Mapping[str, ResponseClock]
) -> dict[str, PatientRd | None]:
    """Return the visit that stands for each of these patients, None where there is none with an RD."""
    by_patient: dict[str, list[PatientRd]] = {name: [] for name in patients}
    for row in rows:
        by_patient.get(row.patient_id, []).append(row)
    return {name: baseline_row(visits, clocks[name]) for name, visits in by_patient.items()}


def sides_of_cut(
    patients: Iterable[str], rows: Sequence[PatientRd], clocks: Mapping[str, ResponseClock], study: Study
) -> dict[str, CutSide]:
    """Return `rd_side` of each patient's baseline visit; "" where there is none."""
    chosen = baseline_rows(patients, rows, clocks)
    cut = study.settings.rd_cut
    return {name: CutSide.UNKNOWN if row is None else rd_side(row, cut) for name, row in chosen.items()}


def _responses(known: Sequence[Patient]) -> tuple[Count, ...]:
    n = len(known)
    orr = sum(patient.best_response in OBJECTIVE for patient in known)
    each = (Count(of.value, sum(p.best_response == of for p in known), n) for of in Response)
    return (Count("ORR", orr, n), *each)


def _where(groups: Mapping[str, str], wanted: str) -> list[str]:
    return [name for name, group in groups.items() if group == wanted]


def _count(label: str, controlled: Mapping[str, bool], names: Iterable[str]) -> Count:
    answers = [controlled[name] for name in names]
    return Count(label, sum(answers), len(answers))


def _notes(
    study: Study,
    evaluable: Sequence[Patient],
    known: Sequence[Patient],
    controlled: Mapping[str, bool],
    rows: Sequence[PatientRd],
) -> Iterable[str]:
    visits = Counter(row.patient_id for row in rows)
    typed = {patient.patient_id for patient in study.patients}
    for count, text in (
        (len(study.patients) - len(evaluable), "not evaluable: in no denominator"),
        (len(evaluable) - len(known), "evaluable without a best response: in no denominator"),
        (len(known) - len(controlled), "with SD but without disease_control_days: not in the DCR"),
        (len(set(visits) - typed), "with RD but not in patients"),
        (
            sum(number > 1 for number in visits.values()),
            "with several visits: the last before the study drug counts",
        ),
    ):
        if count:
            yield f"{count} patient{'s' if count > 1 else ''} {text}"
