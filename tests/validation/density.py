"""Receptor densities with known truth and the true gate: is the estimate unbiased, does the interval cover?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from calibration import (
    BeadPeaks,
    StandardCurve,
    bead_kit,
    find_bead_peaks,
    find_bead_singlets,
    fit_standard_curve,
    quantify_receptor_density,
)
from calibration.curve.transfer import fit_transfer, transferred_curve
from validation.beads import Floats, Mapper
from validation.markdown import paragraph, percent, table
from validation.simulated_beads import KITS, Detector, bead_run, cells

DETECTOR = Detector(photons=0.08, gain=5.0, noise=20.0, top=np.inf)
LOT_CV, F_P_CV, SCATTER = 0.05, 0.05, 0.02
F_P = 1.1
CELLS = (50, 100, 300, 1000, 3000)
BEAD_DAYS = 60
IN_MOLECULES = ("0", "1 to 500")
OTHER_DAY = Detector(photons=0.08, gain=6.3, noise=20.0, top=np.inf)
RAINBOW = (0.0, 300.0, 1000.0, 3200.0, 10000.0, 30000.0, 100000.0)
TRANSFER_CV = 0.05
CARRIED_BANDS = ("500 to 2,000", "2,000 to 10,000", "10,000 to 100,000", "100,000 to 400,000")
TOP = "1 to 4 × top bead"
BANDS = (
    ("0", 0.0, 0.0),
    ("1 to 500", 1.0, 500.0),
    ("500 to 2,000", 500.0, 2e3),
    ("2,000 to 10,000", 2e3, 1e4),
    ("10,000 to 100,000", 1e4, 1e5),
    ("100,000 to 400,000", 1e5, 4e5),
    (TOP, 0.0, 0.0),
)


@dataclass(frozen=True, slots=True)
class BeadDay:
    """What a bead run showed: medians over their true medians, rCV and n of the stained populations."""

    ratio: Floats
    rcv: Floats
    n: Floats


@dataclass(frozen=True, slots=True)
class Tube:
    """A simulated tube: truth, estimate, interval, the plain difference of medians.

    `luck` is the factor by which the lot and the conjugate that were drawn move every estimate.
    """

    true: float
    rd: float
    low: float
    high: float
    plain: float
    luck: float


@dataclass(frozen=True, slots=True)
class CellFound:
    """Tubes of one kit in one band; `n_rejected` more had a rejected curve and gave no number."""

    kit: str
    band: str
    tubes: tuple[Tube, ...]
    n_rejected: int

    @property
    def coverage(self) -> float:
        """Share of the tubes whose interval holds the truth."""
        return float(np.mean([tube.low <= tube.true <= tube.high for tube in self.tubes]))

    def errors(self, which: str = "rd") -> Floats:
        """Errors of an estimate, relative (in molecules below 500), sorted.

        The drawn common factors of lot and conjugate, whose medians are 1, are taken out first.
        """
        true, luck, found = (
            np.array([getattr(tube, name) for tube in self.tubes]) for name in ("true", "luck", which)
        )
        return np.sort(found / luck - true if self.in_molecules else found / luck / true - 1)

    @property
    def in_molecules(self) -> bool:
        """Whether relative errors mean nothing here."""
        return self.band in IN_MOLECULES


def examine(n_tubes: int, seed: int, mapper: Mapper = map) -> tuple[CellFound, ...]:
    """Quantify `n_tubes` per kit and band; `mapper` may spread them over processes."""
    wanted = [(kit, band, n_tubes, seed) for kit in KITS for band, _, _ in BANDS]
    return tuple(mapper(examine_cell, wanted))


def examine_cell(wanted: tuple[str, str, int, int]) -> CellFound:
    """Quantify the tubes of one kit in one band, true densities log-uniform over it."""
    kit, band, n_tubes, seed = wanted
    places = list(KITS).index(kit), [name for name, _, _ in BANDS].index(band)
    rng = np.random.default_rng([seed, *places])
    drawn = [tube(kit, true, rng) for true in _truths(kit, band, n_tubes, rng)]
    tubes = tuple(one for one in drawn if one is not None)
    return CellFound(kit, band, tubes, len(drawn) - len(tubes))


def _truths(kit: str, band: str, n: int, rng: np.random.Generator) -> Floats:
    low, high = next((low, high) for name, low, high in BANDS if name == band)
    if band == TOP:
        low, high = KITS[kit][-1] / _divisor(kit), 4 * KITS[kit][-1] / _divisor(kit)
    return np.zeros(n) if not high else np.exp(rng.uniform(np.log(low), np.log(high), n))


def _divisor(kit: str) -> float:
    return F_P if bead_kit(kit).needs_f_p else 1.0


@cache
def bead_days(kit: str) -> tuple[BeadDay, ...]:
    """Simulate and read the bead days of a kit once; the tubes draw from them."""
    return tuple(_bead_day(kit, day) for day in range(BEAD_DAYS))


def _bead_day(kit: str, day: int) -> BeadDay:
    levels = np.array(KITS[kit])
    first = int(levels[0] == 0)
    rng = np.random.default_rng([day, list(KITS).index(kit)])
    run = bead_run(rng, levels, detector=DETECTOR, n=6000, autofluorescence=5.0)
    mask = find_bead_singlets(run.fsc, run.ssc)
    peaks = find_bead_peaks(run.intensity[mask], levels.size, blank=first == 1)
    ratio = np.array(peaks.medians)[first:] / run.truth[first:]
    return BeadDay(ratio, np.array(peaks.rcv)[first:], np.array(peaks.n)[first:])


def tube(kit: str, true: float, rng: np.random.Generator) -> Tube | None:
    """Quantify one tube of its own bead day, lot and conjugate, all off as the budget says they are.

    The lot's values are off by a common factor (CV 5 %), each bead by 0.02 dex, the conjugate's F:P by 5 %;
    cells: 50 to 3,000, the log-SD of their receptors 0.3 to 0.6.
    """
    curve, common = curve_of_a_day(kit, rng)
    return _quantified(kit, true, rng, curve, common, DETECTOR)


def curve_of_a_day(kit: str, rng: np.random.Generator) -> tuple[StandardCurve, float]:
    """Return the curve of a bead day and lot, and the factor by which the lot's values are off."""
    day = bead_days(kit)[rng.integers(BEAD_DAYS)]
    common = float(np.exp(rng.normal(0, np.sqrt(np.log1p(LOT_CV**2)))))
    return _curve(kit, rng, day, common), common


