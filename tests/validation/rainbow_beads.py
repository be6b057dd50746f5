"""Rainbow beads beside a bead run: the same instrument, detector, voltage and gain."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.fcs import read_fcs, write_fcs
from validation.simulated_beads import Detector, bead_run

RAINBOW = (0.0, 300.0, 1000.0, 3200.0, 10000.0, 30000.0)
"""Assigned values of the six populations, as the tests type them."""


def rainbow_beside(bead_file: Path, path: Path, gain: float, seed: int, day: str = "") -> None:
    """Write rainbow beads with the instrument's facts of another bead file, at `gain` times its gain."""
    file = read_fcs(bead_file)
    detector = Detector(photons=0.1, gain=20.0 * gain, noise=10.0)
    made = bead_run(np.random.default_rng(seed), RAINBOW, detector=detector, n=4000, bead_cv=0.04)
    names = ("FSC-A", "SSC-A", "PE-A")
    keywords = {"$CYT": file.acquisition.instrument, "$CYTSN": file.acquisition.serial}
    keywords["$DATE"] = day or f"{file.acquisition.acquired_on:%d-%b-%Y}".upper()
    keywords["$P3V"] = f"{file.detector('PE-A').voltage:g}"
    values = np.stack([made.fsc, made.ssc, made.intensity]).astype(np.float32)
    write_fcs(path, values, names, keywords=keywords)
