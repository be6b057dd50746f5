"""Count patients by response, washout stratum and receptor density, and count who is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.patients.exposure import ResponseClock
from pipeline.patients.patient_rd import PatientRd
from pipeline.response.rd_visit import CutSide, LeftOut, RdVisit, reference_kit
from pipeline.study.response import Response
from pipeline.study.study import Patient, Study

OBJECTIVE: Final = (Response.SCR, Response.CR, Response.VGPR, Response.PR)
DISEASE_CONTROL_DAYS: Final = 56
"""Days of SD that count as disease control, as in the study of docs/method.md (NCT02514668)."""

STRATA_MONTHS: Final = (3, 6, 12)
"""Bounds of the washout strata. Convention, as the study of docs/method.md reports them."""

WASHOUT_STRATA: Final = ("< 3 months", "3 to < 6 months", "6 to < 12 months", ">= 12 months")


@dataclass(frozen=True, slots=True)
class Count:
    """k of n patients have disease control (or a response)."""

    name: str
    k: int
    n: int


@dataclass(frozen=True, slots=True)
class DoubtfulSides:
    """The RD groups (above, below) with the doubtful patients on one side of the cut or on the other.

    A patient is doubtful where the 95 % interval of the density contains the cut, or a limit of
    quantification leaves the side open.

    Attributes
    ----------
    contained
        k of n patients in the groups have an interval that contains the cut.
    best, worst
        The groups with every doubtful patient on the side that favours a high RD, and on the side against it.
    """

    contained: Count
    best: tuple[Count, Count]
    worst: tuple[Count, Count]


@dataclass(frozen=True, slots=True)
class NotInRdGroups:
    """Patients with known disease control who are in neither RD group, for one reason."""

    reason: str
    patients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ResponseCounts:
    """Every count that the response tables need.

    Attributes
    ----------
    responses
        Best responses of all evaluable patients. A patient without a typed response counts as a
        non-responder.
    disease_control
        DCR over the evaluable patients; those with SD of unknown duration are left out and counted.
    by_washout
        Disease control in each of `WASHOUT_STRATA`, in their order.
    by_rd
        Disease control at or above the RD cut, and below it.
    outside
        Disease control of patients in no stratum: unknown washout, no usable RD, or a limit that leaves the
        side open.
    left_out, doubtful
        Patients in no RD group by reason, and the groups with doubtful patients moved to the other one.
    reference_kit
        The bead kit of the RD groups.
    """

    n_patients: int
    n_evaluable: int
    responses: tuple[Count, ...]
    disease_control: Count
    by_washout: tuple[Count, ...]
    by_rd: tuple[Count, ...]
    outside: tuple[Count, ...] = ()
    left_out: tuple[NotInRdGroups, ...] = ()
    doubtful: DoubtfulSides | None = None
    reference_kit: str = ""
    notes: tuple[str, ...] = ()


def is_evaluable(patient: Patient) -> bool:
    """Return whether a patient is evaluable: typed yes, or left empty while a response is typed."""
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
    """Return the disease control of every evaluable patient in whom it is known, by patient_id.

    An evaluable patient without a best response has no disease control. SD without its days is not known.
    """
    controls = {
        patient.patient_id: disease_control(patient) if patient.best_response else False
        for patient in study.patients
        if is_evaluable(patient)
    }
    return {name: controlled for name, controlled in controls.items() if controlled is not None}


def count_responses(
    study: Study,
    rows: Sequence[PatientRd],
    clocks: Mapping[str, ResponseClock],
    controlled: Mapping[str, bool],
    densities: Mapping[str, RdVisit],
) -> ResponseCounts:
    """Count the evaluable patients of a study by response, washout stratum and RD.

    Parameters
    ----------
    study
        Responses are used as typed in its patients sheet: the program neither adjudicates nor derives them.
    rows
        One per patient and visit.
    clocks, controlled, densities
        By patient_id: the response clock, whether the disease is controlled (`controlled_patients`), and the
        density that stands for the patient (`rd_visits`).
    """
    evaluable = [patient for patient in study.patients if is_evaluable(patient)]
    months = {name: _stratum(clocks[name], study.settings.month_days) for name in controlled}
    chosen = {name: densities[name] for name in controlled}
    left_out = _left_out(chosen)
    above, below = (f"{sign} {study.settings.rd_cut:,.0f}" for sign in (">=", "<"))
    return ResponseCounts(
        n_patients=len(study.patients),
        n_evaluable=len(evaluable),
        responses=_responses(evaluable),
        disease_control=_count("DCR", controlled, controlled),
        by_washout=tuple(_count(name, controlled, _where(months, name)) for name in WASHOUT_STRATA),
        by_rd=(
            _count(above, controlled, _on(chosen, CutSide.ABOVE)),
            _count(below, controlled, _on(chosen, CutSide.BELOW)),
        ),
        outside=(
            _count("washout not known", controlled, _where(months, "")),
            *(_count(group.reason, controlled, group.patients) for group in left_out),
        ),
        left_out=left_out,
        doubtful=_doubtful(chosen, controlled, (above, below)),
        reference_kit=reference_kit(rows),
        notes=tuple(_notes(study, evaluable, controlled, rows)),
    )


BETWEEN: Final = "limit of quantification on the other side of the cut"


def _left_out(chosen: Mapping[str, RdVisit]) -> tuple[NotInRdGroups, ...]:
    """Return the patients in no RD group, by reason."""
    reasons = [
        (reason.value, [name for name, visit in chosen.items() if visit.left_out is reason])
        for reason in LeftOut
        if reason is not LeftOut.NO
    ]
    reasons.append((BETWEEN, _on(chosen, CutSide.BETWEEN)))
    return tuple(NotInRdGroups(reason, tuple(names)) for reason, names in reasons if names)


def _doubtful(
    chosen: Mapping[str, RdVisit], controlled: Mapping[str, bool], names: tuple[str, str]
) -> DoubtfulSides:
    """Return the RD groups with every doubtful patient placed in favour of a high RD, and against it."""
    placed = [name for name, visit in chosen.items() if visit.side in (CutSide.ABOVE, CutSide.BELOW)]
    contained = [name for name in placed if not chosen[name].is_sure]
    loose = {*contained, *_on(chosen, CutSide.BETWEEN)}
    above, below = (
        [n for n in _on(chosen, side) if n not in loose] for side in (CutSide.ABOVE, CutSide.BELOW)
    )
    free = [name for name in controlled if name in loose]

    def moved(controlled_above: bool) -> tuple[Count, Count]:
        up = [name for name in free if controlled[name] is controlled_above]
        down = [name for name in free if controlled[name] is not controlled_above]
        return _count(names[0], controlled, above + up), _count(names[1], controlled, below + down)

    n_contained = Count("95 % interval contains the cut", len(contained), len(placed))
    return DoubtfulSides(n_contained, moved(True), moved(False))


def _on(chosen: Mapping[str, RdVisit], side: CutSide) -> list[str]:
    return [name for name, visit in chosen.items() if visit.row is not None and visit.side is side]


def _stratum(clock: ResponseClock, month_days: float) -> str:
    return "" if clock.days is None else washout_stratum(clock.days, month_days)


def _responses(evaluable: Sequence[Patient]) -> tuple[Count, ...]:
    """Return ORR and each best response, of all evaluable patients; then those without a response typed."""
    n = len(evaluable)
    orr = sum(patient.best_response in OBJECTIVE for patient in evaluable)
    each = (Count(of.value, sum(p.best_response == of for p in evaluable), n) for of in Response)
    empty = sum(not patient.best_response for patient in evaluable)
    untyped = (Count("no response typed", empty, n),) if empty else ()
    return (Count("ORR", orr, n), *each, *untyped)


def _where(groups: Mapping[str, str], name_of_group: str) -> list[str]:
    return [name for name, group in groups.items() if group == name_of_group]


def _count(label: str, controlled: Mapping[str, bool], names: Iterable[str]) -> Count:
    answers = [controlled[name] for name in names]
    return Count(label, sum(answers), len(answers))


def _notes(
    study: Study,
    evaluable: Sequence[Patient],
    controlled: Mapping[str, bool],
    rows: Sequence[PatientRd],
) -> Iterable[str]:
    visits = Counter(row.patient_id for row in rows)
    typed = {patient.patient_id for patient in study.patients}
    for count, text in (
        (len(study.patients) - len(evaluable), "not evaluable: in no denominator"),
        (
            sum(not patient.best_response for patient in evaluable),
            "evaluable without a best response: no responder and without disease control",
        ),
        (len(evaluable) - len(controlled), "with SD but without disease_control_days: not in the DCR"),
        (len(set(visits) - typed), "with RD but not in patients"),
        (
            sum(number > 1 for number in visits.values()),
            "with several visits: one stands for the patient in the RD groups, see the rule",
        ),
    ):
        if count:
            yield f"{count} patient{'s' if count > 1 else ''} {text}"
