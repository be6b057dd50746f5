"""The other experiments of a study: linearity, stability, carry-over, comparison, control of each run."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from typing import TypeVar

from calibration.numbers import LEAST_POSITIVE, LEVEL
from pipeline.assay.statistics.agreement import ENOUGH_PAIRS, Agreement, agreement
from pipeline.assay.statistics.carry_over import CarryOver, carry_over
from pipeline.assay.statistics.control_chart import ControlRun, control_runs
from pipeline.assay.statistics.linearity import Linearity, linearity
from pipeline.assay.statistics.moments import TooFewError, mean
from pipeline.assay.statistics.stability import Stability, stability
from pipeline.assay.support import Judged, NotJudged, Support, goal_of, overall_support, upper_bound, within
from pipeline.assay.tubes import AssayTube
from pipeline.study.validation import Experiment
from pipeline.study.wording import counted

SHARE_OF_FEW = 0.05
"""A material with fewer plasma cells than this share of the other material shows carried-over cells.
Convention: the scatter of its count is then small compared with the carry-over."""

NO_RISE = 1e-9
"""Rise of a line, relative to its upper end, that is none. Arithmetic: rounding of a flat line."""

GroupKey = TypeVar("GroupKey")
Statistic = TypeVar("Statistic")


def linearities(tubes: Sequence[AssayTube], goal: float | None) -> tuple[Judged[Linearity] | NotJudged, ...]:
    """Return the linearity of each material and method, judged against the goal in percent."""
    limit = goal_of(Experiment.LINEARITY, goal)
    groups = _grouped(tubes, lambda tube: (tube.specimen, tube.method))
    several = len({method for _, method in groups}) > 1

    def judged(group: Sequence[AssayTube], about: str) -> Judged[Linearity]:
        fit = linearity([tube.level or 0.0 for tube in group], [tube.density for tube in group])
        support = overall_support(
            [
                _rises(fit),
                *(within(level.deviation_percent, level.low, level.high, limit) for level in fit.levels),
            ]
        )
        bent = "" if fit.curved_p is None else f", quadratic term p {fit.curved_p:.2g}"
        sentence = (
            f"{counted(len(fit.levels), 'level')}, largest distance to the line {fit.worst_percent:.1f} "
            f"%{bent}; {_rise(fit)}; goal: the density rises with the level, and the interval of every level "
            f"is within ±{limit:g} %"
        )
        return Judged(Experiment.LINEARITY, about, limit, fit, support, sentence)

    return tuple(
        _try(Experiment.LINEARITY, _named(name, method if several else ""), group, judged)
        for (name, method), group in groups.items()
    )


def _rises(fit: Linearity) -> Support:
    """Judge whether the density rises with the level: a flat line is straight, but measures nothing."""
    first, last = fit.levels[0].fitted, fit.levels[-1].fitted
    if last - first <= NO_RISE * abs(last):
        return Support.CONTRADICTS
    return Support.SUPPORTS if fit.slope_low > 0 else Support.OPEN


def _rise(fit: Linearity) -> str:
    """Return from where to where the line goes, to be compared with the levels."""
    first, last = fit.levels[0], fit.levels[-1]
    return (
        f"from level {first.expected:g} to {last.expected:g} the line goes from {first.fitted:,.0f} to "
        f"{last.fitted:,.0f} molecules"
    )


def stabilities(tubes: Sequence[AssayTube], goal: float | None) -> tuple[Judged[Stability] | NotJudged, ...]:
    """Return the change of density with storage time, pooled over all materials."""
    limit = goal_of(Experiment.STABILITY, goal)
    timed = [tube for tube in tubes if tube.hours is not None]
    if tubes and len(timed) < len(tubes):
        names = ", ".join(tube.sample_id for tube in tubes if tube.hours is None)
        reason = f"hours are not known of {names}: type hours, or collected_time in the samples sheet"
        lacking: tuple[NotJudged, ...] = (NotJudged(Experiment.STABILITY, "hours", reason),)
    else:
        lacking = ()

    def judged(group: Sequence[AssayTube], about: str) -> Judged[Stability]:
        rows = [(tube.specimen, round(tube.hours or 0.0, 1), tube.density) for tube in group]
        fit = stability(rows, allowed_percent=limit)
        last = fit.points[-1].hours
        supports = [within(point.change_percent, point.low, point.high, limit) for point in fit.points]
        until = "no later time" if fit.stable_hours is None else f"{fit.stable_hours:g} h"
        sentence = (
            f"{fit.per_day_percent:+.1f} % a day ({fit.per_day_low:+.1f} to {fit.per_day_high:+.1f}), "
            f"measured up to {last:g} h; shown to be within ±{limit:g} % up to {until}"
        )
        return Judged(Experiment.STABILITY, about, limit, fit, overall_support(supports), sentence)

    if not timed:
        return lacking
    return (_try(Experiment.STABILITY, "all materials", timed, judged), *lacking)


def carry_overs(tubes: Sequence[AssayTube], goal: float | None) -> tuple[Judged[CarryOver] | NotJudged, ...]:
    """Return the carry-over of each method, for the density and for the number of plasma cells."""
    limit = goal_of(Experiment.CARRY_OVER, goal)
    results: list[Judged[CarryOver] | NotJudged] = []
    for method, group in _grouped(tubes, lambda tube: tube.method).items():
        ordered = sorted(group, key=lambda tube: tube.sequence or 0)
        kinds = [("density", _density)]
        if _nearly_empty(group):
            kinds.append(("plasma cells counted", _count))
        for quantity, value in kinds:
            about = _named(quantity, method)

            def judged(
                rows: Sequence[AssayTube], about: str, value: Callable[[AssayTube], float] = value
            ) -> Judged[CarryOver]:
                result = carry_over(_blocks(rows, value))
                sentence = (
                    f"{result.percent:.2f} % ({result.low:.2f} to {result.high_end:.2f}) of the gap between "
                    f"bright and dim; goal: at most {limit:g} %"
                )
                support = upper_bound(result.percent, result.high_end, limit)
                return Judged(Experiment.CARRY_OVER, about, limit, result, support, sentence)

            results.append(_try(Experiment.CARRY_OVER, about, ordered, judged))
    return tuple(results)


def agreements(tubes: Sequence[AssayTube], goal: float | None) -> tuple[Judged[Agreement] | NotJudged, ...]:
    """Return the agreement of each pair of methods; replicates of a material give their geometric mean."""
    limit = goal_of(Experiment.COMPARISON, goal)
    methods = _grouped(tubes, lambda tube: tube.method)
    if len(methods) == 1:
        reason = f"all tubes were measured in one way ({next(iter(methods))}), expected two"
        return (NotJudged(Experiment.COMPARISON, "methods", reason),)
    results: list[Judged[Agreement] | NotJudged] = []
    for reference, compared in combinations(methods, 2):
        pairs = _pairs(methods[reference], methods[compared])
        dim = sorted(
            {tube.specimen for tube in (*methods[reference], *methods[compared]) if tube.density <= 0}
        )
        about = f"{compared} against {reference}"
        if dim:
            reason = (
                f"the density of {', '.join(dim)} is not above zero, expected material that is quantified"
            )
            results.append(NotJudged(Experiment.COMPARISON, about, reason))
            continue

        def judged(rows: Sequence[tuple[float, float]], about: str) -> Judged[Agreement]:
            line = agreement([x for x, _ in rows], [y for _, y in rows])
            away = [100 * (end - 1) for end in (line.ratio, line.ratio_low, line.ratio_high)]
            shortfall = f"; {line.n} materials, EP09 asks for {ENOUGH_PAIRS}" if line.n < ENOUGH_PAIRS else ""
            ends = [
                tuple(100 * (ratio - 1) for ratio in end)
                for end in (
                    (line.dimmest, line.dimmest_low, line.dimmest_high),
                    (line.brightest, line.brightest_low, line.brightest_high),
                )
            ]
            dim_end, bright_end = (f"{at:+.1f} % ({low:+.1f} to {high:+.1f})" for at, low, high in ends)
            sentence = (
                f"mean difference {away[0]:+.1f} % ({away[1]:+.1f} to {away[2]:+.1f}), Deming slope "
                f"{line.slope:.3f} ({line.slope_low:.3f} to {line.slope_high:.3f}), by it {dim_end} "
                f"at the dimmest and {bright_end} at the brightest material; goal: the mean difference "
                f"within ±{limit:g} %, and by the line at both ends{shortfall}"
            )
            support = overall_support(
                [within(value, low, high, limit) for value, low, high in (tuple(away), *ends)]
            )
            return Judged(Experiment.COMPARISON, about, limit, line, support, sentence)

        results.append(_try(Experiment.COMPARISON, about, pairs, judged))
    return tuple(results)


def controls(
    tubes: Sequence[AssayTube], goal: float | None
) -> tuple[Judged[tuple[ControlRun, ...]] | NotJudged, ...]:
    """Return the control of each run with its range, for each material and method."""
    limit = goal_of(Experiment.CONTROL, goal)
    results: list[Judged[tuple[ControlRun, ...]] | NotJudged] = []
    groups = _grouped(tubes, lambda tube: (tube.specimen, tube.method))
    several = len({method for _, method in groups}) > 1
    for (name, method), group in groups.items():
        ordered = sorted(group, key=lambda tube: tube.order)
        values = [(f"{tube.run} ({tube.sample_id})", tube.density) for tube in ordered]
        typed = [(tube.low, tube.high) for tube in ordered]
        runs = control_runs(values, typed)
        about = _named(name, method if several else "")
        judged = [run for run in runs if run.inside is not None]
        if not judged:
            n_runs = counted(len(runs), "run")
            reason = f"found {n_runs} and no range, expected a range in low and high, or six runs"
            results.append(NotJudged(Experiment.CONTROL, about, reason))
            continue
        outside = [run.run for run in judged if not run.inside]
        listed = f": {', '.join(outside)}" if outside else ""
        sources = " and ".join(dict.fromkeys(run.range_from for run in judged))
        sentence = f"{len(outside)} of {len(judged)} runs outside of the range ({sources}){listed}"
        of_all = control_runs(values, typed, level=1 - (1 - LEVEL) / len(runs))
        support = Support.SUPPORTS
        if any(run.inside is False for run in of_all):
            support = Support.CONTRADICTS
        elif outside:
            support = Support.OPEN
            sentence += f"; of {len(judged)} sound runs one may lie there by chance"
        results.append(Judged(Experiment.CONTROL, about, limit, runs, support, sentence))
    return tuple(results)


def _nearly_empty(tubes: Sequence[AssayTube]) -> bool:
    """Return whether one material has hardly any plasma cells: only there are carried-over cells visible."""
    counts = [mean([_count(tube) for tube in group]) for group in _grouped(tubes, _specimen).values()]
    return min(counts) < SHARE_OF_FEW * max(counts)


def _specimen(tube: AssayTube) -> str:
    return tube.specimen


def _density(tube: AssayTube) -> float:
    return tube.density


def _count(tube: AssayTube) -> float:
    return float(tube.n_plasma_cells or 0)


def _try(
    experiment: Experiment,
    about: str,
    group: Sequence[Statistic],
    judged: Callable[[Sequence[Statistic], str], Judged[GroupKey]],
) -> Judged[GroupKey] | NotJudged:
    try:
        return judged(group, about)
    except TooFewError as reason:
        return NotJudged(experiment, about, str(reason))


def _grouped(
    tubes: Iterable[AssayTube], key: Callable[[AssayTube], GroupKey]
) -> Mapping[GroupKey, list[AssayTube]]:
    groups: dict[GroupKey, list[AssayTube]] = {}
    for tube in tubes:
        groups.setdefault(key(tube), []).append(tube)
    return groups


def _named(*words: str) -> str:
    return ", ".join(filter(None, words))


def _blocks(
    ordered: Sequence[AssayTube], value: Callable[[AssayTube], float]
) -> list[tuple[list[float], list[float]]]:
    """Return blocks of bright tubes and the dim tubes that follow, in the order of acquisition."""
    means = {
        name: mean([tube.density for tube in group])
        for name, group in _grouped(ordered, lambda tube: tube.specimen).items()
    }
    if len(means) != 2:
        raise TooFewError(
            f"found {counted(len(means), 'material')}, expected two: a bright one and a dim one"
        )
    bright = max(means, key=lambda name: means[name])
    blocks: list[tuple[list[float], list[float]]] = []
    for position, tube in enumerate(ordered):
        starts = tube.specimen == bright and (position == 0 or ordered[position - 1].specimen != bright)
        if starts:
            blocks.append(([], []))
        if blocks:
            blocks[-1][0 if tube.specimen == bright else 1].append(value(tube))
    return blocks


def _pairs(reference: Sequence[AssayTube], compared: Sequence[AssayTube]) -> list[tuple[float, float]]:
    """Return the densities (x, y) of every material that both methods measured."""
    x, y = (
        {name: [tube.density for tube in group] for name, group in by.items()}
        for by in (_grouped(tubes, lambda tube: tube.specimen) for tubes in (reference, compared))
    )
    return [(_geometric(x[name]), _geometric(y[name])) for name in x if name in y]


def _geometric(values: Sequence[float]) -> float:
    return math.exp(mean([math.log(max(value, LEAST_POSITIVE)) for value in values]))
