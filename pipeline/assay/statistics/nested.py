"""Precision by nested variance components, as in CLSI EP05-A3: sites, days, runs and replicates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.assay.statistics.moments import TooFewError, mean, variance_interval
from pipeline.study.wording import counted

REPEATABILITY, TOTAL = "repeatability", "total"
"""Names of the component between replicates of a run, and of the sum of all components."""

_Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VarianceComponent:
    """A component of variance, in squared units of the values.

    Attributes
    ----------
    name
        `site`, `day`, `run`; `repeatability` (replicates of a run), `total` (all together).
    variance
        Unbiased estimate. It may be below zero: then the data show no such scatter.
    sd, cv_percent
        SD and CV; 0 for a variance below zero. In the total, a component below zero counts as 0 (CLSI
        EP05-A3), so no part is larger than the total.
    sd_low, sd_high
        95 % interval of the SD; None for a single component between groups, for which none is reported.
    freedom
        Degrees of freedom; of the total by Satterthwaite (1946, doi:10.2307/3002019). Its interval is that of
        Graybill and Wang (1980, doi:10.1080/01621459.1980.10477565), which holds for few days too.
    """

    name: str
    variance: float
    sd: float
    cv_percent: float | None
    freedom: float
    sd_low: float | None = None
    sd_high: float | None = None


@dataclass(frozen=True, slots=True)
class Precision:
    """The precision of a material: n values, their mean, and the components, the coarsest first."""

    n: int
    mean: float
    components: tuple[VarianceComponent, ...]
    left_out: tuple[str, ...] = ()

    def component(self, name: str) -> VarianceComponent:
        """Return a component by its name; KeyError where there is none."""
        return {part.name: part for part in self.components}[name]


def nested_precision(
    values: Sequence[float], factors: Sequence[tuple[str, Sequence[str]]], *, of_materials: bool = False
) -> Precision:
    """Return nested variance components of replicates of one material.

    Analysis of variance with expected mean squares for unequal numbers (Searle, Casella, McCulloch 1992,
    doi:10.1002/9780470316856, chapter 5; CLSI EP05-A3). The estimates are unbiased.

    Parameters
    ----------
    values : (n,)
        Results, in any unit.
    factors
        (name, label of each value) from the coarsest to the finest, each nested in those before it: run "1"
        of day "a" and run "1" of day "b" are two runs. A factor that splits nothing, or that the replicates
        cannot separate from the next finer scatter, is left out and named in `left_out`.
    of_materials
        True if the coarsest factor is the material: differences between materials then count in no component.

    Raises
    ------
    TooFewError
        No two values share all factors: there are no replicates.

    Examples
    --------
    >>> found = nested_precision([10, 12, 20, 22], [("run", ["a", "a", "b", "b"])])
    >>> [(part.name, part.variance) for part in found.components]
    [('run', 49.0), ('repeatability', 2.0), ('total', 51.0)]
    """
    labels = [tuple(str(labels[row]) for _, labels in factors) for row in range(len(values))]
    names, cut, left_out = _telling([name for name, _ in factors], labels)
    of_materials = of_materials and names[:1] == [factors[0][0]]
    cells = [_grouped([key[:end] for key in cut], values) for end in range(len(names) + 1)]
    freedom = [len(cells[k]) - len(cells[k - 1]) for k in range(1, len(cells))]
    freedom.append(len(values) - len(cells[-1]))
    if freedom[-1] <= 0:
        raise TooFewError(
            f"found {counted(len(values), 'result')}, no two of them in one run, expected replicates in a run"
        )
    squares = _sums_of_squares(cells)
    expected = [_coefficients(cells, level) for level in range(1, len(cells))]
    variances = _solved(squares, freedom, expected)
    shares = _shares(squares, freedom, expected, first=int(of_materials))
    middle = mean(values)
    parts = [
        _component(name, variance, middle, df)
        for name, variance, df in zip((*names, REPEATABILITY), variances, freedom, strict=True)
    ]
    parts = parts[int(of_materials) :]
    parts.append(_at_least(math.fsum(part.sd**2 for part in parts), _total(shares, freedom, middle), middle))
    return Precision(len(values), middle, tuple(parts), left_out)


def _telling(names: Sequence[str], labels: Sequence[_Key]) -> tuple[list[str], list[_Key], tuple[str, ...]]:
    """Return the factors that split the values, and the labels of the values by these factors."""
    used: list[int] = []
    left_out: list[str] = []
    for index, name in enumerate(names):
        coarser = {tuple(key[k] for k in used) for key in labels}
        finer = {tuple(key[k] for k in (*used, index)) for key in labels}
        if len(finer) == len(coarser) or len(finer) == len(labels):
            left_out.append(name)
        else:
            used.append(index)
    cut = [tuple(key[k] for k in used) for key in labels]
    return [names[k] for k in used], cut, tuple(left_out)


def _grouped(keys: Sequence[_Key], values: Sequence[float]) -> dict[_Key, list[float]]:
    groups: dict[_Key, list[float]] = {}
    for key, value in zip(keys, values, strict=True):
        groups.setdefault(key, []).append(value)
    return groups


def _sums_of_squares(cells: Sequence[dict[_Key, list[float]]]) -> list[float]:
    """Return the sum of squares of each factor within the next coarser one, then that of the replicates."""
    squares = []
    for level in range(1, len(cells)):
        above = {key: mean(group) for key, group in cells[level - 1].items()}
        parts = (len(group) * (mean(group) - above[key[:-1]]) ** 2 for key, group in cells[level].items())
        squares.append(math.fsum(parts))
    inside = (value - mean(group) for group in cells[-1].values() for value in group)
    squares.append(math.fsum(away**2 for away in inside))
    return squares


def _coefficients(cells: Sequence[dict[_Key, list[float]]], level: int) -> list[float]:
    """Return the coefficients of the components, from this level on, in the sum of squares."""
    sizes = [{key: len(group) for key, group in cell.items()} for cell in cells]
    return [
        math.fsum(
            n**2 * (1 / sizes[level][key[:level]] - 1 / sizes[level - 1][key[: level - 1]])
            for key, n in sizes[finer].items()
        )
        for finer in range(level, len(cells))
    ]


def _solved(
    squares: Sequence[float], freedom: Sequence[int], expected: Sequence[Sequence[float]]
) -> list[float]:
    """Return the variances, finest last: the expected mean squares form a triangular system of equations."""
    variances = [squares[-1] / freedom[-1]]
    for level in range(len(expected) - 1, -1, -1):
        own, *finer = expected[level]
        of_finer = (
            math.fsum(c * v for c, v in zip(finer, variances, strict=False)) + freedom[level] * variances[-1]
        )
        variances.insert(0, (squares[level] - of_finer) / own)
    return variances


def _shares(
    squares: Sequence[float], freedom: Sequence[int], expected: Sequence[Sequence[float]], *, first: int
) -> list[float]:
    """Return each mean square's contribution to the total from component `first` on."""
    shares = []
    for level in range(len(squares)):
        only = [0.0] * len(squares)
        only[level] = squares[level]
        shares.append(math.fsum(_solved(only, freedom, expected)[first:]))
    return shares


