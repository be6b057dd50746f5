"""Simulate a whole study folder, with its truth in a folder beside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline.simulate.demo import DEMO_DAYS_APART, DEMO_EVENTS, demo_slots
from pipeline.simulate.fcs_files import write_beads, write_tube
from pipeline.simulate.patients import tube_of
from pipeline.simulate.plan import InstrumentDay, PlannedTube, StudyPlan, plain_slots, plan_study
from pipeline.simulate.scenarios import scenario_named
from pipeline.simulate.truth import true_curve_row, tube_row, write_labels, write_truth
from pipeline.simulate.tubes.beads import BeadParameters, SimulatedBeads, simulate_beads
from pipeline.simulate.tubes.simulated_tube import SimulatedTube
from pipeline.simulate.tubes.tube import simulate_tube
from pipeline.simulate.typed_sheets import SimulatedCell, write_sheets
from pipeline.study.errors import UsageError, UserError

DEFAULT_PATIENTS, DEFAULT_EVENTS, DEFAULT_SEED, DEFAULT_BEAD_EVENTS = 12, 60_000, 1, 6_000
_TUBE, _CONTROL, _BEADS = range(11, 14)
_OF_FIXED_SIZE = ("faulty", "validation", "course")


def simulate_study(
    folder: Path,
    *,
    patients: int | None = None,
    events: int | None = None,
    seed: int | None = None,
    scenario: str = "plain",
) -> Path:
    """Write a study whose true receptor densities are known.

    The same arguments give the same bytes.

    Parameters
    ----------
    folder
        New or empty; gets `study/` and `truth/`.
    patients, events
        Number of patients and events per stained tube; None: 12 and 60,000 (`demo`: 10 and 10,000; its first
        ten patients are designed, more are drawn). `faulty`, `validation` and `course` have a fixed size and
        take neither.
    seed
        The seed of the random numbers; None: 1.
    scenario
        A name of `SCENARIOS`.

    Returns
    -------
    Path
        The study folder.

    Raises
    ------
    UserError
        The scenario is not known or takes no size, or the folder is not empty.
    """
    chosen = scenario_named(scenario)
    if chosen.name in _OF_FIXED_SIZE and (patients is not None or events is not None):
        raise UsageError(
            f"the scenario {chosen.name} has a fixed size; leave out the numbers of patients and events"
        )
    study, truth = _new_folders(folder)
    number = DEFAULT_SEED if seed is None else seed
    if chosen.name == "faulty":
        from pipeline.simulate.faulty import write_faulty

        write_faulty(study, truth, number)
        return study
    if chosen.name == "validation":
        from pipeline.simulate.validation_study import write_validation_study

        write_validation_study(study, truth, number)
        return study
    if chosen.name == "course":
        from pipeline.simulate import course_study

        plan = course_study.course_plan(number)
        write_study(plan, study, truth, bead_events=course_study.COURSE_BEAD_EVENTS)
        course_study.write_samples(plan, study)
        course_study.write_adverse_events(study)
        return study
    if chosen.name == "demo":
        slots = demo_slots(patients)
        plan = plan_study(
            chosen, slots, events=events or DEMO_EVENTS, seed=number, days_apart=DEMO_DAYS_APART
        )
    else:
        slots = plain_slots(chosen, patients or DEFAULT_PATIENTS)
        plan = plan_study(chosen, slots, events=events or DEFAULT_EVENTS, seed=number)
    write_study(plan, study, truth)
    return study


def write_study(plan: StudyPlan, study: Path, truth: Path, *, bead_events: int = DEFAULT_BEAD_EVENTS) -> None:
    """Simulate the planned study and write sheets, FCS files and truth, with one tube in memory at a time."""
    write_sheets(plan, study)
    bead_runs = [_write_day(plan, number, study, bead_events) for number in range(len(plan.days))]
    tubes = [_write_planned(plan, tube, study, truth) for tube in plan.tubes]
    write_truth(truth, tubes, bead_runs)


def simulate_planned(plan: StudyPlan, planned: PlannedTube) -> tuple[SimulatedTube, SimulatedTube]:
    """Return a planned tube and its control."""
    day, slot = planned.day, planned.slot
    parameters = replace(
        tube_of(
            planned.patient,
            planned.scenario,
            day.cytometer,
            n_events=planned.n_events,
            gains=day.gains,
            f_p=day.f_p,
        ),
        clog=slot.clog,
        spillover_in_file=slot.spillover_in_file,
    )
    tube = simulate_tube(parameters, np.random.default_rng([plan.seed, _TUBE, planned.number]))
    rng = np.random.default_rng([plan.seed, _CONTROL, planned.number])
    return tube, simulate_tube(parameters.as_control(slot.control, planned.control_events), rng)


def simulate_day(plan: StudyPlan, number: int, events: int = DEFAULT_BEAD_EVENTS) -> SimulatedBeads:
    """Return the bead run of a planned day."""
    day = plan.days[number]
    parameters = BeadParameters(day.lot, day.cytometer, events, day.bead_gains, day.f_p)
    return simulate_beads(parameters, np.random.default_rng([plan.seed, _BEADS, number]))


def _write_day(plan: StudyPlan, number: int, study: Path, events: int) -> tuple[SimulatedCell, ...]:
    day: InstrumentDay = plan.days[number]
    beads = simulate_day(plan, number, events)
    write_beads(study, day, beads)
    return true_curve_row(day, beads)


def _write_planned(
    plan: StudyPlan, planned: PlannedTube, study: Path, truth: Path
) -> tuple[SimulatedCell, ...]:
    tube, control = simulate_planned(plan, planned)
    write_tube(study, planned.file, planned, tube)
    write_tube(study, planned.control_file, planned, control, later=4)
    write_labels(truth, planned.sample_id, tube)
    return tube_row(planned, tube, control)


def _new_folders(folder: Path) -> tuple[Path, Path]:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} is not empty; give a folder that is new or empty, so that nothing is lost")
    study, truth = folder / "study", folder / "truth"
    for path in (study, truth):
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as fault:
            raise UserError(f"{path} cannot be made: {fault.strerror or fault}") from fault
    return study, truth
