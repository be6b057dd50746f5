"""The tubes of a validation: each row of the validation sheet with density, day, run and method."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from calibration.density.result import RdStatus, raw_estimate
from pipeline.beads.result import CalibrationResult
from pipeline.quantification.result import SampleResult
from pipeline.study.study import Sample, Study
from pipeline.study.validation import Experiment, ValidationTube

_HOUR = 3600.0
"""Seconds of an hour. Arithmetic."""


@dataclass(frozen=True, slots=True)
class AssayTube:
    """A tube of an experiment; `value` is its density in molecules per cell, None where it has none.

    `reason` says why there is no density. `order` is the row of the tube in the samples sheet.
    """

    sample_id: str
    experiment: Experiment
    specimen: str
    value: float | None
    reason: str
    day: str
    run: str
    method: str
    order: tuple[str, int]
    level: float | None = None
    hours: float | None = None
    sequence: int | None = None
    low: float | None = None
    high: float | None = None
    goal: float | None = None
    n_plasma_cells: int | None = None

    @property
    def density(self) -> float:
        """The density in molecules per cell, of a tube that has one."""
        if self.value is None:
            raise ValueError(f"{self.sample_id} has no density")
        return self.value


def assay_tubes(
    study: Study, results: Sequence[SampleResult], calibrations: Sequence[CalibrationResult]
) -> tuple[AssayTube, ...]:
    """Return the rows of the validation sheet whose tubes were analysed, in the order of the sheet."""
    by_name = {result.sample_id: result for result in results}
    samples = {sample.sample_id: sample for sample in study.samples}
    order = {sample.sample_id: index for index, sample in enumerate(study.samples)}
    days = {run.bead_run: run.acquired.acquired_at[:10] for run in calibrations}
    return tuple(
        _tube(study, row, samples[row.sample_id], by_name[row.sample_id], days, order[row.sample_id])
        for row in study.validation
        if row.sample_id in by_name
    )


def measured(tubes: Iterable[AssayTube], experiment: Experiment) -> tuple[AssayTube, ...]:
    """Return the tubes of an experiment that have a density."""
    return tuple(tube for tube in tubes if tube.experiment is experiment and tube.value is not None)


def measuring_day(study: Study, sample: Sample, result: SampleResult, days: dict[str, str]) -> str:
    """Return the day of a tube: the day in its file, else that of its bead run, else of its collection."""
    run = study.bead_run(sample.bead_run)
    typed = run.acquired_on.isoformat() if run.acquired_on else ""
    candidates = (result.acquired.acquired_at[:10], typed, days.get(sample.bead_run, ""))
    return next(filter(None, candidates), sample.collected_on.isoformat())


def _tube(
    study: Study,
    row: ValidationTube,
    sample: Sample,
    result: SampleResult,
    days: dict[str, str],
    index: int,
) -> AssayTube:
    value, reason = _value(row, result)
    return AssayTube(
        sample_id=row.sample_id,
        experiment=Experiment(row.experiment),
        specimen=row.specimen,
        value=value,
        reason=reason,
        day=row.day or measuring_day(study, sample, result, days),
        run=row.run or sample.bead_run,
        method=row.method or _method(study, sample, result),
        order=(result.acquired.acquired_at, index),
        level=row.level,
        hours=_hours(sample, result) if row.hours is None else row.hours,
        sequence=row.sequence,
        low=row.low,
        high=row.high,
        goal=row.goal_percent,
        n_plasma_cells=result.n_plasma_cells,
    )


def _value(row: ValidationTube, result: SampleResult) -> tuple[float | None, str]:
    receptor = result.receptor
    if row.cells:
        sentinel = next((value.receptor for value in result.sentinels if value.name == row.cells), None)
        if sentinel is None:
            return None, f"no {row.cells.replace('_', ' ')} were found in it"
        receptor = sentinel
    estimate = raw_estimate(receptor)
    if estimate is not None:
        return estimate, ""
    if receptor.status is RdStatus.ABOVE_ULOQ:
        return None, "its density lies above the ULOQ: only a bound is known"
    return None, f"it has no density ({receptor.status.value})"


def _method(study: Study, sample: Sample, result: SampleResult) -> str:
    """Return the method of a tube: its bead kit and cytometer."""
    kit = study.unit_run(sample.bead_run).kit
    return " · ".join(filter(None, (kit, result.acquired.instrument, result.acquired.serial)))


def _hours(sample: Sample, result: SampleResult) -> float | None:
    """Return the hours from draw to acquisition; None where a time of day is not known."""
    if sample.collected_time is None or "T" not in result.acquired.acquired_at:
        return None
    drawn = datetime.combine(sample.collected_on, sample.collected_time)
    try:
        read = datetime.fromisoformat(result.acquired.acquired_at).replace(tzinfo=None)
    except ValueError:
        return None
    hours = (read - drawn).total_seconds() / _HOUR
    return hours if hours >= 0 else None
