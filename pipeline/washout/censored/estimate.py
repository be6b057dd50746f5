"""An estimate with its interval, and a refusal with its reason."""

from __future__ import annotations

import dataclasses
import math
from enum import StrEnum
from typing import Final

from calibration.numbers import LEVEL
from pipeline.files.json_names import NOT_WRITTEN
from pipeline.study.quantity_name import NO_UNIT, Unit
from pipeline.washout.censored.subject import EstimateKind, TermSubject

_OUR_OWN: Final = {NOT_WRITTEN: True}


class NotEstimableError(ValueError):
    """The data do not allow this estimate; the message says why, in one sentence."""


@dataclasses.dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its interval. None means not known; an infinite limit is None, and `note` says so.

    Attributes
    ----------
    name
        The name in `washout.json`; nothing is read from it.
    words
        What people read instead of the name, as `Fold per doubling of the washout`.
    kind, model, subject
        By these the report finds an estimate: what it is of; the name of its model, which the report of the
        models fills in, "" for none; and, if it is the fold of a term, what that term is about.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    method: str
    interval_method: str = ""
    level: float = LEVEL
    unit: Unit = NO_UNIT
    p: float | None = None
    note: str = ""
    words: str = dataclasses.field(kw_only=True, metadata=_OUR_OWN)
    kind: EstimateKind = dataclasses.field(default=EstimateKind.OTHER, kw_only=True, metadata=_OUR_OWN)
    model: str = dataclasses.field(default="", kw_only=True, metadata=_OUR_OWN)
    subject: TermSubject | None = dataclasses.field(default=None, kw_only=True, metadata=_OUR_OWN)

    def on(self, start: str, words: str) -> Estimate:
        """Return the estimate of another line: what its name and its words begin with.

        Examples
        --------
        >>> fold = Estimate("fold", 2.0, 1.0, 4.0, 9, "", words="Fold per doubling")
        >>> fold.on("total_", "Of the total").words
        'Of the total: fold per doubling'
        """
        longer = f"{words}: {self.words[:1].lower()}{self.words[1:]}"
        return dataclasses.replace(self, name=start + self.name, words=longer)


class ModelName(StrEnum):
    """The models of washout, as `washout.json` names them."""

    RANKS = "M0"
    LINE = "M1"
    ADJUSTED = "M1 adjusted"
    WITH_LEFT_OUT = "M1 with rows left out"
    RANDOM_INTERCEPT = "M1 random intercept"
    RECOVERY = "M2"
    TOTAL = "M3"


@dataclasses.dataclass(frozen=True, slots=True)
class PatientShare:
    """A share of the patients, above 0 and below 1. Half of them is a case of its own: the median patient."""

    fraction: float
    is_half: bool = False

    @classmethod
    def of(cls, fraction: float) -> PatientShare:
        """Return this share; a number that rounds to one half is one half.

        Examples
        --------
        >>> PatientShare.of(0.7 - 0.2).is_half, PatientShare.of(0.501).is_half
        (True, False)
        """
        return HALF_OF_PATIENTS if math.isclose(fraction, HALF_OF_PATIENTS.fraction) else cls(fraction)

    @property
    def words(self) -> str:
        """The share in a sentence, such as `90 % of the patients`."""
        return "half of the patients" if self.is_half else f"{100 * self.fraction:g} % of the patients"


HALF_OF_PATIENTS = PatientShare(0.5, is_half=True)
"""The share that the median patient stands for. Arithmetic: a median parts the patients into halves."""


@dataclasses.dataclass(frozen=True, slots=True)
class Wait:
    """The weeks of washout until this share of the patients has reached this receptor density.

    Attributes
    ----------
    model
        `M1`: the line; `M2`: the recovery curve.
    density
        Molecules per cell.
    share
        0.5: the median patient; 0.9: nine of ten patients.
    weeks, low, high
        The weeks and their interval; None: not known, or no limit on this side. `note` says why.
    """

    model: str
    density: float
    share: float
    weeks: float | None
    low: float | None
    high: float | None
    n: int
    method: str = ""
    interval_method: str = ""
    level: float = LEVEL
    note: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Refusal:
    """An estimate that was refused: its name and the reason.

    Attributes
    ----------
    plain
        Name and reason as people read them, where they hold the name of a covariate; else empty.
    """

    name: str
    reason: str
    plain: tuple[str, str] | tuple[()] = dataclasses.field(default=(), metadata=_OUR_OWN)


def aicc(log_likelihood: float, parameters: float, n: int) -> float:
    """Return the AICc, −2ℓ + 2p + 2p(p+1)/(n − p − 1) (Hurvich & Tsai 1989, doi:10.1093/biomet/76.2.297).

    Examples
    --------
    >>> aicc(-10.0, 3, 20)
    27.5
    """
    freedom = n - parameters - 1
    return (
        float("inf")
        if freedom <= 0
        else -2 * log_likelihood + 2 * parameters * (1 + (parameters + 1) / freedom)
    )
