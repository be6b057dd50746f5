"""From dye molecules to the numbers in the file: light, photoelectrons, gain, noise, the end of the scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from calibration.numbers import Floats
from pipeline.simulate.tubes.cytometer import Cytometer, SimulatedDetector

Recorded = NDArray[np.float32]


def detect(
    cytometer: Cytometer,
    dyes: Floats,
    autofluorescence: Floats,
    light: Floats,
    gains: Sequence[float],
    rng: np.random.Generator,
) -> Recorded:
    """Return what the fluorescence detectors record.

    Photoelectrons ~ Poisson(light · (Σ dyes spill · efficiency · molecules + autofluorescence) + dark); the
    file holds gain · (photoelectrons − dark) + electronic noise, cut off at the end of the scale.

    Parameters
    ----------
    dyes
        Shape (n_fluorescence, n_events): molecules of each dye, in the detectors' order.
    autofluorescence
        Shape (n_events,), 1 for a lymphocyte.
    light
        Shape (n_events,): share of the light that reaches the detectors (1, less in a clog).
    gains
        Factor on each detector's nominal gain; empty = 1.

    Returns
    -------
    numpy.ndarray
        float32, shape (n_fluorescence, n_events): linear units, not compensated.
    """
    detectors = cytometer.fluorescence
    shares = photoelectron_spill(cytometer)
    electrons = shares.T @ (dyes * _column(detectors, "efficiency"))
    electrons += _column(detectors, "autofluorescence") * autofluorescence
    electrons *= light
    dark = _column(detectors, "dark")
    counted = rng.poisson(np.round(electrons + dark, 3))
    gain = _column(detectors, "gain") * _gains(detectors, gains)
    noise = rng.standard_normal(counted.shape) * _column(detectors, "noise")
    return as_recorded(np.minimum((counted - dark) * gain + noise, cytometer.top - 1))


def as_recorded(values: Floats) -> Recorded:
    """Return linear units as the file stores them: rounded to hundredths, float32.

    The values and the mean number of photoelectrons are rounded, so that all processors give the same bytes;
    their vector units may disagree in the last bit of an exponential or a product.
    """
    return np.round(values, 2).astype(np.float32)


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


def _column(detectors: Sequence[SimulatedDetector], field: str) -> Floats:
    return np.array([[getattr(detector, field)] for detector in detectors])


def _gains(detectors: Sequence[SimulatedDetector], gains: Sequence[float]) -> Floats:
    factors = gains or (1.0,) * len(detectors)
    return np.array(factors)[:, None]
