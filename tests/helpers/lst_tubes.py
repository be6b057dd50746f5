"""EuroFlow LST tubes with the label of every event, read from the folder of real files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from gating.events import Events, FloatArray, Mask
from gating.events.panel import GatingChannel, GatingPanel, Role, Target

LST = (
    ("CD19", "cd19", Target.ANY), ("CD38", "other", Target.POSITIVE), ("CD3", "dump", Target.NEGATIVE),
    ("CD4+CD20", "other", Target.ANY), ("CD45", "cd45", Target.LOW), ("CD56+IgK", "cd56", Target.ANY),
    ("CD5", "other", Target.ANY), ("CD8+IgL", "other", Target.ANY), ("FSC-A", "fsc_area", Target.ANY),
    ("SSC-A", "ssc_area", Target.ANY),
)  # fmt: skip
"""The EuroFlow LST panel has no CD138; CD38 may anchor here, since nothing is quantified."""
LST_PANEL = GatingPanel(tuple(GatingChannel(c, Role(r), t, c) for c, r, t in LST))


def lst_tube(path: Path) -> tuple[Events, Mask]:
    """Return the events of a tube and which are plasma cells, bool, shape (n_events,)."""
    values, labels = lst_labels(path)
    is_plasma_cell = (labels.eq("PLASMA CELLS") | labels.str.startswith("PC ")).to_numpy()
    return Events(values, tuple(name for name, _, _ in LST)), is_plasma_cell


def lst_labels(path: Path) -> tuple[FloatArray, pd.Series[str]]:
    """Return the values of a tube, float32, shape (n_channels, n_events), and the label of each event."""
    frame = pd.read_csv(path, float_precision="round_trip")
    values, labels = frame.iloc[:, :-1].to_numpy(np.float32).T, frame.iloc[:, -1].astype(str)
    return np.ascontiguousarray(values), labels
