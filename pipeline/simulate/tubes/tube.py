"""Simulate one tube of stained marrow, with the truth of every event."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from calibration.numbers import Floats
from gating.events import Mask
from gating.events.panel import Role
from pipeline.simulate.tubes.cells import CD38, SimulatedCells, draw_cells
from pipeline.simulate.tubes.cytometer import Cytometer
from pipeline.simulate.tubes.optics import Recorded, as_recorded, detect, measured_spillover, spillover_of_day
from pipeline.simulate.tubes.parameters import TubeParameters
from pipeline.simulate.tubes.populations import SIMULATED_MARKERS
from pipeline.simulate.tubes.simulated_tube import Labels, SimulatedTube

_FSC_THRESHOLD = 5_000.0
_CARRY_OVER_SECONDS = 2.0


def simulate_tube(parameters: TubeParameters, rng: np.random.Generator) -> SimulatedTube:
    """Simulate a tube.

    Parameters
    ----------
    parameters
        See `TubeParameters`; `draw_tube(scenario, rng)` draws them for a named scenario.
    rng
        The only source of randomness: the same state gives the same bytes.

    Returns
    -------
    SimulatedTube

    Examples
    --------
    >>> tube = simulate_tube(TubeParameters(n_events=5_000), np.random.default_rng(1))
    >>> tube.values.shape, tube.values.dtype.name
    ((14, 5000), 'float32')
    >>> bool(40_000 < tube.true_rd() < 90_000)
    True
    """
    n = parameters.n_events
    seconds, clog = _arrivals(parameters, rng)
    cells, doublet, debris = _pieces(parameters, n, rng)
    carry_over = rng.random(n) < _carry_over_chance(parameters, seconds)
    light = _light(parameters, n, clog, rng)
    dyes = _dyes(parameters, cells, carry_over)
    fluorescence = detect(parameters.cytometer, dyes, cells.autofluorescence, light, parameters.gains, rng)
    values = _assemble(parameters.cytometer, cells, doublet, light, seconds, fluorescence, rng)
    true = spillover_of_day(parameters.cytometer, parameters.gains)
    measured = measured_spillover(true, parameters.spillover_error, rng)
    return SimulatedTube(
        parameters=parameters,
        values=values,
        channels=parameters.cytometer.channels,
        markers=_markers(parameters),
        spillover_channels=tuple(d.channel for d in parameters.cytometer.fluorescence),
        spillover=measured if parameters.spillover_in_file else None,
        true_spillover=true,
        labels=Labels(cells.population, doublet, debris, cells.dead, clog, carry_over),
        cd38_molecules=cells.antigens[CD38].astype(np.float32),
    )


def _arrivals(parameters: TubeParameters, rng: np.random.Generator) -> tuple[NDArray[np.float64], Mask]:
    """Return the seconds of each event, and which events came during a clog (a slow, dim stretch)."""
    n = parameters.n_events
    gaps = rng.exponential(1 / parameters.events_per_second, n)
    clog = np.zeros(n, bool)
    if parameters.clog:
        start = int(n * rng.uniform(0.15, 0.7))
        clog[start : start + int(n * rng.uniform(0.08, 0.16))] = True
        gaps[clog] *= rng.uniform(2.5, 6)
    return np.cumsum(gaps), clog


def _pieces(
    parameters: TubeParameters, n: int, rng: np.random.Generator
) -> tuple[SimulatedCells, Mask, Mask]:
    """Return the cells; some are in pieces (debris), some come two or more at once (doublets)."""
    kind = rng.random(n)
    debris = kind < parameters.debris_percent / 100
    doublet = ~debris & (kind > 1 - parameters.doublet_percent / 100)
    first = np.flatnonzero(doublet)
    clumps = rng.choice(first, int(0.04 * first.size)) if first.size else first
    joined = np.concatenate([first, np.repeat(clumps, 3)])
    cells = draw_cells(parameters, n + joined.size, rng)
    _break(cells, np.flatnonzero(debris), rng)
    return _join(cells, n, joined), doublet, debris


def _break(cells: SimulatedCells, rows: NDArray[np.intp], rng: np.random.Generator) -> None:
    """Reduce cells to debris: small, with part of the membrane; half of them take up viability dye."""
    part = 0.15 * 10 ** (0.35 * rng.standard_normal(rows.size))
    cells.antigens[:, rows] *= part
    cells.sticky[rows] += 300 * part
    cells.autofluorescence[rows] *= 0.5 * part + 0.2
    torn = rows[rng.random(rows.size) < 0.5]
    cells.antigens[-1, torn] += 8_000 * 10 ** (0.4 * rng.standard_normal(torn.size))
    cells.fsc[rows] = _FSC_THRESHOLD + 9_000 * 10 ** (0.3 * rng.standard_normal(rows.size))
    cells.ssc[rows] = 6_000 * 10 ** (0.35 * rng.standard_normal(rows.size))


def _join(cells: SimulatedCells, n: int, joined: NDArray[np.intp]) -> SimulatedCells:
    """Add the cells after the first `n` to the events `joined`; the areas of the pulses add up."""
    for field in (cells.sticky, cells.fsc, cells.ssc, cells.autofluorescence):
        np.add.at(field, joined, field[n:])
    for antigen in cells.antigens:
        np.add.at(antigen, joined, antigen[n:])
    np.logical_or.at(cells.dead, joined, cells.dead[n:])
    return SimulatedCells(
        cells.population[:n], cells.antigens[:, :n], cells.sticky[:n], cells.fsc[:n], cells.ssc[:n],
        cells.autofluorescence[:n], cells.dead[:n],
    )  # fmt: skip


def _carry_over_chance(parameters: TubeParameters, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    early = np.exp(-seconds / _CARRY_OVER_SECONDS)
    chance: NDArray[np.float64] = parameters.carry_over * seconds.size * early / early.sum()
    return np.minimum(chance, 1)


def _light(parameters: TubeParameters, n: int, clog: Mask, rng: np.random.Generator) -> Floats:
    """Return the share of light per event: slow drift, ripple, and a dim, unsteady stretch in a clog."""
    time = np.linspace(-0.5, 0.5, n)
    light = 1 - parameters.drift * time + 0.002 * np.sin(2 * np.pi * (3 * time + rng.random()))
    depth = rng.uniform(0.25, 0.55) * (0.6 + 0.4 * np.sin(np.linspace(0, np.pi, int(clog.sum()))))
    unsteady = 1 + 0.12 * rng.standard_normal(depth.size)
    light[clog] *= np.clip((1 - depth) * unsteady, 0.05, None)
    return light


def _dyes(parameters: TubeParameters, cells: SimulatedCells, carry_over: Mask) -> Floats:
    """Return the molecules of each dye per event, in the order of the fluorescence detectors."""
    swapped = dict(parameters.relabelled) | {swapped_with: own for own, swapped_with in parameters.relabelled}
    rows = []
    for detector in parameters.cytometer.fluorescence:
        marker = swapped.get(detector.marker, detector.marker)
        antigen = cells.antigens[SIMULATED_MARKERS.index(marker)]
        sticks = 0.0 if marker == "VIABILITY" else 1.0
        bound = antigen + sticks * cells.sticky
        rows.append(_cd38_dye(parameters, cells, bound, carry_over) if marker == "CD38" else bound)
    return np.stack(rows)


def _cd38_dye(parameters: TubeParameters, cells: SimulatedCells, bound: Floats, carry_over: Mask) -> Floats:
    """Return the dye of the quantified channel: none in an FMO, only sticky binding in an isotype control."""
    in_tube = {"": bound, "fmo": np.zeros_like(bound), "isotype": cells.sticky}[parameters.control]
    return np.where(carry_over, bound, in_tube) * parameters.f_p


def _assemble(
    cytometer: Cytometer,
    cells: SimulatedCells,
    doublet: Mask,
    light: Floats,
    seconds: NDArray[np.float64],
    fluorescence: Recorded,
    rng: np.random.Generator,
) -> Recorded:
    """Put scatter, fluorescence and time into the file's order."""
    area = cells.fsc * light * (1 + 0.015 * rng.standard_normal(seconds.size))
    height = _height(area, doublet, rng)
    computed = {
        Role.FSC_AREA: area * cytometer.scatter_scale,
        Role.FSC_HEIGHT: height * cytometer.scatter_scale,
        Role.FSC_WIDTH: area / height * cytometer.top / 4,
        Role.SSC_AREA: cells.ssc * light * cytometer.scatter_scale,
        Role.TIME: np.floor(seconds / cytometer.time_step),
    }
    fluorescent = iter(fluorescence)
    rows = [
        next(fluorescent) if detector.fluorochrome else _clipped(cytometer, detector.role, computed)
        for detector in cytometer.detectors
    ]
    return np.stack(rows)


