"""Does a planned study get as narrow as it was planned to be, as often as promised? On further studies."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from calibration.density.result import RdStatus
from pipeline.planning import StudyPopulation, WantedWidth, plan_size
from pipeline.washout.censored.estimate import NotEstimableError
from pipeline.washout.line.inverse import weeks_to_reach
from pipeline.washout.line.tobit import fit_tobit
from validation.markdown import paragraph, percent, table

Mapper = Callable[..., Iterable]

USUAL = StudyPopulation(
    slope=0.55, intercept=1.9, between=0.4, within=0.0, run_sd=0.043, tube_sd=0.03, shared_sd=0.03, lloq=1_000.0,
    uloq=270_000.0, weeks=tuple(float(week) for week in np.geomspace(4, 110, 40)), source="a simulation",
)  # fmt: skip
WITHIN = replace(USUAL, between=0.35, within=0.15)
DIM = replace(USUAL, intercept=1.2)
NOISY = replace(USUAL, run_sd=0.15)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A plan: patients and assay, what is to be known how well, and how."""

    name: str
    population: StudyPopulation
    target: WantedWidth
    visits: int = 1
    replicates: int = 1


PLANS = (
    Wanted("slope to 0.25 dex", USUAL, WantedWidth(slope_width=0.25)),
    Wanted("slope to 0.15 dex", USUAL, WantedWidth(slope_width=0.15)),
    Wanted("slope to 0.25 dex, runs differ by 0.15 dex", NOISY, WantedWidth(slope_width=0.25)),
    Wanted("slope to 0.35 dex, a third below the LLOQ", DIM, WantedWidth(slope_width=0.35)),
    Wanted("slope to 0.2 dex, three visits of two tubes", WITHIN, WantedWidth(slope_width=0.2), 3, 2),
    Wanted(
        "weeks until half have 20,000 to 12 weeks",
        USUAL,
        WantedWidth(wait_width=12.0, density=20_000.0, share=0.5),
    ),
)


def fresh(
    wanted: Wanted, n: int, rng: np.random.Generator
) -> tuple[np.ndarray, list[float], list[RdStatus], list[int]]:
    """Return weeks, densities, statuses and patients of a study: every tube with errors of its own."""
    people, weeks, seen, owners = wanted.population, [], [], []
    lot = rng.normal(0, people.shared_sd)
    for patient in range(n):
        level = rng.normal(0, people.between)
        week = float(people.weeks[rng.integers(len(people.weeks))])
        for visit in range(wanted.visits):
            at = week * 1.5**visit
            line = people.intercept + people.slope * math.log2(at) + level + rng.normal(0, people.within)
            run = rng.normal(0, people.run_sd)
            tubes = line + lot + run + rng.normal(0, people.tube_sd, wanted.replicates)
            weeks.append(at)
            seen.append(float(10 ** np.mean(tubes)))
            owners.append(patient)
    status = [
        RdStatus.BELOW_LLOQ if rd < people.lloq else RdStatus.ABOVE_ULOQ if rd > people.uloq else RdStatus.OK
        for rd in seen
    ]
    return np.array(weeks), seen, status, owners


def one_study(job: tuple[Wanted, int, int]) -> tuple[float, bool]:
    """Return the width that a study of n patients gets (inf: no interval), and whether it holds the truth."""
    wanted, n, seed = job
    people, target = wanted.population, wanted.target
    rng = np.random.default_rng([seed, n, wanted.visits, 771])
    weeks, rd, status, owners = fresh(wanted, n, rng)
    error = math.sqrt(people.run_sd**2 + people.tube_sd**2 / wanted.replicates)
    try:
        fit = fit_tobit(
            weeks, rd, status, lloq=people.lloq, uloq=people.uloq, measurement_sd=error, patients=owners
        )
        if target.slope_width is not None:
            low, high = fit.slope_interval
            return high - low, low <= people.slope <= high
        wait = weeks_to_reach(fit, target.density, target.share)
    except NotEstimableError:
        return math.inf, False
    if wait.weeks is None or wait.low is None or wait.high is None:
        return math.inf, False
    shared = 1.959964 * people.shared_sd / fit.slope
    middle = math.log2(wait.weeks)
    low = 2 ** (middle - math.hypot(middle - math.log2(wait.low), shared))
    high = 2 ** (middle + math.hypot(math.log2(wait.high) - middle, shared))
    truth = 2 ** ((math.log10(target.density) - people.intercept) / people.slope)
    return high - low, low <= truth <= high


def row(job: tuple[Wanted, int, int], mapper: Mapper = map) -> tuple[object, ...]:
    """Return the row of a plan: what it asks for, and what further studies of that size get."""
    wanted, studies, seed = job
    found = plan_size(
        wanted.population, wanted.target, visits=wanted.visits, replicates=wanted.replicates, seed=seed
    )
    if found.enough is None:
        return wanted.name, "none", "–", "–", "–", "–"
    n = found.enough.patients
    told = list(mapper(one_study, [(wanted, n, number) for number in range(studies)]))
    widths = [width for width, _ in told]
    narrow = sum(width <= wanted.target.wanted for width in widths) / studies
    held = [holds for width, holds in told if math.isfinite(width)]
    error = 100 * math.sqrt(narrow * (1 - narrow) / studies)
    return (
        wanted.name, f"{n} ({found.enough.tubes})", percent(found.enough.narrow, 0),
        f"{percent(narrow, 0)} ({error:.0f})", f"{np.median(widths):.3g}", percent(float(np.mean(held)), 0),
    )  # fmt: skip


def section(studies: int, seed: int, mapper: Mapper) -> str:
    """Return the section of docs/validation.md."""
    rows = [row((wanted, studies, seed), mapper) for wanted in PLANS]
    return (
        "## How many patients\n\n"
        + paragraph(
            "`cd38rd plan` is asked for a width in 80 % of studies. Further studies of the size that it reports "
            f"({studies} a row) are drawn by other code, tube by tube. They are fitted as in a run, with all its "
            "tests of doubt, as those of the plan are. The table gives how many are so narrow; in brackets the "
            "simulation's own error, in points."
        )
        + table(
            (
                "goal", "patients (tubes) planned", "narrow, as planned", "narrow, further studies", "median width",
                "interval contains the truth",
            ),
            rows,
        )
    )  # fmt: skip
