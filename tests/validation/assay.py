"""The arithmetic of an assay's validation on simulated experiments whose truth is known."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.assay.statistics import (
    agreement,
    carry_over,
    control_runs,
    detection_limits,
    linearity,
    nested_precision,
    stability,
)
from validation.markdown import paragraph, percent, table

Mapper = Callable[..., Iterable]
Rng = np.random.Generator

DAY, RUN, OWN = 3.0, 2.0, 1.0
"""True SDs of days, runs and replicates about a mean of 100."""
DESIGNS = {
    "3 days × 3 runs × 3 replicates": [[3, 3, 3]] * 3,
    "20 days × 2 runs × 2 replicates": [[2, 2]] * 20,
    "5 days × 2 runs × 2 replicates": [[2, 2]] * 5,
    "5 days, unequal": [[3, 1], [2, 2], [3], [1, 1, 2], [4, 2]],
}
SLOPE, OFFSET, ERROR = 1.1, 200.0, 0.08


@dataclass(frozen=True, slots=True)
class Share:
    """How often something was so."""

    n_so: int
    n: int

    def __str__(self) -> str:
        share = self.n_so / self.n
        return f"{percent(share, 1)} ({100 * math.sqrt(share * (1 - share) / self.n):.1f})"


def so(found: Sequence[bool]) -> Share:
    """Return how often it was so."""
    return Share(sum(map(bool, found)), len(found))


def nested(rng: Rng, design: Sequence[Sequence[int]]) -> tuple[list[float], list[str], list[str]]:
    """Return values, days and runs of a design: replicates of each run, by day."""
    values, days, runs = [], [], []
    for day, sizes in enumerate(design):
        of_day = rng.normal(0, DAY)
        for run, n in enumerate(sizes):
            of_run = rng.normal(0, RUN)
            values += (100 + of_day + of_run + rng.normal(0, OWN, n)).tolist()
            days += [str(day)] * n
            runs += [str(run)] * n
    return values, days, runs


def precision_row(job: tuple[str, int, int]) -> tuple[object, ...]:
    """Return bias of each component, and coverage of repeatability and total."""
    name, n, seed = job
    rng = np.random.default_rng([seed, 1, list(DESIGNS).index(name)])
    found = []
    for _ in range(n):
        values, days, runs = nested(rng, DESIGNS[name])
        found.append(nested_precision(values, [("day", days), ("run", runs)]))
    cells: list[object] = [name]
    for part, true in (("day", DAY**2), ("run", RUN**2), ("repeatability", OWN**2)):
        estimates = [one.component(part).variance for one in found]
        error = np.std(estimates) / math.sqrt(n) / true
        cells.append(f"{percent(float(np.mean(estimates)) / true - 1, 1, signed=True)} ({100 * error:.1f})")
    for part, truth in (("repeatability", OWN), ("total", math.sqrt(DAY**2 + RUN**2 + OWN**2))):
        ends = [(one.component(part).sd_low, one.component(part).sd_high) for one in found]
        cells.append(str(so([low <= truth <= high for low, high in ends])))
    return tuple(cells)


def pair(rng: Rng, n: int) -> tuple[list[float], list[float]]:
    """Return n materials measured in two ways, with relative errors of 8 %."""
    true = np.exp(rng.uniform(math.log(2_000), math.log(150_000), n))
    x, y = (values * np.exp(rng.normal(0, ERROR, n)) for values in (true, SLOPE * true + OFFSET))
    return x.tolist(), y.tolist()


def agreement_row(job: tuple[int, int, int]) -> tuple[object, ...]:
    """Return bias and coverage of Deming's slope, intercept and dim end, and coverage of the mean ratio."""
    pairs, n, seed = job
    rng = np.random.default_rng([seed, 2, pairs])
    drawn = [pair(rng, pairs) for _ in range(n)]
    found = [agreement(x, y) for x, y in drawn]
    dim = [SLOPE + OFFSET / min(x) for x, _ in drawn]
    slopes = [one.slope for one in found]
    bias, error = float(np.mean(slopes)) / SLOPE - 1, float(np.std(slopes)) / math.sqrt(n) / SLOPE
    plain = []
    for _ in range(n):
        true = np.exp(rng.uniform(math.log(2_000), math.log(150_000), pairs))
        x, y = (true * np.exp(rng.normal(0, ERROR, pairs)) for _ in range(2))
        one = agreement(x.tolist(), (1.2 * y).tolist())
        plain.append(one.ratio_low <= 1.2 <= one.ratio_high)
    return (
        pairs,
        f"{percent(bias, 2, signed=True)} ({100 * error:.2f})",
        str(so([one.slope_low <= SLOPE <= one.slope_high for one in found])),
        str(so([one.intercept_low <= OFFSET <= one.intercept_high for one in found])),
        str(so([one.dimmest_low <= at <= one.dimmest_high for one, at in zip(found, dim, strict=True)])),
        str(so(plain)),
    )


