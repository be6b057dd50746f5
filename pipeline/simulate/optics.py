"""From dye molecules to the numbers in the file: light, photoelectrons, gain, noise, the end of the scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.simulate.cytometer import Cytometer, Detector

Floats = NDArray[np.float32]


def detect(
    cytometer: Cytometer,
    dyes: Floats,
    autofluorescence: Floats,
    light: Floats,
    gains: Sequence[float],
    rng: np.random.Generator,
) -> Floats:
    """Return what the fluorescence detectors record.

    Photoelectrons ~ Poisson(light · (Σ dyes spill · efficiency · molecules + autofluorescence) + dark); the
    file holds gain · (photoelectrons − dark) + electronic noise, cut off at the end of the scale.

    Parameters
    ----------
    dyes
        float32, shape (n_fluorescence, n_events): molecules of each dye, in the detectors' order.
    autofluorescence
        float32, shape (n_events,), 1 for a lymphocyte.
    light
        float32, shape (n_events,): share of the light that reaches the detectors (1, less in a clog).
    gains
        Factor on each detector's nominal gain; empty = 1.

    Returns
    -------
    numpy.ndarray
        float32, shape (n_fluorescence, n_events): linear units, not compensated.
    """
    detectors = cytometer.fluorescence
    shares = photoelectron_spill(cytometer).astype(np.float32)
    electrons = shares.T @ (dyes * _column(detectors, "efficiency"))
    electrons += _column(detectors, "autofluorescence") * autofluorescence
    electrons *= light
    dark = _column(detectors, "dark")
    counted = rng.poisson(electrons + dark).astype(np.float32)
    gain = _column(detectors, "gain") * _gains(detectors, gains)
    noise = rng.standard_normal(counted.shape, dtype=np.float32) * _column(detectors, "noise")
    recorded: Floats = np.minimum((counted - dark) * gain + noise, np.float32(cytometer.top - 1))
    return recorded


def photoelectron_spill(cytometer: Cytometer) -> NDArray[np.float64]:
    """Return photoelectrons on each detector (column) per photoelectron of a dye (row) on its own."""
    gains = np.array([detector.gain for detector in cytometer.fluorescence])
    shares: NDArray[np.float64] = cytometer.spillover() * gains[:, None] / gains[None, :]
    return shares


def spillover_of_day(cytometer: Cytometer, gains: Sequence[float]) -> NDArray[np.float64]:
    """Return the true spillover in linear units when the day's gains differ from the nominal ones."""
    factor = _gains(cytometer.fluorescence, gains)[:, 0].astype(np.float64)
    matrix: NDArray[np.float64] = cytometer.spillover() * factor[None, :] / factor[:, None]
    return matrix


def measured_spillover(
    true: NDArray[np.float64], relative_error: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the matrix as a lab would estimate it: off-diagonals with a relative error, five decimals."""
    error = 1 + relative_error * rng.standard_normal(true.shape)
    np.fill_diagonal(error, 1.0)
    return np.round(true * error, 5)


def _column(detectors: Sequence[Detector], field: str) -> Floats:
    return np.array([[getattr(detector, field)] for detector in detectors], np.float32)


def _gains(detectors: Sequence[Detector], gains: Sequence[float]) -> Floats:
    factors = gains or (1.0,) * len(detectors)
    return np.array(factors, np.float32)[:, None]
