"""The norm: free CD38 of sentinel cells without the drug, from tubes of this study or from the settings.

A tube counts as free of the drug if it was collected before the first dose; or if the last dose was half a
year ago and by its serum level the drug covers less than 2 % of CD38. With such tubes of five patients or
more, the norm is their geometric mean. A further patient may differ from the norm by their scatter, which
contains patients, staining and bead runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from calibration.density.budget import LOT_TERMS, BudgetTerm
from calibration.density.receptor_density import RdStatus, ReceptorDensity
from calibration.density.result import quotable_density, raw_estimate
from calibration.numbers import Z_95, Floats
from gating.sentinels import B_PRECURSORS, NK_CELLS
from pipeline.quantification.result import SentinelResult
from pipeline.study.settings import Settings

SENTINEL_NAMES: Final = (NK_CELLS, B_PRECURSORS)
FEWEST_FOR_NORM: Final = 5
"""Fewest patients with drug-free tubes for a norm from the study. Convention: Student's t is then 2.8."""
FREE_FROM_WEEKS: Final = 26.0
"""Fewest weeks since the last dose for a tube to count as free of the drug. Convention: half a year."""
LEAST_OCCUPIED: Final = 0.02
"""Largest part of CD38 that the drug may cover, by its serum level, in a tube that counts as free of it.
Convention: far below the error of a norm."""
_LEAST_VARIANCE: Final = 1e-6
"""Smallest variance of ln RD between patients, an SD of a thousandth. Arithmetic: patients differ more, and
something is divided by it."""
SENTINELS_ALIKE: Final = 0.5
"""Correlation between the two sentinels in their differences from a norm of the settings. Assumption: half of
the difference of a patient or a laboratory is common to all its cells (docs/method.md)."""


@dataclass(frozen=True, slots=True)
class SentinelValue:
    """A sentinel population of a tube: ln of its free CD38, and the variances of the parts of its error.

    Attributes
    ----------
    log_rd
        ln of free CD38; None if it is below the LLOQ. Then `bound` is the ln of the value that it lies below.
    limit
        ln of the LLOQ, if there is one.
    own
        Variance from cells, beads and curve, which no tube of another bead run shares.
    run
        The part of `own` that the tubes of one bead run share.
    lot, between
        Variance from bead lot and conjugate; variance between runs, if a setting gives it.
    """

    name: str
    log_rd: float | None
    bound: float | None
    limit: float | None
    own: float
    run: float
    lot: float
    between: float


