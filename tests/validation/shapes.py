"""Receptors that are not log-normal from cell to cell, and controls of few cells: does the interval cover?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from calibration import StandardCurve, quantify_receptor_density
from calibration.density.result import RdStatus
from validation.beads import Floats, Mapper
from validation.density import DETECTOR, F_P, F_P_CV, LOT_CV, curve_of_a_day
from validation.markdown import paragraph, percent, table

SHAPES = (
    "log-normal",
    "grows with the cell's size",
    "exponential",
    "60 % bright, 40 % a tenth",
    "half and half, 20 times apart",
    "10 % of the cells 20 times brighter",
    "left-skewed",
)
TRUTHS = (300.0, 1000.0, 5000.0, 30000.0, 150000.0)
SIZES = (30, 200, 5000)
MEDIAN_CELLS = 400_000
"""Cells that the true median of a shape is taken from."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A cell of the table: a shape, a true median, the cells of the tube and of its control (0: any)."""

    shape: str
    true: float
    n: int
    n_control: int
    tubes: int
    seed: int


@dataclass(frozen=True, slots=True)
class Found:
    """What the tubes of a cell gave: shares of those with a number or below a limit."""

    wanted: Wanted
    told: int
    covered: float
    bias: float
    fold: float
    too_low: float
    ok: int
    ok_covered: float
    shape_flagged: float


def receptors(shape: str, size: Floats, rng: np.random.Generator) -> Floats:
    """Return receptors per cell, shape (n,), in units that `true_median` takes out; `size` is log-normal."""
    n = size.size
    if shape == "grows with the cell's size":
        return np.asarray(size**2 * rng.lognormal(0, 0.2, n))
    if shape == "exponential":
        return rng.exponential(1.0, n)
    if shape == "60 % bright, 40 % a tenth":
        return np.where(rng.random(n) < 0.6, 1.0, 0.1) * rng.lognormal(0, 0.35, n)
    if shape == "half and half, 20 times apart":
        return np.where(rng.random(n) < 0.5, 1.0, 0.05) * rng.lognormal(0, 0.35, n)
    if shape == "10 % of the cells 20 times brighter":
        return np.where(rng.random(n) < 0.1, 20.0, 1.0) * rng.lognormal(0, 0.35, n)
    if shape == "left-skewed":
        return rng.beta(5.0, 1.2, n)
    return rng.lognormal(0, 0.45, n)


def true_median(shape: str) -> float:
    """Return the median that `receptors` has."""
    rng = np.random.default_rng(SHAPES.index(shape))
    return float(np.median(receptors(shape, rng.lognormal(0, 0.2, MEDIAN_CELLS), rng)))


def stained_and_control(
    wanted: Wanted, middle: float, f_p: float, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return the light of a tube and of its control: both shine by themselves with the square of their size."""
    m = wanted.n_control or max(int(wanted.n * 10 ** rng.uniform(-1, np.log10(5))), 5)
    light = []
    for n, stain in ((wanted.n, wanted.true * f_p / middle), (m, 0.0)):
        size = rng.lognormal(0, 0.2, n)
        own = 600 * size**2 * rng.lognormal(0, 0.3, n)
        light.append(DETECTOR.read(own + stain * receptors(wanted.shape, size, rng), rng))
    return light[0], light[1]


def examine_cell(wanted: Wanted) -> Found:
    """Quantify the tubes of one cell of the table; each has its own bead day, lot and conjugate."""
    places = SHAPES.index(wanted.shape), int(wanted.true), wanted.n, wanted.n_control
    rng = np.random.default_rng([wanted.seed, *places])
    middle = true_median(wanted.shape)
    rows = [_row(wanted, middle, rng) for _ in range(wanted.tubes)]
    kept = np.array([row for row in rows if row is not None], dtype=np.float64)
    low, high, rd, ok, flagged = kept.T
    held = (low <= wanted.true) & (wanted.true <= high)
    quoted = ok > 0
    return Found(
        wanted,
        len(kept),
        float(held.mean()),
        float(np.median(rd) / wanted.true - 1),
        float(np.median(np.sqrt(high / np.maximum(low, 1.0)))),
        float((high < wanted.true).mean()),
        int(quoted.sum()),
        float(held[quoted].mean()) if quoted.any() else float("nan"),
        float(flagged.mean()),
    )


def _row(wanted: Wanted, middle: float, rng: np.random.Generator) -> tuple[float, ...] | None:
    curve, common = curve_of_a_day("quantibrite_pe", rng)
    f_p = float(F_P * np.exp(rng.normal(0, np.sqrt(np.log1p(F_P_CV**2)))))
    stained, control = stained_and_control(wanted, middle, f_p, rng)
    return _numbers(stained, control, curve, int(rng.integers(2**31)))


def _numbers(stained: Floats, control: Floats, curve: StandardCurve, seed: int) -> tuple[float, ...] | None:
    found = quantify_receptor_density(
        stained, control, curve, kit="quantibrite_pe", f_p_ratio=F_P, f_p_cv=F_P_CV, lot_cv=LOT_CV,
        uloq_extrapolation=1000.0, seed=seed,
    )  # fmt: skip
    if found.rd is None or found.rd_low is None or found.rd_high is None:
        return None
    quoted = found.status in (RdStatus.OK, RdStatus.ABOVE_ULOQ_EXTRAPOLATED)
    return found.rd_low, found.rd_high, found.rd, float(quoted), float("MIXED_BRIGHTNESS" in found.flags)
