"""Doubts about the line: four tests of what may bend it. What is significant is modelled, or reported.

The rule is fixed in advance: a doubt is significant if its likelihood-ratio p is below 0.05. The line then
gets a term for a scatter that changes with weeks, for an LLOQ that goes with the density of its row, and for
patients who were sampled more often because of their density. A bend is only reported, since a line has none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np

from pipeline.study.quantity_name import NO_UNIT, Unit, UnitKind, fold_unit
from pipeline.washout.censored.estimate import Estimate, NotEstimableError
from pipeline.washout.censored.likelihood import LEFT, OBSERVED
from pipeline.washout.censored.profile import coefficient_ratio
from pipeline.washout.line.intervals import coefficient_of, jackknife_of, p_of
from pipeline.washout.line.line import Line, fit_line
from pipeline.washout.observations.rows import Observations
from pipeline.washout.observations.terms import Term

_SIGNIFICANT: Final = 0.05
"""Likelihood-ratio p below which a doubt is significant. Convention (docs/method.md)."""

_OPEN: Final = 0.5
"""Likelihood-ratio p below which a scatter that changes with weeks stays possible, though not significant.
Convention: of 300 simulated studies of 60 rows in which it changes by a fifth per doubling, 71 to 78 % have a
p below it, but only 19 to 32 % a p below 0.05."""

FEWEST_MEASURED: Final = 8
"""Fewest measured values for a test of doubts: with fewer, five coefficients are too many. Convention: three
rows more than coefficients."""

_LEAST_SPREAD: Final = 0.05
"""SD of log10 LLOQ, dex, below which all rows count as having the same LLOQ. Convention: 12 %."""

_FEWEST_OFTEN: Final = 5
"""Fewest patients with several samples for a test of the number of samples. Convention, as the jackknife."""

_MOSTLY: Final = 0.5
"""Share of censored rows above which M0 takes a wider spread for a rise. Convention: with more than half
censored the median itself is not measured."""


class Doubt(StrEnum):
    """What may bend the line."""

    SCATTER = "scatter changes with weeks"
    LLOQ = "LLOQ goes with the density"
    OFTEN = "number of samples goes with the density"
    BEND = "the rise is not straight"


_UNITS: Final = {
    Doubt.SCATTER: fold_unit("fold of sigma per doubling"),
    Doubt.LLOQ: Unit("dex of RD per dex of LLOQ", UnitKind.COEFFICIENT),
    Doubt.OFTEN: Unit("dex of RD per doubling of samples", UnitKind.COEFFICIENT),
    Doubt.BEND: Unit("dex per doubling, per doubling", UnitKind.COEFFICIENT),
}


@dataclass(frozen=True, slots=True)
class Tested:
    """A doubt that was tested.

    Attributes
    ----------
    effect
        Scatter: factor on σ per doubling of the washout. LLOQ: change of log10 RD per dex of LLOQ. Number of
        samples: change of log10 RD per doubling of it. Bend: change of the slope per doubling.
    p
        Likelihood-ratio p of no effect, on the scale of the line's intervals.
    slope
        Slope of the line without this term, dex per doubling, corrected for bias.
    """

    doubt: Doubt
    effect: float
    p: float
    slope: float

    @property
    def is_significant(self) -> bool:
        """Whether p is below 0.05, the rule that was fixed in advance."""
        return self.p < _SIGNIFICANT

    def estimate(self, n: int, level: float) -> Estimate:
        """Return the effect as `washout.json` prints it."""
        method = f"likelihood-ratio test: {self.doubt.value}"
        note = "found" if self.is_significant else "not found"
        name, words = f"doubt_{self.doubt.name.lower()}", f"Doubt about the line: {self.doubt.value}"
        how = (method, "", level, _UNITS[self.doubt], self.p, note)
        return Estimate(name, self.effect, None, None, n, *how, words=words)


def doubts_of(line: Line) -> tuple[Tested, ...]:
    """Test every doubt that these rows allow to be tested, each against the line without any doubt."""
    if line.data.count(OBSERVED) < FEWEST_MEASURED:
        return ()
    tested = (_safely(test, line) for test in (_scatter, _lloq, _often, _bend))
    return tuple(doubt for doubt in tested if doubt is not None)


def with_doubts(data: Observations, tested: tuple[Tested, ...]) -> Observations:
    """Return the rows with a term for each doubt that is significant."""
    significant = {doubt.doubt for doubt in tested if doubt.is_significant}
    terms = [_lloq_term(data)] * (Doubt.LLOQ in significant)
    terms += [_often_term(data)] * (Doubt.OFTEN in significant)
    scatter = data.scatter_varies or Doubt.SCATTER in significant
    if not terms and scatter == data.scatter_varies:
        return data
    return replace(data, terms=(*data.terms, *terms), scatter_varies=scatter)


def doubt_words(data: Observations, tested: tuple[Tested, ...], slope: float) -> tuple[str, ...]:
    """Return a sentence for each significant doubt: what it is, its p, and the slope without its term.

    Parameters
    ----------
    slope
        Slope of the line that is reported.
    """
    return tuple(_WORDS[doubt.doubt](data, doubt, slope) for doubt in tested if doubt.is_significant)


def open_scatter_words(tested: tuple[Tested, ...]) -> str:
    """Return how the slope errs if the scatter changes, where the rows leave that open; "" elsewhere.

    To be read beside the slope of the line whose scatter may change.
    """
    for doubt in tested:
        if doubt.doubt is Doubt.SCATTER and not doubt.is_significant and doubt.p < _OPEN:
            change, err = ("grows", "steep") if doubt.effect > 1 else ("shrinks", "flat")
            return (
                f"The rows leave open whether the scatter {change} with weeks (× {doubt.effect:.3g} per "
                f"doubling, p {doubt.p:.2g}). If it does, the slope of M1 is too {err}; the interval of M1 "
                "allows for this."
            )
    return ""


def _safely(test: Callable[[Line], Tested | None], line: Line) -> Tested | None:
    try:
        return test(line)
    except NotEstimableError:
        return None


def _scatter(line: Line) -> Tested | None:
    if line.data.scatter_varies:
        return None
    free = fit_line(replace(line.data, scatter_varies=True))
    ratio = max(0.0, 2 * float(free.best.log_likelihood[0] - line.best.log_likelihood[0]))
    gamma = len(free.data.terms) + 2
    p = p_of(free, jackknife_of(free), ratio, coefficient_of(gamma))
    effect = float(np.exp(free.best.beta[0, gamma] / free.axes.scale_x))
    return Tested(Doubt.SCATTER, effect, p, line.reported.slope)


def _lloq(line: Line) -> Tested | None:
    limits = line.data.log_lloq
    if not np.isfinite(limits).all() or float(np.std(limits)) < _LEAST_SPREAD:
        return None
    return _of_term(line, _lloq_term(line.data), Doubt.LLOQ, 1.0)


def _often(line: Line) -> Tested | None:
    counts = np.unique(line.data.patients, return_counts=True)[1]
    if np.ptp(counts) == 0 or int(np.sum(counts > 1)) < _FEWEST_OFTEN:
        return None
    return _of_term(line, _often_term(line.data), Doubt.OFTEN, 1.0)


def _bend(line: Line) -> Tested | None:
    doublings = np.log2(line.data.weeks)
    squares = (doublings - doublings.mean()) ** 2
    return _of_term(line, Term("bend", NO_UNIT, squares, centred=True), Doubt.BEND, 2.0)


def _of_term(line: Line, term: Term, doubt: Doubt, factor: float) -> Tested | None:
    if np.ptp(term.values) == 0:
        return None
    data = replace(line.data, terms=(*line.data.terms, term))
    free = fit_line(data)
    column = 1 + len(data.terms)
    ratio = coefficient_ratio(free.rows, free.best, column, 0.0)
    p = p_of(free, jackknife_of(free), ratio, coefficient_of(column))
    effect = factor * float(free.best.beta[0, column]) * free.axes.scale_y / term.scale
    return Tested(doubt, effect, p, line.reported.slope)


def _lloq_term(data: Observations) -> Term:
    return Term("lloq", fold_unit("fold per tenfold LLOQ"), data.log_lloq, centred=True)


def _often_term(data: Observations) -> Term:
    _, member, counts = np.unique(data.patients, return_inverse=True, return_counts=True)
    return Term(
        "samples",
        fold_unit("fold per doubling of a patient's samples"),
        np.log2(counts[member]),
        centred=True,
    )


def _scatter_words(data: Observations, doubt: Tested, slope: float) -> str:
    grows = doubt.effect > 1
    steep = "steep" if grows else "flat"
    words = (
        f"the scatter {'grows' if grows else 'shrinks'} with weeks (× {doubt.effect:.3g} per doubling, "
        f"p {doubt.p:.2g}): the line allows for it; with one scatter the slope would be {doubt.slope:.3g} "
        f"in place of {slope:.3g}, too {steep}"
    )
    if grows and data.count(LEFT) > _MOSTLY * data.n:
        words += "; M0 mistakes such a spread for a rise"
    return words


def _lloq_words(_: Observations, doubt: Tested, slope: float) -> str:
    side = "high" if doubt.effect > 0 else "low"
    return (
        f"rows with a high LLOQ have a {side} RD (p {doubt.p:.2g}): the line has a term for it; "
        f"without it the slope would be {doubt.slope:.3g} in place of {slope:.3g}"
    )


def _often_words(_: Observations, doubt: Tested, slope: float) -> str:
    side = "high" if doubt.effect > 0 else "low"
    return (
        f"patients with more samples have a {side} RD (p {doubt.p:.2g}): the line has a term for it; "
        f"without it the slope would be {doubt.slope:.3g} in place of {slope:.3g}"
    )


def _bend_words(_: Observations, doubt: Tested, _slope: float) -> str:
    if doubt.effect < 0:
        return (
            f"the rise slows with weeks (p {doubt.p:.2g}): the line is too low in the middle and too high at "
            "the end, and gives no weeks until a density"
        )
    return (
        f"the rise quickens with weeks (p {doubt.p:.2g}): the line is too high in the middle and too low at "
        "the end, and gives no weeks until a density"
    )


_WORDS: Final = {
    Doubt.SCATTER: _scatter_words,
    Doubt.LLOQ: _lloq_words,
    Doubt.OFTEN: _often_words,
    Doubt.BEND: _bend_words,
}