@dataclass(frozen=True, slots=True)
class FreeTube:
    """Sentinels of a tube that is free of the drug; tubes with the same `alike` share a norm."""

    patient_id: str
    alike: tuple[str, ...]
    lot: tuple[str, str]
    run: str
    readings: tuple[SentinelValue, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Norm:
    """Free CD38 of the sentinels without the drug, and how far a further patient may differ from it.

    Attributes
    ----------
    log_usual
        ln of molecules per cell, for each sentinel.
    variance
        Variance of a further patient's ln of free CD38 around `log_usual`, 2 × 2 in the order of
        `SENTINEL_NAMES`.
    freedom
        Degrees of freedom of `variance`; infinite if it is assumed.
    own
        Mean error variance of the norm's tubes, for each sentinel; `variance` contains it.
    lots, runs
        Bead lots and bead runs of the norm's tubes; empty for a norm of the settings.
    source
        The source in words.
    """

    log_usual: dict[str, float]
    variance: Floats
    freedom: float
    source: str
    own: dict[str, float] = field(default_factory=dict)
    lots: frozenset[tuple[str, str]] = frozenset()
    runs: frozenset[str] = frozenset()

    @property
    def is_measured(self) -> bool:
        """Whether the norm comes from tubes of this study."""
        return bool(self.runs)


def reading_of_sentinel(sentinel: SentinelResult) -> SentinelValue | None:
    """Return the value of a sentinel for θ; None if its density cannot be used."""
    density = sentinel.receptor
    if density.status is RdStatus.NOT_QUANTIFIABLE:  # it has no LLOQ, so it cannot be below the LLOQ
        return None
    lot, run, between = _parts(density)
    limit = float(np.log(density.lloq)) if density.lloq and 0 < density.lloq < np.inf else None
    rd = quotable_density(density)
    if rd is not None and rd > 0:
        own = _own(density, lot + between)
        return SentinelValue(sentinel.name, float(np.log(rd)), None, limit, own, run, lot, between)
    limits = [limit for limit in (density.lloq, density.rd_high) if limit and 0 < limit < np.inf]
    if raw_estimate(density) is None or not limits:
        return None
    return SentinelValue(sentinel.name, None, float(np.log(max(limits))), limit, 0.0, run, lot, between)


def _own(density: ReceptorDensity, shared: float) -> float:
    """Return the variance of ln RD from its interval, less the part that other tubes share."""
    if not density.rd_low or not density.rd_high or density.rd_low <= 0:
        return 1.0
    return max(float(np.log(density.rd_high / density.rd_low) / (2 * Z_95)) ** 2 - shared, 0.0)


def _parts(density: ReceptorDensity) -> tuple[float, float, float]:
    """Return the variances of ln RD from lot and conjugate, from the bead run, and between runs."""
    every = [(term.name, (term.sd_dex * np.log(10)) ** 2) for term in density.budget]
    runs = (BudgetTerm.STANDARD_CURVE, BudgetTerm.BEAD_MEDIANS, BudgetTerm.TRANSFER)
    lot = sum(variance for name, variance in every if name in LOT_TERMS)
    run = sum(variance for name, variance in every if name in runs)
    between = sum(variance for name, variance in every if name is BudgetTerm.BETWEEN_RUNS)
    return float(lot), float(run), float(between)


def norm_of_settings(settings: Settings) -> Norm | None:
    """Return the norm of the settings, typed or default; None if both usual values are 0."""
    usual = {NK_CELLS: settings.sentinel_nk_usual, B_PRECURSORS: settings.sentinel_b_precursor_usual}
    log_usual = {name: float(np.log(value)) for name, value in usual.items() if value > 0}
    if not log_usual:
        return None
    variance = float(np.log1p(settings.sentinel_usual_cv**2))
    matrix = variance * np.array([[1.0, SENTINELS_ALIKE], [SENTINELS_ALIKE, 1.0]])
    return Norm(log_usual, matrix, float("inf"), "settings")


def norms_of_tubes(tubes: Iterable[FreeTube]) -> dict[tuple[str, ...], Norm]:
    """Return a norm for every group of alike tubes in which enough patients have tubes without the drug."""
    kinds: dict[tuple[str, ...], list[FreeTube]] = {}
    for tube in tubes:
        kinds.setdefault(tube.alike, []).append(tube)
    norms = {alike: _norm(kind) for alike, kind in kinds.items()}
    return {alike: norm for alike, norm in norms.items() if norm is not None}


def _norm(tubes: Sequence[FreeTube]) -> Norm | None:
    values, own = {}, {}
    for name in SENTINEL_NAMES:
        by_patient: dict[str, list[SentinelValue]] = {}
        for tube in tubes:
            for reading in tube.readings:
                if reading.name == name and reading.log_rd is not None:
                    by_patient.setdefault(tube.patient_id, []).append(reading)
        if len(by_patient) >= FEWEST_FOR_NORM:
            values[name] = {
                patient: sum(r.log_rd or 0.0 for r in readings) / len(readings)
                for patient, readings in by_patient.items()
            }
            own[name] = float(np.mean([r.own for readings in by_patient.values() for r in readings]))
    if not values:
        return None
    usual = {name: float(np.mean(list(of.values()))) for name, of in values.items()}
    n = min(len(of) for of in values.values())
    return Norm(
        usual,
        _variance(values),
        float(n - 1),
        f"{n} patients of this study without the drug",
        own,
        frozenset(tube.lot for tube in tubes),
        frozenset(tube.run for tube in tubes),
    )


def _variance(values: dict[str, dict[str, float]]) -> Floats:
    """Return the variance of a further patient around the means, (2, 2): scatter times 1 + 1/n."""
    matrix = np.zeros((2, 2))
    for index, name in enumerate(SENTINEL_NAMES):
        of = np.array(list(values.get(name, {}).values()))
        scatter = np.var(of, ddof=1) if of.size else 0.0
        matrix[index, index] = max(float(scatter), _LEAST_VARIANCE) * (1 + 1 / max(of.size, 1))
    both = [p for p in values.get(SENTINEL_NAMES[0], {}) if p in values.get(SENTINEL_NAMES[1], {})]
    across = float(np.sqrt(matrix[0, 0] * matrix[1, 1]))
    if len(both) >= FEWEST_FOR_NORM:
        nk, b = (np.array([values[name][patient] for patient in both]) for name in SENTINEL_NAMES)
        across = float(np.sum((nk - nk.mean()) * (b - b.mean()))) / (len(both) - 1) * (1 + 1 / len(both))
    matrix[0, 1] = matrix[1, 0] = across
    return matrix
