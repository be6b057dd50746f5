"""Cells far below zero: events that were compensated twice, or too much, which no channel's name can show.

Light cannot be negative. Compensated cells that lack a dye scatter around zero, however bright they are on
another one. Where a matrix is applied a second time, bright cells of one dye lie below zero on the others, by
about what that dye spills into them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gating.events import FloatArray, Mask
from gating.gates.steps import GatedPopulation
from pipeline.tube.control import Control, viable_alike
from pipeline.tube.reading import Tube
from pipeline.tube.rows import stained_rows

FAR_BELOW_ZERO = "FAR_BELOW_ZERO"
BRIGHTEST = 0.03
"""Share of the viable single cells that counts as bright on a dye."""
FEWEST_CELLS = 20
SPREADS = 1.5
"""How far the median must lie below zero, in robust standard deviations of the same cells. Simulated tubes
compensated once stay above −0.5, twice they come below −4; a real marrow gives −0.3 and −2.1."""
OF_BRIGHT = 0.05
"""The same as a part of what these cells give on their own dye: smaller errors of a matrix are usual."""
MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class BelowZero:
    """Cells that are bright on one row of the panel and far below zero on another."""

    row: str
    bright_on: str
    median: float

    def __str__(self) -> str:
        """Say it in words."""
        return f"{self.row} of cells bright on {self.bright_on}: median {self.median:.3g}"


def flagged_below_zero(tube: Tube, control: Control, gated: GatedPopulation) -> Tube:
    """Return the tube, flagged where it or its control has cells far below zero.

    Parameters
    ----------
    gated
        The tube's own gating: the viable single cells of tube and control are looked at.
    """
    notes = [_words(below_zero(tube, gated.viable_singlets), "tube")]
    if control.tube is not None:
        notes.append(_words(below_zero(control.tube, viable_alike(control.tube, gated)), "control"))
    said = tuple(filter(None, notes))
    if not said:
        return tube
    return replace(tube, flags=(*tube.flags, FAR_BELOW_ZERO), notes=(*tube.notes, *said))


def below_zero(tube: Tube, cells: Mask) -> tuple[BelowZero, ...]:
    """Return what lies far below zero in a tube, the lowest first.

    Parameters
    ----------
    cells
        bool, shape (n_events,): the viable single cells.
    """
    stained = [row.name for row in stained_rows(tube.rows.panel) if row.role != "cd38"]
    light = {name: tube.events.column(name)[cells] for name in stained}
    light[tube.quantified_channel] = tube.quantified[cells]
    found = (low for name in light for low in _beside(name, light))
    return tuple(sorted(found, key=lambda low: (low.median, low.row, low.bright_on)))


def _words(low: Sequence[BelowZero], which: str) -> str:
    if not low:
        return ""
    more = f" and {len(low) - MOST_NAMED} more" if len(low) > MOST_NAMED else ""
    return (
        f"the {which} has cells far below zero ({'; '.join(map(str, low[:MOST_NAMED]))}{more}): "
        "was it compensated twice, or too much?"
    )


def _beside(name: str, light: dict[str, FloatArray]) -> Iterator[BelowZero]:
    """Yield the rows on which the brightest cells of one row lie far below zero."""
    own = light[name]
    if own.size * BRIGHTEST < FEWEST_CELLS:
        return
    bright = own >= np.quantile(own, 1 - BRIGHTEST)
    top = float(np.median(own[bright]))
    for other, values in light.items():
        if other == name:
            continue
        low, middle, high = (float(value) for value in np.quantile(values[bright], (0.16, 0.5, 0.84)))
        spread = (high - low) / 2
        if spread > 0 and middle < -SPREADS * spread and middle < -OF_BRIGHT * top:
            yield BelowZero(other, name, middle)
