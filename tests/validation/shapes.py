"""Receptors that are not log-normal from cell to cell, and controls of few cells: does the interval cover?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calibration import StandardCurve, fit_standard_curve, quantify_receptor_density
from calibration.density.result import RdStatus
from calibration.flags import CalibrationFlag
from validation.beads import Floats, Mapper
from validation.density import BEAD_DAYS, DETECTOR, F_P, F_P_CV, LOT_CV, SCATTER, bead_days
from validation.markdown import paragraph, percent, table
from validation.simulated_beads import KITS

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
class Day:
    """How a day goes wrong, as CVs: the lot's values, each bead's value, and the day itself; `told` of the day."""

    name: str
    lot: float = LOT_CV
    bead: float = SCATTER * np.log(10)
    between: float = 0.0
    told: float = 0.0


USUAL = Day("as stated")
DAYS = (
    Day("each bead's value off by 5 %, no common error", lot=0.0, bead=0.05),
    Day("both", bead=0.05),
    Day("neither", lot=0.0, bead=0.0),
    Day("between-run CV 10 %, not typed", between=0.1),
    Day("between-run CV 10 %, typed", between=0.1, told=0.1),
    Day("between-run CV 20 %, not typed", between=0.2),
    Day("between-run CV 20 %, typed", between=0.2, told=0.2),
)
FEW = (5, 20)
VARIED = (1000.0, 30000.0, 150000.0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A cell of a table: a shape, a true median, the cells of the tube and of its control (0: any), the day."""

    shape: str
    true: float
    n: int
    n_control: int
    tubes: int
    seed: int
    day: Day = USUAL


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


def examine(n_tubes: int, seed: int, mapper: Mapper = map) -> tuple[Found, ...]:
    """Quantify `n_tubes` per cell of both tables."""
    plain = SHAPES[0]
    wanted = [Wanted(shape, true, n, 0, n_tubes, seed) for shape in SHAPES for true in TRUTHS for n in SIZES]
    wanted += [Wanted(plain, true, 500, 0, n_tubes, seed, day) for day in DAYS for true in VARIED]
    wanted += [Wanted(plain, true, 500, few, n_tubes, seed) for few in FEW for true in (TRUTHS[0], *VARIED)]
    return tuple(mapper(examine_cell, wanted))


def examine_cell(wanted: Wanted) -> Found:
    """Quantify the tubes of one cell of the table; each has its own bead day, lot and conjugate."""
    day = 0 if wanted.day == USUAL else 1 + DAYS.index(wanted.day)
    places = SHAPES.index(wanted.shape), int(wanted.true), wanted.n, wanted.n_control, day
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
    curve = _curve(wanted.day, rng)
    f_p = float(F_P * _off(F_P_CV, rng))
    stained, control = stained_and_control(wanted, middle, f_p, rng)
    gain = _off(wanted.day.between, rng)
    found = quantify_receptor_density(
        stained * gain, control * gain, curve, kit="quantibrite_pe", f_p_ratio=F_P, f_p_cv=F_P_CV,
        lot_cv=wanted.day.lot, between_run_cv=wanted.day.told, uloq_extrapolation=1000.0,
        seed=int(rng.integers(2**31)),
    )  # fmt: skip
    if found.rd is None or found.rd_low is None or found.rd_high is None:
        return None
    quoted = found.status in (RdStatus.OK, RdStatus.ABOVE_ULOQ_EXTRAPOLATED)
    flagged = CalibrationFlag.MIXED_BRIGHTNESS in found.flags
    return found.rd_low, found.rd_high, found.rd, float(quoted), float(flagged)


def _off(cv: float, rng: np.random.Generator) -> float:
    return float(np.exp(rng.normal(0, np.sqrt(np.log1p(cv**2)))))


def _curve(day: Day, rng: np.random.Generator) -> StandardCurve:
    """Return the curve of a bead day whose lot's values are off, together and each by itself."""
    levels = np.array(KITS["quantibrite_pe"])
    run = bead_days("quantibrite_pe")[rng.integers(BEAD_DAYS)]
    off = _off(day.lot, rng) * np.exp(rng.normal(0, day.bead, levels.size))
    medians = levels * off * DETECTOR.per_molecule * run.ratio
    return fit_standard_curve(medians.tolist(), levels.tolist(), rcv=run.rcv.tolist(), n=run.n.tolist())


def section(found: Sequence[Found], seed: int) -> str:
    """Return the section of docs/validation.md."""
    tubes = found[0].wanted.tubes
    error = percent(_sampling_error(tubes), 1)
    by_shape = [one for one in found if one.wanted.day == USUAL and not one.wanted.n_control]
    varied = [one for one in found if one not in by_shape]
    return (
        "## Receptors of other shapes, and controls of few cells\n\n"
        + paragraph(
            f"{tubes} tubes per cell (seed {seed}, sampling error {error}, 1 SD): QuantiBRITE PE, each tube with its own bead day, "
            "lot and conjugate as above. The background is log-normal (log-SD 0.5) and grows with the square of the cell's size; the "
            "control has a tenth to five times as many cells. Coverage: how often the printed 95 % interval contains the median of the "
            "receptors. Bias: of the median estimate at 5,000 cells. Errs: the direction of the error where fewer than 93 % are "
            "covered, by more than the sampling error. Flagged: tubes with `MIXED_BRIGHTNESS` at 5,000 cells. OK: share that is reported as a number at 5,000 cells; "
            "the others are below the LLOQ, and so censored."
        )
        + table(
            ("receptors", "true RD", "n 30", "n 200", "n 5,000", "bias", "errs", "flagged", "OK"),
            [_shape_row(by_shape, shape, true) for shape in SHAPES for true in TRUTHS],
        )
        + "\n"
        + paragraph(
            "If the background and the receptors both grow with the size of the cell, the data of one channel cannot show it: "
            "the density is too low below 5,000. Below the LLOQ no number is quoted. Two groups far apart have no cells at their median: the "
            "interval is wide, and the flag gives the reason."
        )
        + "\n"
        + paragraph(
            "The same with 500 cells of log-normal receptors, and other errors of the day or few control cells. If the scatter between runs "
            "is not typed, the interval does not include it, and is then too narrow on both sides."
        )
        + table(
            ("condition", "true RD", "coverage", "OK", "coverage of these", "fold ×/÷"),
            [_varied_row(one) for one in varied],
        )
    )


def _shape_row(found: Sequence[Found], shape: str, true: float) -> tuple[object, ...]:
    cells = [one for one in found if (one.wanted.shape, one.wanted.true) == (shape, true)]
    many, worst = cells[-1], min(cells, key=lambda one: one.covered)
    low = worst.too_low > (1 - worst.covered) / 2
    sure = worst.covered + _sampling_error(worst.wanted.tubes) < 0.93
    errs = "" if not sure else "low" if low else "high"
    return (
        shape, f"{true:,.0f}", *(percent(one.covered, 1) for one in cells), percent(many.bias, 1, signed=True), errs,
        percent(many.shape_flagged, 0), percent(many.ok / many.told, 0),
    )  # fmt: skip


def _sampling_error(tubes: int) -> float:
    return float(np.sqrt(0.05 * 0.95 / tubes))


def _varied_row(one: Found) -> tuple[object, ...]:
    m = one.wanted.n_control
    name = f"control of {m} cells" if m else one.wanted.day.name
    quoted = percent(one.ok_covered, 1) if one.ok else "–"
    return (
        name, f"{one.wanted.true:,.0f}", percent(one.covered, 1), percent(one.ok / one.told, 0), quoted,
        f"{one.fold:.2f}",
    )  # fmt: skip
