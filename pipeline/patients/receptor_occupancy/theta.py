"""θ: the part of a cell's CD38 that the drug covers, with its interval and its source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np

from pipeline.patients.pharmacokinetics.levels import DrugLevel

NO_DIVISION: Final = (
    "the clone does not compete with the drug: the density is the total, with or without drug on it, "
    "and nothing is divided"
)
"""The note on every total of a clone that does not compete. Convention."""

COMPETITION_NOT_KNOWN: Final = (
    "whether the clone competes with the drug is not known: the total lies between the density (it does not) "
    "and density / (1 - theta) (it does)"
)
"""The note on every total if the panel does not say whether the clone competes. Convention."""


class ThetaFrom(StrEnum):
    """The source of θ; the values are written to the tables."""

    SENTINELS = "sentinels"
    LEVEL = "drug level measured"
    MODEL = "PK model"
    NO_COMPETITION = "clone does not compete"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Theta:
    """θ with its 95 % interval; None: not known, and `reason` says why.

    Attributes
    ----------
    value
        None if only the interval is known.
    low, high
        The interval; 1: the drug may cover all CD38.
    low_beside, high_beside
        The interval without those errors of calibration that the plasma cells' density has, too. The total is
        made with it.
    source
        The source of θ.
    reason
        A sentence that a reader of θ must know.
    disagree
        Whether two sentinels of the tube give different θ.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    low_beside: float | None = None
    high_beside: float | None = None
    source: ThetaFrom = ThetaFrom.NONE
    reason: str = ""
    disagree: bool = False

    @property
    def is_known(self) -> bool:
        """Whether anything is known of θ."""
        return self.low is not None and self.high is not None


def theta_of_level(level: DrugLevel) -> Theta:
    """Return θ from the drug's level in serum; its interval contains the errors of the level and of Kd."""
    if level.occupancy is None:
        return Theta(reason=level.reason)
    source = ThetaFrom.LEVEL if level.n_troughs else ThetaFrom.MODEL
    ends = (level.occupancy_low, level.occupancy_high)
    return Theta(level.occupancy, *ends, *ends, source)


def chosen_theta(sentinels: Theta, level: Theta, *, competes: bool | None) -> Theta:
    """Return the θ from which the total is made.

    A clone that does not compete binds all CD38, so θ is 0. Otherwise θ comes from the sentinels, and without
    them from the drug level. If it is not known whether the clone competes, θ has no value, and its interval
    begins at 0.

    Examples
    --------
    >>> measured = Theta(0.5, 0.3, 0.7, 0.3, 0.7, ThetaFrom.SENTINELS)
    >>> chosen_theta(measured, Theta(), competes=False).value
    0.0
    >>> chosen_theta(measured, Theta(), competes=None).value is None
    True
    """
    if competes is False:
        return Theta(0.0, 0.0, 0.0, 0.0, 0.0, ThetaFrom.NO_COMPETITION, NO_DIVISION)
    chosen = sentinels if sentinels.is_known else level
    if not chosen.is_known:
        return Theta(reason="; ".join(filter(None, dict.fromkeys((sentinels.reason, level.reason)))))
    if competes is None:
        return replace(chosen, value=None, low=0.0, low_beside=0.0, reason=COMPETITION_NOT_KNOWN)
    return chosen


def contradict(theta: Theta, second: Theta) -> bool:
    """Return whether the intervals of two θ do not touch.

    Examples
    --------
    >>> contradict(Theta(0.1, 0.0, 0.2), Theta(0.9, 0.8, 1.0)), contradict(Theta(0.1, 0.0, 0.2), Theta())
    (True, False)
    """
    if theta.low is None or theta.high is None or second.low is None or second.high is None:
        return False
    return theta.low > second.high or second.low > theta.high


def theta_of_tubes(thetas: Sequence[Theta]) -> Theta:
    """Return θ of a visit from its tubes: the mean of ln(1 − θ); its interval contains those of all tubes.

    Replicates share patient, norm and serum, so more of them do not make θ more precise. If some tubes have θ
    from sentinels, θ from the drug level in the other tubes does not count.
    """
    with_value = [theta for theta in thetas if theta.is_known]
    measured = [theta for theta in with_value if theta.source is ThetaFrom.SENTINELS]
    thetas = measured or with_value or thetas
    if len(thetas) == 1 or not with_value:
        return thetas[0]
    values = [theta.value for theta in thetas if theta.value is not None and theta.value < 1]
    mean = None
    if len(values) == len(thetas):
        mean = float(-np.expm1(np.mean(np.log1p(-np.array(values)))))
    return replace(
        thetas[0],
        value=mean,
        low=min(theta.low or 0.0 for theta in thetas),
        high=max(1.0 if theta.high is None else theta.high for theta in thetas),
        low_beside=min(theta.low_beside or 0.0 for theta in thetas),
        high_beside=max(1.0 if theta.high_beside is None else theta.high_beside for theta in thetas),
        reason="; ".join(dict.fromkeys(theta.reason for theta in thetas if theta.reason)),
        disagree=any(theta.disagree for theta in thetas),
    )
