"""Figures: data in, a matplotlib figure or SVG text out; drawn without a display and with the same bytes each time."""

from pipeline.output.figures.files import write_bead_figures, write_figures

__all__ = ["write_bead_figures", "write_figures"]
