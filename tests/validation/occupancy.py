"""θ by sentinels where it is known: bias, coverage of θ and of the total, and whether the reading is true.

Cells are simulated from detection physics (`validation.simulated_beads`), patients differ in what their NK
cells and B precursors have without the drug, and every tube has its own day of beads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from calibration import quantify_receptor_density
from gating.sentinels import B_PRECURSORS, NK_CELLS
from pipeline.patients.receptor_occupancy.norm import (
    FreeTube,
    Norm,
    norm_of_settings,
    norms_of_tubes,
    reading_of_sentinel,
)
from pipeline.patients.receptor_occupancy.sentinel_reading import SentinelReading, reading_of
from pipeline.patients.receptor_occupancy.sentinels import sentinel_theta
from pipeline.patients.receptor_occupancy.total import total_of
from pipeline.patients.receptor_occupancy.tubes import free_density
from pipeline.quantification.result import SentinelResult
from pipeline.study.settings import Settings
from validation import density
from validation.markdown import paragraph, percent, table
from validation.simulated_beads import cells

Mapper = Callable[..., Iterable]
KIT = "quantibrite_pe"
THETAS = (0.0, 0.2, 0.47, 0.7, 0.9, 0.98)
OWN, RIGHT, HIGH, LOW = (
    "8 patients of the study",
    "settings, right",
    "settings, 20 % too high",
    "settings, 20 % too low",
)
NORMS = (OWN, RIGHT, HIGH, LOW)
NORM_PATIENTS = 8
TUBES_A_STUDY = 2
USUAL = {NK_CELLS: 12_000.0, B_PRECURSORS: 30_000.0}
PLASMA_USUAL = 150_000.0
NUMBERS = {"plasma": 600, NK_CELLS: 400, B_PRECURSORS: 250}
PATIENT_SD = 0.246
"""Of ln of a sentinel's drug-free CD38 between patients; half of its variance is common to both sentinels."""


@dataclass(frozen=True, slots=True)
class Found:
    """A tube: truth, what was told, and whether the reading is true, false or not told."""

    norm: str
    theta: float
    lost: bool
    told: float | None
    covers: bool
    total_told: float | None
    total_true: float
    total_covers: bool
    reading: str
    verdict: str


def examine(n_tubes: int, seed: int, mapper: Mapper = map) -> list[Found]:
    """Return about `n_tubes` per norm and θ, half of clones with their usual CD38, half that have lost it."""
    studies = max(1, round(n_tubes / TUBES_A_STUDY))
    wanted = [(norm, theta, seed + k) for norm in NORMS for theta in THETAS for k in range(studies)]
    return [tube for tubes in mapper(study, wanted) for tube in tubes]


def study(wanted: tuple[str, float, int]) -> list[Found]:
    """Simulate a study of one lot and conjugate, and read its tubes."""
    norm_name, theta, seed = wanted
    rng = np.random.default_rng([seed, NORMS.index(norm_name), THETAS.index(theta)])
    lab = _Lab(rng)
    norm = lab.norm(norm_name)
    return [lab.tube(norm_name, norm, theta, lost=bool(k % 2)) for k in range(TUBES_A_STUDY)]


