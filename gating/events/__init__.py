"""Events as the cytometer recorded them: panel, compensation and display axes; CD38 cannot be named here."""

from gating.events.events import Events, FloatArray, Mask, Survivors

__all__ = ["Events", "FloatArray", "Mask", "Survivors"]
