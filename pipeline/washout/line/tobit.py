"""M1: how fast does free CD38 come back? A straight line of log10 RD on log2 weeks, with censored values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from calibration.numbers import LEVEL, Floats
from pipeline.study.quantity_name import DEX, DEX_PER_DOUBLING, FOLD, MOLECULES, Unit, fold_unit
from pipeline.washout.censored.estimate import Estimate, aicc
from pipeline.washout.censored.profile import effective_rows
from pipeline.washout.line.doubts import Doubt, Tested, doubt_words, doubts_of, with_doubts
from pipeline.washout.line.intervals import term_effects
from pipeline.washout.line.line import Coefficients, fit_line
from pipeline.washout.line.reported import Varying, allow_for_scatter, line_with_doubts
from pipeline.washout.line.words import LINE_WORDS
from pipeline.washout.observations.rows import Observations, observe
from pipeline.washout.observations.terms import LARGEST_EXPONENT, Term, TermEffect

_SMALLEST_SIGMA: Final = 1e-5
"""σ on standardised axes below which the rows lie on a line and no interval is reported. Convention: a
hundred-thousandth of the spread is less than a density's last digit."""

_NO_SCATTER: Final = (
    "no scatter is left between rows (sigma 0): the interval does not apply to other patients"
)
_FORMULA: Final = "log10 RD = intercept + slope * log2 weeks + N(0, sigma)"
_CHANGING: Final = "log10 RD = intercept + slope * log2 weeks + N(0, sigma * exp(gamma * log2 weeks))"
_LESS_BIAS: Final = "Tobit, adjusted score (maximum likelihood minus its bias of order 1/n): "
_MOST_LIKELY: Final = "Tobit, maximum likelihood: "
_BIAS_STAYS: Final = "the slope's bias could not be corrected: the slope is that of maximum likelihood"


