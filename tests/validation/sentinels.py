"""How often the sentinels' reading is right, on simulated tubes in which it is known why free CD38 is as it is."""

from __future__ import annotations

import csv
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipeline.quantification.quantify import quantify_tube
from pipeline.quantification.result import SampleFlag
from pipeline.quantification.sentinels import SentinelReading
from pipeline.simulate import scenario_named, simulate_study
from pipeline.simulate.patients import SimulatedPatient
from pipeline.simulate.plan import PlannedTube, StudyPlan, plain_slots, plan_study
from pipeline.simulate.study import write_study
from pipeline.simulate.tubes.populations import NAMES
from pipeline.study.settings import Settings
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
        found = [quantify_tube(task) for task in tasks_of(folder)]
    return [
        Read(cause, one.sentinel_reading, left, SampleFlag.HEMODILUTION_POSSIBLE in one.flags)
        for one in found
    ]


def scenario_study(wanted: tuple[str, int]) -> list[tuple[str, str]]:
    """Simulate a study of a scenario; return (what the rule says of the true densities, the reading) per tube."""
    scenario, seed = wanted
    with tempfile.TemporaryDirectory() as scratch:
        folder = simulate_study(Path(scratch), patients=PATIENTS, events=EVENTS, seed=seed, scenario=scenario)
        with (folder.parent / "truth" / "tubes.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return [
            (_by_rule(row), quantify_tube(task).sentinel_reading)
            for row, task in zip(rows, tasks_of(folder), strict=True)
        ]


def examine_scenarios(n_studies: int, seed: int, mapper: Mapper) -> list[tuple[str, str]]:
    """Return the pairs of `n_studies` studies each of the scenarios `plain` and `masked`."""
    wanted = [(scenario, seed + k) for scenario in ("plain", "masked") for k in range(n_studies)]
    return [pair for pairs in mapper(scenario_study, wanted) for pair in pairs]


def scenario_section(pairs: Sequence[tuple[str, str]]) -> str:
    """Return the part on patients as they come, of whom some lie near a limit of the rule."""
    right = sum(truth == read for truth, read in pairs)
    unsure = sum(read == SentinelReading.CANNOT_TELL != truth for truth, read in pairs)
    rows = [(truth, *(str(pairs.count((truth, read))) for read in READINGS)) for truth in READINGS]
    return paragraph(
        f"{len(pairs)} tubes of the scenarios `plain` and `masked`, in which CD38 comes back while the drug goes. Truth: "
        f"the same rule on the true densities, without their intervals. The same: {right}; cannot tell: {unsure}; "
        f"otherwise: {len(pairs) - right - unsure}. Both read as masked: days or weeks after the drug the sentinels are "
        'near or below their LLOQ, where "both" is never read; so "masked" does not exclude a loss, and its words say so.'
    ) + table(("rule on the truth", *(f"read: {reading}" for reading in READINGS)), rows)


def _by_rule(row: dict[str, str]) -> str:
    settings = Settings()
    limit = settings.sentinel_low_share
    cells = float(row["true_rd"]) / settings.sentinel_plasma_cell_usual
    shares = (
        float(row["nk_cell_cd38"]) / settings.sentinel_nk_usual,
        float(row["b_precursor_cd38"]) / settings.sentinel_b_precursor_usual,
    )
    if cells >= limit:
        return SentinelReading.NOT_LOW
    if min(shares) >= limit:
        return SentinelReading.LOST
    if max(shares) >= limit:
        return SentinelReading.CANNOT_TELL
    return SentinelReading.BOTH if cells < limit * max(shares) else SentinelReading.MASKED


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
            f"{len(found)} simulated tubes of {EVENTS:,} events (from seed {seed}) in which it is known why free CD38 is "
            "as it is. Not low: no drug, the clone has 0.6 to 1.6 of the usual 150,000. Masked: the same, and the drug "
            "holds 85 to 98 % of all CD38. Lost: no drug, the clone has 2 to 20 % of the usual. Both: the drug holds 85 "
            f"to 95 %, and the clone has 2 to 10 %. Read right: {right}; cannot tell: {unsure}; otherwise: "
            f"{len(found) - right - unsure}. The sentinels' usual values are settings, here right but for the patients' "
            'own spread. "Both" is only read where the plasma cells have less than a third of the part that the sentinels have.'
        )
        + table(("truth", *(f"read: {reading}" for reading in READINGS)), rows)
        + "\n"
        + paragraph(
            f"Hemodilution, by the part of the usual B precursors (3 % of the cells) that is left: flagged are {told}. "
            "The rule wants to be sure of fewer than 0.05 %; a few of other cells lie in that gate too."
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
    composition[NAMES.index("b_precursor")] *= left
    return replace(
        tube,
        patient=replace(
            patient, total_cd38=total, occupancy=held, clone=clone, composition=tuple(composition)
        ),
    )