def curve_of_lot(kit: str, rng: np.random.Generator, common: float) -> StandardCurve:
    """Return the curve of a bead day whose lot is off by this factor."""
    return _curve(kit, rng, bead_days(kit)[rng.integers(BEAD_DAYS)], common)


def _curve(kit: str, rng: np.random.Generator, day: BeadDay, common: float) -> StandardCurve:
    stained_levels = np.array([level for level in KITS[kit] if level > 0])
    scatter = 10 ** rng.normal(0, SCATTER, stained_levels.size)
    medians = stained_levels * common * scatter * DETECTOR.per_molecule * day.ratio
    return fit_standard_curve(
        medians.tolist(), stained_levels.tolist(), rcv=day.rcv.tolist(), n=day.n.tolist()
    )


def _quantified(
    kit: str, true: float, rng: np.random.Generator, curve: StandardCurve, common: float, detector: Detector
) -> Tube | None:
    f_p = F_P * np.exp(rng.normal(0, np.sqrt(np.log1p(F_P_CV**2)))) if bead_kit(kit).needs_f_p else 1.0
    n, spread = int(rng.choice(CELLS)), rng.uniform(0.3, 0.6)
    found = quantify_receptor_density(
        cells(rng, true * f_p, n, detector=detector, spread=spread),
        cells(rng, 0, n, detector=detector),
        curve,
        kit=kit,
        f_p_ratio=F_P,
        f_p_cv=F_P_CV,
        lot_cv=LOT_CV,
        uloq_extrapolation=1000.0,
        seed=int(rng.integers(2**31)),
    )
    if None in (found.rd, found.rd_low, found.rd_high, found.rd_plain):
        return None
    luck = f_p / _divisor(kit) / common
    return Tube(true, found.rd, found.rd_low, found.rd_high, found.rd_plain, float(luck))


@cache
def rainbow_days() -> tuple[tuple[BeadPeaks, BeadPeaks], ...]:
    """Read rainbow beads of both days once: beside the bead runs, and on the day of the tubes."""
    days = []
    for day in range(BEAD_DAYS):
        rng, found = np.random.default_rng([day, 99]), []
        for detector in (DETECTOR, OTHER_DAY):
            run = bead_run(rng, np.array(RAINBOW), detector=detector, n=6000, bead_cv=0.03)
            mask = find_bead_singlets(run.fsc, run.ssc)
            found.append(find_bead_peaks(run.intensity[mask], len(RAINBOW), blank=True))
        days.append((found[0], found[1]))
    return tuple(days)


def cross_calibrated_tube(
    true: float, rng: np.random.Generator, *, other_instrument: bool = False
) -> Tube | None:
    """Quantify a tube whose day has no bead run: rainbow beads of both days carry the curve over.

    Another instrument sees the rainbow's light and the conjugate's in other proportions: by the CV that
    `transfer_cv` assumes.
    """
    kit = "quantibrite_pe"
    curve, common = curve_of_a_day(kit, rng)
    days = rainbow_days()
    there, here = days[rng.integers(BEAD_DAYS)][0], days[rng.integers(BEAD_DAYS)][1]
    assumed = TRANSFER_CV if other_instrument else 0.0
    transfer = fit_transfer(here, there, RAINBOW, assumed_cv=assumed)
    off = float(np.exp(rng.normal(0, np.sqrt(np.log1p(assumed**2)))))
    detector = Detector(OTHER_DAY.photons, OTHER_DAY.gain * off, OTHER_DAY.noise, OTHER_DAY.top)
    found = _quantified(kit, true, rng, transferred_curve(curve, transfer), common, detector)
    return None if found is None else replace(found, luck=found.luck * off)


