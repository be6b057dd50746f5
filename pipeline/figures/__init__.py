"""Figures: data in, matplotlib figure out; drawn without a display and with the same bytes each time."""
