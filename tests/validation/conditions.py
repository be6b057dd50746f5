"""Is M1 right under what real data do? Simulated studies that break its assumptions, one at a time.

A section of docs/validation.md (`make validation`); same seed, same numbers. The truths share no code with the
models: log10 RD is drawn around a line, limits and patients are drawn beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from calibration.density.result import RdStatus
from pipeline.patients.patient_rd import PatientRd
from pipeline.study.settings import Settings
from pipeline.washout.censored.estimate import NotEstimableError
from pipeline.washout.censored.profile import coefficient_ratio
from pipeline.washout.line.doubts import doubts_of, with_doubts
from pipeline.washout.line.intervals import critical_of, jackknife_of, slope_of
from pipeline.washout.line.line import Line, fit_line
from pipeline.washout.line.reported import both_lines
from pipeline.washout.observations.rows import Observations
from pipeline.washout.observations.selection import select_rows
from validation.markdown import paragraph, table

Floats: TypeAlias = NDArray[np.float64]
Rng: TypeAlias = np.random.Generator

TRUE_SLOPE: Final = float(np.log10(2.27))
_LIMIT: Final = float(np.log10(5000))
_MIDDLE: Final = 3.75


@dataclass(slots=True)
class Drawn:
    """Rows of one study: log2 weeks, log10 RD, log10 LLOQ, patient, measurement SD that is told."""

    doublings: Floats
    log_rd: Floats
    limit: Floats
    patient: NDArray[np.intp]
    told_sd: Floats

    def rows(self) -> list[PatientRd]:
        """Return them as the models get them."""
        return [
            PatientRd(f"P{who}", str(place), weeks, 10**y, RdStatus.BELOW_LLOQ if y < low else RdStatus.OK, 10**low, None, sd)
            for place, (who, weeks, y, low, sd) in enumerate(
                zip(
                    self.patient.tolist(), (2**self.doublings).tolist(), self.log_rd.tolist(),
                    self.limit.tolist(), self.told_sd.tolist(), strict=True,
                )
            )
        ]  # fmt: skip


def plain(n: int, rng: Rng, scatter: float = 0.4, low: float = 1.0, high: float = 6.5) -> Drawn:
    """Return single samples around the line, 60 % of them below 5,000."""
    x = rng.uniform(low, high, n)
    y = line(x) + scatter * rng.standard_normal(n)
    return Drawn(x, y, np.full(n, _LIMIT), np.arange(n), np.full(n, 0.03))


def line(x: Floats) -> Floats:
    """Return the true line at log2 weeks."""
    return _LIMIT + TRUE_SLOPE * (x - 4.3)


def _changing(factor: float) -> Callable[[int, Rng], Drawn]:
    def draw(n: int, rng: Rng) -> Drawn:
        study = plain(n, rng)
        rest = study.log_rd - line(study.doublings)
        study.log_rd = line(study.doublings) + rest * factor ** (study.doublings - _MIDDLE)
        return study

    return draw


def _unequal_errors(told: bool) -> Callable[[int, Rng], Drawn]:
    def draw(n: int, rng: Rng) -> Drawn:
        study = plain(n, rng)
        sd = np.where(study.doublings < _MIDDLE, 0.3, 0.05)
        study.log_rd = study.log_rd + sd * rng.standard_normal(n)
        study.told_sd = sd if told else study.told_sd
        return study

    return draw


def _student(n: int, rng: Rng) -> Drawn:
    study = plain(n, rng)
    study.log_rd = line(study.doublings) + 0.4 * rng.standard_t(3, n) / np.sqrt(3)
    return study


def _never(n: int, rng: Rng) -> Drawn:
    """A third stays where it was at 2 weeks."""
    study = plain(n, rng)
    stays = rng.random(n) < 1 / 3
    study.log_rd = study.log_rd + stays * (line(np.ones(n)) - line(study.doublings))
    return study


def _limits(correlation: float, per_doubling: float = 0.0) -> Callable[[int, Rng], Drawn]:
    def draw(n: int, rng: Rng) -> Drawn:
        study = plain(n, rng)
        rest = (study.log_rd - line(study.doublings)) / 0.4
        own = np.sqrt(1 - correlation**2) * rng.standard_normal(n)
        study.limit = study.limit + 0.2 * (correlation * rest + own) * (per_doubling == 0)
        study.limit = study.limit + per_doubling * (study.doublings - _MIDDLE)
        return study

    return draw


def _samples(
    counts: Callable[[int, Floats, Rng], NDArray[np.intp]], level: float = 0.3, slopes: float = 0.0
) -> Callable[[int, Rng], Drawn]:
    def draw(n: int, rng: Rng) -> Drawn:
        own, rate = level * rng.standard_normal(n), TRUE_SLOPE + slopes * rng.standard_normal(n)
        patient = np.repeat(np.arange(n), counts(n, own, rng))
        m = len(patient)
        x = rng.uniform(1, 6, n)[patient] + rng.uniform(0, 0.5, m) if not slopes else rng.uniform(1, 6.5, m)
        y = (
            line(x)
            + (rate - TRUE_SLOPE)[patient] * (x - _MIDDLE)
            + own[patient]
            + 0.25 * rng.standard_normal(m)
        )
        return Drawn(x, y, np.full(m, _LIMIT), patient, np.full(m, 0.03))

    return draw


def _one_to_four(n: int, _: Floats, rng: Rng) -> NDArray[np.intp]:
    return rng.integers(1, 5, n)


def _more_where_high(_: int, own: Floats, _rng: Rng) -> NDArray[np.intp]:
    return np.clip(np.round(2.5 + 1.5 * own / 0.3), 1, 5).astype(np.intp)


def _one_with_ten(n: int, _: Floats, _rng: Rng) -> NDArray[np.intp]:
    return np.array([10, *[1] * (n - 1)])


def _same_day(zeros: int, rd: float | None) -> Callable[[int, Rng], Drawn]:
    """Rows of a dose's own day, at 0 weeks, though the marrow was taken before it."""

    def draw(n: int, rng: Rng) -> Drawn:
        study = plain(n, rng)
        study.doublings[:zeros] = -np.inf
        if rd is not None:
            study.log_rd[:zeros] = np.log10(rd)
        return study

    return draw


