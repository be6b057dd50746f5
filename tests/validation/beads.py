"""Bead runs with known truth: random kits, lots and days, and runs that are wrong in a known way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from calibration import (
    BeadPeaksError,
    CurveVerdict,
    StandardCurve,
    StandardCurveError,
    bead_kit,
    find_bead_peaks,
    find_bead_singlets,
    fit_standard_curve,
)
from calibration.curve.acceptance_limits import CurveLimits
from calibration.curve.brighter_channel import compare_channels
from calibration.curve.curve_checks.every_check import checked
from calibration.curve.curve_checks.other_channels import ComparedChannels
from calibration.curve.table_rows import CheckName
from validation.markdown import paragraph, percent, table
from validation.simulated_beads import KITS, BeadRun, Detector, bead_run

Floats = np.ndarray
Mapper = Callable[..., Iterable]

SABOTAGES = ("swapped lot", "merged", "missing", "clipped", "wrong channel", "debris")
RIGHT_WITHIN = 0.10
"""An accepted curve is right where it is within this of the truth all along its beads."""

LOT_SCATTER, MEDIAN_SD = 0.02, 0.003
"""Of a bead's assigned value and of its median, dex."""

MISPRINTS = (0.0, 0.05, 0.10, 0.15, 0.20, 0.30)
EARLIER_RUNS = 5
LEAK = (0.002, 0.8)
"""Share of the dye's light that the wrong channel gets."""

NEIGHBOURS = (0.01, 0.5)
"""Share that each of two other channels of every file gets, at 0.3 to 3 times the dye's own gain."""


@dataclass(frozen=True, slots=True)
class Day:
    """A random day: what was found of the medians and the slope, or why nothing was.

    `errors` are relative, stained populations only; `slope_error` is against the line through the true medians.
    """

    kit: str
    end: str
    errors: tuple[float, ...] = ()
    slope_error: float = 0.0
    smallest: int = 0
    doubted: bool = False


@dataclass(frozen=True, slots=True)
class Sabotage:
    """How a sabotaged run ended, without and with five earlier runs in the instrument's log."""

    kind: str
    alone: str
    with_history: str
    worst_error: float


@dataclass(frozen=True, slots=True)
class Misprint:
    """Share of runs that the table warns of, or rejects, where one value of the lot sheet is off by a fraction.

    `scatter_test`: the share that a chi-squared test of the residuals at 5 % would name, if the scatter of honest
    lots were known to be `LOT_SCATTER`.
    """

    off: float
    warned: float
    scatter_test: float


@dataclass(frozen=True, slots=True)
class BeadsFound:
    """Everything that the section shows."""

    seed: int
    days: tuple[Day, ...] = field(default=())
    sabotages: tuple[Sabotage, ...] = field(default=())
    misprints: tuple[Misprint, ...] = field(default=())


def examine(n_days: int, n_sabotages: int, seed: int, mapper: Mapper = map) -> BeadsFound:
    """Examine random days and sabotaged runs; `mapper` may spread them over processes."""
    days = tuple(mapper(random_day, range(seed, seed + n_days)))
    runs = tuple(mapper(sabotage, range(seed, seed + n_sabotages)))
    return BeadsFound(seed, days, runs, misprints(max(2, n_sabotages), seed))


def random_day(seed: int) -> Day:
    """Find the populations of a random kit, lot, detector, day: unequal weights, doublets, debris."""
    rng = np.random.default_rng(seed)
    kit = str(rng.choice(list(KITS)))
    levels = np.round(np.array(KITS[kit]) * 10 ** rng.uniform(-0.08, 0.08, len(KITS[kit])))
    detector = _detector(rng, levels)
    weights = np.maximum(rng.dirichlet(np.full(levels.size, 8.0)), 0.03)
    run = bead_run(
        rng,
        levels,
        detector=detector,
        n=int(rng.choice([3000, 8000, 20000])),
        weights=weights,
        bead_cv=rng.uniform(0.03, 0.07),
        doublets=rng.uniform(0, 0.10),
        debris=rng.uniform(0, 0.15),
        autofluorescence=10.0,
        others=_neighbours(detector, seed),
    )
    return _measured(kit, run)


