"""Checks of the days on which tubes and beads were acquired: age of the beads, typed dates against files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from pipeline.checks.findings import Finding, refusable, warning
from pipeline.checks.flags import CheckFlag
from pipeline.checks.headers import Headers
from pipeline.fcs import FcsFile
from pipeline.study.faults import Fault, Severity
from pipeline.study.study import Sample, Study
from pipeline.study.wording import age_words, quoted

MOST_DAYS_TO_ACQUISITION = 7
"""Most days from collection to acquisition without a warning: more may be an error in a date. Convention:
marrow is stained within a day or two, and within a week after transport."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The time of an acquisition, or only its day; `source` names the file's keyword or the column."""

    day: date
    at: datetime | None
    source: str

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}" if self.at else f"{self.day} by the {self.source}"


def moment_of(file: FcsFile | None, typed: date | None, column: str) -> Moment | None:
    """Return the time of acquisition by the file, else by the typed day; None if there is neither."""
    facts = file.acquisition if file else None
    day = facts.acquired_on if facts else None
    if facts and day:
        return Moment(day, facts.acquired_at, "file's $DATE")
    return Moment(typed, None, f"column {column}") if typed else None


def bead_age(study: Study, headers: Headers) -> Iterator[Finding]:
    """Compare the times of each tube and its bead run, in whole days if one has no time of day."""
    for sample in study.samples:
        run = study.bead_run(sample.bead_run)
        if headers[sample.fcs_file].file is None or headers[run.fcs_file].file is None:
            continue
        tube = moment_of(headers[sample.fcs_file].file, sample.collected_on, "collected_on")
        bead_moment = moment_of(headers[run.fcs_file].file, run.acquired_on, "acquired_on")
        where = study.at("samples", sample.sample_id, "beads")
        if tube and bead_moment:
            yield from _aged(study, headers, sample, tube, bead_moment, where)
        else:
            problem = f"beads {quoted(run.name)}, whose file has no date and whose acquired_on is empty"
            hint = f"Fill in {study.at('beads', run.name, 'acquired_on')}."
            expected, sample_id = "beads of the tube's day", sample.sample_id
            yield warning(
                problem,
                expected,
                where=where,
                sample_id=sample_id,
                flag=CheckFlag.BEAD_AGE_UNKNOWN,
                hint=hint,
            )


def _aged(
    study: Study, headers: Headers, sample: Sample, tube: Moment, bead_moment: Moment, where: str
) -> Iterator[Finding]:
    settings = study.settings
    exact = tube.at is not None and bead_moment.at is not None
    hours = hours_between(tube, bead_moment)
    if hours <= settings.bead_age_accept_hours:
        if not exact:
            yield Finding(
                None,
                sample.sample_id,
                note=f"no time of day is known, so the age of the beads is in whole days: tube {tube}, "
                f"beads {bead_moment}",
            )
        return
    age = age_words(hours)
    problem = f"beads {quoted(sample.bead_run)} {age} from the tube (tube {tube}, beads {bead_moment})"
    nearer = _nearer_run(study, headers, tube, hours)
    if hours <= settings.bead_age_reject_hours:
        yield warning(
            problem, f"beads within {settings.bead_age_accept_hours:g} hours", where=where,
            sample_id=sample.sample_id, flag=CheckFlag.BEADS_AGED, hint=nearer,
        )  # fmt: skip
    else:
        yield refusable(
            problem, f"beads within {settings.bead_age_reject_hours:g} hours", where=where,
            sample_id=sample.sample_id, flag=CheckFlag.BEADS_AGED,
            setting="accept_bead_age", reason=settings.accept_bead_age, advice=nearer,
        )  # fmt: skip


def _nearer_run(study: Study, headers: Headers, tube: Moment, hours: float) -> str:
    """Return a hint on another bead run that is young enough for the tube; "" if there is none."""
    nearer = []
    for run in study.bead_runs:
        moment = moment_of(headers[run.fcs_file].file, run.acquired_on, "acquired_on")
        age = hours_between(tube, moment) if moment else hours
        if age < hours and age <= study.settings.bead_age_accept_hours:
            nearer.append((age, run.name, moment))
    if not nearer:
        return ""
    _, name, moment = min(nearer, key=lambda run: run[:2])
    when = "of that day" if moment and moment.day == tube.day else f"of {moment}"
    return f"{quoted(name)} is {when}: name that one."


def hours_between(first: Moment, second: Moment) -> float:
    """Return the hours between two moments; 24 for each day if one has no time of day."""
    if first.at is not None and second.at is not None:
        return abs((first.at - second.at).total_seconds()) / 3600
    return 24.0 * abs((first.day - second.day).days)


def dates_that_disagree(study: Study, headers: Headers) -> Iterator[Finding]:
    """Compare the dates that were typed with those in the files."""
    for run in study.bead_runs:
        file = headers[run.fcs_file].file
        day = file.acquisition.acquired_on if file else None
        if file and day and run.acquired_on and run.acquired_on != day:
            where = study.at("beads", run.name, "acquired_on")
            problem = f"{run.acquired_on}, but {file.path.name} was acquired on {day}"
            fault = Fault(where, problem, "the day of the file", "The file's day is used.", Severity.WARNING)
            yield Finding(fault)
    for sample in study.samples:
        file = headers[sample.fcs_file].file
        day = file.acquisition.acquired_on if file else None
        if not (file and day):
            continue
        days = (day - sample.collected_on).days
        if not 0 <= days <= MOST_DAYS_TO_ACQUISITION:
            where = study.at("samples", sample.sample_id, "collected_on")
            apart = f"{-days} days before" if days < 0 else f"{days} days after"
            problem = f"{file.path.name} acquired on {day}, {apart} it was collected ({sample.collected_on})"
            expected = f"an acquisition 0 to {MOST_DAYS_TO_ACQUISITION} days after collection"
            yield warning(
                problem,
                expected,
                where=where,
                sample_id=sample.sample_id,
                hint="Washout counts to collected_on.",
            )