def examine_carried(n_tubes: int, seed: int, mapper: Mapper = map) -> tuple[CellFound, ...]:
    """Quantify `n_tubes` per band with curves that were carried over, to another day or another instrument."""
    wanted = [(other, band, n_tubes, seed) for other in (False, True) for band in CARRIED_BANDS]
    return tuple(mapper(examine_carried_cell, wanted))


def examine_carried_cell(wanted: tuple[bool, str, int, int]) -> CellFound:
    """Quantify the tubes of one band whose curves were carried over."""
    other, band, n_tubes, seed = wanted
    rng = np.random.default_rng([seed, 77, int(other), CARRIED_BANDS.index(band)])
    truths = _truths("quantibrite_pe", band, n_tubes, rng)
    drawn = [cross_calibrated_tube(true, rng, other_instrument=other) for true in truths]
    tubes = tuple(one for one in drawn if one is not None)
    return CellFound("another instrument" if other else "another day", band, tubes, len(drawn) - len(tubes))


def carried_section(found: Sequence[CellFound], seed: int) -> str:
    """Return the section on curves that were carried over."""
    n = len(found[0].tubes) + found[0].n_rejected
    rows = [
        (
            one.kit, one.band, len(one.tubes), _shown(one, float(np.median(one.errors()))),
            percent(one.coverage, 1), "yes" if 0.93 <= one.coverage <= 0.97 else "**no**",
        )
        for one in found
    ]  # fmt: skip
    columns = ("curve transferred to", "true RD", "tubes", "bias of the median", "coverage", "93–97 %")
    return (
        "\n### Curves transferred by rainbow beads\n\n"
        + paragraph(
            f"{n} tubes per row (seed {seed}), QuantiBRITE PE as above, but the tube's day has no bead run and "
            f"{OTHER_DAY.gain / DETECTOR.gain:.2f} times the gain. {len(RAINBOW)} rainbow populations of both days transfer the curve. "
            f"On another instrument the ratio of rainbow beads to conjugate differs by a CV of {percent(TRANSFER_CV, 0)}, as "
            "the setting `transfer_cv` assumes. Goal: coverage 93 to 97 %."
        )
        + table(columns, rows)
    )


def section(found: Iterable[CellFound], seed: int) -> str:
    """Return the section of docs/validation.md."""
    found = tuple(found)
    n = len(found[0].tubes) + found[0].n_rejected
    rows = [
        (
            one.kit,
            one.band,
            len(one.tubes),
            _shown(one, float(np.median(one.errors()))),
            _shown(one, float(np.mean(one.errors()))),
            _shown(one, float(np.mean(one.errors("plain")))),
            percent(one.coverage, 1),
            "yes" if 0.93 <= one.coverage <= 0.97 else "**no**",
        )
        for one in found
    ]
    columns = (
        "kit",
        "true RD",
        "tubes",
        "bias of the median",
        "of the mean",
        "of the mean, plain difference",
        "coverage",
        "93–97 %",
    )
    return (
        "## Receptor density with the true gate\n\n"
        + paragraph(
            f"{n} tubes per kit and band (seed {seed}). Every tube has its own bead day ({BEAD_DAYS} simulated runs a "
            f"kit, read as any run is) and lot (assigned values wrong by a common {percent(LOT_CV, 0)} CV and {SCATTER} dex per bead). It also has its own "
            f"conjugate (F:P wrong by {percent(F_P_CV, 0)} where the kit needs it), number of cells ({CELLS[0]} to {CELLS[-1]:,} in "
            "tube and control) and spread of receptors (log-SD 0.3 to 0.6, background median 600 molecules). Coverage: "
            "how often the printed 95 % interval contains the truth; its own sampling error is "
            f"{percent(float(np.sqrt(0.05 * 0.95 / n)), 1)} (1 SD). Bias: of the median and of the mean estimate. "
            "The bias of the plain difference of medians, which is printed too but not used, is given beside it. Below 500 it is in "
            "molecules; the drawn common factors of lot and conjugate are removed. Goal: |bias| "
            "≤ 1 % for 2,000 to 400,000, ≤ 3 % for 500 to 2,000, coverage 93 to 97 %."
        )
        + table(columns, rows)
        + _summary(found)
    )


def _shown(one: CellFound, bias: float) -> str:
    if one.in_molecules:
        return f"{bias:+.1f}".replace("-", "−")
    return percent(bias, 2, signed=True)


def _summary(found: Sequence[CellFound]) -> str:
    tubes = [tube for one in found for tube in one.tubes]
    rejected = sum(one.n_rejected for one in found)
    held = np.mean([tube.low <= tube.true <= tube.high for tube in tubes])
    inside = sum(0.93 <= one.coverage <= 0.97 for one in found)
    return (
        f"\nAll {len(tubes):,} tubes together: coverage {percent(float(held), 2)}; {inside} of {len(found)} cells of "
        "the table lie within 93 to 97 %. "
        f"{rejected} more tubes had a curve that the acceptance table rejects, and no "
        "number.\n"
    )
