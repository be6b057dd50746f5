"""Back-gating: the quantified cells among the viable single cells, on any two channels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gating.events import Events, FloatArray, Mask
from gating.gates.steps import GatedPopulation, GateStep, Step
from gating.thresholds.methods import Method
from pipeline.output.figures.gating import channel_labels
from pipeline.output.figures.outlines import axes_of
from pipeline.output.figures.svg.gate_picture import step_picture, with_cells
from pipeline.output.figures.svg.picture_page import in_page
from pipeline.review.bench.tube_view import REVIEW_GATE_SIDE
from pipeline.review.view import AxisView, BackGate
from pipeline.study.errors import UserError
from pipeline.study.study import Panel
from pipeline.tube.histograms import step_densities
from pipeline.tube.names.rows import row_named
from pipeline.tube.reading import Tube

MOST_DOTS = 2000
"""Most cells drawn as dots; of more cells, evenly spaced ones in the order of the file are drawn. Convention:
a browser draws this number without a delay, and more dots show nothing new."""


def back_gated(tube: Tube, panel: Panel, x: str, y: str, *, among: Mask, cells: Mask) -> BackGate:
    """Return the picture of cells among other events on two channels.

    Parameters
    ----------
    x, y
        Channels of the panel or their roles; the quantified channel is allowed.
    among, cells
        bool, shape (n_events,); `cells` is a part of `among`.

    Raises
    ------
    UserError
        If there is no such channel.
    """
    names = [_row(panel, name) for name in (x, y)]
    if names[0] == names[1]:
        raise UserError(f"both axes are {names[0]}, expected two channels")
    columns = [_column(tube, name) for name in names]
    events = Events(np.stack([column.compress(among) for column in columns]), tuple(names))
    inner = cells.compress(among)
    n, n_cells = events.n_events, int(np.count_nonzero(inner))
    step = GateStep(Step.VIABLE, None, tuple(names), n, n, (Method.NONE,))
    whole = np.ones(n, np.bool_)
    density = step_densities(events, GatedPopulation(inner, (step,), whole[None], 1.0, whole))[0]
    labels = channel_labels(panel)
    dots = _dots(events, inner)
    title = f"{n_cells:,} quantified cells"
    drawn = with_cells(
        step_picture(density, None, title, labels, REVIEW_GATE_SIDE), density, dots, REVIEW_GATE_SIDE
    )
    axes = [
        AxisView(name, labels.get(name, name), axis)
        for name, axis in zip(names, axes_of(density), strict=True)
    ]
    words = f"{n_cells} quantified cells among {n} viable single cells, {axes[0].label} and {axes[1].label}"
    picture = in_page(drawn, words, name="backgate")
    return BackGate(axes[0], axes[1], picture, n_cells, tuple((float(a), float(b)) for a, b in dots))


def _dots(events: Events, inner: Mask) -> NDArray[np.float64]:
    rows = np.flatnonzero(inner)
    rows = rows[:: max(1, -(-rows.size // MOST_DOTS))]
    return events.values[:, rows].T.astype(np.float64)


def _row(panel: Panel, name: str) -> str:
    row = row_named(panel, name)
    by_role = [channel.name for channel in panel.channels if channel.role == name.casefold()]
    channels = [channel.name for channel in panel.channels]
    if row in channels:
        return row
    if len(by_role) == 1:
        return by_role[0]
    raise UserError(f"no channel {name!r}; there are {', '.join(channels)}")


def _column(tube: Tube, name: str) -> FloatArray:
    return tube.quantified if name == tube.quantified_channel else tube.events.column(name)
