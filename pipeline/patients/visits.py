"""A patient's visit: the replicate tubes of the same marrow, pooled on the log scale."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time

from calibration.density.pooling import pool_receptor_densities
from calibration.density.result import PooledDensity, RdStatus
from calibration.numbers import Z_95
from pipeline.patients.exposure import Exposure
from pipeline.patients.flags import VisitFlag
from pipeline.patients.patient_rd import PatientRd, SharedError
from pipeline.patients.receptor_occupancy.theta import Theta, theta_of_tubes
from pipeline.patients.receptor_occupancy.total import FreeDensity, Total, total_of
from pipeline.patients.receptor_occupancy.tubes import TubeOccupancy
from pipeline.patients.same_visit import VisitKey, tubes_by_visit
from pipeline.patients.shared_errors import shared_errors
from pipeline.quantification.result import SampleResult
from pipeline.study.cells.choices import Tissue
from pipeline.study.reagents import Reagents, reagents_of
from pipeline.study.study import Sample, Study


@dataclass(frozen=True, slots=True)
class Visit:
    """A patient's visit; `receptor` is pooled over the tubes `sample_ids`.

    Tubes of another tissue, kit, clone or dye are never pooled: they are a visit of their own. `theta` is the
    part of CD38 that the drug covers, from the tubes of the visit; `by_sentinels` and `by_level` are θ from
    the sentinels and from the drug level. `total` is the pooled density over 1 − θ. `competes` says whether
    the clone competes with the drug.
    """

    patient_id: str
    visit: str
    collected_on: date
    tissue: Tissue
    kit: str
    sample_ids: tuple[str, ...]
    population: str
    receptor: PooledDensity
    last_dose_on: date | None = None
    washout_weeks: float | None = None
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    reagents: Reagents = field(default_factory=Reagents)
    instrument: str = ""
    shared: tuple[SharedError, ...] = ()
    theta: Theta = field(default_factory=Theta)
    by_sentinels: Theta = field(default_factory=Theta)
    by_level: Theta = field(default_factory=Theta)
    total: Total = field(default_factory=Total)
    competes: bool | None = None


def visits_of(
    study: Study,
    results: Sequence[SampleResult],
    exposures: Mapping[str, Exposure],
    occupancies: Mapping[str, TubeOccupancy],
) -> tuple[Visit, ...]:
    """Return the patients' visits in the order of the results.

    Parameters
    ----------
    exposures
        By sample_id. The tube that was collected first gives the washout of a visit; all tubes give its
        flags.
    occupancies
        By sample_id.
    """
    samples = {sample.sample_id: sample for sample in study.samples}

    def collected(tube: SampleResult) -> tuple[date, time]:
        sample = samples[tube.sample_id]
        return sample.collected_on, sample.collected_time or time.min

    by_time = ((key, sorted(tubes, key=collected)) for key, tubes in tubes_by_visit(study, results).items())
    visits = (
        _visit(study, key, [samples[tube.sample_id] for tube in tubes], tubes, exposures)
        for key, tubes in by_time
    )
    return tuple(_with_theta(visit, [occupancies[name] for name in visit.sample_ids]) for visit in visits)


def patient_rd(visit: Visit) -> PatientRd:
    """Return a visit as a row of the washout models."""
    receptor = visit.receptor
    return PatientRd(
        patient_id=visit.patient_id,
        visit=visit.visit,
        weeks=visit.washout_weeks,
        rd=receptor.rd,
        status=receptor.status,
        lloq=receptor.lloq,
        uloq=receptor.uloq,
        rd_low=receptor.rd_low,
        rd_log_sd=dex_sd(receptor),
        collected_on=visit.collected_on,
        beads_kit=visit.kit,
        flags=visit.flags,
        tissue=visit.tissue,
        clone=visit.reagents.clone,
        fluorochrome=visit.reagents.fluorochrome,
        instrument=visit.instrument,
        shared=visit.shared,
        theta=visit.theta,
        by_sentinels=visit.by_sentinels,
        total=visit.total,
        competes=visit.competes,
    )


def _with_theta(visit: Visit, tubes: Sequence[TubeOccupancy]) -> Visit:
    theta = theta_of_tubes([tube.theta for tube in tubes])
    free = visit.receptor
    density = FreeDensity(free.status, free.rd, free.rd_low, free.rd_high, free.lloq)
    return replace(
        visit,
        theta=theta,
        by_sentinels=theta_of_tubes([tube.by_sentinels for tube in tubes]),
        by_level=tubes[0].by_level,
        total=total_of(density, theta),
    )


def dex_sd(receptor: PooledDensity) -> float | None:
    """Return the SD of log10 RD, dex, from the 95 % interval; None without a density above zero.

    If the interval reaches zero, it has no logarithm. Then the SD comes from its half-width relative to RD.
    """
    rd, low, high = receptor.rd, receptor.rd_low, receptor.rd_high
    if rd is None or rd <= 0 or low is None or high is None or high <= low:
        return None
    if low <= 0:
        return (high - low) / (2 * Z_95 * rd * math.log(10))
    return math.log10(high / low) / (2 * Z_95)


def _visit(
    study: Study,
    key: VisitKey,
    samples: Sequence[Sample],
    results: Sequence[SampleResult],
    exposures: Mapping[str, Exposure],
) -> Visit:
    runs = [sample.bead_run for sample in samples]
    pooled = pool_receptor_densities([result.receptor for result in results], runs=runs)
    sample_exposures = [exposures[sample.sample_id] for sample in samples if sample.sample_id in exposures]
    exposure = exposures.get(samples[0].sample_id)
    populations = dict.fromkeys(result.population for result in results if result.population)
    return Visit(
        patient_id=samples[0].patient_id,
        visit=samples[0].visit,
        collected_on=samples[0].collected_on,
        tissue=samples[0].tissue,
        kit=key.kit,
        sample_ids=tuple(sample.sample_id for sample in samples),
        population=";".join(populations),
        receptor=pooled,
        last_dose_on=exposure.last_dose_on if exposure else None,
        washout_weeks=exposure.washout_weeks if exposure else None,
        flags=_flags(results, pooled, sample_exposures, mixed=len(populations) > 1),
        notes=tuple(dict.fromkeys(_notes(samples, results, pooled))),
        reagents=reagents_of(study, samples),
        instrument=_instrument(results),
        shared=shared_errors(study, samples, results),
        competes=key.competes,
    )


def _instrument(results: Sequence[SampleResult]) -> str:
    """Return the cytometer as the files name it, with its serial number; "" if no file does."""
    names = (f"{tube.acquired.instrument} {tube.acquired.serial}".strip() for tube in results)
    return ";".join(dict.fromkeys(name for name in names if name))


def _flags(
    results: Sequence[SampleResult], pooled: PooledDensity, exposures: Sequence[Exposure], *, mixed: bool
) -> tuple[str, ...]:
    own = [flag for result in results for flag in (*result.flags, *result.receptor.flags)]
    clock = [flag for exposure in exposures for flag in exposure.flags]
    together = {
        VisitFlag.MIXED_POPULATIONS: mixed,
        VisitFlag.REPLICATES_DISAGREE: pooled.status is RdStatus.REPLICATES_DISAGREE,
    }
    raised = (flag for flag, holds in together.items() if holds)
    return tuple(dict.fromkeys([*own, *pooled.flags, *clock, *raised]))


def _notes(samples: Sequence[Sample], results: Sequence[SampleResult], pooled: PooledDensity) -> list[str]:
    days = sorted({sample.collected_on for sample in samples})
    own = [f"{result.sample_id}: {result.note}" for result in results if result.note]
    if len(results) == 1:
        own = [results[0].note]
    if len(days) > 1:
        own.append(f"collected on {days[0]} to {days[-1]}, pooled because the visit is the same")
    return [note for note in (*own, *pooled.notes) if note]
