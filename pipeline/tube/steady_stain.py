"""Whether the stain of a tube kept its brightness while the tube was acquired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from gating.events import FloatArray, Mask
from gating.events.events import BLOCK, Rows
from gating.events.panel import Role
from pipeline.tube.reading import Tube

STAIN_PARTS = 5
"""Parts of equal numbers of events into which an acquisition is divided. Convention: as for bead runs."""
BRIGHTER_HALF = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
"""Quantiles of all viable singlets that are compared. Convention: those of the brighter half, which are above
the noise."""
MOST_UNLIKE = 2.5
"""Largest ratio of the changes of two quantiles, as logarithms. Convention: another gain moves all quantiles
alike, and another mix of cells moves some much more than others."""
AT_MEDIAN = (0.5,)
"""The quantile of the quantified cells that is compared. Convention: their density is that of the median."""
STAIN_CHANGE = 0.10
"""Largest change between two parts that is accepted, a fraction. Convention: the density is then wrong by
about half of it, as much as bead runs of two days may differ. Sound simulated tubes change by 3 %."""
SDS_OF_QUANTILES = 4.0
"""Sampling SDs by which each quantile must differ at least. Convention: of a hundred sound tubes at
most one has a pair of parts that differs by it, also with two kinds of cells in equal numbers."""
FEWEST_AT_QUANTILE = 50
"""Least number of events in a part. Convention: the median of fewer is hardly known."""
MOST_COMPARED = 50_000
"""Number of events from which on only a regular sample of about so many is compared. Convention: for speed;
quantiles of them are known to two percent."""


@dataclass(frozen=True, slots=True)
class StainChange:
    """The change of a tube's stain between two parts of its acquisition, counted from 1: a fraction."""

    change: float
    earlier: int
    later: int
    of_what: str

    def words(self, channel: str) -> str:
        """Say what changed, and by how much."""
        return (
            f"on {channel} the {self.of_what} change in brightness by {100 * self.change:.0f} % during the "
            f"acquisition, between parts {self.earlier} and {self.later} of {STAIN_PARTS} (accepted to "
            f"{100 * STAIN_CHANGE:g} %)"
        )


def change_of_stain(tube: Tube, viable_singlets: Mask, cells: Mask) -> StainChange | None:
    """Return the change of the quantified channel during the acquisition; None where it is small or unknown.

    All viable singlets are compared at six quantiles, of which the least change counts, and the quantified
    cells at their median. The events are taken in the file's order and, if the times are in another order,
    in the order of the times.

    Parameters
    ----------
    viable_singlets, cells
        bool, shape (n_events,).
    """
    times = [channel.channel for channel in tube.panel.with_role(Role.TIME)]
    if not times:
        return None
    time = tube.events.column(times[0])
    groups = ((viable_singlets, BRIGHTER_HALF, "viable singlets"), (cells, AT_MEDIAN, "quantified cells"))
    changes = [
        change
        for mask, levels, of_what in groups
        for values in _in_order(tube.quantified, time, mask)
        if (change := largest_change(values, levels, of_what)) is not None
    ]
    return max(changes, key=lambda change: change.change, default=None)


def largest_change(values: FloatArray, levels: Sequence[float], of_what: str) -> StainChange | None:
    """Return the largest change of all quantiles alike between two parts; None where it is small.

    Parameters
    ----------
    values
        Linear intensities in the order of acquisition, shape (n,).
    levels
        The quantiles.
    of_what
        Words for the events.
    """
    parts = np.array_split(np.asarray(values, np.float64), STAIN_PARTS)
    if min(part.size for part in parts) < FEWEST_AT_QUANTILE:
        return None
    middles = [_log_quantiles(part, levels) for part in parts]
    sd = _sampling_sds(np.concatenate(parts), levels, parts[-1].size)
    changes = []
    for earlier, later in combinations(range(STAIN_PARTS), 2):
        difference = middles[later] - middles[earlier]
        size = np.abs(difference)
        is_sure = bool(np.all(size > SDS_OF_QUANTILES * np.sqrt(2) * sd))
        if is_sure and abs(np.sign(difference).sum()) == size.size and size.max() <= MOST_UNLIKE * size.min():
            changes.append(StainChange(float(np.expm1(size.min())), earlier + 1, later + 1, of_what))
    largest = max(changes, key=lambda change: change.change, default=None)
    return largest if largest is not None and largest.change > STAIN_CHANGE else None


def _log_quantiles(values: NDArray[np.float64], levels: Sequence[float] | FloatArray) -> FloatArray:
    """Return the log quantiles above zero, NaN elsewhere, same shape as `levels`."""
    intensity = np.quantile(values, levels)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.log(np.where(intensity > 0, intensity, np.nan)))


def _sampling_sds(values: NDArray[np.float64], levels: Sequence[float], n_part: int) -> FloatArray:
    """Return the sampling SD of each log quantile of a part, shape (n_levels,).

    It is half the distance of the quantiles of all values that lie one SD of the rank below and above. A part
    alone has too few events beside its quantile: its SD would often be far too small.
    """
    level = np.asarray(levels)
    rank_sd = np.sqrt(level * (1 - level) / n_part)
    low = _log_quantiles(values, np.maximum(level - rank_sd, 0.0))
    high = _log_quantiles(values, np.minimum(level + rank_sd, 1.0))
    return np.asarray((high - low) / 2)


def every_nth(mask: Mask, n: int) -> Rows:
    """Return the rows of every n-th event in a mask, the first one included.

    The mask is searched in blocks: the rows of all events of a large tube would be much memory.

    Examples
    --------
    >>> every_nth(np.array([False, True, True, True, False, True]), 2).tolist()
    [1, 3]
    """
    rows, skipped = [], 0
    for start in range(0, mask.size, BLOCK):
        in_block = np.flatnonzero(mask[start : start + BLOCK]) + start
        rows.append(in_block[skipped::n].copy())
        skipped = (skipped - in_block.size) % n
    return np.concatenate(rows) if rows else np.empty(0, np.intp)


def _in_order(values: FloatArray, time: FloatArray, mask: Mask) -> list[FloatArray]:
    """Return a regular sample of the events in the file's order and, if it differs, in that of times."""
    where = every_nth(mask, max(int(np.count_nonzero(mask)) // MOST_COMPARED, 1))
    in_file, times = values[where], time[where]
    if bool(np.all(times[1:] >= times[:-1])):
        return [in_file]
    return [in_file, in_file[np.argsort(times, kind="stable")]]