class _Lab:
    """A laboratory: one lot of beads, one conjugate, a bead run a tube."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.lot = float(np.exp(rng.normal(0, 0.05)))
        self.f_p = float(np.exp(rng.normal(0, 0.05)))

    def density_of(self, curve, molecules: float, n: int):
        """Return the receptor density of cells: the lot's error is in the curve, the conjugate's in the cells."""
        detector, spread = density.DETECTOR, self.rng.uniform(0.3, 0.6)
        light = molecules * self.f_p * density.F_P
        return quantify_receptor_density(
            cells(self.rng, light, n, detector=detector, spread=spread),
            cells(self.rng, 0, n, detector=detector),
            curve,
            kit=KIT,
            f_p_ratio=density.F_P,
            f_p_cv=0.05,
            lot_cv=0.05,
            seed=int(self.rng.integers(2**31)),
        )

    def curve(self):
        """Return a bead run's curve of this lab's lot."""
        return density.curve_of_lot(KIT, self.rng, self.lot)

    def sentinels(self, curve, theta: float) -> list[SentinelResult]:
        """Return both sentinels of a new patient, the drug holding θ of their CD38."""
        half = PATIENT_SD * np.sqrt(0.5)
        common = self.rng.normal(0, half)
        return [
            SentinelResult(
                name,
                self.density_of(
                    curve, usual * np.exp(common + self.rng.normal(0, half)) * (1 - theta), NUMBERS[name]
                ),
            )
            for name, usual in USUAL.items()
        ]

    def norm(self, name: str) -> Norm | None:
        if name == OWN:
            tubes = []
            for k in range(NORM_PATIENTS):
                readings = tuple(filter(None, map(reading_of_sentinel, self.sentinels(self.curve(), 0.0))))
                tubes.append(FreeTube(f"N{k}", (), (KIT, "1"), f"B{k}", readings))
            return next(iter(norms_of_tubes(tubes).values()), None)
        # The common factor of lot and conjugate is a lab's own: what is typed is right but for it.
        off = {RIGHT: 1.0, HIGH: 1.2, LOW: 0.8}[name]
        return norm_of_settings(
            Settings(
                sentinel_nk_usual=USUAL[NK_CELLS] * off, sentinel_b_precursor_usual=USUAL[B_PRECURSORS] * off
            )
        )

    def tube(self, norm_name: str, norm: Norm | None, theta: float, *, lost: bool) -> Found:
        curve = self.curve()
        share = self.rng.uniform(0.02, 0.2) if lost else self.rng.uniform(0.6, 1.6)
        true = PLASMA_USUAL * share
        plasma = self.density_of(curve, true * (1 - theta), NUMBERS["plasma"])
        readings = [found for one in self.sentinels(curve, theta) if (found := reading_of_sentinel(one))]
        told = sentinel_theta(readings, norm, lot=(KIT, "1"), run="")
        total = total_of(free_density(plasma), told)
        reading = reading_of(plasma, told, total, Settings())
        low, high = total.low or 0.0, np.inf if total.high is None else total.high
        return Found(
            norm_name,
            theta,
            lost,
            told.value,
            told.low is not None and told.low - 1e-9 <= theta <= (told.high or 0.0) + 1e-9,
            total.value,
            true,
            bool(low <= true <= high),
            reading.value,
            _verdict(reading, theta, true),
        )


def _verdict(reading: SentinelReading, theta: float, total: float) -> str:
    """Return whether what the reading says is so: true, false, or nothing said."""
    usual = Settings().sentinel_low_share * PLASMA_USUAL
    so = {
        SentinelReading.NOT_LOW: total * (1 - theta) >= usual,
        SentinelReading.MASKED: theta >= 1 - Settings().sentinel_low_share or (theta > 0 and total >= usual),
        SentinelReading.LOST: total < usual and theta < 0.5,
        SentinelReading.BOTH: total < usual and theta > 0,
        SentinelReading.PARTLY_COVERED: theta > 0,
    }
    if reading is SentinelReading.CANNOT_TELL:
        return "cannot tell"
    return "true" if so[reading] else "false"


def section(found: Sequence[Found], seed: int) -> str:
    """Return the part of the section on sentinels."""
    rows = [_row([tube for tube in found if (tube.norm, tube.theta) == key]) for key in _keys()]
    n = len([tube for tube in found if (tube.norm, tube.theta) == _keys()[0]])
    error = 100 * np.sqrt(0.95 * 0.05 / n)
    columns = (
        "norm", "true θ", "median θ reported", "θ: coverage", "total reported", "bias of the total", "total: coverage",
        "reading true", "cannot tell", "false",
    )  # fmt: skip
    return (
        "### θ and the total\n\n"
        + paragraph(
            f"{n} tubes per row (from seed {seed}; sampling error of a coverage of 95 %: {error:.1f}). QuantiBRITE PE, "
            f"{NUMBERS['plasma']} plasma cells, {NUMBERS[NK_CELLS]} NK cells, {NUMBERS[B_PRECURSORS]} B precursors; a lot and a conjugate per study, a bead "
            f"run per tube. Without the drug NK cells have {USUAL[NK_CELLS]:,.0f}, B precursors {USUAL[B_PRECURSORS]:,.0f}; patients differ by a "
            f"log-SD of {PATIENT_SD}, half of its variance common to both. Half of the clones have 0.6 to 1.6 of the usual "
            "150,000, half 0.02 to 0.2 of it. Total reported: tubes with a value and not only a limit. Bias: median of reported / true. "
            "Goal: coverage of 93 to 97 %; at θ = 0 more, since θ is not below 0. A norm that is typed too high makes θ and "
            "the total too high; one that is too low makes them too low. The intervals include only a part of an error of 20 %."
        )
        + table(columns, rows)
    )


def _keys() -> list[tuple[str, float]]:
    return [(norm, theta) for norm in NORMS for theta in THETAS]


def _row(tubes: Sequence[Found]) -> tuple[str, ...]:
    thetas = [tube.told for tube in tubes if tube.told is not None]
    ratios = [tube.total_told / tube.total_true for tube in tubes if tube.total_told is not None]
    verdicts = [tube.verdict for tube in tubes]
    return (
        tubes[0].norm,
        f"{tubes[0].theta:g}",
        f"{np.median(thetas):.2f}" if thetas else "–",
        percent(float(np.mean([tube.covers for tube in tubes])), 1),
        percent(len(ratios) / len(tubes), 0),
        f"{100 * (np.median(ratios) - 1):+.0f} %" if ratios else "–",
        percent(float(np.mean([tube.total_covers for tube in tubes])), 1),
        *(percent(verdicts.count(verdict) / len(tubes), 0) for verdict in ("true", "cannot tell", "false")),
    )