def line_row(job: tuple[str, float, int, int]) -> tuple[object, ...]:
    """Return how often a scale of this power is called bent, and how often a level is off by 20 %."""
    name, power, n, seed = job
    rng = np.random.default_rng([seed, 3])
    level = np.repeat([0.1, 0.25, 0.5, 0.75, 1.0], 3)
    found = []
    for _ in range(n):
        values = 40_000 * level**power * np.exp(rng.normal(0, 0.06, level.size))
        found.append(linearity(level.tolist(), values.tolist()))
    return (
        name,
        str(so([one.curved_p < 0.05 for one in found])),
        str(so([one.worst_percent > 20 for one in found])),
        f"{np.median([one.worst_percent for one in found]):.1f} %",
    )


def limits_row(job: tuple[int, int, int]) -> tuple[object, ...]:
    """Return how many further blanks lie above the LoB, and results at the LoD below it."""
    results, n, seed = job
    rng = np.random.default_rng([seed, 4, results])
    above, below = [], []
    for _ in range(n):
        blanks, dim = rng.normal(10, 25, results), rng.normal(300, 30, results)
        found = detection_limits([blanks.tolist()], [("dim", dim.tolist())])
        above.append(float(np.mean(rng.normal(10, 25, 200) > found.lob)))
        below.append(float(np.mean(rng.normal(found.lod, 30, 200) < found.lob)))
    return results, percent(float(np.mean(above)), 1), percent(float(np.mean(below)), 1)


def other_rows(n: int, seed: int) -> list[tuple[object, ...]]:
    """Return coverage of the loss a day, of carry-over, and false alarms of a control."""
    rng = np.random.default_rng([seed, 5])
    lost, carried, alarms = [], [], []
    truth = 100 * math.expm1(-24 * 0.002)
    for _ in range(n):
        rows = [
            (name, hours, float(level * math.exp(-0.002 * hours + rng.normal(0, 0.06))))
            for name, level in (("a", 900.0), ("b", 9_000.0), ("c", 60_000.0))
            for hours in (2.0, 24.0, 48.0, 72.0)
        ]
        one = stability(rows)
        lost.append(one.per_day_low <= truth <= one.per_day_high)
        high, low = rng.normal(40_000, 1_500, 3), rng.normal(1_500, 60, 5)
        low[0] += 0.01 * (40_000 - 1_500)
        two = carry_over([(high.tolist(), low.tolist())])
        carried.append(two.low <= 1.0 <= two.high_end)
        runs = [(str(k), float(value)) for k, value in enumerate(rng.normal(45_000, 3_000, 8))]
        alarms.append(not control_runs(runs, [(None, None)] * 8)[-1].inside)
    return [
        ("change a day, 3 materials at 4 times: interval contains the truth", str(so(lost))),
        ("carry-over of 1 %, 3 bright and 5 dim tubes: interval contains the truth", str(so(carried))),
        ("control of 8 runs without a typed range: a sound run is called outside", str(so(alarms))),
    ]


def section(n: int, seed: int, mapper: Mapper) -> str:
    """Return the section of docs/validation.md; `n` simulated experiments a row."""
    parts = list(mapper(precision_row, [(name, n, seed) for name in DESIGNS]))
    agreed = list(mapper(agreement_row, [(pairs, max(2, n // 2), seed) for pairs in (10, 20, 40)]))
    bent = (("straight", 1.0), ("power 1.05", 1.05), ("power 1.2", 1.2))
    lines = list(mapper(line_row, [(name, power, n, seed) for name, power in bent]))
    limits = list(mapper(limits_row, [(results, n, seed) for results in (10, 20, 60)]))
    return (
        "## The assay itself\n\n"
        + paragraph(
            f"The results of `cd38rd validate` on {n} simulated experiments a row ({max(2, n // 2)} for Deming's "
            "line). In brackets: the simulation's own error, in points."
        )
        + paragraph(
            "Variance components of 3, 2 and 1 (SD) about a mean of 100. Bias of the variances, and how often "
            "the 95 % interval of the SD contains the truth."
        )
        + table(("design", "days", "runs", "replicates", "repeatability covered", "total covered"), parts)
        + "\n"
        + paragraph(
            f"Two methods with errors of 8 % each, y = {SLOPE} x + {OFFSET:.0f}, 2,000 to 150,000 molecules; for the "
            "ratio y = 1.2 x."
        )
        + table(
            (
                "materials",
                "bias of the slope",
                "slope covered",
                "intercept covered",
                "y/x at the dimmest covered",
                "ratio covered",
            ),
            agreed,
        )
        + "\n"
        + paragraph("Five levels from 0.1 to 1, three tubes each with errors of 6 %.")
        + table(("scale", "quadratic term p < 0.05", "a level off by 20 %", "median of the worst"), lines)
        + "\n"
        + paragraph("Blanks with an SD of 25, dim material with 30. Both should be 5 %.")
        + table(
            ("results of each", "further blanks above the LoB", "results at the LoD below the LoB"), limits
        )
        + "\n"
        + table(("other", "share"), other_rows(n, seed))
    )
