"""Beyond the median: do the intervals of percentiles, shares, changes and slopes of patients cover?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from calibration import quantify_receptor_density
from calibration.density.result import RdStatus
from calibration.distribution.cells import cell_distribution
from calibration.distribution.modes import count_modes
from calibration.distribution.result import PERCENTILES
from pipeline.patients.patient_rd import PatientRd, SharedError
from pipeline.washout.censored.estimate import NotEstimableError
from pipeline.washout.observations.rows import observe
from pipeline.washout.within.change import changes_of
from pipeline.washout.within.mean import mean_change
from pipeline.washout.within.slopes import fit_patient_slopes
from validation.beads import Floats, Mapper
from validation.density import DETECTOR, F_P, F_P_CV, LOT_CV
from validation.markdown import paragraph, percent, table
from validation.shapes import USUAL, _curve, _off, receptors

SHAPES = ("log-normal", "60 % bright, 40 % a tenth", "10 % of the cells 20 times brighter")
TRUTHS = (5000.0, 30000.0)
SIZES = (50, 500, 5000)
TRUE_CELLS = 300_000
"""Cells that the true percentiles of a shape, as measured, are taken from."""
CUT = 0.7
"""Of the true median: cells below it are low."""
CHANGES = (8, 19, 60)
COHORTS = (8, 20, 60)
CHANGE, SLOPE, SD_OF_SLOPES = 0.4, 0.36, 0.1


@dataclass(frozen=True, slots=True)
class CellsWanted:
    """A row of the first table."""

    shape: str
    true: float
    n: int
    tubes: int
    seed: int


@dataclass(frozen=True, slots=True)
class CellsFound:
    """How often each interval holds its truth (None: never told), and how often two groups are told at 95 %."""

    wanted: CellsWanted
    covered: tuple[float | None, ...]
    share: float | None
    true_share: float
    several: float


def light(shape: str, stain: float, n: int, rng: np.random.Generator) -> Floats:
    """Return the light of n cells whose receptors give `stain` dye molecules in their unit; 0: a control."""
    size = rng.lognormal(0, 0.2, n)
    own = 600 * size**2 * rng.lognormal(0, 0.3, n)
    return DETECTOR.read(own + stain * receptors(shape, size, rng), rng)


def examine_cells(wanted: CellsWanted) -> CellsFound:
    """Compare tubes of one row with the percentiles of very many cells, read on the true scale."""
    rng = np.random.default_rng([wanted.seed, SHAPES.index(wanted.shape), int(wanted.true), wanted.n])
    many = light(wanted.shape, wanted.true * F_P, TRUE_CELLS, rng)
    middle = np.median(light(wanted.shape, 0.0, TRUE_CELLS, rng))
    true = (many - middle) / (DETECTOR.per_molecule * F_P)
    truths = np.quantile(true, np.array(PERCENTILES) / 100)
    share = 100 * float(np.mean(true < CUT * wanted.true))
    held: list[list[bool]] = [[] for _ in PERCENTILES]
    shares, several = [], []
    for _ in range(wanted.tubes):
        curve, f_p = _curve(USUAL, rng), float(F_P * _off(F_P_CV, rng))
        stained = light(wanted.shape, wanted.true * f_p, wanted.n, rng)
        control = light(wanted.shape, 0.0, max(wanted.n // 2, 50), rng)
        told = {
            "kit": "quantibrite_pe", "f_p_ratio": F_P, "f_p_cv": F_P_CV, "lot_cv": LOT_CV,
            "uloq_extrapolation": 1000.0, "seed": int(rng.integers(2**31)),
        }  # fmt: skip
        density = quantify_receptor_density(stained, control, curve, **told, n_draws=100)
        cells = cell_distribution(density, stained, control, curve, **told, low_cut=CUT * wanted.true)
        if cells is None:
            continue
        for place, one in enumerate(cells.percentiles):
            if one.low is not None and one.high is not None:
                held[place].append(one.low <= truths[place] <= one.high)
        low, high = cells.below_cut.low, cells.below_cut.high
        if low is not None and high is not None:
            shares.append(low <= share <= high)
        several.append(cells.modes is not None and cells.modes.at_least > 1)
    told_often = wanted.tubes // 2
    covered = tuple(float(np.mean(one)) if len(one) > told_often else None for one in held)
    return CellsFound(
        wanted, covered, float(np.mean(shares)) if shares else None, share, float(np.mean(several))
    )


def one_mode_rates(n: int, samples: int, seed: int) -> tuple[float, float]:
    """Return how often uniform cells, the least favourable with one mode, show two: at even odds, at 95 %."""
    rng = np.random.default_rng([seed, n])
    found = [count_modes(rng.random(n)) for _ in range(samples)]
    return float(np.mean([m.count > 1 for m in found])), float(np.mean([m.at_least > 1 for m in found]))


def pairs(n: int, lloq: float, rng: np.random.Generator, *, two_lots: bool) -> list[PatientRd]:
    """Return two visits of n patients whose densities change by `CHANGE` dex on average."""
    day, lots = date(2024, 1, 1), rng.normal(0, 0.05, 2)
    rows = []
    for patient in range(n):
        level, change = rng.normal(3.9, 0.35), rng.normal(CHANGE, 0.25)
        for visit, value in enumerate((level, level + change)):
            lot = visit if two_lots else 0
            seen = float(value + lots[lot] + rng.normal(0, 0.06))
            below = seen < lloq
            rows.append(
                PatientRd(
                    f"P{patient}",
                    f"V{visit}",
                    8.0 + 20 * visit,
                    None if below else 10**seen,
                    RdStatus.BELOW_LLOQ if below else RdStatus.OK,
                    lloq=10**lloq,
                    rd_log_sd=float(np.hypot(0.06, 0.05)),
                    collected_on=day + timedelta(days=140 * visit),
                    shared=(SharedError(f"lot {lot}", 0.05),),
                )
            )
    return rows


def examine_changes(wanted: tuple[int, float, bool, int, int]) -> tuple[int, float, float, float]:
    """Return how many studies tell a mean change, how often its interval holds the truth, and its bias, dex."""
    n, lloq, two_lots, studies, seed = wanted
    rng = np.random.default_rng([seed, n, int(10 * lloq), two_lots])
    held, found, beyond = [], [], []
    for _ in range(studies):
        rows = pairs(n, lloq, rng, two_lots=two_lots)
        try:
            mean = mean_change([change for change in changes_of(rows) if change.whole])
        except NotEstimableError:
            continue
        held.append((mean.low or 0.0) <= 10**CHANGE <= (mean.high or np.inf))
        found.append(np.log10(mean.fold))
        beyond.append(mean.n_beyond / n)
    return len(held), float(np.mean(held)), float(np.mean(found)) - CHANGE, float(np.mean(beyond))


def examine_slopes(wanted: tuple[int, float, int, int]) -> tuple[float, float, float]:
    """Return coverage of the slope within patients, its bias, and the mean SD of slopes that is told."""
    n, lloq, studies, seed = wanted
    rng = np.random.default_rng([seed, n, int(10 * lloq)])
    held, slopes, sds = [], [], []
    for _ in range(studies):
        doublings = np.sort(rng.uniform(2, 6, (n, 4)), axis=1)
        own = SLOPE + rng.normal(0, SD_OF_SLOPES, (n, 1))
        y = (3.0 + own * doublings + rng.normal(0, 0.3, (n, 1)) + rng.normal(0, 0.15, (n, 4))).ravel()
        status = np.where(y < lloq, "BELOW_LLOQ", "OK").tolist()
        patients = np.repeat(np.arange(n), 4).tolist()
        data = observe(2 ** doublings.ravel(), 10**y, status, lloq=10**lloq, patients=patients)
        try:
            found = fit_patient_slopes(data)
        except NotEstimableError:
            continue
        held.append(found.low <= SLOPE <= found.high)
        slopes.append(found.slope)
        sds.append(found.sd_of_slopes)
    return float(np.mean(held)), float(np.mean(slopes)) - SLOPE, float(np.mean(sds))


def section(tubes: int, studies: int, seed: int, mapper: Mapper = map) -> str:
    """Return the section of docs/validation.md."""
    wanted = [CellsWanted(shape, true, n, tubes, seed) for shape in SHAPES for true in TRUTHS for n in SIZES]
    cells: Sequence[CellsFound] = tuple(mapper(examine_cells, wanted))
    kinds = [
        (n, lloq, lots, studies if lloq == 0 else max(studies // 4, 2), seed)
        for lloq, lots in ((0.0, False), (0.0, True), (3.7, False))
        for n in CHANGES
    ]
    changes = tuple(mapper(examine_changes, kinds))
    cohorts = [(n, 0.0, max(studies // 3, 2), seed) for n in COHORTS] + [
        (20, 4.0, max(studies // 12, 2), seed)
    ]
    slopes = tuple(mapper(examine_slopes, cohorts))
    modes = [(n, *one_mode_rates(n, studies, seed)) for n in SIZES]
    return (
        "## Beyond the median: cells of a tube, and recovery within a patient\n\n"
        + paragraph(
            f"{tubes} tubes per row (seed {seed}, sampling error {_error(tubes)}, 1 SD), QuantiBRITE PE, each "
            "with its own bead day, lot and conjugate, as above. Coverage: how often the 95 % interval of a percentile of the "
            "cells, as measured, contains that of very many cells; the same for the share of cells below "
            f"{CUT:g} of the median. –: reported in less than half of the tubes (too few cells, or below the detection limit of a cell). Two groups: "
            "tubes whose cells have two modes or more at 95 %. A share of nearly 0 or 100 % has an interval with one end, "
            "which covers more."
        )
        + table(
            (
                "receptors",
                "RD",
                "cells",
                *(f"P{p}" for p in PERCENTILES),
                "true share",
                "share",
                "two groups",
            ),
            [_cells_row(one) for one in cells],
        )
        + "\n"
        + paragraph(
            f"Modes of uniform cells, the least favourable ones with one mode ({studies} samples): how often two are reported."
        )
        + table(
            ("cells", "at even odds", "at 95 %"),
            [(f"{n:,}", percent(even, 1), percent(sure, 1)) for n, even, sure in modes],
        )
        + "\n"
        + paragraph(
            f"Mean change within patients, true {CHANGE} dex, SD between patients 0.25 dex ({studies} studies in which all visits are measured, "
            f"{max(studies // 4, 2)} in which visits lie below the LLOQ)."
        )
        + table(
            ("patients", "condition", "reported", "coverage", "bias, dex"),
            [_change_row(kind, found) for kind, found in zip(kinds, changes, strict=True)],
        )
        + "\n"
        + paragraph(
            f"Slope within patients of four visits each, true {SLOPE} dex per doubling, SD of the patients' own slopes {SD_OF_SLOPES}."
        )
        + table(
            (
                "patients",
                "below LLOQ",
                "studies",
                "coverage",
                "bias, dex per doubling",
                "SD of slopes reported",
            ),
            [
                (
                    kind[0],
                    "some" if kind[1] > 0 else "none",
                    kind[2],
                    percent(covered, 1),
                    f"{bias:+.3f}",
                    f"{sd:.3f}",
                )
                for kind, (covered, bias, sd) in zip(cohorts, slopes, strict=True)
            ],
        )
    )


def _cells_row(one: CellsFound) -> tuple[object, ...]:
    told = ("–" if part is None else percent(part, 1) for part in one.covered)
    share = "–" if one.share is None else percent(one.share, 1)
    return (
        one.wanted.shape, f"{one.wanted.true:,.0f}", f"{one.wanted.n:,}", *told, f"{one.true_share:.1f} %", share,
        percent(one.several, 0),
    )  # fmt: skip


def _change_row(
    kind: tuple[int, float, bool, int, int], found: tuple[int, float, float, float]
) -> tuple[object, ...]:
    told, covered, bias, beyond = found
    words = "first visits on one lot, last ones on another" if kind[2] else "one lot"
    words = f"{percent(beyond, 0)} of patients with a visit below the LLOQ" if kind[1] > 0 else words
    return kind[0], words, told, percent(covered, 1), f"{bias:+.3f}"


def _error(n: int) -> str:
    return percent(float(np.sqrt(0.05 * 0.95 / n)), 1)