def _detector(rng: np.random.Generator, levels: Floats) -> Detector:
    detector = Detector(photons=10 ** rng.uniform(-1.5, -0.5), noise=rng.uniform(5, 30))
    detector.gain = rng.uniform(0.15, 0.8) * 262143 / levels[-1] / detector.photons
    return detector


def _neighbours(detector: Detector, seed: int) -> tuple[Detector, ...]:
    """Two more detectors of the file, into which some of the dye shines."""
    rng = np.random.default_rng([seed, 2])
    leaks = np.exp(rng.uniform(*np.log(NEIGHBOURS), 2))
    gains = detector.gain * np.exp(rng.uniform(np.log(0.3), np.log(3), 2))
    noises = rng.uniform(5, 40, 2)
    return tuple(
        Detector(detector.photons * leak, gain, noise, detector.top)
        for leak, gain, noise in zip(leaks, gains, noises, strict=True)
    )


def _measured(kit: str, run: BeadRun) -> Day:
    first = int(run.levels[0] == 0)
    singles = np.array([int(np.sum(run.population == k)) for k in range(run.levels.size)])
    try:
        peaks, curve = _found(kit, run, run.levels)
    except (BeadPeaksError, StandardCurveError):
        return Day(kit, "refused", smallest=int(singles.min()))
    errors = np.array(peaks)[first:] / run.truth[first:] - 1
    true_slope = np.polyfit(np.log10(run.truth[first:]), np.log10(run.levels[first:]), 1)[0]
    smallest = int(singles.min())
    slope_error = float(curve.slope - true_slope)
    return Day(kit, str(curve.verdict), tuple(errors.tolist()), slope_error, smallest, _doubted(curve))


def _doubted(curve: StandardCurve) -> bool:
    """Whether the curve's table doubts that the channel is the dye's own."""
    return any(
        row.name is CheckName.BRIGHTER_ELSEWHERE and row.verdict is CurveVerdict.WARN for row in curve.checks
    )


def _found(
    kit: str, run: BeadRun, levels: Floats, history: Sequence[float] | None = None, *, gated: bool = True
) -> tuple[tuple[float, ...], StandardCurve]:
    mask = find_bead_singlets(run.fsc, run.ssc) if gated else np.ones(run.fsc.size, bool)
    peaks = find_bead_peaks(run.intensity[mask], levels.size, blank=bool(levels[0] == 0))
    curve = fit_standard_curve(
        peaks.medians, levels, rcv=peaks.rcv, n=peaks.n, saturated=peaks.saturated, history=history
    )
    named, one_dye = run.intensity[mask], bead_kit(kit).one_dye
    compared = [
        (f"detector {k}", compare_channels(named, other[mask], peaks, one_dye=one_dye, other_top=262143.0))
        for k, other in enumerate(run.others, start=2)
    ]
    others = [(name, found) for name, found in compared if found is not None]
    return peaks.medians, curve.with_checks(*checked(ComparedChannels("detector 1", others), CurveLimits()))


@dataclass(frozen=True, slots=True)
class Sabotaged:
    """A run, the levels that the lot sheet lists, and the detector whose conversion is wanted."""

    kit: str
    run: BeadRun
    listed: Floats
    detector: Detector


def sabotaged(kind: str, seed: int) -> Sabotaged:
    """Make a run that is wrong in one way.

    Two levels of the lot sheet transposed; two populations merged; one missing; the top clipped; another
    channel, into which 0.2 to 80 % of the dye shines, while its own is in the file too; 30 % debris.
    """
    rng = np.random.default_rng(seed)
    kit = list(KITS)[seed % len(KITS)]
    listed = np.array(KITS[kit])
    real, weights, first = listed.copy(), np.ones(listed.size), int(listed[0] == 0)
    detector = Detector(photons=10 ** rng.uniform(-1.6, -0.7), noise=rng.uniform(5, 40))
    detector.gain = 150000 / listed[-1] / detector.photons
    k = rng.integers(first, listed.size - 1)
    seen = detector
    if kind == "swapped lot":
        listed[[k, k + 1]] = listed[[k + 1, k]]
    elif kind == "merged":
        real[k] = real[k + 1] * rng.uniform(0.85, 1.0)
    elif kind == "missing":
        weights[rng.integers(0, listed.size)] = rng.choice([0.0, 0.003])
    elif kind == "clipped":
        detector.top = rng.uniform(0.4, 1.05) * listed[-1] * detector.per_molecule
    elif kind == "wrong channel":
        leak = float(np.exp(rng.uniform(*np.log(LEAK))))
        seen = Detector(detector.photons * leak, detector.gain, detector.noise, detector.top)
    debris = 0.3 if kind == "debris" else 0.03
    others = (*((detector,) if seen is not detector else ()), *_neighbours(detector, seed))
    run = bead_run(rng, real, detector=seen, n=5000, weights=weights, debris=debris, others=others)
    return Sabotaged(kit, run, listed, detector)


