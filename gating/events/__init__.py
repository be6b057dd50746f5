"""Events of the cytometer: panel, compensation, display axes. CD38 cannot be used here."""

from gating.events.events import Events, FloatArray, Mask, Survivors

__all__ = ["Events", "FloatArray", "Mask", "Survivors"]
