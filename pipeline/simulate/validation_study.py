"""A small study for assay validation: pools of cells on three days and two instruments.

Every tube holds the same kind of clone. Its true density is that of its material, times the factors of the
day, the replicate and the hours of storage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import numpy as np

from pipeline.simulate.fcs_files import write_beads, write_tube
from pipeline.simulate.plan import InstrumentDay, PlannedTube, Slot, plan_study
from pipeline.simulate.scenarios import scenario_named
from pipeline.simulate.truth import true_curve_row as true_bead_row
from pipeline.simulate.truth import tube_row, write_truth
from pipeline.simulate.tubes.beads import BeadParameters, simulate_beads
from pipeline.simulate.tubes.cytometer import THREE_LASERS, WIDE_SCALE
from pipeline.simulate.tubes.parameters import Clone, TubeParameters
from pipeline.simulate.tubes.simulated_tube import SimulatedTube
from pipeline.simulate.tubes.tube import simulate_tube
from pipeline.simulate.typed_sheets import (
    PANEL_COLUMNS,
    TYPED_BEAD_COLUMNS,
    TYPED_SAMPLE_COLUMNS,
    SimulatedCell,
    bead_row,
    cytometer_rows,
    write_typed_csv,
)
from pipeline.study.cells.choices import Tissue

VALIDATION_NAME = "validation"
VALIDATION_EVENTS, VALIDATION_BEAD_EVENTS = 800, 2_900
VALIDATION_ABERRANT_PERCENT = 25.0
DAY_SD, REPLICATE_SD = 0.04, 0.03
"""SD of ln density, between days and between replicates. Assumption: a well-run assay."""

LOSS_PER_HOUR = 0.0012
"""Loss of ln density per hour of storage. Assumption: 3 % a day."""

OTHER_INSTRUMENT = 1.03
"""Factor of the second instrument. Assumption: the usual difference of two well-kept cytometers."""

EXPERIMENT_COLUMNS = ("sample_id", "experiment", "specimen", "level", "hours", "sequence", "low", "high")


class _Pool(StrEnum):
    """A pool of cells; the value is its name as typed in the sheets."""

    BRIGHT = "pool A"
    DIM = "pool B"
    BRIGHTEST = "pool C"


POOLS: Mapping[str, float] = {_Pool.BRIGHT: 40_000.0, _Pool.DIM: 1_500.0, _Pool.BRIGHTEST: 65_000.0}
"""True densities of the materials, molecules per cell. Assumption: typical of bright and dim clones."""

_UNSTAINED = "no antibody against CD38 was added"

_TUBE, _FMO, _BEADS, _FACTORS = range(21, 25)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A tube: its name, material, index of its day, fraction of the pool's density, hours of storage."""

    name: str
    pool: str
    day: int
    share: float = 1.0
    hours: float = 0.0

    @property
    def is_whole(self) -> bool:
        """Whether it holds undiluted, fresh pool A or B on the first instrument."""
        return self.pool in (_Pool.BRIGHT, _Pool.DIM) and self.share == 1 and not self.hours and self.day < 3

    @property
    def is_control(self) -> bool:
        """Whether it is the control of its run: the first tube of pool A on a day."""
        return self.pool == _Pool.BRIGHT and self.name.endswith("_1")

    @property
    def specimen(self) -> str:
        """Its material: the pool, or a dilution of it."""
        return self.pool if self.share == 1 else f"{self.pool} {self.share:.0%}"


def write_validation_study(study: Path, truth: Path, seed: int) -> None:
    """Write the study, which has a fixed size."""
    days = _days(seed)
    wanted = _wanted()
    tubes = [_planned(number, wanted_tube, days, seed) for number, wanted_tube in enumerate(wanted)]
    controls = [_write_fmo(day, number, study, seed) for number, day in enumerate(days)]
    rows = []
    for planned, wanted_tube in zip(tubes, wanted, strict=True):
        tube = _tube(planned, wanted_tube, seed)
        write_tube(study, planned.file, planned, tube)
        rows.append(tube_row(planned, tube, controls[wanted_tube.day]))
    bead_runs = []
    for number, day in enumerate(days):
        parameters = BeadParameters(day.lot, day.cytometer, VALIDATION_BEAD_EVENTS, day.bead_gains, day.f_p)
        run = simulate_beads(parameters, np.random.default_rng([seed, _BEADS, number]))
        write_beads(study, day, run)
        bead_runs.append(true_bead_row(day, run))
    write_truth(truth, rows, bead_runs)
    _write_sheets(tubes, days, study)


