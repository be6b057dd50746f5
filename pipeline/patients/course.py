"""A patient's treatment: the doses before a sample, and doubts about the washout."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from pipeline.checks.flags import ExposureFlag
from pipeline.patients.treatment import Eligibility, cycles, eligibility, names_any
from pipeline.study.cells.dates import DAYS_PER_WEEK
from pipeline.study.drugs import covers_cd38
from pipeline.study.study import Dose, Patient, Sample


@dataclass(frozen=True, slots=True)
class ResponseClock:
    """The response clock of a patient: last dose of the washed-out drug → first dose of the study drug.

    None: not known.
    """

    patient_id: str
    last_dose_on: date | None = None
    first_study_drug_on: date | None = None
    days: int | None = None
    note: str = ""

    @property
    def weeks(self) -> float | None:
        """The time between the two doses in weeks."""
        return None if self.days is None else self.days / DAYS_PER_WEEK


@dataclass(frozen=True, slots=True)
class Course:
    """A patient's treatment: doses of the washed-out drug, of the study drug (`started`) and of others."""

    doses: tuple[Dose, ...]
    started: tuple[Dose, ...]
    others: tuple[Dose, ...]
    clock: ResponseClock
    patient: Patient | None

    def since(self, last: date | None, sample: Sample) -> tuple[Dose, ...]:
        """Return the doses of other drugs after the last dose and before the sample."""
        if last is None:
            return ()
        return tuple(dose for dose in self.others if last < dose.given_on and is_before(dose, sample))

    def entry(self, cycle_days: float) -> Eligibility:
        """Return the eligibility on the day of the first dose of the study drug."""
        first = self.clock.first_study_drug_on
        before = [dose for dose in self.doses if first is not None and dose.given_on <= first]
        has_other_therapy = any(
            first is not None and before and before[0].given_on <= dose.given_on < first
            for dose in self.others
        )
        return eligibility(cycles(before, cycle_days), self.clock.weeks, other_therapy=has_other_therapy)

    def refractory(self, drug: str) -> bool | None:
        """Return whether the patients sheet names the drug under refractory_to; None: not known."""
        return None if self.patient is None else names_any(self.patient.refractory_to, drug)


def is_before(dose: Dose, sample: Sample) -> bool:
    """Return whether a dose was given before a sample was taken.

    A dose on the day of the sample counts as given after it: marrow is taken before that day's infusion, as a
    trough is. If both times of day are typed, they decide.
    """
    if dose.given_on != sample.collected_on:
        return dose.given_on < sample.collected_on
    both_timed = dose.given_time is not None and sample.collected_time is not None
    return both_timed and dose.given_time < sample.collected_time  # type: ignore[operator]


def clock_doubts(
    sample: Sample, course: Course, before: tuple[Dose, ...]
) -> Iterable[tuple[ExposureFlag, str]]:
    """Yield each doubt about the washout of this tube: its flag, and a sentence."""
    doses, collected = course.doses, sample.collected_on
    if not doses:
        yield (
            ExposureFlag.NO_DOSES,
            f"no dose of the washed-out drug is known for patient {sample.patient_id}",
        )
    elif not before:
        first = doses[0].given_on
        yield (
            ExposureFlag.SAMPLE_BEFORE_FIRST_DOSE,
            f"collected on {collected}, before the first dose on {first}",
        )
    later = [dose.given_on for dose in doses if dose.given_on > collected]
    if later and before:
        yield (
            ExposureFlag.DOSE_AFTER_SAMPLE,
            f"{len(later)} doses after collection, the first on {later[0]}",
        )
    same_day = [dose for dose in doses if dose.given_on == collected]
    if same_day:
        yield ExposureFlag.DOSE_ON_SAMPLE_DAY, _on_the_day(same_day[0], sample)
    days = [dose.given_on for dose in before]
    if len(set(days)) < len(days):
        twice = next(day for day, following in pairwise(days) if day == following)
        yield ExposureFlag.DOSE_TWICE_ON_A_DAY, f"more than one dose on {twice}; each is counted"
    started = next((dose.given_on for dose in course.started if is_before(dose, sample)), None)
    if started is not None:
        yield (
            ExposureFlag.STUDY_DRUG_BEFORE_SAMPLE,
            f"the study drug was first given on {started}, before collection",
        )
    newer = next((dose for dose in course.since(last_day(before), sample) if covers_cd38(dose.drug)), None)
    if newer is not None:
        yield (
            ExposureFlag.OTHER_ANTI_CD38_SINCE,
            f"{newer.drug.strip()} was given on {newer.given_on}, after the last dose that is counted",
        )


def _on_the_day(dose: Dose, sample: Sample) -> str:
    if is_before(dose, sample):
        return f"a dose was given on the day of collection at {dose.given_time}, before it: 0 weeks"
    if dose.given_time is not None and sample.collected_time is not None:
        return f"a dose was given on the day of collection at {dose.given_time}, after it"
    return (
        f"a dose was given on the day of collection, {sample.collected_on}: it counts as after the sample, "
        "since no times of day say otherwise"
    )


def last_day(before: tuple[Dose, ...]) -> date | None:
    """Return the day of the last dose; None without doses."""
    return before[-1].given_on if before else None
