"""The line through the washout figure: the median patient, the band of that median and of the patients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.output.figures.style.palette import BLUE, GREY
from pipeline.washout.line.tobit import WashoutFit
from pipeline.washout.recovery.fit import RecoveryFit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PATIENTS, _MEDIAN = "#eaf2f8", "#bdd7eb"
_SDS: Final = 1.959964
"""SDs around the median within which 95 % of the patients lie. Arithmetic: of the normal distribution."""


def draw_line(axes: Axes, fit: WashoutFit | RecoveryFit, *, contradicted: bool) -> None:
    """Draw the line with its two bands, cut at the frame with a sign."""
    grid = np.geomspace(float(fit.data.weeks.min()), float(fit.data.weeks.max()), 60)
    floor, ceiling = axes.get_ylim()
    bands = ((patients_band(fit, grid), _PATIENTS, 0.8), (fit.predict_interval(grid), _MEDIAN, 1.0))
    for (low, high), colour, order in bands:
        ends = low.clip(floor, ceiling), high.clip(floor, ceiling)
        axes.fill_between(grid, *ends, color=colour, linewidth=0, zorder=order)
    lows, highs = zip(*(band for band, _, _ in bands), strict=True)
    _draw_cut_signs(
        axes, grid, np.any(np.less(lows, floor), axis=0), np.any(np.greater(highs, ceiling), axis=0)
    )
    look = _line_look(contradicted=contradicted)
    axes.plot(grid, fit.predict(grid), zorder=2, **look)


def _draw_cut_signs(
    axes: Axes, weeks: NDArray[np.float64], below: NDArray[np.bool_], above: NDArray[np.bool_]
) -> None:
    """Mark with one arrow at an edge where a band, or both, go on beyond the frame."""
    for cut, sign, height, side in ((above, "↑", 0.985, "top"), (below, "↓", 0.015, "bottom")):
        if cut.any():
            middle = float(np.exp(np.log(weeks[cut]).mean()))
            across = axes.get_xaxis_transform()
            axes.text(
                middle,
                height,
                f"{sign} goes on",
                fontsize=6.5,
                color=GREY,
                ha="center",
                va=side,
                transform=across,
            )


def patients_band(fit: WashoutFit | RecoveryFit, weeks: NDArray[np.float64]) -> tuple[Any, Any]:
    """Return the densities between which 95 % of the patients lie by this fit, (n,) each."""
    if isinstance(fit, RecoveryFit):
        return fit.predict_patients(weeks)
    median, factor = fit.predict(weeks), 10 ** (_SDS * fit.sigma)
    return median / factor, median * factor


def _line_look(*, contradicted: bool) -> dict[str, Any]:
    return {"color": BLUE, "linewidth": 1.3, "linestyle": (0, (4, 2)) if contradicted else "-"}


def line_key(fit: WashoutFit | RecoveryFit, *, contradicted: bool) -> list[Any]:
    """Return the key's entries for the line and its two bands."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    kind = "credible interval" if isinstance(fit, RecoveryFit) else "interval"
    line = "median patient" + ("\n(the rows contradict it)" if contradicted else "")
    return [
        Line2D([], [], label=line, **_line_look(contradicted=contradicted)),
        Patch(color=_MEDIAN, linewidth=0, label=f"95 % {kind}\nof that median"),
        Patch(color=_PATIENTS, linewidth=0, label="95 % of the patients"),
    ]