def _height(area: Floats, doublet: Mask, rng: np.random.Generator) -> Floats:
    """Return the pulse height: about the area for one cell; for doublets at least the larger cell's."""
    shape = 1 - 0.04 * np.log10(np.maximum(area, 1) / 60_000) + 0.025 * rng.standard_normal(area.size)
    height = 0.92 * area * shape
    n = int(doublet.sum())
    height[doublet] *= 0.5 + 0.25 * rng.random(n) + 0.25 * rng.beta(1, 5, n)
    return height


def _clipped(cytometer: Cytometer, role: Role, computed: Mapping[Role, Floats]) -> Recorded:
    return as_recorded(computed[role] if role == Role.TIME else np.clip(computed[role], 0, cytometer.top - 1))


def _markers(parameters: TubeParameters) -> tuple[str, ...]:
    """Return $PnS as stained: swapped antibodies are named by the channel that they truly stain."""
    swapped = dict(parameters.relabelled) | {swapped_with: own for own, swapped_with in parameters.relabelled}
    names = {"DUMP": "CD3+CD14", "VIABILITY": "Viability", "": ""}
    stained = [swapped.get(d.marker, d.marker) for d in parameters.cytometer.detectors]
    return tuple(
        "" if marker == "CD38" and parameters.control == "fmo" else names.get(marker, marker)
        for marker in stained
    )


def control_of(tube: SimulatedTube, rng: np.random.Generator, n_events: int | None = None) -> SimulatedTube:
    """Simulate the FMO control tube of the same cells on the same day."""
    return simulate_tube(tube.parameters.as_control("fmo", n_events), rng)
