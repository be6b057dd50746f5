"""The fit as a picture: rows, line, band and the limits of quantification."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.washout.censored.likelihood import LEFT, OBSERVED, RIGHT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pipeline.washout.line.tobit import WashoutFit

_COLOUR = "#1b5e8a"


def plot_fit(fit: WashoutFit, axes: Axes | None = None) -> Axes:
    """Draw on these axes; open a new figure where None. Censored rows are open triangles at their limit."""
    if axes is None:
        import matplotlib.pyplot as plt

        axes = plt.subplots(figsize=(5, 4), layout="constrained")[1]
    low, high = float(fit.data.weeks.min()), float(fit.data.weeks.max())
    grid = np.geomspace(low, high, 200)
    axes.fill_between(grid, *fit.predict_interval(grid), color=_COLOUR, alpha=0.15, linewidth=0)
    axes.plot(grid, fit.predict(grid), color=_COLOUR)
    for kind, marker, label in (
        (OBSERVED, "o", "measured"),
        (LEFT, "v", "below LLOQ"),
        (RIGHT, "^", "above ULOQ"),
    ):
        which = fit.data.kind == kind
        if which.any():
            face = _COLOUR if kind == OBSERVED else "none"
            x, y = fit.data.weeks[which], 10 ** fit.data.log_rd[which]
            axes.scatter(x, y, marker=marker, facecolors=face, edgecolors=_COLOUR, label=label)
    axes.set(xscale="log", yscale="log", xlabel="washout, weeks", ylabel="free CD38, molecules per cell")
    axes.legend(frameon=False)
    return axes
