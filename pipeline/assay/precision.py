"""Precision and limits of a study: of each material, of all materials pooled, and of patients' replicates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from pipeline.assay.statistics.limits import AssayLimits, detection_limits
from pipeline.assay.statistics.moments import TooFewError, variance_interval
from pipeline.assay.statistics.nested import (
    REPEATABILITY,
    TOTAL,
    Precision,
    VarianceComponent,
    nested_precision,
)
from pipeline.assay.support import Judged, NotJudged, Support, goal_of, upper_bound
from pipeline.assay.tubes import AssayTube
from pipeline.study.validation import Experiment

ALL_MATERIALS = "all materials"
PATIENT_REPLICATES = "replicates of patients"

_MOST_SHOWN = 1000
"""An upper limit above this percentage is not written out. Convention: such a limit carries no
information."""

Precise = Judged[Precision] | NotJudged
_SAME_CV, _LARGEST_LOG_SD = 1e-9, 20.0
"""Relative difference within which two CVs are the same number; largest SD of ln density that becomes a CV.
Convention: far above rounding and far below a shown digit; e^400 still fits into a double."""


def precision_of(tubes: Sequence[AssayTube], goal: float | None) -> tuple[Precise, ...]:
    """Return the precision of each material. Several materials are also pooled on the log scale."""
    materials: dict[str, list[AssayTube]] = {}
    for tube in tubes:
        materials.setdefault(tube.specimen, []).append(tube)
    limit = goal_of(Experiment.PRECISION, goal)
    judged = [_of_material(name, group, limit) for name, group in materials.items()]
    if len(materials) > 1:
        judged.append(pooled_precision(ALL_MATERIALS, tubes, limit))
    return tuple(judged)


def pooled_precision(about: str, tubes: Sequence[AssayTube], goal: float) -> Precise:
    """Return the pooled precision of several materials: components of ln density, as geometric CVs.

    A material with a result of zero or less is left out completely: its other results would look too precise.
    """
    dim = sorted({tube.specimen for tube in tubes if tube.density <= 0})
    above = [tube for tube in tubes if tube.specimen not in dim]
    try:
        logs = nested_precision(
            [math.log(tube.density) for tube in above],
            [("material", [tube.specimen for tube in above]), *_factors(above)],
            of_materials=True,
        )
    except TooFewError as reason:
        return NotJudged(Experiment.PRECISION, about, str(reason))
    parts = tuple(_of_logs(part) for part in logs.components)
    judged = _judged(about, Precision(logs.n, math.exp(logs.mean), parts, logs.left_out), goal)
    if not dim:
        return judged
    return replace(judged, says=f"{judged.says}; without {', '.join(dim)}: a result there is not above zero")


def _of_material(name: str, tubes: Sequence[AssayTube], goal: float) -> Precise:
    try:
        precision = nested_precision([tube.density for tube in tubes], _factors(tubes))
    except TooFewError as reason:
        return NotJudged(Experiment.PRECISION, name, str(reason))
    return _judged(name, precision, goal)


def _factors(tubes: Sequence[AssayTube]) -> list[tuple[str, list[str]]]:
    return [(name, [getattr(tube, name) for tube in tubes]) for name in ("method", "day", "run")]


def _of_logs(part: VarianceComponent) -> VarianceComponent:
    """Return a component of ln density as a geometric CV (in percent); its SD stays that of ln density."""
    return VarianceComponent(
        part.name,
        part.variance,
        part.sd,
        100 * math.sqrt(math.expm1(part.sd**2)),
        part.freedom,
        part.sd_low,
        part.sd_high,
    )


def _judged(about: str, precision: Precision, goal: float) -> Judged[Precision]:
    total = precision.component(TOTAL)
    if total.cv_percent is None:
        sentence = "the mean is not above zero, so there is no CV: see the limits"
        return Judged(Experiment.PRECISION, about, goal, precision, Support.OPEN, sentence)
    high = None if total.sd_high is None else cv_at(precision, total, total.sd_high)
    low = None if total.sd_low is None else cv_at(precision, total, total.sd_low)
    ends = "" if low is None or high is None else f" ({low:.1f} to {_shown(high)})"
    of = precision.component(REPEATABILITY).cv_percent or 0.0
    sentence = (
        f"total CV {total.cv_percent:.1f} %{ends}, {of:.1f} % between replicates; goal: at most {goal:g} %"
    )
    support = upper_bound(total.cv_percent, high, goal)
    return Judged(Experiment.PRECISION, about, goal, precision, support, sentence)


def _shown(percent: float) -> str:
    return f"over {_MOST_SHOWN:,}" if percent > _MOST_SHOWN else f"{percent:.1f}"


def cv_at(precision: Precision, part: VarianceComponent, size: float) -> float:
    """Convert an SD to a CV in percent, in the same way as for the component itself."""
    plain = 100 * part.sd / precision.mean
    if part.cv_percent is not None and math.isclose(plain, part.cv_percent, rel_tol=_SAME_CV):
        return 100 * size / precision.mean
    return 100 * math.sqrt(math.expm1(min(size, _LARGEST_LOG_SD) ** 2))


def judged_limits(
    blanks: Sequence[AssayTube], low: Sequence[AssayTube], goal: float | None
) -> Judged[AssayLimits] | NotJudged:
    """Return LoB, LoD and LoQ of the blanks and dim materials of a study."""
    limit = goal_of(Experiment.LOW, goal)
    groups: dict[str, list[float]] = {}
    for tube in blanks:
        groups.setdefault(tube.specimen, []).append(tube.density)
    dim: dict[str, list[float]] = {}
    for tube in low:
        dim.setdefault(tube.specimen, []).append(tube.density)
    try:
        limits = detection_limits(list(groups.values()), list(dim.items()), goal_percent=limit)
    except TooFewError as reason:
        return NotJudged(Experiment.BLANK, "limits", str(reason))
    loq_words = "no LoQ" if limits.loq is None else f"LoQ {limits.loq:,.0f} at a CV of {limit:g} %"
    support = _of_loq(limits, limit)
    if limits.loq is not None and support is Support.OPEN:
        loq_words += ", of too few results to be sure of that CV"
    detected = "no LoD" if limits.lod is None else f"LoD {limits.lod:,.0f}"
    sentence = f"LoB {limits.lob:,.0f}, {detected}, {loq_words}, molecules per cell"
    return Judged(Experiment.BLANK, "limits", limit, limits, support, sentence)


def _of_loq(limits: AssayLimits, goal: float) -> Support:
    """Judge the CV of the material that gives the LoQ by its upper limit; without an LoQ, judge all CVs."""
    lod = math.inf if limits.lod is None else limits.lod
    bright = [material for material in limits.low if material.mean >= lod and material.cv_percent is not None]
    if limits.loq is None:
        return Support.CONTRADICTS if bright else Support.OPEN
    supports = [
        upper_bound(cv, math.sqrt(variance_interval(cv**2, material.n - 1)[1]), goal)
        for material in bright
        if material.mean >= limits.loq and (cv := material.cv_percent) is not None
    ]
    return supports[0]
