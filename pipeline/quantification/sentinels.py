"""Free CD38 on sentinel cells, and what it says of low free CD38 on the plasma cells.

The drug covers every cell's CD38, the tumour loses only its own. So, by rule and never as a diagnosis:

- *not low*: the plasma cells' interval reaches `sentinel_low_share` of the usual value;
- *masked*: they are low, and so is every sentinel that can be read;
- *both*: masked, and the plasma cells lie lower still, by more than `sentinel_low_share` of what the least
  masked sentinel has left;
- *lost*: they are low, and no sentinel is;
- *cannot tell*: no sentinel can be read, they disagree, an interval spans the limit, or the clone does not
  compete with the drug.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from math import sqrt

import numpy as np

from calibration.density.receptor_density import QUANTIFIED, RdStatus, ReceptorDensity
from calibration.numbers import Z_95
from gating.gates import inside
from gating.gates.steps import GatedPopulation, Step
from gating.sentinels import B_PRECURSORS, NK_CELLS, Sentinel, find_sentinels
from pipeline.quantification.receptor import receptor_of
from pipeline.quantification.result import SampleFlag, SampleResult, SentinelResult
from pipeline.quantification.task import TubeTask
from pipeline.study.settings import Settings
from pipeline.tube.control import Control, gated_alike
from pipeline.tube.flags import TubeFlag
from pipeline.tube.reading import Tube


class SentinelReading(StrEnum):
    """What the sentinels say of low free CD38 on the plasma cells; the value is what is written."""

    NOT_LOW = "not low"
    MASKED = "masked"
    LOST = "lost"
    BOTH = "both"
    CANNOT_TELL = "cannot tell"


WORDS = {
    SentinelReading.NOT_LOW: "free CD38 on the plasma cells is not low",
    SentinelReading.MASKED: "low on the plasma cells and on the sentinels alike, as where the drug covers "
    "CD38; whether the plasma cells have lost some of theirs too is not told by that",
    SentinelReading.LOST: "low on the plasma cells but not on the sentinels, which the drug would cover too",
    SentinelReading.BOTH: "low on the sentinels, as where the drug covers CD38, and lower still on "
    "the plasma cells",
    SentinelReading.CANNOT_TELL: "it cannot be told why free CD38 is as it is",
}


@dataclass(frozen=True, slots=True)
class Share:
    """An interval of free CD38 as a part of the usual; None = no bound."""

    low: float | None
    high: float | None

    def is_low(self, limit: float) -> bool:
        """Return whether all of the interval is below the limit."""
        return self.high is not None and self.high < limit

    def is_usual(self, limit: float) -> bool:
        """Return whether all of the interval is at the limit or above."""
        return self.low is not None and self.low >= limit


def with_sentinels(
    task: TubeTask, tube: Tube, control: Control, gated: GatedPopulation, result: SampleResult
) -> SampleResult:
    """Return the result with its sentinels, their reading, and a hint at dilution with blood.

    Parameters
    ----------
    gated
        Of our own gates, also where a person's gates replaced them for the plasma cells.
    """
    if tube.spillover is None or TubeFlag.SPILL_MISSING in tube.flags:
        return replace(result, sentinel_reading=reading_of(result.receptor, (), task.settings).value)
    cells = find_sentinels(tube.events, tube.panel, gated)
    competes = task.panel.quantified.competes_with_drug is not False
    sentinels = tuple(_quantified(task, tube, control, gated, sentinel) for sentinel in cells)
    hint = _hemodilution(task, gated, cells)
    return replace(
        result,
        sentinels=sentinels,
        sentinel_reading=reading_of(result.receptor, sentinels if competes else (), task.settings).value,
        flags=(*result.flags, *([SampleFlag.HEMODILUTION_POSSIBLE] if hint else [])),
        note="; ".join(filter(None, (result.note, hint))),
    )


def reading_of(
    plasma: ReceptorDensity, sentinels: tuple[SentinelResult, ...], settings: Settings
) -> SentinelReading:
    """Return `not low`, `masked`, `lost`, `both` or `cannot tell`; the rule is this module's first lines."""
    limit = settings.sentinel_low_share
    cells = share_of(plasma, settings.sentinel_plasma_cell_usual)
    if cells.is_usual(limit):
        return SentinelReading.NOT_LOW
    shares = [share for sentinel in sentinels if (share := _share(sentinel, settings)) is not None]
    if not cells.is_low(limit) or not shares:
        return SentinelReading.CANNOT_TELL
    if all(share.is_usual(limit) for share in shares):
        return SentinelReading.LOST
    if not all(share.is_low(limit) for share in shares):
        return SentinelReading.CANNOT_TELL
    left = max(share.low if share.low is not None else 0.0 for share in shares)
    return SentinelReading.BOTH if cells.is_low(limit * left) else SentinelReading.MASKED


