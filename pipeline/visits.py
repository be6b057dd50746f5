"""A patient at a visit: the replicate tubes of one marrow, pooled on the log scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from calibration.receptor_density import RdStatus, ReceptorDensity
from pipeline.outcome import Outcome
from pipeline.sample_result import SampleResult
from pipeline.study import Sample
from pipeline.washout.rows import PatientRd

QUANTIFIED: Final = (RdStatus.OK, RdStatus.BELOW_LLOQ, RdStatus.ABOVE_ULOQ_EXTRAPOLATED, RdStatus.ABOVE_ULOQ)
"""Statuses that say something about the receptor density, be it a limit."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What is known of a patient at a visit; `receptor` is pooled over `sample_ids`.

    Tubes of another tissue, or calibrated with another kit, are never pooled: they are a visit of their own.
    """

    patient_id: str
    visit: str
    collected_on: date
    tissue: str
    kit: str
    sample_ids: tuple[str, ...]
    population: str
    receptor: ReceptorDensity
    last_dose_on: date | None = None
    washout_weeks: float | None = None
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def visits_of(outcome: Outcome) -> tuple[Visit, ...]:
    """Return the patients' visits in the order in which the samples sheet first names them."""
    typed = {sample.sample_id: sample for sample in outcome.study.samples}
    kits = {run.beads: run.kit for run in outcome.study.beads}
    groups: dict[tuple[str, str, str, str], list[SampleResult]] = {}
    for result in outcome.results:
        sample = typed[result.sample_id]
        when = sample.visit or sample.collected_on.isoformat()
        key = (sample.patient_id, when, sample.tissue, kits.get(sample.beads, ""))
        groups.setdefault(key, []).append(result)
    return tuple(
        _visit(outcome, key[3], [typed[result.sample_id] for result in group], group)
        for key, group in groups.items()
    )


def patient_rd(visit: Visit) -> PatientRd:
    """Return a visit as a row of the washout models."""
    found = visit.receptor
    return PatientRd(
        patient_id=visit.patient_id,
        visit=visit.visit,
        weeks=visit.washout_weeks,
        rd=found.rd,
        status=found.status.value,
        lloq=found.lloq,
        uloq=found.uloq,
        rd_log_sd=log_sd(found),
        collected_on=visit.collected_on,
        beads_kit=visit.kit,
        flags=visit.flags,
    )


def log_sd(found: ReceptorDensity) -> float | None:
    """Return the SD of log10 RD in dex from the interval's geometric CV; None where it is not known.

    GCV = sqrt(exp(s²) − 1) with s in natural logs (Kirkwood 1979, doi:10.2307/2530139).
    """
    import math

    if found.gcv_percent is None:
        return None
    return math.sqrt(math.log1p((found.gcv_percent / 100) ** 2)) / math.log(10)


def _visit(outcome: Outcome, kit: str, samples: Sequence[Sample], results: Sequence[SampleResult]) -> Visit:
    used = [result for result in results if result.receptor.status in QUANTIFIED]
    left_out = [result for result in results if result not in used] if used else []
    pooled = pool([result.receptor for result in used or results])
    exposure = outcome.exposures.get(samples[0].sample_id)
    return Visit(
        patient_id=samples[0].patient_id,
        visit=samples[0].visit,
        collected_on=samples[0].collected_on,
        tissue=samples[0].tissue,
        kit=kit,
        sample_ids=tuple(sample.sample_id for sample in samples),
        population=";".join(
            dict.fromkeys(result.population for result in used or results if result.population)
        ),
        receptor=pooled,
        last_dose_on=exposure.last_dose_on if exposure else None,
        washout_weeks=exposure.washout_weeks if exposure else None,
        flags=_flags(used or results, pooled),
        notes=tuple(dict.fromkeys(_notes(samples, results, left_out, pooled))),
    )


def pool(receptors: Sequence[ReceptorDensity]) -> ReceptorDensity:
    """Return one receptor density of replicates; a single one as it is."""
    if len(receptors) == 1:
        return receptors[0]
    from calibration.receptor_density import pool_receptor_densities

    return pool_receptor_densities(receptors)


def _flags(results: Sequence[SampleResult], pooled: ReceptorDensity) -> tuple[str, ...]:
    own = [flag for result in results for flag in (*result.flags, *result.receptor.flags)]
    mixed = ["MIXED_POPULATIONS"] if len({result.population for result in results}) > 1 else []
    return tuple(dict.fromkeys([*own, *pooled.flags, *mixed]))


def _notes(
    samples: Sequence[Sample],
    results: Sequence[SampleResult],
    left_out: Sequence[SampleResult],
    pooled: ReceptorDensity,
) -> list[str]:
    days = sorted({sample.collected_on for sample in samples})
    notes = [f"{result.sample_id} left out: {result.receptor.status.value}" for result in left_out]
    if len(days) > 1:
        notes.append(f"collected on {days[0]} to {days[-1]}, pooled because the visit is the same")
    if len(results) > 1:
        return [*notes, *pooled.notes]
    return [*notes, *(note for note in (results[0].note, *pooled.notes) if note)]
