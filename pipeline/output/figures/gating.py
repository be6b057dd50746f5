"""The gating steps of a tube, one small picture each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gating.gates.all_steps import KIND_OF
from gating.gates.steps import GateStep, Step
from pipeline.output.figures.svg.gate_picture import GATE_SIDE, step_picture
from pipeline.output.figures.svg.picture_page import Picture, pictures_in_rows, side_by_side
from pipeline.study.study import Panel
from pipeline.study.wording import capitalized
from pipeline.tube.histograms import Density

PANELS_PER_ROW = 5
"""Pictures per row in a file; in a page, the width of the window decides."""


def gating_panels(
    pictures: Sequence[Density],
    steps: Sequence[GateStep],
    labels: Mapping[str, str] | None = None,
    *,
    wanted: str = "plasma cells",
    side: int = GATE_SIDE,
) -> tuple[Picture, ...]:
    """Return the pictures of a tube's gating steps, in order.

    Parameters
    ----------
    pictures
        The event densities of the gating steps that have one.
    steps
        All steps; counts, method and confidence are printed from them.
    labels
        What a channel is called on its axis; the channel's own name where it is not listed.
    wanted
        Name of the population that the step `plasma_cells` finds.
    side
        Of each picture's square, in pixels.
    """
    by_name = {step.name: step for step in steps}
    return tuple(
        step_picture(density, by_name.get(density.step), step_title(density.step, wanted), labels or {}, side)
        for density in pictures
    )


def gating_html(panels: Sequence[Picture], description: str, name: str = "gating") -> str:
    """Return pictures for a page, as many side by side as the window holds; the description is read aloud."""
    return side_by_side(panels, description, name=name)


def gating_picture(panels: Sequence[Picture], title: str) -> Picture:
    """Return the same pictures as a single picture, for a separate file."""
    return pictures_in_rows(panels, title, PANELS_PER_ROW)


def channel_labels(panel: Panel) -> dict[str, str]:
    """Return what each channel of a panel is called on an axis: its marker, then its own name."""
    return {
        alias: f"{channel.marker} · {alias}" if channel.marker and channel.marker != alias else alias
        for channel in panel.channels
        for alias in channel.aliases
    }


def step_title(name: str, wanted: str = "plasma cells") -> str:
    """Return what a step is called in print.

    Examples
    --------
    >>> step_title("plasma_cells"), step_title("my_step")
    ('Plasma cells', 'My step')
    """
    if name == Step.PLASMA_CELLS:
        return capitalized(wanted)
    kind = KIND_OF.get(name)
    return name.replace("_", " ").capitalize() if kind is None else kind.title
