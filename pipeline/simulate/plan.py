"""Plan a study: the patients of each day, their instrument, and their tubes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

import numpy as np

from gating.events.panel import Role
from pipeline.simulate.patients import SimulatedPatient, draw_gains, draw_patient, log_uniform
from pipeline.simulate.scenarios import Range, Scenario
from pipeline.simulate.tubes.beads import Lot, draw_lot, gain_of_volts
from pipeline.simulate.tubes.cytometer import Cytometer

PATIENTS_A_DAY = 5
FIRST_DAY = date(2024, 2, 5)
MOST_USUAL_DAYS = 12
LONGEST_DAYS = 168
"""If there are more bead days than usual, they fit into this number of days, so that a follow-up of two years
ends in 2026."""
TUBES_A_ROUND = 30
"""After this number of tubes the clock starts anew, so that a tube is acquired on the day of its beads."""
SMALLEST_CONTROL = 1_000
F_P_PRINTED = 1.02
_PATIENTS, _DAYS, _LOT, _F_P = range(1, 5)


@dataclass(frozen=True, slots=True)
class Slot:
    """A planned tube: its patient, its day, and its unusual features.

    Attributes
    ----------
    day
        Row of the study's days.
    weeks
        Washout; None: drawn from the scenario.
    cells
        Expected number of plasma cells, if the tube must have few.
    """

    patient_id: str
    day: int
    weeks: float | None = None
    suffix: str = "_BM1"
    visit: str = "baseline"
    cells: Range | None = None
    clog: bool = False
    spillover_in_file: bool = True
    control: Literal["fmo", "isotype"] = "fmo"
    remark: str = ""


@dataclass(frozen=True, slots=True)
class InstrumentDay:
    """A day at an instrument with its bead run.

    `printed` are the levels that the beads sheet will carry; `f_p` is the conjugate's true ratio and
    `f_p_printed` the panel sheet's; `bead_volts` is added to the CD38 detector's voltage for the beads alone.
    """

    bead_run: str
    on: date
    cytometer: Cytometer
    gains: tuple[float, ...]
    bead_gains: tuple[float, ...]
    voltage: float
    bead_volts: float
    lot: Lot
    printed: tuple[float, ...]
    f_p: float
    f_p_printed: float

    @property
    def folder(self) -> str:
        """The folder of the day's FCS files, relative to the study folder."""
        return f"fcs/{self.on.isoformat()}"

    @property
    def bead_file(self) -> str:
        """The bead run's FCS file."""
        return f"{self.folder}/{self.bead_run}.fcs"


@dataclass(frozen=True, slots=True)
class PlannedTube:
    """A tube with its patient and day; `number` seeds its random numbers, `minute` is its time of the day."""

    number: int
    sample_id: str
    slot: Slot
    day: InstrumentDay
    patient: SimulatedPatient
    scenario: Scenario
    n_events: int
    control_events: int
    minute: int

    @property
    def last_dose_on(self) -> date:
        """Day of the last daratumumab."""
        return self.day.on - timedelta(days=round(7 * self.patient.washout_weeks))

    @property
    def file(self) -> str:
        """The stained tube's FCS file, from the study folder."""
        return f"{self.day.folder}/{self.sample_id}.fcs"

    @property
    def control_file(self) -> str:
        """The control tube's FCS file."""
        return f"{self.day.folder}/{self.sample_id}_{'FMO' if self.slot.control == 'fmo' else 'isotype'}.fcs"


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """The whole plan of a study, before any cell is drawn."""

    seed: int
    scenario: Scenario
    days: tuple[InstrumentDay, ...]
    tubes: tuple[PlannedTube, ...]


def plain_slots(scenario: Scenario, patients: int) -> tuple[Slot, ...]:
    """Return a tube per patient, five patients a day."""
    return tuple(
        Slot(
            patient_id=f"P{number + 1:02d}",
            day=number // PATIENTS_A_DAY,
            clog=scenario.clog,
            spillover_in_file=scenario.spillover_in_file,
        )
        for number in range(patients)
    )


