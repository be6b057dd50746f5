"""Few plasma cells of two kinds: how far the split into clone and normal cells moves RD, and does its interval hold the truth?

Marrow with more normal plasma cells than usual, from file to receptor density as `cd38rd run` does.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from calibration.density.budget import BudgetTerm
from calibration.numbers import Z_95
from pipeline.quantification.quantify import quantify_tube
from pipeline.quantification.result import SampleFlag, SampleResult
from pipeline.simulate import scenario_named
from pipeline.simulate.plan import PlannedTube, StudyPlan, plain_slots, plan_study
from pipeline.simulate.study import write_study
from validation.markdown import paragraph, percent, table
from validation.tubes import tasks_of

BANDS = ((50, 100), (100, 500), (500, 3_000))
"""Plasma cells in the tube, expected."""
NORMAL = (0.05, 0.6)
"""Part of them that is normal."""
PATIENTS, EVENTS = 5, 20_000
WHOLE_CELLS = 0.85
"""Part of the events that is living, whole and single."""
LEAST_RD = 1_000.0
KNOWN_CV = 0.004
"""CV of lot and F:P as they are simulated: the interval then holds hardly more than cells, curve and split."""
Mapper = Callable[..., Iterable]


@dataclass(frozen=True, slots=True)
class SplitTube:
    """A tube whose clone was split off.

    Attributes
    ----------
    band
        Row of BANDS.
    error
        Of RD against the median of the file's true clone, relative.
    holds, holds_without
        Whether the interval includes the clone's density, with the doubt of the split and without it.
    doubted, flagged
        Whether the interval holds such doubt, and whether the row says so.
    """

    band: int
    error: float
    holds: bool
    holds_without: bool
    doubted: bool
    flagged: bool


def study(wanted: tuple[int, int]) -> list[SplitTube]:
    """Return the tubes of a day of one band; those that are split and above LEAST_RD."""
    band, seed = wanted
    tubes = [_judged(band, result, row) for result, row in quantified(band, seed)]
    return [tube for tube in tubes if tube is not None]


def quantified(band: int, seed: int) -> list[tuple[SampleResult, dict[str, str]]]:
    """Simulate a day's tubes of one band; return what each gives, and its row of the truth."""
    plain = scenario_named("plain")
    plan = plan_study(plain, plain_slots(plain, PATIENTS), events=EVENTS, seed=seed)
    with tempfile.TemporaryDirectory() as scratch:
        folder, truth = Path(scratch) / "study", Path(scratch) / "truth"
        for path in (folder, truth):
            path.mkdir()
        write_study(_with_normal_cells(plan, band, seed), folder, truth)
        with (truth / "tubes.csv").open(newline="", encoding="utf-8") as file:
            rows = {row["sample_id"]: row for row in csv.DictReader(file)}
        known = {"lot_assignment_cv": KNOWN_CV, "f_p_cv": KNOWN_CV}
        tasks = [
            replace(task, settings=task.settings.model_copy(update=known), extras=False)
            for task in tasks_of(folder)
        ]
        return [(quantify_tube(task), rows[task.sample.sample_id]) for task in tasks]


def examine(n_studies: int, seed: int, mapper: Mapper) -> list[SplitTube]:
    """Return the tubes of so many days a band."""
    wanted = [(band, seed + k) for band in range(len(BANDS)) for k in range(n_studies)]
    return [tube for tubes in mapper(study, wanted) for tube in tubes]


def section(found: Sequence[SplitTube], seed: int) -> str:
    """Return the section of docs/validation.md."""
    columns = ("plasma cells", "tubes with a split", "error, median", "error, P95", "coverage without the split's doubt",
               "coverage", "with doubt", "flagged")  # fmt: skip
    return (
        "## Clone and normal plasma cells\n\n"
        + paragraph(
            f"Simulated tubes of {EVENTS:,} events (from seed {seed}) in which {NORMAL[0]:.0%} to {NORMAL[1]:.0%} of the "
            "plasma cells are normal, from file to receptor density. Error: RD compared with the median of the file's true "
            f"clone, where that is above {LEAST_RD:,.0f}. Coverage: how often the 95 % interval contains the density from which the "
            "clone's cells were drawn, with the simulated errors of lot and F:P. It is given without the term "
            f'"{BudgetTerm.CLONE_SPLIT}" and with it. With doubt: tubes whose interval includes that term; flagged: '
            f"`{SampleFlag.CLONE_UNCERTAIN}`. Goal: coverage 93 to 97 %."
        )
        + table(
            columns, [_row(band, [tube for tube in found if tube.band == band]) for band in range(len(BANDS))]
        )
    )


def _row(band: int, tubes: Sequence[SplitTube]) -> tuple[str, ...]:
    name = f"{BANDS[band][0]} to {BANDS[band][1]:,}"
    if not tubes:
        return (name, "0", "", "", "", "", "", "")
    errors = [abs(tube.error) for tube in tubes]
    return (
        name,
        str(len(tubes)),
        percent(float(np.median(errors)), 1),
        percent(float(np.quantile(errors, 0.95)), 1),
        _share([tube.holds_without for tube in tubes]),
        _share([tube.holds for tube in tubes]),
        str(sum(tube.doubted for tube in tubes)),
        str(sum(tube.flagged for tube in tubes)),
    )


def _share(held: Sequence[bool]) -> str:
    part = float(np.mean(held))
    return f"{percent(part, 1)} ± {percent(float(np.sqrt(part * (1 - part) / len(held))), 1)}"


def _with_normal_cells(plan: StudyPlan, band: int, seed: int) -> StudyPlan:
    return replace(plan, tubes=tuple(_few(tube, band, seed) for tube in plan.tubes))


def _few(tube: PlannedTube, band: int, seed: int) -> PlannedTube:
    rng = np.random.default_rng([seed, tube.number, band])
    low, high = np.log(BANDS[band])
    share = 100 * float(np.exp(rng.uniform(low, high))) / (EVENTS * WHOLE_CELLS)
    normal = float(rng.uniform(*NORMAL))
    patient = replace(tube.patient, aberrant_percent=share * (1 - normal), normal_percent=share * normal)
    return replace(tube, patient=patient)


def _judged(band: int, result: SampleResult, row: dict[str, str]) -> SplitTube | None:
    density, true = result.receptor, float(row["clone_cd38"])
    if result.n_aberrant is None or density.rd is None or density.rd_low is None or density.rd_high is None:
        return None
    if true < LEAST_RD or density.rd_low <= 0:
        return None
    doubt = sum(term.sd_dex * np.log(10) for term in density.budget if term.name is BudgetTerm.CLONE_SPLIT)
    reach = Z_95 * float(np.sqrt(np.log1p(doubt**2)))
    down, up = (
        float(np.sqrt(max(np.log(density.rd / end) ** 2 - reach**2, 0.0)))
        for end in (density.rd_low, density.rd_high)
    )
    return SplitTube(
        band,
        density.rd / float(row["true_rd"]) - 1,
        density.rd_low <= true <= density.rd_high,
        bool(density.rd * np.exp(-down) <= true <= density.rd * np.exp(up)),
        bool(doubt > 0),
        SampleFlag.CLONE_UNCERTAIN in result.flags,
    )