def _days(seed: int) -> tuple[InstrumentDay, ...]:
    """Return three days of one instrument, and the first of these days on another instrument."""
    scenario = replace(
        scenario_named(VALIDATION_NAME), cytometers=(THREE_LASERS, THREE_LASERS, THREE_LASERS, WIDE_SCALE)
    )
    slots = [Slot("QC", day, 60.0) for day in range(4)]
    *days, wide_day = plan_study(scenario, slots, events=VALIDATION_EVENTS, seed=seed, days_apart=7).days
    return (*days, replace(wide_day, on=days[0].on, bead_run=f"{days[0].bead_run}_wide"))


def _wanted() -> list[_Wanted]:
    """Return the tubes: bright ones first, then dim ones, blanks, dilutions, stored and others."""
    bright = [_Wanted(f"A{d + 1}_{r}", _Pool.BRIGHT, d) for d in range(3) for r in (1, 2, 3)]
    dim = [
        _Wanted(f"B{d + 1}_{r}", _Pool.DIM, d) for d in range(3) for r in ((1, 2, 3) if d == 0 else (1, 2))
    ]
    blank = [_Wanted(f"N{d + 1}_{r}", "blank", d) for d in range(3) for r in (1, 2)]
    part = [
        _Wanted(f"A1_{round(100 * share)}_{r}", _Pool.BRIGHT, 0, share)
        for share in (0.5, 0.25, 0.1)
        for r in (1, 2)
    ]
    stored = [_Wanted(f"A1_{hours}h_{r}", _Pool.BRIGHT, 0, hours=hours) for hours in (24, 48) for r in (1, 2)]
    wide = [
        _Wanted("W_A", _Pool.BRIGHT, 3),
        *(_Wanted(f"W_A_{round(100 * share)}", _Pool.BRIGHT, 3, share) for share in (0.5, 0.25, 0.1)),
        _Wanted("W_B", _Pool.DIM, 3),
        _Wanted("W_C", _Pool.BRIGHTEST, 3),
    ]
    return [*bright, *dim, *blank, *part, *stored, _Wanted("C1_1", _Pool.BRIGHTEST, 0), *wide]


def _planned(number: int, wanted: _Wanted, days: tuple[InstrumentDay, ...], seed: int) -> PlannedTube:
    """Return a planned tube: its patient stands for the pool, with the tube's own true density."""
    day = days[wanted.day]
    scenario = scenario_named(VALIDATION_NAME)
    plan = plan_study(scenario, [Slot("QC", 0, 60.0)], events=VALIDATION_EVENTS, seed=seed)
    of_day = np.random.default_rng([seed, _FACTORS, 0, min(wanted.day, 3)]).normal(0, DAY_SD)
    own = np.random.default_rng([seed, _FACTORS, 1, number]).normal(0, REPLICATE_SD)
    density = (
        POOLS.get(wanted.pool, POOLS[_Pool.BRIGHT])
        * wanted.share
        * (OTHER_INSTRUMENT if wanted.day == 3 else 1.0)
    )
    density *= float(np.exp(of_day + own - LOSS_PER_HOUR * wanted.hours))
    pool = replace(plan.tubes[0].patient, clone=Clone(cd38=round(density, 1)), occupancy=0.0)
    return replace(
        plan.tubes[0],
        number=number,
        sample_id=wanted.name,
        slot=Slot("QC", wanted.day, 60.0, visit="", remark="" if wanted.pool in POOLS else _UNSTAINED),
        day=day,
        patient=pool,
        minute=6 * number % 360,
    )


