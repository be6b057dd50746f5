"""The ends of scale of a file's detectors: as $PnR says, unless the values contradict it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from calibration.scale_top import ScaleTop, find_bottom_pile, find_scale_top
from pipeline.fcs import FcsFile
from pipeline.fcs.repairs import Repair, RepairCode
from pipeline.tube.values.impossible import all_measured, is_measured


@dataclass(frozen=True, slots=True)
class ScaleEnds:
    """The largest possible value of each channel, in their order, and the repairs of $PnR."""

    tops: tuple[float, ...]
    repairs: tuple[Repair, ...] = ()


@dataclass(frozen=True, slots=True)
class _Channel:
    """One channel: the end of scale that its file states, and the one that its values show."""

    name: str
    stated: float
    top: ScaleTop
    bottom: tuple[float, int]


def scale_ends(
    file: FcsFile, names: Sequence[str], columns: Iterable[np.ndarray], *, times: Collection[str] = ()
) -> ScaleEnds:
    """Return the ends of scale.

    Parameters
    ----------
    file
        The file, for its $PnR.
    names
        Channels of the file.
    columns
        Their linear values as recorded, not compensated, shape (n_events,) each. No numbers are skipped.
    times
        The names that are time: time is no detector and has no end of scale.
    """
    channels = [
        _looked_at(file, name, column, is_time=name in times)
        for name, column in zip(names, columns, strict=True)
    ]
    return ScaleEnds(tuple(channel.top.value for channel in channels), _repairs(channels))


def _looked_at(file: FcsFile, name: str, column: np.ndarray, *, is_time: bool) -> _Channel:
    parameter, stated_top = file.parameters[file.channels.index(name)], file.scale_top(name)
    values = column if all_measured(column) else column[is_measured(column)]
    if is_time or parameter.is_time or not values.size:
        return _Channel(name, stated_top, ScaleTop(stated_top), (0.0, 0))
    lowest, n_lowest = find_bottom_pile(values)
    stated_bottom = 0.0 if parameter.is_linear else parameter.linear(1)
    return _Channel(
        name,
        stated_top,
        find_scale_top(values, stated_top),
        (lowest, n_lowest if lowest > stated_bottom else 0),
    )


def _repairs(channels: Sequence[_Channel]) -> tuple[Repair, ...]:
    beyond = [channel for channel in channels if channel.top.n_beyond]
    piled = [channel for channel in channels if channel.top.n_pile and not channel.top.n_beyond]
    cut = [channel for channel in channels if channel.bottom[1]]
    return (
        *_repair(
            RepairCode.RANGE_TOO_SMALL,
            "values lie beyond $PnR, so $PnR was not taken as the end of the scale",
            [
                (
                    c.name,
                    f"{c.top.n_beyond:,} events above {c.stated:,.6g}",
                    _end(c.top.value),
                    f"{c.stated:g}",
                )
                for c in beyond
            ],
        ),
        *_repair(
            RepairCode.RANGE_TOO_LARGE,
            "many events have one value, so the scale was taken to end there",
            [
                (c.name, f"{c.top.n_pile:,} events at {c.top.value:,.6g}", _end(c.top.value), f"{c.stated:g}")
                for c in piled
            ],
        ),
        *_repair(
            RepairCode.VALUES_CUT_OFF,
            "many events have the lowest value, so dimmer ones were cut off there",
            [(c.name, f"{c.bottom[1]:,} events at {c.bottom[0]:,.6g}", f"{c.bottom[0]:g}", "") for c in cut],
        ),
    )


def _end(value: float) -> str:
    return f"{value:,.6g}" if np.isfinite(value) else "no end is known"


def _repair(code: RepairCode, text: str, faults: Sequence[tuple[str, str, str, str]]) -> tuple[Repair, ...]:
    """Say in one sentence what holds for many channels."""
    if not faults:
        return ()
    problems = ", ".join(f"{name} {problem}" for name, problem, _, _ in faults)
    stated_values = ", ".join(f"{name} {stated}".strip() for name, _, _, stated in faults)
    used = ", ".join(f"{name} {used}" for name, _, used, _ in faults)
    return (Repair(code, f"{text}: {problems}", stated_values, used),)
