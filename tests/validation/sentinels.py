"""How often the sentinels' reading is right, on simulated tubes in which it is known why free CD38 is as it is."""

from __future__ import annotations

import csv
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipeline.assembly.assemble import joined
from pipeline.assembly.study_result import StudyResult
from pipeline.patients.receptor_occupancy.sentinel_reading import SentinelReading
from pipeline.patients.receptor_occupancy.tubes import TubeOccupancy
from pipeline.quantification.quantify import quantify_tube
from pipeline.quantification.result import SampleFlag
from pipeline.simulate import scenario_named, simulate_study
from pipeline.simulate.patients import SimulatedPatient
from pipeline.simulate.plan import PlannedTube, StudyPlan, plain_slots, plan_study
from pipeline.simulate.study import write_study
from pipeline.simulate.tubes.populations import POPULATION_NAMES
from pipeline.study.settings import Settings
from pipeline.study.sheets.reading import read_study
from validation.markdown import paragraph, table
from validation.tubes import tasks_of

READINGS = tuple(SentinelReading)
CAUSES = (SentinelReading.NOT_LOW, SentinelReading.MASKED, SentinelReading.LOST, SentinelReading.BOTH)
LEFT = (1.0, 0.01, 0.001)
PATIENTS = 5
"""A study: one day."""
EVENTS = 30_000
USUAL = 150_000.0
Mapper = Callable[..., Iterable]


@dataclass(frozen=True, slots=True)
class Read:
    """A tube: the cause that was simulated, the reading, the B precursors left, and whether dilution with blood was hinted at."""

    cause: str
    reading: str
    left: float
    hinted: bool


def study(wanted: tuple[str, float, int]) -> list[Read]:
    """Simulate and read a day's tubes of one cause.

    `left`: part of the usual B precursors that the marrow holds.
    """
    cause, left, seed = wanted
    plain = scenario_named("plain")
    plan = plan_study(plain, plain_slots(plain, PATIENTS), events=EVENTS, seed=seed)
    with tempfile.TemporaryDirectory() as scratch:
        folder, truth = Path(scratch) / "study", Path(scratch) / "truth"
        for path in (folder, truth):
            path.mkdir()
        write_study(_caused(plan, cause, left, seed), folder, truth)
        found = read_tubes(folder)
    return [
        Read(cause, one.sentinel_reading, left, SampleFlag.HEMODILUTION_POSSIBLE in one.flags)
        for one in found.results
    ]


@dataclass(frozen=True, slots=True)
class ScenarioTube:
    """A tube of a scenario: what the rule says of the truth, the reading, and whether the intervals hold the truth."""

    truth: str
    reading: str
    theta_covers: bool
    total_covers: bool


def read_tubes(folder: Path) -> StudyResult:
    """Quantify the tubes of a study and tell what the sentinels say."""
    known, _ = read_study(folder)
    if known is None:
        raise ValueError(folder)
    return joined(known, [quantify_tube(task) for task in tasks_of(folder)])