def plan_study(
    scenario: Scenario, slots: Sequence[Slot], *, events: int, seed: int, days_apart: int = 14
) -> StudyPlan:
    """Draw patients and days for the requested tubes."""
    n_days = 1 + max(slot.day for slot in slots)
    lot = draw_lot(scenario.kit, _rng(seed, _LOT), cv=scenario.lot_cv)
    days = tuple(
        _plan_day(scenario, lot, number, on, seed) for number, on in enumerate(bead_days(n_days, days_apart))
    )
    ids = sorted({slot.patient_id for slot in slots})
    tubes = tuple(
        _plan_tube(scenario, slot, days[slot.day], number, ids.index(slot.patient_id), events, seed)
        for number, slot in enumerate(slots)
    )
    return StudyPlan(seed, scenario, days, tubes)


def bead_days(n_days: int, days_apart: int) -> tuple[date, ...]:
    """Return the days of the bead runs; many runs are closer together, or begin on an earlier day.

    Examples
    --------
    >>> [str(day) for day in bead_days(2, 14)], str(bead_days(1000, 14)[-1])
    (['2024-02-05', '2024-02-19'], '2024-07-21')
    """
    apart = days_apart if n_days <= MOST_USUAL_DAYS else max(1, LONGEST_DAYS // n_days)
    first = FIRST_DAY - timedelta(max(0, n_days - LONGEST_DAYS))
    return tuple(first + timedelta(apart * number) for number in range(n_days))


def _rng(seed: int, *key: int) -> np.random.Generator:
    return np.random.default_rng([seed, *key])


def _plan_day(scenario: Scenario, lot: Lot, number: int, on: date, seed: int) -> InstrumentDay:
    rng = _rng(seed, _DAYS, number)
    cytometer = scenario.cytometers[number % len(scenario.cytometers)]
    gains = draw_gains(cytometer, rng, cd38=scenario.gain)
    voltage = round(cytometer.cd38.voltage * scenario.gain ** (1 / 7.5))
    volts = gain_of_volts(voltage, scenario.bead_volts)
    since_beads = tuple(1 + 0.003 * rng.standard_normal(len(gains)))
    other_lot = draw_lot(scenario.kit, _rng(seed, _LOT, 1)).assigned
    # The conjugate is one lot per panel: the same on every day of an instrument.
    true_f_p = F_P_PRINTED * (1 + scenario.f_p_cv * float(_rng(seed, _F_P).standard_normal()))
    return InstrumentDay(
        bead_run=f"{'QSC' if lot.kit == 'qsc' else 'QB'}_{on.isoformat()}",
        on=on,
        cytometer=cytometer,
        gains=gains,
        bead_gains=tuple(
            gain * float(shift) * (volts if detector.role == Role.CD38 else 1.0)
            for gain, shift, detector in zip(gains, since_beads, cytometer.fluorescence, strict=True)
        ),
        voltage=voltage,
        bead_volts=scenario.bead_volts,
        lot=lot,
        printed=other_lot if scenario.other_lot else lot.assigned,
        f_p=true_f_p,
        f_p_printed=F_P_PRINTED,
    )


def _plan_tube(
    scenario: Scenario,
    slot: Slot,
    day: InstrumentDay,
    number: int,
    patient_number: int,
    events: int,
    seed: int,
) -> PlannedTube:
    rng = _rng(seed, _PATIENTS, patient_number)
    few_cells = replace(scenario, aberrant_cells=slot.cells, normal_percent=(0.005, 0.01))
    weeks = log_uniform(scenario.washout_weeks, rng) if slot.weeks is None else slot.weeks
    drawn = draw_patient(
        few_cells if slot.cells else scenario, rng, n_events=events, weeks=round(7 * weeks) / 7
    )
    return PlannedTube(
        number=number,
        sample_id=slot.patient_id + slot.suffix,
        slot=slot,
        day=day,
        patient=drawn,
        scenario=scenario,
        n_events=events,
        control_events=max(SMALLEST_CONTROL, int(events * scenario.control_share)),
        minute=12 * (number % TUBES_A_ROUND),
    )
