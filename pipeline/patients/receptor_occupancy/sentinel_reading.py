"""Why free CD38 on the plasma cells is low: masked by the drug, lost, or both; from θ and total CD38.

The reading follows a rule and is never a diagnosis. "Usual" means `sentinel_low_share` of the usual value of
plasma cells, or more. "Certainly" means by the 95 % interval.

- *not low*: the whole interval of free CD38 is usual;
- *masked*: the total is certainly usual; or the drug certainly covers so much (1 − `sentinel_low_share`) that
  free CD38 would be low by that alone;
- *both*: the drug certainly covers a part, and the total is certainly lower than usual;
- *lost*: the total is certainly lower than usual, and the drug certainly covers less than half;
- *partly covered*: the drug certainly covers a part, but the total may be usual or lower;
- *cannot tell*: no sentinel can be read, intervals are too wide, or the clone does not compete with the drug.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from calibration.density.receptor_density import QUANTIFIED, RdStatus, ReceptorDensity
from pipeline.patients.receptor_occupancy.theta import Theta
from pipeline.patients.receptor_occupancy.total import Total
from pipeline.study.settings import Settings

MOST_OCCUPIED_OF_LOST: Final = 0.5
"""Upper limit of θ from which low free CD38 is not called lost. Convention: half."""


class SentinelReading(StrEnum):
    """Why free CD38 on plasma cells is as it is, by the sentinels; the values are written to the tables."""

    NOT_LOW = "not low"
    MASKED = "masked"
    LOST = "lost"
    BOTH = "both"
    PARTLY_COVERED = "partly covered"
    CANNOT_TELL = "cannot tell"


READING_WORDS = {
    SentinelReading.NOT_LOW: "free CD38 on the plasma cells is not low",
    SentinelReading.MASKED: "the drug covers so much CD38 that this alone explains the low free CD38; the "
    "total, where there is one, shows whether the plasma cells have lost CD38 too",
    SentinelReading.LOST: "low on the plasma cells, and by the sentinels the drug covers less than half",
    SentinelReading.BOTH: "the drug covers a part, and the total is low too: the plasma cells have lost CD38",
    SentinelReading.PARTLY_COVERED: "the drug covers a part; whether the plasma cells have lost CD38 too "
    "is not known; see theta and the total",
    SentinelReading.CANNOT_TELL: "it is not known why free CD38 is as it is",
}


@dataclass(frozen=True, slots=True)
class Share:
    """The interval of free CD38 as a fraction of its usual value; None: no limit."""

    low: float | None
    high: float | None

    def is_usual(self, limit: float) -> bool:
        """Return whether the whole interval is at the limit or above it."""
        return self.low is not None and self.low >= limit


def share_of(density: ReceptorDensity, usual: float) -> Share:
    """Return free CD38 as a fraction of its usual value; below the LLOQ only the upper limit is known."""
    if density.status not in QUANTIFIED:
        return Share(None, None)
    if density.status is RdStatus.BELOW_LLOQ and density.lloq is not None:
        return Share(None, max(density.lloq, density.rd_high or 0.0) / usual)
    low, high = density.rd_low, density.rd_high
    return Share(None if low is None else low / usual, None if high is None else high / usual)


def reading_of(
    plasma: ReceptorDensity, theta: Theta, total: Total, settings: Settings, *, competes: bool | None = True
) -> SentinelReading:
    """Return the reading of a tube by the rule in the docstring of this module.

    Parameters
    ----------
    theta
        θ from the sentinels.
    total
        Total CD38 from this θ.
    """
    limit = settings.sentinel_low_share
    usual = limit * settings.sentinel_plasma_cell_usual
    if share_of(plasma, settings.sentinel_plasma_cell_usual).is_usual(limit):
        return SentinelReading.NOT_LOW
    if not competes or theta.low is None or theta.high is None or plasma.status not in QUANTIFIED:
        return SentinelReading.CANNOT_TELL
    if total.high is not None and total.high < usual:
        return _of_low_total(theta.low, theta.high)
    if (total.low is not None and total.low >= usual) or theta.low >= 1 - limit:
        return SentinelReading.MASKED
    return SentinelReading.PARTLY_COVERED if theta.low > 0 else SentinelReading.CANNOT_TELL


def _of_low_total(low: float, high: float) -> SentinelReading:
    if low > 0:
        return SentinelReading.BOTH
    return SentinelReading.LOST if high < MOST_OCCUPIED_OF_LOST else SentinelReading.CANNOT_TELL