def outcome(kind: str, seed: int, *, gated: bool = True, history: bool = False) -> tuple[str, float]:
    """Return how a sabotaged run ends, and the worst error of its curve where it is simply accepted.

    `refused` (no curve), `reject`, `warn` or `accept` with a population named as dropped or doubtful
    (flagged), `right`, or `silently wrong`.
    """
    made = sabotaged(kind, seed)
    earlier = _earlier(made, seed) if history else None
    try:
        _, curve = _found(made.kit, made.run, made.listed, earlier, gated=gated)
    except (BeadPeaksError, StandardCurveError):
        return "refused", 0.0
    if curve.verdict is not CurveVerdict.ACCEPT or curve.notes:
        return str(curve.verdict), 0.0
    stained = made.run.levels[made.run.levels > 0]
    at = np.geomspace(stained[0], stained[-1], 9)
    error = float(np.max(np.abs(curve.to_abc(at * made.detector.per_molecule) / at - 1)))
    return ("right" if error < RIGHT_WITHIN else "silently wrong"), error


def _earlier(made: Sabotaged, seed: int) -> list[float]:
    """Medians of the true top bead on five earlier days, whose gain differed by 2 %."""
    rng = np.random.default_rng([seed, 1])
    top = max(made.listed) * made.detector.per_molecule
    return [float(top * rng.normal(1, 0.02)) for _ in range(EARLIER_RUNS)]


def sabotage(seed: int) -> Sabotage:
    """Sabotage a run in one of six ways, by turns."""
    kind = SABOTAGES[seed % len(SABOTAGES)]
    alone, error = outcome(kind, seed)
    return Sabotage(kind, alone, outcome(kind, seed, history=True)[0], error)


def misprints(n: int, seed: int) -> tuple[Misprint, ...]:
    """Count what the acceptance table says where one assigned value is mistyped; `n` runs of each kit and size."""
    return tuple(_misprint(off, n, seed) for off in MISPRINTS)


def _misprint(off: float, n: int, seed: int) -> Misprint:
    from scipy.special import chdtrc

    rng = np.random.default_rng([seed, 3])
    warned, told = [], []
    for kit in KITS:
        levels = np.array([level for level in KITS[kit] if level > 0])
        for _ in range(n):
            typed = levels.copy()
            typed[rng.integers(levels.size)] *= (1 + off) ** rng.choice([-1, 1])
            medians = levels * 10 ** rng.normal(0, np.hypot(LOT_SCATTER, MEDIAN_SD), levels.size)
            curve = fit_standard_curve(medians.tolist(), typed.tolist())
            warned.append(curve.verdict is not CurveVerdict.ACCEPT)
            freedom, expected = curve.degrees_of_freedom, LOT_SCATTER**2 + MEDIAN_SD**2
            told.append(chdtrc(freedom, freedom * curve.residual_sd**2 / expected) < 0.05)
    return Misprint(off, float(np.mean(warned)), float(np.mean(told)))


def section(found: BeadsFound) -> str:
    """Return the section of docs/validation.md."""
    parts = [_days_section(found), _sabotage_section(found)]
    return "\n".join([*parts, *([_misprint_section(found)] if found.misprints else [])])


