"""What a simulated tube is made of: the patient's clone, the marrow, the day and what goes wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from pipeline.simulate.tubes.cytometer import THREE_LASERS, Cytometer

Control = Literal["", "fmo", "isotype"]


@dataclass(frozen=True, slots=True)
class Clone:
    """The aberrant plasma cells of a patient: median molecules per cell.

    Attributes
    ----------
    cd38
        Free of drug, what a competing antibody can bind.
    cd38_spread
        SD between cells in dex.
    dim_fraction, dim_ratio
        A part of the clone with so much less CD38.
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
    """Everything that decides a tube but the random numbers.

    Attributes
    ----------
    aberrant_percent, normal_percent
        Plasma cells, percent of the cells that are neither debris nor plasma cells' doublets.
    composition
        Factors on the percentages of the other populations, in their order; empty = typical.
    occupancy
        Part of CD38 that the drug holds on every other cell; `clone.cd38` is already free of it.
    nk_remaining
        Part of the NK cells that the drug has left.
    f_p
        True PE molecules per antibody.
    gains
        Factor on each fluorescence detector's gain that day, in the file's order; empty = 1.
    drift
        Relative loss of light from the first to the last event.
    carry_over
        Part of the events that come from the stained tube before, early in the acquisition.
    spillover_error
        Relative SD of the off-diagonal elements of the matrix in the file against the true ones.
    spillover_in_file
        False: the file carries no matrix.
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
    control: Control = ""
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

    def as_control(self, control: Control = "fmo", n_events: int | None = None) -> TubeParameters:
        """Return the control tube of the same cells on the same day; a clog does not come twice."""
        return replace(self, control=control, n_events=n_events or self.n_events, clog=False)
