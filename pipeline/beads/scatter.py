"""Chooses the scatter channels on which bead singlets are gated: by their names first, then by their data."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.numbers import QUARTILES
from gating.events.panel import Role
from pipeline.tube.names.markers import scatter_role

LASER = re.compile(r"^\*?(uv|ir|[vbygr])?[-_ ]?(?=[fs]sc)", re.IGNORECASE)
NUMBERED_SCATTER = re.compile(r"^([fs]sc)(?=[_\d])", re.IGNORECASE)
NO_LIGHT = re.compile(r"^(time|event|index|sort)", re.IGNORECASE)
PULSE_MEASURE = re.compile(r"([-_ ]|(?<=\d))[AHW]$", re.IGNORECASE)
USUAL_SCATTER = ("FSC-A", "SSC-A")

LIGHT_GROUPS = 8
"""Number of groups by brightness, among the brighter half of the events, whose scatter is compared.
Convention: as many as kits have levels. The dimmer half is left out, because debris is both small and dim."""

FOLLOWS, SPAN = 0.4, 1.3
"""Share of a channel's rank variance that lies between those groups, and ratio of the groups' medians, above
which the channel follows the beads' fluorescence and is no scatter. Convention: scatter of real beads stays
below 0.25 and 1.25, detectors that see their light lie above 0.45."""

OUTER_GROUPS = (0.1, 0.9)
"""Quantiles of the groups' medians whose ratio is that span. Convention: so that one group of debris does
not decide."""
MOST_ALIKE = 0.5
"""Share of events with one and the same value above which a channel is not used. Convention: a detector that
was off or saturated writes one value for most events."""

BROADER = 3.0
"""A candidate is not used if its relative spread exceeds that of the narrowest candidate by this factor.
Convention: beads have one size."""

BeadValues = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Scatter:
    """The two channels on which singlets are gated, "" if none; `passed_over`: channels not used, and why."""

    first: str
    second: str
    passed_over: tuple[tuple[str, str], ...] = ()

    def words(self) -> str:
        """Say which channels were used; "" if they are the usual ones."""
        if not self.first:
            why = self._passed_over_words()
            return f"no usable forward or side scatter in the file: every event was used{why}"
        if (self.first, self.second) == USUAL_SCATTER and not self.passed_over:
            return ""
        taken = self.first if self.first == self.second else f"{self.first} and {self.second}"
        return f"singlets were selected by {taken}{self._passed_over_words()}"

    def _passed_over_words(self) -> str:
        return "".join(f"; not by {name}, which {why}" for name, why in self.passed_over)


def is_scatter(channel: str) -> bool:
    """Whether a channel is scatter by its name.

    >>> [is_scatter(name) for name in ("FSC-A", "VSSC-A", "SS INT LIN", "Forward Scatter", "FSCA", "FITC-A")]
    [True, True, True, True, True, False]
    """
    return bool(_role(channel)[:3])


def choose_scatter(
    channels: Sequence[str], column: Callable[[str], BeadValues], light: BeadValues
) -> Scatter:
    """Choose a forward and a side scatter channel, or two of one kind if the other cannot be used.

    Parameters
    ----------
    channels
        Names of all channels of the bead file, in its order.
    column
        Gives the linear values of a channel, shape (n_events,).
    light
        Linear values of the calibrated channel, shape (n_events,).
    """
    passed_over: list[tuple[str, str]] = []
    forward = _sound(_candidates(channels, "fsc"), column, light, passed_over)
    side = _sound(_candidates(channels, "ssc"), column, light, passed_over)
    pair = [*forward[:1], *side[:1]]
    if len(pair) == 1:
        pair = [*pair, *forward[1:2], *side[1:2], *pair][:2]
    first, second = pair or ("", "")
    return Scatter(first, second, tuple(passed_over))


def other_detectors(channels: Sequence[str], channel: str) -> list[str]:
    """Return the other fluorescence detectors: no scatter, no time, one pulse measure of each."""
    own = PULSE_MEASURE.sub("", channel).casefold()
    kind = PULSE_MEASURE.search(channel)
    suffix = kind.group().casefold() if kind else ""
    return [
        name
        for name in channels
        if not (is_scatter(name) or NO_LIGHT.match(name) or scatter_role(name) == Role.TIME)
        and PULSE_MEASURE.sub("", name).casefold() != own
        and name.casefold().endswith(suffix)
    ]


_LIGHT, _ALIKE, _BROAD = (
    "follows the beads' fluorescence",
    "has one value in most events",
    ("is too broad for beads"),
)


def _role(channel: str) -> str:
    plain = NUMBERED_SCATTER.sub(r"\1 ", LASER.sub("", channel.strip()))
    return role if (role := scatter_role(plain)) != Role.TIME else ""


def _candidates(channels: Sequence[str], kind: str) -> list[str]:
    """Return the channels of one kind of scatter: areas, heights, widths; each in the file's order."""
    roles = {channel: _role(channel) for channel in channels}
    return [
        channel
        for role in (f"{kind}_area", f"{kind}_height", f"{kind}_width")
        for channel in channels
        if roles[channel] == role
    ]


