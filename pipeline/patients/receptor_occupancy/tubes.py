"""Receptor occupancy of every tube: norm, θ from sentinels and from the drug level, total CD38, reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from calibration.density.receptor_density import ReceptorDensity
from pipeline.checks.flags import ExposureFlag
from pipeline.patients.exposure import Exposure
from pipeline.patients.flags import OccupancyFlag
from pipeline.patients.pharmacokinetics.levels import DrugLevel, drug_levels
from pipeline.patients.receptor_occupancy.norm import (
    FREE_FROM_WEEKS,
    LEAST_OCCUPIED,
    FreeTube,
    Norm,
    SentinelValue,
    norm_of_settings,
    norms_of_tubes,
    reading_of_sentinel,
)
from pipeline.patients.receptor_occupancy.sentinel_reading import reading_of
from pipeline.patients.receptor_occupancy.sentinels import sentinel_theta
from pipeline.patients.receptor_occupancy.theta import Theta, chosen_theta, contradict, theta_of_level
from pipeline.patients.receptor_occupancy.total import FreeDensity, Total, total_of
from pipeline.quantification.result import SampleResult
from pipeline.study.study import PanelChannel, Sample, Study

LevelsByDay = Mapping[tuple[str, date], DrugLevel]
"""The level of the drug of a patient on a day of collection."""


@dataclass(frozen=True, slots=True)
class TubeOccupancy:
    """Receptor occupancy in a tube.

    Attributes
    ----------
    level
        The drug level in serum.
    by_sentinels, by_level
        θ from the sentinels, and θ from the drug level.
    theta
        The θ from which the total is made.
    total
        CD38 per plasma cell, free or covered.
    reading
        Why free CD38 is as it is, by the sentinels.
    norm
        Source of the sentinels' norm, in words; "": there is no norm.
    """

    level: DrugLevel
    by_sentinels: Theta
    by_level: Theta
    theta: Theta
    total: Total
    reading: str
    norm: str = ""
    flags: tuple[str, ...] = ()


def tube_levels(study: Study, results: Sequence[SampleResult]) -> LevelsByDay:
    """Return the drug level at every tube, from doses and day of collection; densities do not matter."""
    samples = {sample.sample_id: sample for sample in study.samples}
    days = {(samples[r.sample_id].patient_id, samples[r.sample_id].collected_on): None for r in results}
    return dict(zip(days, drug_levels(study, list(days)), strict=True))


def tube_occupancies(
    study: Study,
    results: Sequence[SampleResult],
    exposures: Mapping[str, Exposure],
    levels: LevelsByDay | None = None,
) -> dict[str, TubeOccupancy]:
    """Return the receptor occupancy of every tube, by sample_id.

    Parameters
    ----------
    levels
        `tube_levels` of these tubes; None: they are computed.
    """
    samples = {sample.sample_id: sample for sample in study.samples}
    levels = tube_levels(study, results) if levels is None else levels
    lots = {run.name: (run.kit, run.lot) for run in study.bead_runs}
    tubes = []
    for result in results:
        sample = samples[result.sample_id]
        level = levels[sample.patient_id, sample.collected_on]
        lot = lots.get(sample.bead_run, ("", ""))
        tubes.append(_TubeContext(study, sample, result, level, exposures.get(result.sample_id), lot))
    norms = norms_of_tubes([tube.as_free for tube in tubes if tube.is_free])
    assumed = norm_of_settings(study.settings)
    return {tube.result.sample_id: tube.occupancy(norms.get(tube.alike, assumed)) for tube in tubes}


def with_occupancy(
    results: Sequence[SampleResult], occupancies: Mapping[str, TubeOccupancy]
) -> tuple[SampleResult, ...]:
    """Return the tubes with the reading of their sentinels and the flags of their occupancy."""
    return tuple(
        replace(
            result,
            sentinel_reading=occupancies[result.sample_id].reading,
            flags=tuple(dict.fromkeys((*result.flags, *occupancies[result.sample_id].flags))),
        )
        for result in results
    )


def free_density(density: ReceptorDensity) -> FreeDensity:
    """Return the parts of a density that its total needs."""
    return FreeDensity(density.status, density.rd, density.rd_low, density.rd_high, density.lloq)


@dataclass(frozen=True, slots=True)
class _TubeContext:
    """A tube with its sheets, result, drug level, exposure and bead lot."""

    study: Study
    sample: Sample
    result: SampleResult
    level: DrugLevel
    exposure: Exposure | None
    lot: tuple[str, str]

    @property
    def dye(self) -> PanelChannel | None:
        """The quantified channel of the tube's panel."""
        panels = (panel for panel in self.study.panels if panel.name == self.sample.panel)
        return next((panel.quantified for panel in panels), None)

    @property
    def competes(self) -> bool | None:
        """Whether the clone competes with the drug; None: not known."""
        return self.dye.competes_with_drug if self.dye else None

    @property
    def alike(self) -> tuple[str, ...]:
        """Properties that tubes of the same norm share: kit, tissue, clone and dye."""
        dye = (self.dye.clone.casefold(), self.dye.fluorochrome.casefold()) if self.dye else ()
        return (self.lot[0], self.sample.tissue, *dye)

    @property
    def readings(self) -> tuple[SentinelValue, ...]:
        """The values of the sentinels that can be used."""
        values = (reading_of_sentinel(sentinel) for sentinel in self.result.sentinels)
        return tuple(value for value in values if value is not None)

    @property
    def is_free(self) -> bool:
        """Whether the tube counts as free of the drug."""
        exposure = self.exposure
        if exposure is None or self.competes is False or not self.readings:
            return False
        if ExposureFlag.SAMPLE_BEFORE_FIRST_DOSE in exposure.flags:
            return True
        weeks, theta = exposure.washout_weeks, self.level.occupancy
        return weeks is not None and weeks >= FREE_FROM_WEEKS and theta is not None and theta < LEAST_OCCUPIED

    @property
    def as_free(self) -> FreeTube:
        """The tube as one that is free of the drug, for a norm."""
        return FreeTube(self.sample.patient_id, self.alike, self.lot, self.sample.bead_run, self.readings)

    def occupancy(self, norm: Norm | None) -> TubeOccupancy:
        """Return the receptor occupancy by this norm; None: there is no norm."""
        by_level = theta_of_level(self.level)
        by_sentinels = Theta()
        if self.competes is not False:
            by_sentinels = sentinel_theta(self.readings, norm, lot=self.lot, run=self.sample.bead_run)
        theta = chosen_theta(by_sentinels, by_level, competes=self.competes)
        free = free_density(self.result.receptor)
        total = total_of(free, theta)
        reading = reading_of(
            self.result.receptor,
            by_sentinels,
            total_of(free, by_sentinels),
            self.study.settings,
            competes=self.competes,
        )
        disagree = (OccupancyFlag.SENTINELS_DISAGREE,) if by_sentinels.disagree else ()
        contradicted = (OccupancyFlag.THETA_CONTRADICTED,) if contradict(by_sentinels, by_level) else ()
        return TubeOccupancy(
            self.level,
            by_sentinels,
            by_level,
            theta,
            total,
            reading.value,
            norm.source if norm is not None and by_sentinels.is_known else "",
            (*disagree, *contradicted),
        )