@dataclass(frozen=True, slots=True, eq=False)
class WashoutFit:
    """The line and its intervals. One doubling of the washout multiplies the median RD by 10^slope.

    Attributes
    ----------
    slope
        Change of log10 RD per doubling of the washout, corrected for bias (`pipeline.washout.censored.bias`).
    intercept
        log10 of the median RD at 1 week, of the same line.
    sigma
        SD of log10 RD between patients around the line, dex; without the measurement SD, if that was given.
    most_likely
        Slope, intercept and sigma of highest likelihood: with few measured rows too steep on average.
    slope_interval, intercept_interval, sigma_interval
        By profile likelihood, scaled to the jackknife of patients if a patient gave several samples; ±inf: no
        limit. That of the slope is averaged with `varying` (`pipeline.washout.line.reported`).
    slope_p
        Two-sided p of slope = 0, on the scale of the interval.
    covariance : (3, 3)
        Covariance of intercept, slope and log sigma, from the curvature of the likelihood.
    terms
        Effects of ways of measuring and of covariates; empty without them.
    doubts
        Tests of what may bend the line. A significant doubt is a term of the line, or is reported.
    varying
        Slope and interval of the line whose scatter may change with weeks; None if it cannot be fitted.
    """

    slope: float
    intercept: float
    sigma: float
    most_likely: Coefficients
    slope_interval: tuple[float, float]
    intercept_interval: tuple[float, float]
    sigma_interval: tuple[float, float]
    slope_p: float
    log_likelihood: float
    covariance: Floats = field(repr=False)
    level: float
    data: Observations = field(repr=False)
    method: str
    interval_method: str
    notes: tuple[str, ...] = ()
    terms: tuple[TermEffect, ...] = ()
    doubts: tuple[Tested, ...] = ()
    varying: Varying | None = None

    @property
    def doubt_words(self) -> tuple[str, ...]:
        """A sentence for each significant doubt."""
        return doubt_words(self.data, self.doubts, self.slope)

    @property
    def n(self) -> int:
        """Rows in the fit."""
        return self.data.n

    @property
    def fold_per_doubling(self) -> float:
        """10^slope: by how much the median RD is multiplied when the washout doubles."""
        return _power(self.slope)

    @property
    def fold_interval(self) -> tuple[float, float]:
        """Interval of `fold_per_doubling`."""
        return _power(self.slope_interval[0]), _power(self.slope_interval[1])

    def predict(self, weeks: ArrayLike) -> Floats:
        """Return the median RD, molecules per cell, at these washouts in weeks (> 0)."""
        return np.asarray(10.0 ** (self.intercept + self.slope * _doublings(weeks)))

    def predict_interval(self, weeks: ArrayLike) -> tuple[Floats, Floats]:
        """Return the pointwise interval of the median RD (delta method; rows count as independent)."""
        from scipy.special import stdtrit

        x = _doublings(weeks)
        variance = self.covariance[0, 0] + 2 * x * self.covariance[0, 1] + x**2 * self.covariance[1, 1]
        freedom = max(effective_rows(self.data.kind) - self.n_parameters + 1, 1.0)
        half = stdtrit(freedom, (1 + self.level) / 2) * np.sqrt(variance)
        line = self.intercept + self.slope * x
        return np.asarray(10.0 ** (line - half)), np.asarray(10.0 ** (line + half))

    def estimates(self) -> tuple[Estimate, ...]:
        """Return every number with its interval, as `washout.json` prints it."""
        one_week = _power(self.intercept)
        at_one_week = _power(self.intercept_interval[0]), _power(self.intercept_interval[1])
        slopes, likely, name = self._slopes(), self.most_likely.slope, "slope_maximum_likelihood"
        words = LINE_WORDS[name]._asdict()
        likeliest = replace(slopes[0], name=name, value=likely, method=self._likely_method, **words)
        common = (self.n, self.method, self.interval_method, self.level)
        return (
            *slopes,
            self._estimate("intercept", self.intercept, self.intercept_interval, DEX),
            self._estimate("median_rd_at_1_week", one_week, at_one_week, MOLECULES),
            self._estimate("sigma", self.sigma, self.sigma_interval, DEX),
            likeliest,
            *(term.estimate(*common) for term in self.terms),
            *self._doubted(),
        )

    def _slopes(self) -> tuple[Estimate, Estimate]:
        slope, fold = (self.slope, self.slope_interval), (self.fold_per_doubling, self.fold_interval)
        return (
            self._estimate("slope_per_doubling", *slope, DEX_PER_DOUBLING, self.slope_p),
            self._estimate("fold_per_doubling", *fold, FOLD, self.slope_p),
        )

    def _doubted(self) -> tuple[Estimate, ...]:
        """Return the slope with a varying scatter, the slope without doubts, and the effect of each doubt."""
        name, common = "slope_varying_scatter", (self.interval_method, self.level, DEX_PER_DOUBLING)
        slopes = [] if self.varying is None else [self._estimate(name, *self.varying, common[2])]
        modelled = [doubt for doubt in self.doubts if doubt.is_significant and doubt.doubt is not Doubt.BEND]
        if modelled:
            constant = (modelled[0].slope, None, None, self.n, self._likely_method, "", *common[1:])
            slopes.append(Estimate(name := "slope_without_doubts", *constant, **LINE_WORDS[name]._asdict()))
        return (*slopes, *(doubt.estimate(self.n, self.level) for doubt in self.doubts))

    @property
    def _likely_method(self) -> str:
        return self.method.replace(_LESS_BIAS, _MOST_LIKELY)

    def renamed(self, prefix: str, words: str) -> tuple[Estimate, ...]:
        """Return slope, fold change and terms, with a prefix before their names and words before theirs."""
        common = (self.n, self.method, self.interval_method, self.level)
        estimates = (*self._slopes(), *(term.estimate(*common) for term in self.terms))
        return tuple(estimate.on(prefix, words) for estimate in estimates)

    @property
    def aicc(self) -> float:
        """Akaike's information criterion, corrected for few rows (AICc)."""
        return aicc(self.log_likelihood, self.n_parameters, self.n)

    @property
    def n_parameters(self) -> int:
        """Number of parameters: intercept, slope, sigma, terms, and the change of sigma if it has one."""
        return 3 + len(self.terms) + self.data.scatter_varies

    def _estimate(
        self, name: str, value: float, limits: tuple[float, float], unit: Unit, p: float | None = None
    ) -> Estimate:
        low, high = (limit if np.isfinite(limit) else None for limit in limits)
        note = "" if low is not None and high is not None else "the data set no limit on the empty side"
        common = (self.n, self.method, self.interval_method, self.level, unit, p, note)
        return Estimate(name, value, low, high, *common, **LINE_WORDS[name]._asdict())