def _misprint_section(found: BeadsFound) -> str:
    rows = [(percent(m.off, 0), percent(m.warned, 1), percent(m.scatter_test, 1)) for m in found.misprints]
    return (
        "### A mistyped value of the lot sheet\n\n"
        + paragraph(
            f"One assigned value is wrong by the given factor. The lots' values scatter by {LOT_SCATTER} dex per bead, and the runs' "
            f"medians by {MEDIAN_SD} dex; all four kits. Last column: the share that a test of the residuals would detect if that scatter "
            "were known, at 5 % false alarms. Below 20 % neither can distinguish a typing error from a correct lot. The "
            "same lot typed on another day can, and is compared (study and instrument log)."
        )
        + table(("off by", "warned or rejected", "a 5 % test of the residuals"), rows)
    )


def _days_section(found: BeadsFound) -> str:
    kits = [kit for kit in KITS if any(day.kit == kit and day.errors for day in found.days)]
    rows = [_kit_row(kit, [day for day in found.days if day.kit == kit]) for kit in kits]
    rows.append(_kit_row("**all**", found.days))
    columns = (
        "kit", "runs", "a curve", "refused", "accept / warn / reject", "median error, P95", "worst",
        "slope bias", "slope error, P95", "false doubt of the channel",
    )  # fmt: skip
    return (
        "## Bead populations and standard curves\n\n"
        + paragraph(
            f"{len(found.days)} random kits, lots, detectors and days (seeds {found.seed} to "
            f"{found.seed + len(found.days) - 1}): 3,000 to 20,000 events, weights down to 3 %, bead CV 3–7 %, doublets "
            "to 10 %, debris to 15 %. The error of a median is relative to the true median of the population, without "
            "blanks; the error of a slope is relative to the line through the true medians. Every file has two more channels with "
            f"{percent(NEIGHBOURS[0], 0)} to {percent(NEIGHBOURS[1], 0)} spillover of the dye. False doubt: runs for which the table reports "
            "that another channel collects as much light. Goal: P95 ≤ 1.5 %, slope bias < 0.002."
        )
        + table(columns, rows)
    )


def _kit_row(name: str, days: Sequence[Day]) -> tuple[str, ...]:
    ends = Counter(day.end for day in days)
    fitted = [day for day in days if day.errors]
    errors = np.abs([error for day in fitted for error in day.errors])
    slopes = np.array([day.slope_error for day in fitted])
    return (
        name,
        str(len(days)),
        str(len(fitted)),
        str(ends["refused"]),
        f"{ends['accept']} / {ends['warn']} / {ends['reject']}",
        percent(float(np.quantile(errors, 0.95))),
        percent(float(errors.max())),
        f"{slopes.mean():+.5f}".replace("-", "−"),
        f"{np.quantile(np.abs(slopes), 0.95):.5f}",
        str(sum(day.doubted for day in days)),
    )


def _sabotage_section(found: BeadsFound) -> str:
    ends = ("refused", "reject", "warn", "accept", "right", "silently wrong")
    rows = []
    for kind in SABOTAGES:
        runs = [run for run in found.sabotages if run.kind == kind]
        alone, logged = Counter(run.alone for run in runs), Counter(run.with_history for run in runs)
        rows.append((kind, len(runs), *(alone[end] for end in ends), logged["silently wrong"]))
    silent, logged_silent = (sum(row[k] for row in rows) for k in (7, 8))
    rows.append(("**all**", len(found.sabotages), *(sum(row[k] for row in rows) for k in range(2, 9))))
    worst = max((run.worst_error for run in found.sabotages if run.alone == "right"), default=0.0)
    columns = ("sabotage", "runs", "refused", "rejected", "warned", "accepted, flagged", "right", "silently wrong",
               "silently wrong with an instrument log")  # fmt: skip
    return (
        "### Sabotaged bead runs\n\n"
        + paragraph(
            f"{len(found.sabotages)} runs, six kinds in turn. *Right*: accepted without a warning and within "
            f"{percent(RIGHT_WITHIN, 0)} of the truth over the whole range of the beads (worst here {percent(worst, 1)}). Wrong channel: another "
            f"detector with {percent(LEAK[0], 1)} to {percent(LEAK[1], 0)} spillover of the dye; the dye's own and two more are in the "
            "file. With a large spillover such a run looks like a perfect bead run, but its beads are narrower in the dye's own "
            f"channel. Last column: with an instrument log of {EARLIER_RUNS} earlier runs. "
            f"Silently wrong: {silent} with the bead file alone, {logged_silent} with the log."
        )
        + table(columns, rows)
    )
