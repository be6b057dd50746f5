"""The change of the beads' brightness within a run, with the events in the order of their acquisition."""

from __future__ import annotations

import numpy as np

from calibration.beads.peaks import BeadPeaks
from calibration.curve.curve_checks.change_within_run import BrightnessChange
from calibration.curve.steady_beads import brightness_change
from gating.events import Mask
from gating.events.panel import Role
from pipeline.fcs import FcsFile
from pipeline.tube.names.markers import scatter_role


def change_within_run(
    file: FcsFile, singlets: Mask, channel: str, peaks: BeadPeaks
) -> BrightnessChange | None:
    """Return the largest change of the beads' brightness; None where no population can be judged.

    The events are taken in the file's order and, where the file has a time channel, also in the order of
    their times: other software may have sorted them. The larger change counts.

    Parameters
    ----------
    singlets
        bool, shape (n_events,).
    channel
        The calibrated one.
    """
    intensity = file.column(channel)[singlets]
    times = [file.column(name)[singlets] for name in file.channels if scatter_role(name) is Role.TIME]
    orders = [None, *(time for time in times if bool(np.any(np.diff(time) < 0)))]
    changes = [brightness_change(intensity, peaks, order) for order in orders]
    return max((change for change in changes if change), key=lambda change: change.sure, default=None)
