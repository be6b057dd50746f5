"""What differs between runs: single tubes and pooled replicates with a known truth, told of it or not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from calibration import RdStatus, ReceptorDensity, pool_receptor_densities, quantify_receptor_density
from calibration.density.between_runs import between_runs, run_mean, with_between_run_cv
from validation.beads import Mapper
from validation.density import DETECTOR, F_P, F_P_CV, LOT_CV, curve_of_a_day
from validation.markdown import paragraph, percent, table
from validation.simulated_beads import cells

KIT = "quantibrite_pe"
AMOUNTS = (1_000.0, 30_000.0, 150_000.0)
CVS = (0.0, 0.1, 0.2, 0.3)
SEVERAL = (2, 3)
PAIRS = (0, 1, 2, 4, 8, 16)
CELLS = 500
BANK = 400
POOLED_AT = 30_000.0
ASSUMED = 0.10


@dataclass(frozen=True, slots=True)
class Held:
    """How many intervals of how many held the truth; `n_without` more had no number."""

    n_held: int
    n: int
    n_without: int = 0

    @property
    def share(self) -> float:
        """Coverage."""
        return self.n_held / self.n

    def __str__(self) -> str:
        if not self.n:
            return "no number"
        shown = percent(self.share, 1)
        return shown if 0.93 <= self.share <= 0.97 else f"**{shown}**"


def log_sd(cv: float) -> float:
    """SD of the logarithm of a log-normal factor with this CV."""
    return float(np.sqrt(np.log(1 + cv**2)))


def tube(
    true: float, rng: np.random.Generator, *, cv: float, told: float | None, lucky: bool = False
) -> ReceptorDensity | None:
    """Quantify a tube of its own bead day, lot and conjugate, stained by a factor that its run brought.

    `lucky`: the factors of lot and conjugate are taken out again, for tubes that are to share others.
    """
    curve, common = curve_of_a_day(KIT, rng)
    f_p = F_P * np.exp(rng.normal(0, log_sd(F_P_CV)))
    run = np.exp(rng.normal(0, log_sd(cv)))
    found = quantify_receptor_density(
        cells(rng, true * run * f_p, CELLS, detector=DETECTOR, spread=0.5),
        cells(rng, 0, CELLS, detector=DETECTOR),
        curve,
        kit=KIT,
        f_p_ratio=F_P,
        f_p_cv=F_P_CV,
        lot_cv=LOT_CV,
        between_run_cv=told,
        seed=int(rng.integers(2**31)),
    )
    if found.rd is None:
        return None
    return scaled(found, common * F_P / f_p, 1.0) if lucky else found


def scaled(density: ReceptorDensity, luck: float, run: float) -> ReceptorDensity:
    """Return a density whose lot and conjugate, and whose run, moved it by these factors."""
    ends = (density.rd or 0.0, density.rd_low or 0.0, density.rd_high or 0.0)
    rd, low, high = (end * luck * run for end in ends)
    return replace(density, rd=rd, rd_low=low, rd_high=high)


def _held(density: ReceptorDensity, true: float) -> bool:
    return (density.rd_low or 0.0) <= true <= (density.rd_high or np.inf)


def single(wanted: tuple[float, float, float | None, int, int]) -> Held:
    """Return the coverage of single tubes of one density, CV between runs and what was told of it."""
    true, cv, told, n, seed = wanted
    rng = np.random.default_rng([seed, 1, int(true), round(100 * cv)])
    held = []
    for _ in range(n):
        found = tube(true, rng, cv=cv, told=told)
        if found is not None:
            held.append(_held(found, true))
    return Held(sum(held), len(held), n - len(held))


@cache
def bank(told: float | None, seed: int) -> tuple[ReceptorDensity, ...]:
    """Quantify tubes whose lot, conjugate and run were as they should be: what is drawn from."""
    rng = np.random.default_rng([seed, 2])
    drawn = [tube(POOLED_AT, rng, cv=0.0, told=told, lucky=True) for _ in range(BANK)]
    return tuple(one for one in drawn if one is not None and one.status is RdStatus.OK)


def _replicates(
    tubes: Sequence[ReceptorDensity], n: int, cv: float, luck: float, rng: np.random.Generator
) -> list[ReceptorDensity]:
    """Draw replicates of one lot and conjugate on different runs."""
    chosen = rng.choice(len(tubes), n, replace=False)
    return [scaled(tubes[k], luck, float(np.exp(rng.normal(0, log_sd(cv))))) for k in chosen]


def _luck(rng: np.random.Generator) -> float:
    return float(np.exp(rng.normal(0, log_sd(LOT_CV)) + rng.normal(0, log_sd(F_P_CV))))


def pooled(wanted: tuple[int, float, float | None, int, int]) -> Held:
    """Return the coverage of visits with some replicates on different runs, judged alone."""
    several, cv, told, n, seed = wanted
    rng = np.random.default_rng([seed, 3, several, round(100 * cv)])
    tubes, held = bank(told, seed), []
    if not tubes:
        return Held(0, 0, n)
    for _ in range(n):
        found = pool_receptor_densities(_replicates(tubes, several, cv, _luck(rng), rng))
        if found.rd_low is not None and found.rd_high is not None:
            held.append(found.rd_low <= POOLED_AT <= found.rd_high)
    return Held(sum(held), len(held), n - len(held))


def same_run(wanted: tuple[int, float, int, int]) -> Held:
    """Return the coverage of replicates on one run: its factor and its curve are common to them."""
    several, cv, n, seed = wanted
    rng = np.random.default_rng([seed, 4, several, round(100 * cv)])
    held = []
    for _ in range(n):
        curve, _ = curve_of_a_day(KIT, rng)
        f_p = F_P * np.exp(rng.normal(0, log_sd(F_P_CV)))
        run = np.exp(rng.normal(0, log_sd(cv)))
        members = [
            quantify_receptor_density(
                cells(rng, POOLED_AT * run * f_p, CELLS, detector=DETECTOR, spread=0.5),
                cells(rng, 0, CELLS, detector=DETECTOR),
                curve,
                kit=KIT,
                f_p_ratio=F_P,
                f_p_cv=F_P_CV,
                lot_cv=LOT_CV,
                between_run_cv=cv,
                n_draws=1000,
                seed=int(rng.integers(2**31)),
            )
            for _ in range(several)
        ]
        found = pool_receptor_densities(members, n_runs=1)
        if found.rd_low is not None and found.rd_high is not None:
            held.append(found.rd_low <= POOLED_AT <= found.rd_high)
    return Held(sum(held), len(held), n - len(held))


def study(wanted: tuple[int, float, int, int]) -> tuple[Held, Held]:
    """Return the coverage of single tubes and of pairs in studies with so many pairs on different runs."""
    pairs, cv, n, seed = wanted
    rng = np.random.default_rng([seed, 5, pairs, round(100 * cv)])
    tubes = bank(None, seed)
    alone, together = [], []
    for _ in range(n):
        luck = _luck(rng)
        visits = [_replicates(tubes, 2, cv, luck, rng) for _ in range(pairs)]
        groups = [[run_mean(one.rd or 1.0, [one]) for one in visit] for visit in visits]
        shown = between_runs(groups)
        put: Callable[[ReceptorDensity], ReceptorDensity] = (
            (lambda one, cv=shown.cv: with_between_run_cv(one, cv)) if shown else (lambda one: one)
        )
        alone.append(_held(put(_replicates(tubes, 1, cv, luck, rng)[0]), POOLED_AT))
        for visit in visits[:1]:
            found = pool_receptor_densities([put(one) for one in visit])
            if found.rd_low is not None and found.rd_high is not None:
                together.append(found.rd_low <= POOLED_AT <= found.rd_high)
    return Held(sum(alone), len(alone)), Held(sum(together), len(together), n * bool(pairs) - len(together))


@dataclass(frozen=True, slots=True)
class Found:
    """The coverage of everything, by what was wanted."""

    n: int
    singles: dict[tuple[float, float, bool], Held]
    pools: dict[tuple[int, float, bool], Held]
    same: dict[tuple[int, float], Held]
    studies: dict[tuple[int, float], tuple[Held, Held]]


def examine(n: int, seed: int, mapper: Mapper = map) -> Found:
    """Simulate `n` tubes or visits a cell of the tables, four times as many of the pooled ones."""
    told = [(cv, tell) for cv in CVS for tell in (False, True)]
    keys = [(true, cv, tell) for true in AMOUNTS for cv, tell in told]
    pool_keys = [(several, cv, tell) for several in SEVERAL for cv, tell in told]
    same_keys = [(several, cv) for several in SEVERAL for cv in (0.0, 0.2)]
    study_keys = [(pairs, cv) for pairs in PAIRS for cv in CVS]
    many = 4 * n
    return Found(
        n,
        _by(keys, mapper(single, [(t, cv, cv if tell else None, n, seed) for t, cv, tell in keys])),
        _by(
            pool_keys,
            mapper(pooled, [(k, cv, cv if tell else None, many, seed) for k, cv, tell in pool_keys]),
        ),
        _by(same_keys, mapper(same_run, [(k, cv, n // 2, seed) for k, cv in same_keys])),
        _by(study_keys, mapper(study, [(pairs, cv, many, seed) for pairs, cv in study_keys])),
    )


def _by(keys: Sequence, found: Iterable) -> dict:
    return dict(zip(keys, found, strict=True))


def section(found: Found, seed: int) -> str:
    """Return the section of docs/validation.md."""
    names = [percent(cv, 0) for cv in CVS]
    single_rows = [
        (f"{true:,.0f}", *(str(found.singles[true, cv, tell]) for tell in (False, True) for cv in CVS))
        for true in AMOUNTS
    ]
    pool_rows = [
        (
            str(several),
            *(_with_missing(found.pools[several, cv, tell]) for tell in (False, True) for cv in CVS),
        )
        for several in SEVERAL
    ]
    columns = [*(f"{name}, not typed" for name in names), *(f"{name}, typed" for name in names)]
    study_rows = [(str(pairs), *(_both(found.studies[pairs, cv]) for cv in CVS)) for pairs in PAIRS]
    same = ", ".join(
        f"{several} at a CV of {percent(cv, 0)} typed: {held}" for (several, cv), held in found.same.items()
    )
    return (
        "## Between runs and pooled replicates\n\n"
        + paragraph(
            f"{found.n} tubes a cell (seed {seed}; sampling error of a coverage {percent(_error(found.n), 1)}), QuantiBRITE PE, "
            f"{CELLS} cells in tube and control; lot and F:P wrong by {percent(LOT_CV, 0)} and {percent(F_P_CV, 0)}, and every run wrong by a factor "
            f"with the CV of the column. Not typed: the setting `between_run_cv` is empty, so {percent(ASSUMED, 0)} are assumed. Typed: it "
            "is the true CV (0: a within-run interval). Coverage of the 95 % interval; bold: outside 93 to 97 %."
        )
        + table(("true RD, single tubes", *columns), single_rows)
        + "\n"
        + paragraph(
            "If the true CV is above the assumption, the interval of a single tube is too narrow, and nothing in one tube shows it. If it is below, the "
            "interval is too wide. Replicates on different bead runs correct this (last table)."
        )
        + "\n### Replicates of one visit on different bead runs, the visit judged alone\n\n"
        + paragraph(
            f"True RD {POOLED_AT:,.0f}, {4 * found.n} visits a cell (sampling error {percent(_error(4 * found.n), 1)}). In brackets: visits "
            "whose replicates contradict each other and get no number. With 30 % typed no density has a CV of 30 % or less, so "
            "such tubes are NOT_QUANTIFIABLE: there is no number to pool."
        )
        + table(("replicates", *columns), pool_rows)
        + "\n"
        + paragraph(
            "If the true CV is two or three times the assumed one, two or three replicates alone cannot always show it: "
            "replicates that agree by luck get an interval that is too narrow. If the true CV is smaller, intervals are too wide. Replicates on one "
            f"bead run share its factor and curve. Their coverage is: {same}."
        )
        + "\n### Studies with pairs of replicates on different runs\n\n"
        + paragraph(
            f"{4 * found.n} studies a cell; no CV typed. The between-run CV is estimated from their pairs and included in every tube's interval. Coverage of "
            "a single tube of the study / of a pooled pair."
        )
        + table(("pairs in the study", *(f"true CV {name}" for name in names)), study_rows)
    )


def _with_missing(held: Held) -> str:
    return (
        f"{held} ({percent(held.n_without / (held.n + held.n_without), 1)})"
        if held.n and held.n_without
        else str(held)
    )


def _both(held: tuple[Held, Held]) -> str:
    return " / ".join(str(one) for one in held if one.n)


def _error(n: int) -> float:
    return float(np.sqrt(0.05 * 0.95 / n))
