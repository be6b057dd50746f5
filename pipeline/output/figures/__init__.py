"""Figures as SVG text, drawn without a display; the same data give the same bytes."""

from pipeline.output.figures.files import write_bead_figures, write_figures

__all__ = ["write_bead_figures", "write_figures"]
