"""Simulated cytometers as data: detectors, dyes, spillover, scales and the panel that runs on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gating.events.panel import Role

Spill = tuple[str, str, float]


@dataclass(frozen=True, slots=True)
class SimulatedDetector:
    """A channel of the file.

    Attributes
    ----------
    channel, role
        $PnN, and what the panels sheet calls it.
    marker, fluorochrome
        The stain; empty for scatter and time. `DUMP` is CD3 and CD14 together, `VIABILITY` the viability dye.
    voltage
        $PnV.
    efficiency
        Photoelectrons per dye molecule on the dye's own detector.
    gain
        Linear units of the file per photoelectron at that voltage.
    noise
        SD of the electronic noise, linear units.
    dark
        Mean photoelectrons of stray light per event; the electronics subtract the mean, but its noise stays.
    autofluorescence
        Photoelectrons of a cell whose autofluorescence is 1 (about a lymphocyte).
    """

    channel: str
    role: Role
    marker: str = ""
    fluorochrome: str = ""
    voltage: float = 0.0
    efficiency: float = 0.0
    gain: float = 1.0
    noise: float = 0.0
    dark: float = 0.0
    autofluorescence: float = 0.0


@dataclass(frozen=True, slots=True)
class Cytometer:
    """An instrument with its panel.

    Attributes
    ----------
    top
        End of the scale of every detector but time ($PnR).
    scatter_scale
        Linear units of scatter per unit of the population table.
    spills
        (fluorochrome, detector's fluorochrome, linear units there per unit on its own detector) at the
        voltages of `detectors`.
    time_step
        $TIMESTEP in seconds.
    """

    name: str
    serial: str
    panel: str
    detectors: tuple[SimulatedDetector, ...]
    spills: tuple[Spill, ...]
    top: float
    scatter_scale: float
    time_step: float

    @property
    def channels(self) -> tuple[str, ...]:
        """$PnN of every detector, in the file's order."""
        return tuple(detector.channel for detector in self.detectors)

    @property
    def fluorescence(self) -> tuple[SimulatedDetector, ...]:
        """The detectors that see a dye, in the file's order."""
        return tuple(detector for detector in self.detectors if detector.fluorochrome)

    @property
    def cd38(self) -> SimulatedDetector:
        """The detector of the quantified dye."""
        return next(detector for detector in self.detectors if detector.role == Role.CD38)

    def spillover(self) -> NDArray[np.float64]:
        """Return the spillover of dye (row) into detector (column) in linear units; the diagonal is 1."""
        names = [detector.fluorochrome for detector in self.fluorescence]
        matrix = np.eye(len(names))
        for dye, detector, share in self.spills:
            matrix[names.index(dye), names.index(detector)] = share
        return matrix


THREE_LASERS = Cytometer(
    name="Simulated three-laser cytometer",
    serial="SIM0001",
    panel="myeloma10",
    detectors=(
        SimulatedDetector("FSC-A", Role.FSC_AREA, voltage=420),
        SimulatedDetector("FSC-H", Role.FSC_HEIGHT, voltage=420),
        SimulatedDetector("SSC-A", Role.SSC_AREA, voltage=260),
        SimulatedDetector("FITC-A", Role.CD81, "CD81", "FITC", 480, 0.05, 6.0, 28, 6, 8),
        SimulatedDetector("PE-A", Role.CD38, "CD38", "PE", 450, 0.15, 3.0, 24, 5, 9),
        SimulatedDetector("PerCP-Cy5-5-A", Role.DUMP, "DUMP", "PerCP-Cy5-5", 560, 0.03, 9.0, 30, 4, 2.5),
        SimulatedDetector("PE-Cy7-A", Role.CD19, "CD19", "PE-Cy7", 600, 0.10, 4.0, 35, 3, 1.2),
        SimulatedDetector("APC-A", Role.CD319, "CD319", "APC", 550, 0.12, 4.0, 30, 3, 1.0),
        SimulatedDetector("APC-R700-A", Role.CD117, "CD117", "APC-R700", 570, 0.08, 5.0, 36, 3, 0.8),
        SimulatedDetector("APC-H7-A", Role.VIABILITY, "VIABILITY", "APC-H7", 590, 0.05, 6.0, 40, 3, 0.6),
        SimulatedDetector("BV421-A", Role.CD138, "CD138", "BV421", 400, 0.25, 2.0, 30, 12, 22),
        SimulatedDetector("V500-C-A", Role.CD45, "CD45", "V500-C", 440, 0.04, 5.0, 28, 10, 14),
        SimulatedDetector("BV605-A", Role.CD56, "CD56", "BV605", 500, 0.08, 5.0, 30, 6, 6),
        SimulatedDetector("Time", Role.TIME),
    ),
    spills=(
        ("FITC", "PE", 0.08), ("FITC", "PerCP-Cy5-5", 0.02), ("FITC", "PE-Cy7", 0.003),
        ("FITC", "V500-C", 0.04), ("FITC", "BV605", 0.01),
        ("PE", "FITC", 0.01), ("PE", "PerCP-Cy5-5", 0.25), ("PE", "PE-Cy7", 0.03), ("PE", "BV605", 0.10),
        ("PerCP-Cy5-5", "PE", 0.003), ("PerCP-Cy5-5", "PE-Cy7", 0.12), ("PerCP-Cy5-5", "APC", 0.02),
        ("PerCP-Cy5-5", "APC-R700", 0.20), ("PerCP-Cy5-5", "APC-H7", 0.04), ("PerCP-Cy5-5", "BV605", 0.005),
        ("PE-Cy7", "PE", 0.03), ("PE-Cy7", "PerCP-Cy5-5", 0.01), ("PE-Cy7", "APC-R700", 0.01),
        ("PE-Cy7", "APC-H7", 0.08),
        ("APC", "PerCP-Cy5-5", 0.015), ("APC", "PE-Cy7", 0.004), ("APC", "APC-R700", 0.18),
        ("APC", "APC-H7", 0.06),
        ("APC-R700", "PerCP-Cy5-5", 0.05), ("APC-R700", "PE-Cy7", 0.05), ("APC-R700", "APC", 0.02),
        ("APC-R700", "APC-H7", 0.22),
        ("APC-H7", "PE-Cy7", 0.06), ("APC-H7", "APC", 0.05), ("APC-H7", "APC-R700", 0.08),
        ("BV421", "V500-C", 0.10), ("BV421", "BV605", 0.01),
        ("V500-C", "FITC", 0.08), ("V500-C", "PE", 0.02), ("V500-C", "BV421", 0.05),
        ("V500-C", "BV605", 0.25),
        ("BV605", "PE", 0.08), ("BV605", "PerCP-Cy5-5", 0.08), ("BV605", "PE-Cy7", 0.02),
        ("BV605", "APC", 0.02), ("BV605", "APC-R700", 0.01), ("BV605", "V500-C", 0.03),
    ),
    top=262_144.0,
    scatter_scale=1.0,
    time_step=0.01,
)  # fmt: skip

# Another scale, other channel names, pulse width in place of height, eight colours, another second anchor.
WIDE_SCALE = Cytometer(
    name="Simulated wide-scale cytometer",
    serial="SIM0002",
    panel="myeloma8",
    detectors=(
        SimulatedDetector("Time", Role.TIME),
        SimulatedDetector("SSC-A", Role.SSC_AREA, voltage=180),
        SimulatedDetector("FSC-A", Role.FSC_AREA, voltage=120),
        SimulatedDetector("FSC-W", Role.FSC_WIDTH, voltage=120),
        SimulatedDetector("V1-A", Role.CD138, "CD138", "Pacific Blue", 331, 0.10, 38, 180, 9, 20),
        SimulatedDetector("V3-A", Role.CD45, "CD45", "Krome Orange", 402, 0.05, 60, 210, 9, 15),
        SimulatedDetector("B4-A", Role.CD19, "CD19", "PerCP-eF710", 466, 0.06, 75, 240, 3, 2),
        SimulatedDetector("YG1-A", Role.CD38, "CD38", "PE", 377, 0.22, 29, 190, 4, 12),
        SimulatedDetector("YG9-A", Role.CD56, "CD56", "PE-Cy7", 512, 0.12, 48, 230, 3, 1.5),
        SimulatedDetector("R1-A", Role.CD229, "CD229", "APC", 488, 0.14, 44, 200, 3, 1.1),
        SimulatedDetector("R3-A", Role.CD117, "CD117", "AF700", 505, 0.05, 80, 260, 3, 0.9),
        SimulatedDetector("R7-A", Role.VIABILITY, "VIABILITY", "eF780", 520, 0.05, 70, 260, 3, 0.6),
    ),
    spills=(
        ("Pacific Blue", "Krome Orange", 0.28), ("Krome Orange", "Pacific Blue", 0.03),
        ("Krome Orange", "PerCP-eF710", 0.04), ("Krome Orange", "PE", 0.03),
        ("PE", "PerCP-eF710", 0.09), ("PE", "PE-Cy7", 0.02),
        ("PerCP-eF710", "PE-Cy7", 0.14), ("PerCP-eF710", "AF700", 0.22), ("PerCP-eF710", "eF780", 0.05),
        ("PE-Cy7", "PE", 0.04), ("PE-Cy7", "eF780", 0.07),
        ("APC", "AF700", 0.15), ("APC", "eF780", 0.05), ("APC", "PerCP-eF710", 0.02),
        ("AF700", "eF780", 0.25), ("AF700", "APC", 0.01), ("AF700", "PE-Cy7", 0.03),
        ("eF780", "AF700", 0.06), ("eF780", "PE-Cy7", 0.09), ("eF780", "APC", 0.02),
    ),
    top=4_194_304.0,
    scatter_scale=9.5,
    time_step=0.001,
)  # fmt: skip

CYTOMETERS = (THREE_LASERS, WIDE_SCALE)
