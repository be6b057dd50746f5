"""How the detectors of a tube were set."""

from __future__ import annotations

from dataclasses import dataclass

from gating.events.panel import UNSTAINED_ROLES
from pipeline.tube.reading import Tube


@dataclass(frozen=True, slots=True)
class DetectorSetting:
    """Settings of the detector of a panel row; voltage is None if the file does not give it."""

    channel: str
    voltage: float | None
    gain: float


def detector_settings(tube: Tube) -> tuple[DetectorSetting, ...]:
    """Return the settings of the fluorescence detectors that may gate; scatter and time are never pooled."""
    names = sorted(c.channel for c in tube.panel.channels if c.role not in UNSTAINED_ROLES)
    detectors = ((name, tube.file.detector(tube.rows.name_of(name))) for name in names)
    return tuple(
        DetectorSetting(name, detector.voltage, detector.gain or 1.0) for name, detector in detectors
    )
