"""The size of a study: simulate more and more patients until the intervals are narrow enough."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from calibration.density.result import RdStatus
from calibration.numbers import Z_95
from pipeline.planning.population import StudyPopulation, planned_status
from pipeline.study.response import LETTERS_CUT
from pipeline.washout.censored.estimate import NotEstimableError
from pipeline.washout.line.inverse import weeks_to_reach
from pipeline.washout.line.tobit import WashoutFit, fit_tobit

NUMBERS_TRIED = (8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 120, 160, 200, 250, 300, 400)
"""Numbers of patients to try. Convention: each about a quarter more than the previous one."""

STUDIES, ASSURANCE = 50, 0.8
"""Number of simulated studies of each size, and the share of them whose interval must be narrow enough.
Convention: as the usual power of 80 %."""

CONFIRMING = 2
"""Sets of further studies that confirm a size. Convention: the first size to reach the share often does so by
luck."""

_PILOT_PATIENTS, _PILOT_STUDIES, _WELL_BELOW = 40, 10, 0.5
"""Patients and studies of a pilot simulation. The search begins at this share of the size that the pilot
predicts. Convention: an interval's width falls as the root of the number of patients."""

_SIZES_BEYOND = 1
"""Number of sizes to try after the first that is large enough. Convention: the next size shows how much is
gained."""
_LATER = 1.5
"""Factor from the washout at a visit to that at the next one. Convention: visits spread as the washouts of
patients do, on a logarithmic axis."""


@dataclass(frozen=True, slots=True)
class WantedWidth:
    """The wanted width of an interval: exactly one of the two widths is given.

    Attributes
    ----------
    slope_width
        Width of the 95 % interval of the slope of M1, dex per doubling of the washout.
    wait_width
        Width of the 95 % interval of the weeks until `share` of the patients have `density`, weeks.
    """

    slope_width: float | None = None
    wait_width: float | None = None
    density: float = LETTERS_CUT
    share: float = 0.5

    def __post_init__(self) -> None:
        if (self.slope_width is None) == (self.wait_width is None):
            raise ValueError("expected one of slope_width and wait_width")

    @property
    def wanted(self) -> float:
        """The width that is wanted."""
        return self.slope_width or self.wait_width or 0.0


@dataclass(frozen=True, slots=True)
class Size:
    """Simulated studies of one size.

    Attributes
    ----------
    tubes
        Total number of stained tubes: patients × visits × replicates.
    width
        Median width of the interval; None where most studies have no interval.
    narrow
        Share of studies whose interval is as narrow as wanted; `narrow_error` its standard error.
    with_interval
        Share of studies that have an interval.
    below_lloq
        Share of visits below the LLOQ.
    """

    patients: int
    tubes: int
    width: float | None
    narrow: float
    narrow_error: float
    with_interval: float
    below_lloq: float


@dataclass(frozen=True, slots=True)
class Plan:
    """All sizes that were tried, and the first that is large enough (None if no size is)."""

    target: WantedWidth
    visits: int
    replicates: int
    sizes: tuple[Size, ...]
    enough: Size | None


def plan_size(
    population: StudyPopulation,
    target: WantedWidth,
    *,
    visits: int = 1,
    replicates: int = 1,
    studies: int = STUDIES,
    assurance: float = ASSURANCE,
    seed: int = 1,
    tried: Sequence[int] = (),
    on_size: Callable[[Size], object] = lambda size: None,
) -> Plan:
    """Return how many patients are needed so that a share `assurance` of studies reaches the wanted width.

    A size is large enough if its `studies` reach that share, and twice as many further ones do so again. Its
    figures are those of the further studies alone, since it was chosen by the first.

    Every simulated study draws washouts, patients' levels and measurement errors. Densities are censored at
    the limits, and the washout line is fitted as in a real study (M1 with its tests of doubt, which widen the
    interval where many densities are below the LLOQ).

    Parameters
    ----------
    visits
        Visits per patient: the first at a drawn washout, each later one at 1.5 times the previous washout.
    replicates
        Tubes per visit, in one run: they average the error of the tube, not the error between runs.
    tried
        Numbers of patients in ascending order; empty: the sizes in `NUMBERS_TRIED` that a pilot simulation
        suggests.
    on_size
        Called with each size when it is done.
    """
    sizes: list[Size] = []
    enough: Size | None = None
    after = 0
    for n in tried or _worth_trying(population, target, visits, replicates, seed):
        size = _size(population, target, n, visits, replicates, range(studies), seed)
        if enough is None and size.narrow >= assurance:
            further = range(studies, (1 + CONFIRMING) * studies)
            size = _size(population, target, n, visits, replicates, further, seed)
        sizes.append(size)
        on_size(size)
        if enough is None and size.narrow >= assurance:
            enough = size
        elif enough is not None:
            after += 1
        if after >= _SIZES_BEYOND:
            break
    return Plan(target, visits, replicates, tuple(sizes), enough)