def _parameters(day: InstrumentDay, clone: Clone) -> TubeParameters:
    return TubeParameters(
        cytometer=day.cytometer,
        n_events=VALIDATION_EVENTS,
        clone=clone,
        aberrant_percent=VALIDATION_ABERRANT_PERCENT,
        gains=day.gains,
        f_p=day.f_p,
    )


def _tube(planned: PlannedTube, wanted: _Wanted, seed: int) -> SimulatedTube:
    """Return a tube; a blank is stained without the antibody against CD38."""
    parameters = _parameters(planned.day, planned.patient.clone)
    rng = np.random.default_rng([seed, _TUBE, planned.number])
    if wanted.pool in POOLS:
        return simulate_tube(parameters, rng)
    return simulate_tube(parameters.as_control("fmo"), rng)


def _write_fmo(day: InstrumentDay, number: int, study: Path, seed: int) -> SimulatedTube:
    parameters = _parameters(day, Clone()).as_control("fmo")
    control = simulate_tube(parameters, np.random.default_rng([seed, _FMO, number]))
    planned = replace(_planned(0, _Wanted("FMO", _Pool.BRIGHT, 0), (day,), seed), sample_id="FMO", minute=0)
    write_tube(study, _fmo_file(day), planned, control, later=-10)
    return control


def _fmo_file(day: InstrumentDay) -> str:
    return f"{day.folder}/FMO_{day.cytometer.panel}.fcs"


def _write_sheets(tubes: list[PlannedTube], days: tuple[InstrumentDay, ...], study: Path) -> None:
    panels = {day.cytometer.panel: day for day in days}
    rows: list[tuple[SimulatedCell, ...]] = [
        (tube.sample_id, "QC", tube.day.on, tube.file, tube.day.cytometer.panel, tube.day.bead_run, "",
         _fmo_file(tube.day), "", Tissue.MARROW.value, "")
        for tube in tubes
    ]  # fmt: skip
    write_typed_csv(study / "samples.csv", TYPED_SAMPLE_COLUMNS, rows)
    channels = [row for day in panels.values() for row in cytometer_rows(day.cytometer, day.f_p_printed)]
    write_typed_csv(study / "panels.csv", PANEL_COLUMNS, channels)
    write_typed_csv(study / "beads.csv", TYPED_BEAD_COLUMNS, [bead_row(day) for day in days])
    write_typed_csv(study / "validation.csv", EXPERIMENT_COLUMNS, _roles())


def _roles() -> list[tuple[SimulatedCell, ...]]:
    """Return the validation sheet: the purpose of each tube."""
    wanted = _wanted()
    whole = [tube for tube in wanted if tube.is_whole]
    part = [tube for tube in wanted if tube.pool == _Pool.BRIGHT and tube.day == 0 and not tube.hours]
    stored = [tube for tube in wanted if tube.pool == _Pool.BRIGHT and tube.day == 0 and tube.share == 1]
    first = [tube for tube in whole if tube.day == 0]
    compared = [tube for tube in wanted if tube.day in (0, 3) and not tube.hours and tube.pool in POOLS]
    return [
        *(_role(tube, "precision") for tube in whole),
        *(_role(tube, "linearity", level=tube.share) for tube in part),
        *(_role(tube, "blank") for tube in wanted if tube.pool not in POOLS),
        *(_role(tube, "low") for tube in whole if tube.pool == _Pool.DIM),
        *(_role(tube, "stability", hours=tube.hours + 2) for tube in stored),
        *(_role(tube, "carry_over", sequence=number) for number, tube in enumerate(first, start=1)),
        *(_role(tube, "comparison", specimen=tube.specimen) for tube in compared),
        *(_role(tube, "control", low=34_000, high=46_000) for tube in whole if tube.is_control),
    ]


def _role(tube: _Wanted, experiment: str, **cells: SimulatedCell) -> tuple[SimulatedCell, ...]:
    return tuple({"sample_id": tube.name, "experiment": experiment, "specimen": tube.pool, **cells}.get(name)
                 for name in EXPERIMENT_COLUMNS)  # fmt: skip
