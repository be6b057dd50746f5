"""ADRD and ADTTE, as ADaM has them: one row per subject, parameter and visit, ready for analysis."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta

from calibration.density.receptor_density import RdStatus
from calibration.density.result import known_to_exceed, quotable_density
from pipeline.assembly.study_result import StudyResult
from pipeline.output.interval import between_run_percent, between_run_source, interval_lacks
from pipeline.output.statistics.dataset import Dataset, Variable, dataset
from pipeline.output.statistics.phenotypes import SITES, limit_text, subject
from pipeline.output.statistics.subjects import Subject
from pipeline.output.table import Cell
from pipeline.patients.visits import Visit
from pipeline.response.follow_up import Endpoint, FollowUp, PfsEnd
from pipeline.response.statistics.time_to_event import ENDPOINT_NAMES
from pipeline.study.quantity_name import density_name

_SUBJECT = (
    Variable("STUDYID", "Study Identifier", origin="setting study_id"),
    Variable("USUBJID", "Unique Subject Identifier", origin="study_id and patient_id"),
    Variable("SUBJID", "Subject Identifier for the Study", origin="patient_id, the pseudonym as typed"),
    Variable("AGE", "Age", "number", "patients sheet", "years"),
    Variable("SEX", "Sex", origin="patients sheet: F, M or U"),
    Variable("EVALFL", "Evaluable Population Flag", origin="Y, N; empty: not in the patients sheet"),
    Variable("BESTRESP", "Best Response", origin="patients sheet, as typed"),
    Variable("DCFL", "Disease Control Flag", origin="Y: MR or better, or SD for at least 56 days; N"),
    Variable("WASHDY", "Washout Before Study Drug", "whole", "last washed-out to first study drug", "days"),
    Variable("WASHGR1", "Washout Stratum", origin="of WASHDY in months of month_days"),
    Variable("RDGR1", "Receptor Density Group", origin="baseline density against rd_cut; limits count"),
)
_DENSITY = (
    Variable("PARAMCD", "Parameter Code", origin="RD, or LOG10RD: its common logarithm"),
    Variable("PARAM", "Parameter"),
    Variable("AVISIT", "Analysis Visit", origin="visit; replicates pooled"),
    Variable("ADT", "Analysis Date", "date", "first collection of the visit"),
    Variable("AVAL", "Analysis Value", "number", "missing where censored; unit in PARAM"),
    Variable("AVALC", "Analysis Value (C)", origin="<LLOQ or >limit where censored"),
    Variable("CENSOR", "Side of Censoring", origin="LEFT, RIGHT, NONE; empty: no density"),
    Variable("AVALLO", "Lower Bound of the True Value", "number", "AVAL, or the limit if RIGHT"),
    Variable("AVALHI", "Upper Bound of the True Value", "number", "AVAL, or the LLOQ if LEFT"),
    Variable("CILOW", "Lower 95% Limit of AVAL", "number", "rd_low"),
    Variable("CIHIGH", "Upper 95% Limit of AVAL", "number", "rd_high"),
    Variable("BRUNCV", "Between-Run CV in CILOW and CIHIGH", "number", "between_run_cv_percent", "%"),
    Variable("BRUNSRC", "Source of the Between-Run CV", origin="between_run_from"),
    Variable("CILACKS", "Errors Not in CILOW and CIHIGH", origin="interval_lacks"),
    Variable("ESTIM", "Signed Estimate, Below LLOQ Too", "number", "rd; not a result where censored"),
    Variable("LLOQ", "Lower Limit of Quantitation", "number", "in the unit of AVAL"),
    Variable("ULOQ", "Upper Limit of Quantitation", "number", "in the unit of AVAL"),
    Variable("RDSTAT", "Status of the Density", origin="status of rd_patients.csv"),
    Variable("NTUBE", "Tubes Pooled", "whole"),
    Variable("TISSUE", "Tissue", origin="samples sheet"),
    Variable("KIT", "Bead Kit", origin="beads sheet; kits are not comparable"),
    Variable("LASTDT", "Last Dose Before Collection", "date", "washed-out drug"),
    Variable("WASHWK", "Washout at Collection", "number", "LASTDT to ADT", "weeks"),
    Variable("ABLFL", "Baseline Record Flag", origin="Y: stands for the patient in RDGR1"),
)
_TIME = (
    Variable("PARAMCD", "Parameter Code", origin="PFS, OS, or TOT: time on treatment"),
    Variable("PARAM", "Parameter"),
    Variable("STARTDT", "Time-to-Event Origin Date", "date", "treatment_start, else first study drug"),
    Variable("ADT", "Analysis Date", "date", "event or censoring"),
    Variable("ADY", "Analysis Relative Day", "whole", "ADT - STARTDT + 1: day 1 is STARTDT"),
    Variable("AVAL", "Analysis Value", "number", "(ADT - STARTDT) / month_days", "months"),
    Variable("CNSR", "Censor", "whole", "0: event, 1: censored"),
    Variable("EVNTDESC", "Event or Censoring Description"),
    Variable("DEXADY", "Day of First Dexamethasone", "whole", "dexamethasone_on - STARTDT + 1"),
)


def densities(study_result: StudyResult, subjects: Mapping[str, Subject]) -> Dataset:
    """Return ADRD: a row per visit and parameter."""
    rows = _density_rows(study_result, subjects)
    return dataset("adrd", "Receptor Density Analysis Dataset", (*_SUBJECT, *_DENSITY), rows, xport=True)


def times_to_event(study_result: StudyResult, subjects: Mapping[str, Subject]) -> Dataset:
    """Return ADTTE: PFS, OS and time on treatment of every patient whose time is known."""
    rows = _time_rows(study_result, subjects)
    return dataset("adtte", "Time-to-Event Analysis Dataset", (*_SUBJECT, *_TIME), rows, xport=True)


def _subject_cells(study_id: str, who: Subject) -> tuple[Cell, ...]:
    patient = who.patient
    sex = {"female": "F", "male": "M", "other": "U"}.get(patient.sex, "") if patient else ""
    return (
        *(study_id, subject(study_id, who.patient_id), who.patient_id, patient.age if patient else None, sex),
        *(yes_no(who.evaluable), patient.best_response if patient else "", yes_no(who.controlled)),
        *(who.washout_days, who.washout_stratum, who.density_group),
    )


def yes_no(value: bool | None) -> str:
    """Return Y, N, or "" where it is not known."""
    return "" if value is None else "Y" if value else "N"


def _density_rows(study_result: StudyResult, subjects: Mapping[str, Subject]) -> Iterator[tuple[Cell, ...]]:
    study_id = study_result.study.settings.study_id
    name = density_name(study_result.study)
    log10 = _log10
    parameters: tuple[tuple[str, str, Callable[[float | None], float | None]], ...] = (
        ("RD", f"{name} receptor density ({SITES})", lambda value: value),
        ("LOG10RD", f"log10 of {name} receptor density", log10),
    )
    for visit in study_result.visits:
        who = subjects[visit.patient_id]
        for code, title, scale in parameters:
            cells = _density_cells(study_result, visit, scale, as_text=scale is not log10)
            baseline = (
                "Y" if who.baseline == (visit.visit, visit.collected_on, visit.tissue, visit.kit) else ""
            )
            yield (*_subject_cells(study_id, who), code, title, *cells, baseline)


def _density_cells(
    study_result: StudyResult, visit: Visit, scale: Callable[[float | None], float | None], *, as_text: bool
) -> tuple[Cell, ...]:
    receptor, exceeded = visit.receptor, known_to_exceed(visit.receptor)
    status = receptor.status.value
    measured = quotable_density(receptor)
    low, high, side = measured, measured, "NONE" if measured is not None else ""
    if receptor.status is RdStatus.BELOW_LLOQ:
        low, high, side = None, receptor.lloq, "LEFT"
    elif receptor.status is RdStatus.ABOVE_ULOQ:
        low, high, side = exceeded, None, "RIGHT"
    text = limit_text(status, receptor.lloq, exceeded) if as_text else ""
    limits = (receptor.rd_low, receptor.rd_high) if measured is not None else (None, None)
    return (
        *(visit.visit, visit.collected_on, scale(measured), text, side, scale(low), scale(high)),
        *(scale(limits[0]), scale(limits[1])),
        *(_between_runs(visit) if measured is not None else (None, "", "")),
        *(scale(receptor.rd), scale(receptor.lloq)),
        *(scale(receptor.uloq), status),
        *(len(visit.sample_ids), visit.tissue, visit.kit, visit.last_dose_on, visit.washout_weeks),
    )


def _between_runs(visit: Visit) -> tuple[Cell, ...]:
    """Return the between-run CV of the interval, its source, and the errors that the interval leaves out."""
    receptor = visit.receptor
    return between_run_percent(receptor), between_run_source(receptor), interval_lacks(receptor, visit.flags)


def _log10(value: float | None) -> float | None:
    return None if value is None or value <= 0 else math.log10(value)


def _time_rows(study_result: StudyResult, subjects: Mapping[str, Subject]) -> Iterator[tuple[Cell, ...]]:
    settings = study_result.study.settings
    for who in subjects.values():
        course = who.course
        if course is None or course.started_on is None:
            continue
        for code, title, day, happened, words in _endpoints(course):
            if day is not None:
                ends = _ends(course.started_on, day, settings.month_days)
                cells = (code, title, course.started_on, *ends, int(not happened), words)
                added = course.dexamethasone_day
                dexamethasone_day = None if added is None else _relative(added)
                yield (*_subject_cells(settings.study_id, who), *cells, dexamethasone_day)


def _ends(start: date, day: int, month_days: float) -> tuple[Cell, ...]:
    return start + timedelta(days=day), _relative(day), day / month_days


def _relative(day: int) -> int:
    """Return the relative day as CDISC counts: the first day is 1, there is no day 0."""
    return day + 1


def _endpoints(course: FollowUp) -> Iterator[tuple[str, str, int | None, bool, str]]:
    """Yield code, title, day, whether the event happened, and what ended the time."""
    lost = PfsEnd.ALIVE.value
    yield (
        Endpoint.PFS.value,
        ENDPOINT_NAMES[Endpoint.PFS].capitalize(),
        course.pfs_day,
        course.pfs_event,
        course.pfs_end.value,
    )
    yield (
        Endpoint.OS.value,
        ENDPOINT_NAMES[Endpoint.OS].capitalize(),
        course.os_day,
        course.os_event,
        PfsEnd.DEATH.value if course.os_event else lost,
    )
    ended = "Treatment ended" if course.stopped else "Treated when last seen"
    yield "TOT", "Time on treatment", course.treated_days, course.stopped, ended
