"""The parameters of a simulated tube: the patient's clone, the marrow, the day and the problems."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from pipeline.simulate.tubes.cytometer import THREE_LASERS, Cytometer

SimulatedControl = Literal["", "fmo", "isotype"]


@dataclass(frozen=True, slots=True)
class Clone:
    """The aberrant plasma cells of a patient: median molecules per cell.

    Attributes
    ----------
    cd38
        Free CD38, which a competing antibody can bind.
    cd38_spread
        SD between cells in dex.
    dim_fraction, dim_ratio
        Fraction of the clone with less CD38, and the factor on its CD38.
    size
        Forward scatter relative to a typical plasma cell.
    """

    cd38: float = 60_000.0
    cd38_spread: float = 0.2
    dim_fraction: float = 0.0
    dim_ratio: float = 0.1
    cd138: float = 60_000.0
    cd45: float = 3_000.0
    cd319: float = 24_000.0
    cd229: float = 28_000.0
    cd19: float = 60.0
    cd56: float = 40_000.0
    cd117: float = 80.0
    cd81: float = 3_000.0
    size: float = 1.0


@dataclass(frozen=True, slots=True)
class TubeParameters:
    """All parameters of a tube except the random numbers.

    Attributes
    ----------
    aberrant_percent, normal_percent
        Plasma cells, percent of the cells that are neither debris nor plasma cells' doublets.
    composition
        Factors on the percentages of the other populations, in their order; empty = typical.
    occupancy
        Fraction of CD38 that the drug occupies on the other cells; `clone.cd38` is free CD38 already.
    nk_remaining
        Fraction of NK cells that the drug has left alive.
    f_p
        True PE molecules per antibody.
    gains
        Factor on each fluorescence detector's gain that day, in the file's order; empty = 1.
    drift
        Relative loss of light from the first to the last event.
    carry_over
        Fraction of the events that are carried over from the previous stained tube, early in the acquisition.
    spillover_error
        Relative SD of the off-diagonal elements of the matrix in the file against the true ones.
    spillover_in_file
        Whether the file has a spillover matrix.
    relabelled
        Pairs of markers whose antibodies were swapped at the bench.
    """

    cytometer: Cytometer = THREE_LASERS
    n_events: int = 60_000
    clone: Clone = Clone()
    aberrant_percent: float = 4.0
    normal_percent: float = 0.15
    composition: tuple[float, ...] = ()
    occupancy: float = 0.0
    nk_remaining: float = 1.0
    control: SimulatedControl = ""
    f_p: float = 1.0
    dead_percent: float = 4.0
    debris_percent: float = 8.0
    doublet_percent: float = 3.5
    gains: tuple[float, ...] = ()
    events_per_second: float = 1_500.0
    drift: float = 0.01
    clog: bool = False
    carry_over: float = 0.0003
    spillover_error: float = 0.01
    spillover_in_file: bool = True
    relabelled: tuple[tuple[str, str], ...] = ()

    def as_control(self, control: SimulatedControl = "fmo", n_events: int | None = None) -> TubeParameters:
        """Return the control tube of the same cells on the same day, without a clog."""
        return replace(self, control=control, n_events=n_events or self.n_events, clog=False)
