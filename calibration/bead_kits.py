"""Bead kits as data: what each calibrates and how its units become molecules per cell."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BeadKit:
    """A kind of calibration bead.

    Attributes
    ----------
    name
        As typed in the beads sheet.
    title
        As printed.
    unit
        Of the assigned levels.
    needs_f_p
        ABC = level / (F:P): the conjugate's fluorophore-to-protein ratio is required, never silently 1.
    quantifies
        False where the kit is relative only and refuses to give ABC.
    """

    name: str
    title: str
    unit: str
    needs_f_p: bool
    quantifies: bool = True