@dataclass(frozen=True, slots=True)
class Condition:
    """What is simulated, of how many patients, and in which direction the answer errs where it must."""

    name: str
    n: int
    draw: Callable[[int, Rng], Drawn]
    errs: str = ""


_STEEP, _FLAT = "the slope, too steep; not the interval", "the slope, too flat; not the interval"
CONDITIONS: Final = (
    Condition("as M1 assumes", 19, plain),
    Condition("as M1 assumes", 60, plain),
    Condition("unequal errors, stated", 19, _unequal_errors(told=True), "too flat"),
    Condition("unequal errors, stated", 60, _unequal_errors(told=True), "too flat"),
    Condition("unequal errors, not stated", 19, _unequal_errors(told=False), "too flat"),
    Condition("scatter grows, × 1.09 per doubling", 19, _changing(1.09), _STEEP),
    Condition("scatter grows, × 1.09 per doubling", 60, _changing(1.09), _STEEP),
    Condition("scatter grows, × 1.2 per doubling", 60, _changing(1.2), _STEEP),
    Condition("scatter shrinks, × 0.91 per doubling", 60, _changing(1 / 1.09), _FLAT),
    Condition("scatter shrinks, × 0.83 per doubling", 60, _changing(1 / 1.2), _FLAT),
    Condition("Student's t of 3", 19, _student),
    Condition("a third never recovers", 19, _never, "the slope of all, less than that of those who recover"),
    Condition("a third never recovers", 60, _never, "the slope of all, less than that of those who recover"),
    Condition("1 to 4 samples", 12, _samples(_one_to_four)),
    Condition("1 to 4 samples, patients 0.6 dex apart", 12, _samples(_one_to_four, 0.6)),
    Condition("1 to 4 samples", 30, _samples(_one_to_four)),
    Condition("who recovers is sampled more", 20, _samples(_more_where_high)),
    Condition("one of 15 patients gave 10 samples", 15, _samples(_one_with_ten)),
    Condition("slopes differ between patients", 20, _samples(_one_to_four, 0.2, 0.1)),
    Condition("washouts of 20 to 26 weeks", 19, lambda n, rng: plain(n, rng, low=4.32, high=4.7)),
    Condition("LLOQ differs per run", 19, _limits(0.0)),
    Condition("LLOQ goes up with the density, r 0.7", 19, _limits(0.7)),
    Condition("LLOQ goes up with the density, r 0.7", 60, _limits(0.7)),
    Condition("LLOQ goes down with the density, r −0.7", 60, _limits(-0.7)),
    Condition("LLOQ falls with weeks", 60, _limits(0.0, -0.1)),
    Condition("one row at 0 weeks", 19, _same_day(1, None)),
    Condition("one row at 0 weeks, at 6,000", 19, _same_day(1, 6_000)),
    Condition("two rows at 0 weeks, at 6,000", 60, _same_day(2, 6_000)),
)


@dataclass(frozen=True, slots=True)
class Found:
    """Of the studies with a line: bias and its error in percent, coverage, misses, and how often it was said."""

    studies: int
    told: int
    bias: float
    error: float
    coverage: float
    too_low: float
    too_high: float
    varying_bias: float
    varying_coverage: float
    said: float