def _sound(
    names: Sequence[str],
    column: Callable[[str], BeadValues],
    light: BeadValues,
    passed_over: list[tuple[str, str]],
) -> list[str]:
    """Return the channels that may be used for singlets, the preferred one first."""
    values = {name: np.asarray(column(name), np.float64) for name in names}
    unfit = {name: _unfit(values[name], np.asarray(light, np.float64)) for name in names}
    spreads = {name: _spread(values[name]) for name in names if not unfit[name]}
    narrowest = min((spreads[n] for n in spreads if not _role(n).endswith("width")), default=np.inf)
    unfit |= {name: _BROAD for name, spread in spreads.items() if spread > BROADER * narrowest}
    sound = [name for name in names if not unfit[name]]
    preferred = names[: names.index(sound[0])] if sound else names
    passed_over.extend((n, unfit[n]) for n in names if unfit[n] == _LIGHT or (unfit[n] and n in preferred))
    return sound


def _unfit(values: BeadValues, light: BeadValues) -> str:
    finite = np.isfinite(values) & np.isfinite(light)
    values, light = values[finite], light[finite]
    if not values.size:
        return _ALIKE
    if np.unique(values, return_counts=True)[1].max() > MOST_ALIKE * values.size:
        return _ALIKE
    bright = light >= np.median(light)
    return _LIGHT if _follows(values[bright], light[bright]) else ""


def _follows(values: BeadValues, light: BeadValues) -> bool:
    """Whether a channel differs between the groups more than within them, and more than bead scatter can."""
    groups = np.minimum((_ranks(light) * LIGHT_GROUPS).astype(np.int64), LIGHT_GROUPS - 1)
    ranks = _ranks(values)
    if not np.ptp(ranks) > 0:
        return False
    n = np.bincount(groups, minlength=LIGHT_GROUPS)
    means = np.bincount(groups, ranks, minlength=LIGHT_GROUPS) / np.maximum(n, 1)
    between = float((n * (means - ranks.mean()) ** 2).sum() / ((ranks - ranks.mean()) ** 2).sum())
    medians = np.array([np.median(values[groups == group]) for group in np.flatnonzero(n)])
    low, high = np.quantile(medians, OUTER_GROUPS)
    return between > FOLLOWS and bool(high > SPAN * low)


def _ranks(values: BeadValues) -> BeadValues:
    """Return mean ranks, as fractions of the number of events."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray(((np.cumsum(counts) - 0.5 * (counts - 1)) / values.size)[which], np.float64)


def _spread(values: BeadValues) -> float:
    low, middle, high = np.quantile(values[np.isfinite(values)], QUARTILES)
    return float((high - low) / middle) if middle > 0 else np.inf
