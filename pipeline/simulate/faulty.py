"""A tiny study of bad input: one example of each fault that labs have sent, to show its message."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from pipeline.simulate.fcs_files import write_beads, write_tube
from pipeline.simulate.plan import InstrumentDay, PlannedTube, Slot, plan_study
from pipeline.simulate.scenarios import scenario_named
from pipeline.simulate.truth import tube_row, write_truth
from pipeline.simulate.tubes.beads import BeadParameters, simulate_beads
from pipeline.simulate.tubes.parameters import TubeParameters
from pipeline.simulate.tubes.simulated_tube import SimulatedTube
from pipeline.simulate.tubes.tube import simulate_tube
from pipeline.simulate.typed_sheets import (
    DOSE_COLUMNS,
    PANEL_COLUMNS,
    TYPED_BEAD_COLUMNS,
    TYPED_SAMPLE_COLUMNS,
    SimulatedCell,
    bead_row,
    cytometer_rows,
    write_typed_csv,
)

FAULTY_EVENTS, FAULTY_CONTROL_EVENTS, FAULTY_OTHER_EVENTS, FAULTY_BEAD_EVENTS = 600, 300, 150, 900
FAULTY_ABERRANT_PERCENT = 30.0
_NOT_FCS = "sample,CD38\nS03,12000\n"
_TUBES = (
    ("S01", "", "all right"),
    ("S02", "missing.fcs", "no such file"),
    ("S03", "", "a text file with the ending .fcs"),
    ("S04", "", "cut off in the middle of its events"),
    ("S05", "", "no event"),
    ("S06", "", "the file calls V500-C-A V500-A"),
    ("S01", "S07.fcs", "the sample_id S01 again"),
    ("S08", "../outside.fcs", "the path leaves the study folder"),
    ("S09", "", "collected before the last daratumumab"),
    ("S10", "", "neither its panel nor its bead run exists"),
    ("S11", "", "its beads were acquired at another voltage"),
)


def write_faulty(study: Path, truth: Path, seed: int) -> None:
    """Write the study of bad input, which has a fixed size."""
    scenario = scenario_named("faulty")
    slots = [Slot(f"P{number:02d}", 0, 60.0) for number in range(1, len(_TUBES) + 1)]
    tubes = plan_study(scenario, slots, events=FAULTY_EVENTS, seed=seed).tubes
    good, control = _write_good(tubes[0], study, seed)
    _write_bad(tubes, study, seed)
    _write_beads(tubes[0].day, study, seed)
    _write_sheets(tubes, study)
    write_truth(truth, [tube_row(_renamed(tubes[0], "S01"), good, control)], [])


def _renamed(planned: PlannedTube, name: str, n_events: int = FAULTY_EVENTS) -> PlannedTube:
    return replace(planned, sample_id=name, n_events=n_events)


def _tube(planned: PlannedTube, n_events: int, seed: int) -> SimulatedTube:
    parameters = TubeParameters(
        n_events=n_events,
        clone=planned.patient.clone,
        aberrant_percent=FAULTY_ABERRANT_PERCENT,
        gains=planned.day.gains,
        f_p=planned.day.f_p,
    )
    return simulate_tube(parameters, np.random.default_rng([seed, planned.number]))


def _write_good(planned: PlannedTube, study: Path, seed: int) -> tuple[SimulatedTube, SimulatedTube]:
    named = _renamed(planned, "S01")
    tube = _tube(named, FAULTY_EVENTS, seed)
    rng = np.random.default_rng([seed, 99])
    control = simulate_tube(tube.parameters.as_control("fmo", FAULTY_CONTROL_EVENTS), rng)
    write_tube(study, "fcs/S01.fcs", named, tube)
    write_tube(study, "fcs/S01_FMO.fcs", named, control, later=4)
    return tube, control


def _write_bad(tubes: tuple[PlannedTube, ...], study: Path, seed: int) -> None:
    """Write the other tubes: S05 has no events, S04 is cut short, S03 is no FCS file."""
    for planned, (name, _, _) in zip(tubes[4:], _TUBES[4:], strict=True):
        tube = _tube(planned, FAULTY_OTHER_EVENTS, seed)
        if name == "S05":
            tube = replace(tube, values=tube.values[:, :0])
        if name == "S06":
            names = tuple(channel.replace("V500-C-A", "V500-A") for channel in tube.channels)
            tube = replace(tube, channels=names, spillover=None)
        if name not in ("S01", "S08"):
            write_tube(study, f"fcs/{name}.fcs", _renamed(planned, name), tube)
    write_tube(study, "fcs/S07.fcs", _renamed(tubes[6], "S07"), _tube(tubes[6], FAULTY_OTHER_EVENTS, seed))
    write_tube(study, "fcs/S04.fcs", _renamed(tubes[3], "S04"), _tube(tubes[3], FAULTY_OTHER_EVENTS, seed))
    cut = (study / "fcs/S04.fcs").read_bytes()
    (study / "fcs/S04.fcs").write_bytes(cut[: len(cut) * 6 // 10])
    (study / "fcs/S03.fcs").write_bytes(_NOT_FCS.encode())


def _bead_day(day: InstrumentDay, name: str, volts: float = 0.0) -> InstrumentDay:
    return replace(day, bead_run=name, bead_volts=volts)


def _write_beads(day: InstrumentDay, study: Path, seed: int) -> None:
    for number, (name, volts) in enumerate((("QB_good", 0.0), ("QB_voltage", 25.0))):
        parameters = BeadParameters(day.lot, day.cytometer, FAULTY_BEAD_EVENTS, day.bead_gains, day.f_p)
        beads = simulate_beads(parameters, np.random.default_rng([seed, 77, number]))
        write_beads(study, _bead_day(day, name, volts), beads)


def _write_sheets(tubes: tuple[PlannedTube, ...], study: Path) -> None:
    day = tubes[0].day
    columns = (*TYPED_SAMPLE_COLUMNS[: TYPED_SAMPLE_COLUMNS.index("remark")], "remarks")
    write_typed_csv(study / "samples.csv", columns, [_sample(tube, row) for row, tube in enumerate(tubes)])
    good = cytometer_rows(day.cytometer, day.f_p_printed)
    twice = [("twice", *row[1:]) for row in good[:4]]
    second: tuple[SimulatedCell, ...] = (
        "twice",
        "PE-Cy7-A",
        "cd38",
        "",
        "CD38",
        "PE-Cy7",
        "HIT2",
        True,
        1.0,
        None,
    )
    unknown: tuple[SimulatedCell, ...] = (
        "twice",
        "BV421-A",
        "cd139",
        "",
        "CD138",
        "BV421",
        "MI15",
        None,
        None,
        None,
    )
    write_typed_csv(
        study / "panels.csv", PANEL_COLUMNS, [*good, *twice, ("twice", *good[4][1:]), second, unknown]
    )
    write_typed_csv(study / "beads.csv", TYPED_BEAD_COLUMNS, _bead_rows(day))
    write_typed_csv(study / "doses.csv", DOSE_COLUMNS, _dose_rows(tubes))
    more_patients = [(tube.slot.patient_id, "SD", 64) for tube in tubes[2:]]
    patients = [("P01", "stable", 61), ("P02", "SD", 610), *more_patients]
    write_typed_csv(study / "patients.csv", ("patient_id", "best_response", "age"), patients)
    write_typed_csv(study / "settings.csv", ("name", "value"), [("wash_out_drug", "daratumumab")])


def _sample(tube: PlannedTube, row: int) -> tuple[SimulatedCell, ...]:
    name, file, remark = _TUBES[row]
    path = file if "/" in file else f"fcs/{file or name + '.fcs'}"
    fmo = "fcs/S01_FMO.fcs" if row == 0 else ""
    panel, bead_run = ("myeloma11", "QB_2024") if name == "S10" else (tube.day.cytometer.panel, "QB_good")
    bead_run = "QB_voltage" if name == "S11" else bead_run
    on = tube.last_dose_on - timedelta(days=30) if name == "S09" else tube.day.on
    return (name, tube.slot.patient_id, on, path, panel, bead_run, "baseline", fmo, "", "marrow", remark)


def _bead_rows(day: InstrumentDay) -> list[tuple[SimulatedCell, ...]]:
    """Return two good rows, and rows with transposed levels, one level too few, and a missing file."""
    good = bead_row(day)
    levels = [f"{level:g}" for level in day.lot.assigned]
    transposed = "; ".join((levels[0], levels[2], levels[1], levels[3]))
    file = f"{day.folder}/QB_good.fcs"
    kit, lot, channel, on = good[2], good[3], good[4], good[6]
    return [
        ("QB_good", file, kit, lot, channel, good[5], on, None),
        ("QB_voltage", f"{day.folder}/QB_voltage.fcs", kit, lot, channel, good[5], on, None),
        ("QB_transposed", file, kit, lot, channel, transposed, on, None),
        ("QB_three_levels", file, kit, lot, channel, "; ".join(levels[:3]), on, None),
        ("QB_missing", f"{day.folder}/missing.fcs", kit, lot, channel, good[5], on, None),
    ]


def _dose_rows(tubes: tuple[PlannedTube, ...]) -> list[tuple[SimulatedCell, ...]]:
    """Return a last dose per patient, then an unknown patient, an impossible date and an unknown unit."""
    last: list[tuple[SimulatedCell, ...]] = [
        (tube.slot.patient_id, tube.last_dose_on, "daratumumab", 16, "mg/kg", "IV", None) for tube in tubes
    ]
    return [
        *last,
        ("P99", date(2023, 5, 1), "daratumumab", 16, "mg/kg", "IV", None),
        ("P02", "2023-02-30", "daratumumab", 16, "mg/kg", "IV", None),
        ("P03", date(2023, 5, 1), "daratumumab", 16, "mg/m2", "IV", None),
    ]
