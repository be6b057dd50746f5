"""Terms of the line besides the washout: the bead kit, and covariates of the patient.

log10 RD = a + b·log2 weeks + Σ c_j·z_j + ε. The c of a kit is the log10 ratio of its reading to that of the
most frequent kit on the same cells. The c of a covariate is the change of log10 RD per unit (one line of
therapy, IgG or not, an IMiD since or not) at the same washout.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from calibration.numbers import Floats
from pipeline.study.quantity_name import Unit
from pipeline.washout.censored.estimate import Estimate
from pipeline.washout.censored.likelihood import OBSERVED
from pipeline.washout.censored.profile import effective_rows
from pipeline.washout.censored.subject import EstimateKind, TermSubject, term_words

ROWS_PER_COEFFICIENT: Final = 10
"""Fewest rows per coefficient for an adjusted line. Convention (docs/method.md)."""
LARGEST_EXPONENT = 300
"""Largest exponent of ten of a number. Convention: within float64."""


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """A further column of the line.

    Attributes
    ----------
    name, unit
        The name, as `kit_qsc` or `prior_lines`, and the unit of its effect in words.
    values : (n,)
        NaN: not known.
    centred
        The line is reported at the mean of the values; otherwise at 0.
    subject
        What the term is about; None for a term that a caller named, and for the test of a doubt.
    """

    name: str
    unit: Unit
    values: Floats
    centred: bool = False
    subject: TermSubject | None = None

    def take(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Term:
        """Return the term of these rows."""
        return Term(self.name, self.unit, self.values[rows], self.centred, self.subject)

    @property
    def centre(self) -> float:
        """The value at which the line is reported."""
        return float(self.values.mean()) if self.centred else 0.0

    @property
    def scale(self) -> float:
        """SD of the values, by which they are divided, so that the ascent does not depend on units."""
        return float(self.values.std()) or 1.0


@dataclass(frozen=True, slots=True)
class TermEffect:
    """Change of log10 RD per unit of a term, dex: corrected for bias, most likely, and its interval."""

    name: str
    unit: Unit
    effect: float
    most_likely: float
    interval: tuple[float, float]
    p: float
    subject: TermSubject | None = None

    def estimate(self, n: int, method: str, how: str, level: float) -> Estimate:
        """Return the factor on the RD, as `washout.json` prints it."""
        low, high = (_power(limit) for limit in self.interval)
        note = "" if low is not None and high is not None else "the data set no limit on the empty side"
        return Estimate(
            f"fold_{self.name}",
            _power(self.effect),
            low,
            high,
            n,
            method,
            how,
            level,
            self.unit,
            self.p,
            note,
            words=term_words(self.subject, self.name),
            kind=EstimateKind.TERM,
            subject=self.subject,
        )


def refusal_of(term: Term, kind: NDArray[np.int8], name: str) -> str:
    """Return why the covariate of this name cannot be used on these rows; "" if it can."""
    unknown = int(np.sum(~np.isfinite(term.values)))
    if unknown:
        return f"{name} is not known in {unknown} of {len(kind)} rows"
    if np.ptp(term.values) == 0:
        return f"{name} is {term.values[0]:g} in every row"
    among_measured = term.values[kind == OBSERVED]
    if len(among_measured) and np.ptp(among_measured) == 0:
        return f"{name} is {among_measured[0]:g} in every measured row"
    return ""


def too_many(kind: NDArray[np.int8], n_terms: int) -> str:
    """Return why these rows are too few for so many terms; "" if they are enough."""
    needed, effective = ROWS_PER_COEFFICIENT * (2 + n_terms), effective_rows(kind)
    if effective >= needed:
        return ""
    words = f"{2 + n_terms} coefficients need {needed} rows (a censored one counts half)"
    return f"{words}; there are {effective:g}"


def _power(exponent: float) -> float | None:
    return float(10.0**exponent) if abs(exponent) < LARGEST_EXPONENT else None