def scenario_study(wanted: tuple[str, int]) -> list[ScenarioTube]:
    """Simulate a study of a scenario and read its tubes."""
    scenario, seed = wanted
    with tempfile.TemporaryDirectory() as scratch:
        folder = simulate_study(Path(scratch), patients=PATIENTS, events=EVENTS, seed=seed, scenario=scenario)
        with (folder.parent / "truth" / "tubes.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        found = read_tubes(folder)
        return [
            _scenario_tube(row, tube.sentinel_reading, found.occupancies[tube.sample_id])
            for row, tube in zip(rows, found.results, strict=True)
        ]


def examine_scenarios(n_studies: int, seed: int, mapper: Mapper) -> list[ScenarioTube]:
    """Return the tubes of `n_studies` studies each of the scenarios `plain` and `masked`."""
    wanted = [(scenario, seed + k) for scenario in ("plain", "masked") for k in range(n_studies)]
    return [tube for tubes in mapper(scenario_study, wanted) for tube in tubes]


def scenario_section(found: Sequence[ScenarioTube]) -> str:
    """Return the part on patients as they come, of whom some lie near a limit of the rule."""
    pairs = [(tube.truth, tube.reading) for tube in found]
    right = sum(truth == read for truth, read in pairs)
    open_ = (SentinelReading.CANNOT_TELL, SentinelReading.PARTLY_COVERED)
    unsure = sum(read in open_ and truth != read for truth, read in pairs)
    rows = [(truth, *(str(pairs.count((truth, read))) for read in READINGS)) for truth in CAUSES]
    return paragraph(
        f"{len(pairs)} tubes of the scenarios `plain` and `masked`, in which CD38 recovers while the drug disappears. Truth: "
        "low free CD38 with a total that is usual (masked) or low (both; lost, where the drug covers less than 5 %). "
        f"The same: {right}; cannot tell, or partly covered: {unsure}; otherwise: {len(pairs) - right - unsure}. The "
        f"interval contains θ in {sum(tube.theta_covers for tube in found)}, and the total in "
        f"{sum(tube.total_covers for tube in found)} of {len(found)}: patients do not differ in their sentinels here. Tubes of the truth *both* are "
        "often read as masked: days or weeks after the drug it may cover all CD38, and the total has no upper limit. So "
        '"masked" does not exclude a loss, and its text says so.'
    ) + table(("truth", *(f"read: {reading}" for reading in READINGS)), rows)


def _scenario_tube(row: dict[str, str], reading: str, found: TubeOccupancy) -> ScenarioTube:
    theta, total = float(row["occupancy"]), float(row["total_cd38"])
    told = found.theta
    return ScenarioTube(
        _cause(float(row["true_rd"]), theta, total),
        reading,
        told.low is not None and told.low <= theta <= (told.high or 0.0),
        (found.total.low or 0.0) <= total <= (np.inf if found.total.high is None else found.total.high),
    )


def _cause(free: float, theta: float, total: float) -> str:
    settings = Settings()
    usual = settings.sentinel_low_share * settings.sentinel_plasma_cell_usual
    if free >= usual:
        return SentinelReading.NOT_LOW
    if total >= usual:
        return SentinelReading.MASKED
    return SentinelReading.BOTH if theta >= 0.05 else SentinelReading.LOST


def examine(n_studies: int, seed: int, mapper: Mapper) -> list[Read]:
    """Return the tubes of `n_studies` days a cause, by turns with all, some and hardly any B precursors."""
    wanted = [(cause, LEFT[k % len(LEFT)], seed + k) for cause in CAUSES for k in range(n_studies)]
    return [tube for tubes in mapper(study, wanted) for tube in tubes]


def section(found: Sequence[Read], seed: int) -> str:
    """Return the section of docs/validation.md."""
    counts = {cause: Counter(tube.reading for tube in found if tube.cause == cause) for cause in CAUSES}
    rows = [(cause, *(str(counts[cause][reading]) for reading in READINGS)) for cause in CAUSES]
    right = sum(counts[cause][cause] for cause in CAUSES)
    unsure = sum(counts[cause][SentinelReading.CANNOT_TELL] for cause in CAUSES)
    hints = {left: [tube.hinted for tube in found if tube.left == left] for left in LEFT}
    told = ", ".join(f"{sum(h)} of {len(h)} with {left:g} of them" for left, h in hints.items())
    return (
        "## Sentinels\n\n"
        + paragraph(
            f"{len(found)} simulated tubes of {EVENTS:,} events (from seed {seed}), with a known reason for the level of "
            "free CD38. Not low: no drug, the clone has 0.6 to 1.6 of the usual 150,000. Masked: the same, and the drug "
            "covers 85 to 98 % of all CD38. Lost: no drug, the clone has 2 to 20 % of the usual. Both: the drug covers 85 "
            f"to 95 %, and the clone has 2 to 10 %. Read correctly: {right}; cannot tell: {unsure}; otherwise: "
            f"{len(found) - right - unsure}. The sentinels' usual values are settings; here they are correct except for the patients' "
            "own spread. A reading comes from the intervals of θ and of the total."
        )
        + table(("truth", *(f"read: {reading}" for reading in READINGS)), rows)
        + "\n"
        + paragraph(
            f"Hemodilution, by the remaining part of the usual B precursors (3 % of the cells). Flagged: {told}. "
            "The rule requires surely fewer than 0.05 %; a few other cells lie in that gate too."
        )
    )


def _caused(plan: StudyPlan, cause: str, left: float, seed: int) -> StudyPlan:
    return replace(plan, tubes=tuple(_with_cause(tube, cause, left, seed) for tube in plan.tubes))


def _with_cause(tube: PlannedTube, cause: str, left: float, seed: int) -> PlannedTube:
    rng = np.random.default_rng([seed, tube.number, CAUSES.index(cause)])
    share = rng.uniform(0.6, 1.6)
    if cause == SentinelReading.LOST:
        share = rng.uniform(0.02, 0.2)
    if cause == SentinelReading.BOTH:
        share = rng.uniform(0.02, 0.1)
    held = {
        SentinelReading.MASKED: rng.uniform(0.85, 0.98),
        SentinelReading.BOTH: rng.uniform(0.85, 0.95),
    }.get(cause, 0.0)
    total = USUAL * share
    patient: SimulatedPatient = tube.patient
    clone = replace(patient.clone, cd38=total * (1 - held))
    composition = list(patient.composition)
    composition[POPULATION_NAMES.index("b_precursor")] *= left
    return replace(
        tube,
        patient=replace(
            patient, total_cd38=total, occupancy=held, clone=clone, composition=tuple(composition)
        ),
    )
