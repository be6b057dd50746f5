"""θ: the part of the CD38 of a cell that the drug holds, with its interval and where it is from."""

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
"""What is said wherever a total is reported of such a clone. Convention."""

NOT_KNOWN: Final = (
    "whether the clone competes with the drug is not known: the total lies between the density (it does not) "
    "and density / (1 - theta) (it does)"
)
"""What is said where the panel does not tell. Convention."""


class ThetaFrom(StrEnum):
    """Where θ is from; the value is what is written."""

    SENTINELS = "sentinels"
    LEVEL = "drug level measured"
    MODEL = "PK model"
    NO_COMPETITION = "clone does not compete"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Theta:
    """θ with its 95 % interval; None = not known, then `reason` says why.

    Attributes
    ----------
    value
        None where only the interval is known.
    low, high
        Its interval; 1 = the drug may hold all.
    low_beside, high_beside
        The same without the errors of calibration that the plasma cells' density has too: for the total.
    source
        Where it is from.
    reason
        What a reader must know of it.
    disagree
        Two sentinels of the tube tell another θ.
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
    """Return θ by the drug's level in serum; its interval holds the level's band and Kd's."""
    if level.occupancy is None:
        return Theta(reason=level.reason)
    source = ThetaFrom.LEVEL if level.n_troughs else ThetaFrom.MODEL
    ends = (level.occupancy_low, level.occupancy_high)
    return Theta(level.occupancy, *ends, *ends, source)


def chosen_theta(sentinels: Theta, level: Theta, *, competes: bool | None) -> Theta:
    """Return the θ that the total is made with.

    A clone that does not compete sees all of CD38: θ is 0. Else what was measured in the tube goes before
    what was worked out from doses. Where it is not known whether the clone competes, θ is 0 or that, and has
    no value.

    Examples
    --------
    >>> held = Theta(0.5, 0.3, 0.7, 0.3, 0.7, ThetaFrom.SENTINELS)
    >>> chosen_theta(held, Theta(), competes=False).value, chosen_theta(held, Theta(), competes=None).value
    (0.0, None)
    """
    if competes is False:
        return Theta(0.0, 0.0, 0.0, 0.0, 0.0, ThetaFrom.NO_COMPETITION, NO_DIVISION)
    told = sentinels if sentinels.is_known else level
    if not told.is_known:
        return Theta(reason="; ".join(filter(None, dict.fromkeys((sentinels.reason, level.reason)))))
    if competes is None:
        return replace(told, value=None, low=0.0, low_beside=0.0, reason=NOT_KNOWN)
    return told


def contradict(one: Theta, other: Theta) -> bool:
    """Return whether the intervals of two θ do not touch.

    Examples
    --------
    >>> contradict(Theta(0.1, 0.0, 0.2), Theta(0.9, 0.8, 1.0)), contradict(Theta(0.1, 0.0, 0.2), Theta())
    (True, False)
    """
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return False
    return one.low > other.high or other.low > one.high


def theta_of_tubes(thetas: Sequence[Theta]) -> Theta:
    """Return θ of a visit from its tubes: the mean of ln(1 − θ), within all of their intervals.

    Replicates have the same patient, norm and serum, so that more of them make θ no surer. Where sentinels of
    some tubes tell it, the drug's level in the others does not count.
    """
    known = [theta for theta in thetas if theta.is_known]
    measured = [theta for theta in known if theta.source is ThetaFrom.SENTINELS]
    thetas = measured or known or thetas
    if len(thetas) == 1 or not known:
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