def _total(shares: Sequence[float], freedom: Sequence[int], middle: float) -> VarianceComponent:
    """Return the total with its interval (modified large-sample method; Graybill, Wang 1980)."""
    total = math.fsum(shares)
    spread = math.fsum(share**2 / df for share, df in zip(shares, freedom, strict=True))
    plain = _component(TOTAL, total, middle, total**2 / spread if spread > 0 else freedom[-1])
    if total <= 0:
        return plain
    ends = [variance_interval(share, df) for share, df in zip(shares, freedom, strict=True)]
    down = math.fsum((share - low) ** 2 for share, (low, _) in zip(shares, ends, strict=True))
    up = math.fsum((high - share) ** 2 for share, (_, high) in zip(shares, ends, strict=True))
    low, high = max(total - math.sqrt(down), 0.0), total + math.sqrt(up)
    return replace(plain, sd_low=math.sqrt(low), sd_high=math.sqrt(high))


def _at_least(variance: float, total: VarianceComponent, middle: float) -> VarianceComponent:
    """Return the total with an SD in which negative components count as 0; its variance stays unbiased."""
    size = math.sqrt(variance)
    if total.sd >= size:
        return total
    high = total.sd_high
    return replace(
        total,
        sd=size,
        cv_percent=100 * size / middle if middle > 0 else None,
        sd_high=None if high is None else max(high, size),
    )


def _component(name: str, variance: float, middle: float, freedom: float) -> VarianceComponent:
    size = math.sqrt(max(variance, 0.0))
    cv = 100 * size / middle if middle > 0 else None
    low = high = None
    if name == REPEATABILITY and variance > 0:
        low, high = (math.sqrt(end) for end in variance_interval(variance, freedom))
    return VarianceComponent(name, variance, size, cv, freedom, low, high)