def _worth_trying(
    population: StudyPopulation, target: WantedWidth, visits: int, replicates: int, seed: int
) -> tuple[int, ...]:
    """Return the sizes to try: they begin well below the size that a pilot of 40 patients predicts."""
    pilot = _size(population, target, _PILOT_PATIENTS, visits, replicates, range(_PILOT_STUDIES), seed)
    if pilot.width is None:
        return tuple(n for n in NUMBERS_TRIED if n >= _PILOT_PATIENTS / 2)
    expected = _PILOT_PATIENTS * (pilot.width / target.wanted) ** 2
    least = min(_WELL_BELOW * expected, NUMBERS_TRIED[-4])
    return tuple(n for n in NUMBERS_TRIED if n >= least)


def _size(
    population: StudyPopulation,
    target: WantedWidth,
    n: int,
    visits: int,
    replicates: int,
    numbers: range,
    seed: int,
) -> Size:
    widths, dim, studies = [], 0, len(numbers)
    for number in numbers:
        rng = np.random.default_rng([seed, n, visits, replicates, number])
        width, below = _study_width(population, target, n, visits, replicates, rng)
        widths.append(width)
        dim += below
    finite = [width for width in widths if math.isfinite(width)]
    narrow = sum(width <= target.wanted for width in widths) / studies
    return Size(
        patients=n,
        tubes=n * visits * replicates,
        width=median(widths) if 2 * len(finite) > studies else None,
        narrow=narrow,
        narrow_error=math.sqrt(narrow * (1 - narrow) / studies),
        with_interval=len(finite) / studies,
        below_lloq=dim / (studies * n * visits),
    )


def _study_width(
    population: StudyPopulation,
    target: WantedWidth,
    n: int,
    visits: int,
    replicates: int,
    rng: np.random.Generator,
) -> tuple[float, int]:
    """Return the interval width of a simulated study (inf without one), and its visits below the LLOQ."""
    first = rng.choice(population.weeks, n)
    weeks = np.repeat(first, visits) * np.tile(_LATER ** np.arange(visits), n)
    own = np.repeat(rng.normal(0.0, population.between, n), visits)
    error = math.sqrt(population.run_sd**2 + population.tube_sd**2 / replicates)
    scatter = rng.normal(0.0, 1.0, n * visits) * math.hypot(population.within, error)
    log_rd = population.intercept + population.slope * np.log2(weeks) + own + scatter
    rd = 10.0**log_rd
    status = [planned_status(density, population.lloq, population.uloq) for density in rd.tolist()]
    below = status.count(RdStatus.BELOW_LLOQ)
    try:
        fit = fit_tobit(
            weeks,
            rd,
            status,
            lloq=population.lloq,
            uloq=population.uloq,
            measurement_sd=error,
            patients=np.repeat(np.arange(n), visits).tolist(),
        )
        return _width(fit, target, population.shared_sd), below
    except NotEstimableError:
        return math.inf, below


def _width(fit: WashoutFit, target: WantedWidth, shared: float) -> float:
    """Return the width of the wanted interval. Errors that all tubes share widen a wait, but not a slope."""
    if target.slope_width is not None:
        return fit.slope_interval[1] - fit.slope_interval[0]
    wait = weeks_to_reach(fit, target.density, target.share)
    if wait.weeks is None or wait.low is None or wait.high is None:
        return math.inf
    moved = Z_95 * shared / fit.slope
    down = math.hypot(math.log2(wait.weeks / wait.low), moved)
    up = math.hypot(math.log2(wait.high / wait.weeks), moved)
    return float(wait.weeks * (2.0**up - 2.0**-down))
