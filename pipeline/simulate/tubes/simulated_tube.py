"""A simulated tube: the content of its file, and the truth of every event."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gating.events import Events, Mask
from gating.events.panel import PLASMA_CELL_TARGETS, QUANTIFIED_ROLE, GatingChannel, GatingPanel, Role, Target
from pipeline.simulate.tubes.cytometer import Cytometer
from pipeline.simulate.tubes.parameters import TubeParameters
from pipeline.simulate.tubes.populations import ABERRANT_PLASMA_CELLS, PLASMA_CELLS, indices

EventValues = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Labels:
    """The truth of every event; each array has shape (n_events,).

    Attributes
    ----------
    population
        int8, index in `populations.NAMES`; for a doublet or debris, the (first) cell that it comes from.
    doublet, debris, dead, clog, carry_over
        bool. Clog: acquired while the flow was disturbed; carry-over: from the stained tube before.
    """

    population: NDArray[np.int8]
    doublet: Mask
    debris: Mask
    dead: Mask
    clog: Mask
    carry_over: Mask

    def viable_singlets(self) -> Mask:
        """Return the viable single cells of this tube, without carry-over, but with those in a clog."""
        return ~(self.doublet | self.debris | self.dead | self.carry_over)

    def of(self, names: tuple[str, ...]) -> Mask:
        """Return the viable singlets of these populations."""
        return np.isin(self.population, np.array(indices(names), np.int8)) & self.viable_singlets()


@dataclass(frozen=True, slots=True)
class SimulatedTube:
    """A tube as its FCS file would hold it, and its truth.

    Attributes
    ----------
    values
        float32, shape (n_channels, n_events): linear, not compensated.
    markers
        $PnS per channel, empty for scatter and time.
    spillover_channels, spillover
        Channels and matrix in the file; `spillover` is None if the file has no matrix.
    true_spillover
        The matrix that the optics used.
    cd38_molecules
        float32, shape (n_events,): free CD38 of the cell (for a doublet of both cells).
    """

    parameters: TubeParameters
    values: EventValues
    channels: tuple[str, ...]
    markers: tuple[str, ...]
    spillover_channels: tuple[str, ...]
    spillover: NDArray[np.float64] | None
    true_spillover: NDArray[np.float64]
    labels: Labels
    cd38_molecules: EventValues

    @property
    def cytometer(self) -> Cytometer:
        """The instrument and its panel."""
        return self.parameters.cytometer

    @property
    def plasma_cells(self) -> Mask:
        """Viable single plasma cells, normal and aberrant, including those in a clog."""
        return self.labels.of(PLASMA_CELLS)

    @property
    def aberrant(self) -> Mask:
        """Viable single aberrant plasma cells."""
        return self.labels.of(ABERRANT_PLASMA_CELLS)

    def true_rd(self, mask: Mask | None = None) -> float:
        """Return the median free CD38 of the cells in `mask` (default: aberrant plasma cells), or NaN."""
        cells = self.cd38_molecules[self.aberrant if mask is None else mask]
        return float(np.median(cells)) if cells.size else float("nan")

    def events(self) -> Events:
        """Return the events as read from the file, not compensated."""
        return Events(self.values, self.channels, self.scale_tops())

    def compensated(self, *, true: bool = False) -> Events:
        """Return events compensated by the true matrix or the file's (without one: uncompensated)."""
        matrix = self.true_spillover if true else self.spillover
        if matrix is None:
            return self.events()
        rows = [self.channels.index(channel) for channel in self.spillover_channels]
        values = self.values.copy()
        values[rows] = np.linalg.inv(matrix).T.astype(np.float32) @ values[rows]
        return Events(values, self.channels, self.scale_tops())

    def scale_tops(self) -> tuple[float, ...]:
        """Return the largest value of each channel."""
        detectors = self.cytometer.detectors
        return tuple(float("inf") if d.role == Role.TIME else self.cytometer.top - 1 for d in detectors)

    def gating_panel(self) -> GatingPanel:
        """Return the role of each channel, without the quantified one."""
        gating = [d for d in self.cytometer.detectors if d.role != QUANTIFIED_ROLE]
        return GatingPanel(
            tuple(
                GatingChannel(d.channel, d.role, PLASMA_CELL_TARGETS.get(d.role, Target.ANY), d.marker)
                for d in gating
            )
        )
