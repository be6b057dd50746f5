"""Free CD38 on sentinel cells (NK cells, B precursors), and a hint at haemodilution.

The drug covers the CD38 of sentinel cells, but they do not lose it as a tumour can. What they show about the
drug is reported later, with the whole study (`pipeline.patients.receptor_occupancy`).
"""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

import numpy as np

from calibration.density.receptor_density import RdStatus, ReceptorDensity
from calibration.numbers import Z_95
from gating.events import Survivors
from gating.gates import inside
from gating.gates.steps import GatedPopulation
from gating.sentinels import B_PRECURSORS, Sentinel, find_sentinels
from pipeline.quantification.receptor import receptor_of
from pipeline.quantification.result import SampleFlag, SampleResult, SentinelResult
from pipeline.quantification.task import TubeTask
from pipeline.study.cells.choices import Tissue
from pipeline.tube.compensation import Compensation
from pipeline.tube.control import Control, viable_alike
from pipeline.tube.flags import TubeFlag
from pipeline.tube.reading import Tube

NOT_TRUSTED = {TubeFlag.SPILL_INCOMPLETE, TubeFlag.FAR_BELOW_ZERO}
"""Flags of a tube whose dim cells may be misplaced: dim sentinel cells cannot be measured there."""


def with_sentinels(
    task: TubeTask, tube: Tube, control: Control, gated: GatedPopulation, result: SampleResult
) -> SampleResult:
    """Return the result with its sentinel cells, and a hint if the marrow is diluted with blood.

    Parameters
    ----------
    gated
        The automatic gates, also where a person's gates are used for the plasma cells.
    """
    if tube.compensation is Compensation.MISSING or NOT_TRUSTED.intersection(tube.flags):
        return result
    cells = find_sentinels(tube.events, tube.panel, gated)
    alike = None if control.tube is None else viable_alike(control.tube, gated)
    sentinels = tuple(_quantified(task, tube, control, alike, sentinel) for sentinel in cells)
    hint = _hemodilution(task, gated, cells)
    return replace(
        result,
        sentinels=sentinels,
        flags=(*result.flags, *([SampleFlag.HEMODILUTION_POSSIBLE] if hint else [])),
        note="; ".join(filter(None, (result.note, hint))),
    )


def _quantified(
    task: TubeTask, tube: Tube, control: Control, alike: Survivors | None, sentinel: Sentinel
) -> SentinelResult:
    """Return the density of a sentinel; `alike`: the control's viable single cells."""
    if sentinel.gate is None:
        return SentinelResult(sentinel.name, ReceptorDensity(RdStatus.LOW_EVENTS, 0), 0.0, sentinel.note)
    blank = None
    if control.tube is not None and alike is not None:
        blank = control.tube.quantified.take(alike.select(inside(sentinel.gate, alike)).index)
    receptor = receptor_of(task, tube, sentinel.mask, blank, control.kind)
    return SentinelResult(sentinel.name, receptor, sentinel.confidence)


def _hemodilution(task: TubeTask, gated: GatedPopulation, sentinels: tuple[Sentinel, ...]) -> str:
    """Return a sentence if a marrow has hardly any B precursors; "" if it has, or if that is not known."""
    precursors = next(
        (sentinel for sentinel in sentinels if sentinel.name == B_PRECURSORS and sentinel.gate is not None),
        None,
    )
    n = int(np.count_nonzero(gated.viable_singlets))
    if precursors is None or task.sample.tissue is not Tissue.MARROW or n == 0:
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