def fit_tobit(
    weeks: ArrayLike,
    rd: ArrayLike,
    status: Sequence[str],
    *,
    lloq: ArrayLike,
    uloq: ArrayLike = np.inf,
    measurement_sd: ArrayLike | None = None,
    patients: Sequence[object] | None = None,
    covariates: Mapping[str, ArrayLike] | None = None,
    level: float = LEVEL,
    doubts: bool = True,
) -> WashoutFit:
    """Fit log10 RD = a + b·log2 weeks + ε with censored values.

    The likelihood of a row below its LLOQ is Φ((log10 LLOQ − μ)/s), of a row above its ULOQ 1 − Φ(…), of a
    measured row φ; s² = σ² + measurement_sd² (Tobin 1958, doi:10.2307/1907382). `most_likely` is the line of
    highest likelihood. The reported line is that line without its bias of order 1/n (adjusted score; Firth
    1993, doi:10.1093/biomet/80.1.27). The interval of b is by profile likelihood, corrected for few rows
    (`profile.critical_value`) and scaled to the jackknife of patients if a patient gave several samples.

    Parameters
    ----------
    weeks, rd, status, lloq, uloq, measurement_sd, patients
        As in `pipeline.washout.observations.rows.observe`: one row per patient and visit.
    covariates
        Further columns of the line by name, numbers of shape (n,); the line is reported at their means.
    level
        Confidence level of the intervals.
    doubts
        Test what may bend the line, and add a term for what is significant (`pipeline.washout.line.doubts`).

    Raises
    ------
    NotEstimableError
        If there are fewer than 3 measured values, all washouts are equal, or the likelihood has no maximum.
    ValueError
        If columns differ in length, or a status is unknown.

    Examples
    --------
    >>> weeks, rd = [2, 4, 8, 16, 32], [900, 5200, 9000, 21000, 39000]
    >>> fit = fit_tobit(weeks, rd, ["BELOW_LLOQ", "OK", "OK", "OK", "OK"], lloq=5000)
    >>> round(fit.fold_per_doubling, 2), round(float(fit.predict(16)), -3)
    (1.99, 20000.0)
    """
    terms = [
        Term(name, fold_unit("fold per unit"), np.array(values, dtype=np.float64), centred=True)
        for name, values in (covariates or {}).items()
    ]
    rows = observe(
        weeks, rd, status, lloq=lloq, uloq=uloq, measurement_sd=measurement_sd, patients=patients, terms=terms
    )
    return fit_observations(rows, level=level, doubts=doubts)


def fit_observations(data: Observations, *, level: float = LEVEL, doubts: bool = True) -> WashoutFit:
    """Fit the line as `fit_tobit` does, to rows that are sorted into measured and censored ones already."""
    plain = fit_line(data)
    tested = doubts_of(plain) if doubts else ()
    line, intervals = line_with_doubts(plain, with_doubts(data, tested), level)
    intervals, varying = allow_for_scatter(line, intervals, level) if tested else (intervals, None)
    data = line.data
    reported, likely = line.reported, line.most_likely
    notes = _fit_notes(data, likely.sigma, intervals.slope)
    stays = () if line.bias_is_off or likely.sigma < _SMALLEST_SIGMA else (_BIAS_STAYS,)
    sentences = doubt_words(data, tested, reported.slope)
    formula = (_CHANGING if data.scatter_varies else _FORMULA) + "".join(f" + {t.name}" for t in data.terms)
    return WashoutFit(
        slope=reported.slope,
        intercept=reported.intercept,
        sigma=reported.sigma,
        most_likely=likely,
        slope_interval=intervals.slope,
        intercept_interval=intervals.intercept,
        sigma_interval=intervals.sigma,
        slope_p=intervals.slope_p,
        log_likelihood=line.log_likelihood,
        covariance=line.covariance(),
        level=level,
        data=data,
        method=(_LESS_BIAS if line.bias_is_off else _MOST_LIKELY) + formula,
        interval_method=intervals.how,
        notes=(*data.notes, *notes, *stays, *sentences),
        terms=term_effects(line, level),
        doubts=tested,
        varying=varying,
    )


def _fit_notes(data: Observations, sigma: float, slope: tuple[float, float]) -> tuple[str, ...]:
    notes = [
        f"the data set no {side} limit of the slope"
        for side, limit in zip(("lower", "upper"), slope, strict=True)
        if not np.isfinite(limit)
    ]
    if data.n_patients < data.n:
        notes.append(
            f"{data.n} samples of {data.n_patients} patients: the interval leaves out whole patients"
        )
    if sigma < _SMALLEST_SIGMA:
        notes.append(_NO_SCATTER)
    return tuple(notes)


def _doublings(weeks: ArrayLike) -> Floats:
    array = np.asarray(weeks, dtype=np.float64)
    if not np.all(array > 0):
        raise ValueError("weeks must be above 0: the model has log2 of the washout")
    return np.asarray(np.log2(array))


def _power(exponent: float) -> float:
    return float(10.0**exponent) if exponent < LARGEST_EXPONENT else float("inf")