def examine(condition: Condition, studies: int, seed: int) -> Found:
    """Fit M1 as a study's is fitted, and count how often its interval holds the truth."""
    lines: list[tuple[float, bool, bool]] = []
    varying: list[tuple[float, bool]] = []
    said = 0
    for study in range(studies):
        drawn = condition.draw(condition.n, np.random.default_rng([seed, study]))
        data = select_rows(drawn.rows(), Settings()).data
        try:
            plain_line = fit_line(data)
            found = doubts_of(plain_line)
            taken = _taken(plain_line, with_doubts(data, found))
            lines.append(_held_as_reported(taken, bool(found)))
        except NotEstimableError:
            continue
        said += any(doubt.is_significant for doubt in found)
        if found:
            try:
                varying.append(held(fit_line(replace(taken.data, scatter_varies=True)))[:2])
            except NotEstimableError:
                continue
    slopes, inside, below = np.array(lines, dtype=np.float64).reshape(-1, 3).T
    other, covered = np.array(varying, dtype=np.float64).reshape(-1, 2).T
    scale = 100 / TRUE_SLOPE
    return Found(
        studies, len(lines), scale * float(slopes.mean()) - 100,
        scale * float(slopes.std()) / np.sqrt(len(slopes)), 100 * float(inside.mean()),
        100 * float(np.mean((inside == 0) & (below == 1))), 100 * float(np.mean((inside == 0) & (below == 0))),
        scale * float(other.mean()) - 100 if len(other) else np.nan,
        100 * float(covered.mean()) if len(other) else np.nan, 100 * said / max(len(lines), 1),
    )  # fmt: skip


def _held_as_reported(line_found: Line, tested: bool) -> tuple[float, bool, bool]:
    """Return what `held` returns, with the interval over both lines where that is reported."""
    both = both_lines(line_found) if tested else None
    if both is None:
        return held(line_found)
    below = both.chance_below(TRUE_SLOPE)
    return line_found.reported.slope, abs(below - 0.5) <= 0.475, below > 0.5


def _taken(plain_line: Line, data: Observations) -> Line:
    try:
        return plain_line if data is plain_line.data else fit_line(data)
    except NotEstimableError:
        return plain_line


def held(line_found: Line) -> tuple[float, bool, bool]:
    """Return the slope that is told, whether its interval holds the truth, and whether it lies below it.

    Counting where the likelihood ratio at the truth exceeds the drop is counting intervals.
    """
    true = TRUE_SLOPE * line_found.axes.scale_x / line_found.axes.scale_y
    drop = critical_of(line_found, jackknife_of(line_found), slope_of, 0.95)
    inside = coefficient_ratio(line_found.rows, line_found.best, 1, true) <= drop
    return line_found.reported.slope, inside, float(line_found.best.beta[0, 1]) < true


def section(studies: int, seed: int, mapper: Callable[..., Iterable] = map) -> str:
    """Simulate, examine, tell."""
    n = len(CONDITIONS)
    found = list(mapper(_numbered, range(n), [studies] * n, [seed] * n))
    head = "## M1 under what real data do\n\n" + paragraph(
        f"Seed {seed}, {studies} simulated studies a row; sampling error of a coverage of 95 %: "
        f"{100 * np.sqrt(0.95 * 0.05 / studies):.1f} %. True slope {TRUE_SLOPE:.4f} dex per doubling, scatter 0.4 "
        "dex, LLOQ 5,000 (60 % below) unless the row says otherwise. Every study is analysed by the rule of which rows "
        "are used, and with the tests of doubts (method.md). Coverage: of the reported interval, which counts the line of one "
        "scatter and that of a scatter that varies, each by its likelihood. Misses: the interval lies below "
        "the truth / above it. Scatter that varies: that line alone. Doubt reported: studies in which a doubt "
        "was found. Goal: 93 to 97 %, or the direction in which the answer errs."
    )
    columns = (
        "truth", "n", "studies", "bias", "coverage", "misses", "scatter that varies: bias", "coverage", "doubt reported", "errs",
    )  # fmt: skip
    return head + table(columns, [_row(*row) for row in zip(CONDITIONS, found, strict=True)])


def _numbered(number: int, studies: int, seed: int) -> Found:
    return examine(CONDITIONS[number], studies, seed)


def _row(condition: Condition, row: Found) -> tuple[str, ...]:
    return (
        condition.name, str(condition.n), f"{row.told}/{row.studies}", f"{row.bias:+.1f} ± {row.error:.1f} %",
        f"{row.coverage:.1f} %", f"{row.too_low:.1f} / {row.too_high:.1f}", _percent(row.varying_bias, "+"),
        _percent(row.varying_coverage), f"{row.said:.0f} %", condition.errs,
    )  # fmt: skip


def _percent(value: float, sign: str = "") -> str:
    return f"{value:{sign}.1f} %" if np.isfinite(value) else "–"