def share_of(density: ReceptorDensity, usual: float) -> Share:
    """Return free CD38 as a part of the usual; below the LLOQ it may be anything up to the LLOQ."""
    if density.status not in QUANTIFIED:
        return Share(None, None)
    if density.status is RdStatus.BELOW_LLOQ and density.lloq is not None:
        return Share(None, max(density.lloq, density.rd_high or 0.0) / usual)
    low, high = density.rd_low, density.rd_high
    return Share(None if low is None else low / usual, None if high is None else high / usual)


def _share(sentinel: SentinelResult, settings: Settings) -> Share | None:
    usual = {
        NK_CELLS: settings.sentinel_nk_usual,
        B_PRECURSORS: settings.sentinel_b_precursor_usual,
    }[sentinel.name]
    share = share_of(sentinel.receptor, usual)
    return None if share.low is None and share.high is None else share


def _quantified(
    task: TubeTask, tube: Tube, control: Control, gated: GatedPopulation, sentinel: Sentinel
) -> SentinelResult:
    if sentinel.gate is None:
        return SentinelResult(sentinel.name, ReceptorDensity(RdStatus.LOW_EVENTS, 0), 0.0, sentinel.note)
    blank = None
    if control.tube is not None:
        names = [step.name for step in gated.steps]
        clean = gated.steps[: names.index(Step.VIABLE) + 1]
        same = gated_alike(control.tube, clean) & inside(sentinel.gate, control.tube.events)
        blank = control.tube.quantified[same]
    receptor = receptor_of(task, tube, sentinel.mask, blank, control.kind)
    return SentinelResult(sentinel.name, receptor, sentinel.confidence)


def _hemodilution(task: TubeTask, gated: GatedPopulation, sentinels: tuple[Sentinel, ...]) -> str:
    """Return a sentence where a marrow has hardly any B precursors, "" where it has or it cannot be known."""
    precursors = next(
        (sentinel for sentinel in sentinels if sentinel.name == B_PRECURSORS and sentinel.gate is not None),
        None,
    )
    n = int(np.count_nonzero(gated.viable_singlets))
    if precursors is None or task.sample.tissue != "marrow" or n == 0:
        return ""
    k, limit = int(np.count_nonzero(precursors.mask)), task.settings.hemodilution_percent
    if 100 * upper_share(k, n) >= limit:
        return ""
    return (
        f"{k} B precursors of {n} viable single cells, surely less than {limit:g} %: the aspirate may be "
        "diluted with blood, or they are suppressed; the percentage of plasma cells may then be too low"
    )


def upper_share(k: int, n: int) -> float:
    """Return the upper 95 % limit of k of n (Wilson 1927, doi:10.1080/01621459.1927.10502953).

    Examples
    --------
    >>> round(upper_share(0, 100), 4), round(upper_share(50, 100), 4)
    (0.037, 0.5962)
    """
    z = Z_95
    share = k / n
    spread = z * sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return (share + z**2 / (2 * n) + spread) / (1 + z**2 / n)
