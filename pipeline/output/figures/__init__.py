"""Figures: data in, SVG text out; without a display, the same bytes each time."""

from pipeline.output.figures.files import write_bead_figures, write_figures

__all__ = ["write_bead_figures", "write_figures"]
