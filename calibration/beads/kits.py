"""Bead kits as data: what each calibrates and how its units become molecules per cell."""

from __future__ import annotations

from dataclasses import dataclass


class BeadKitError(ValueError):
    """The kit cannot give what is asked of it; the text says why and what would."""


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
    result
        What the arithmetic gives: ABC, or SABC where it is the difference to the isotype control.
    has_blank
        Whether the kit usually holds an unstained bead (level 0).
    arithmetic
        The rule in words, for reports.
    one_dye
        Whether its beads carry a single dye, by construction; others may carry several.
    brightest
        Between which values the brightest bead of any lot lies, an order of magnitude to either side of the
        makers' data sheets; None where anything may be.
    captures
        Host species whose antibodies the kit captures; "" where the vial tells, None where it captures none.
    """

    name: str
    title: str
    unit: str
    needs_f_p: bool
    quantifies: bool = True
    result: str = "ABC"
    has_blank: bool = True
    arithmetic: str = ""
    one_dye: bool = False
    brightest: tuple[float, float] | None = None
    captures: str | None = None


BEAD_KITS: tuple[BeadKit, ...] = (
    BeadKit(
        "quantibrite_pe",
        "BD QuantiBRITE PE",
        "PE molecules",
        needs_f_p=True,
        has_blank=False,
        arithmetic="ABC = PE molecules / (F:P)",
        one_dye=True,
        brightest=(7e3, 7e5),
    ),
    BeadKit(
        "qsc",
        "Bangs Quantum Simply Cellular",
        "ABC",
        needs_f_p=False,
        arithmetic="ABC as assigned, beads stained with the same conjugate, whose host species they capture",
        one_dye=True,
        brightest=(2e4, 1e7),
        captures="",
    ),
    BeadKit(
        "qifikit",
        "Agilent QIFIKIT",
        "ABC",
        needs_f_p=False,
        result="SABC",
        arithmetic="SABC = ABC(antibody) − ABC(isotype)",
        one_dye=True,
        brightest=(5e4, 1e7),
        captures="mouse",
    ),
    BeadKit(
        "mesf",
        "MESF beads (Dako FluoroSpheres, Quantum MESF)",
        "MESF",
        needs_f_p=True,
        arithmetic="ABC = MESF / effective F:P",
        brightest=(3e3, 1e8),
    ),
    BeadKit(
        "rainbow",
        "Spherotech rainbow",
        "MEF",
        needs_f_p=False,
        quantifies=False,
        arithmetic="relative: drift, linearity and cross-calibration only",
    ),
    BeadKit(
        "custom",
        "custom beads",
        "molecules",
        needs_f_p=False,
        arithmetic="levels are taken as antibodies bound, as assigned",
    ),
)


def bead_kit(name: str) -> BeadKit:
    """Look a kit up by its name in the beads sheet, any case.

    Raises
    ------
    BeadKitError
        Not one of the six; the text lists them.

    Examples
    --------
    >>> bead_kit("QuantiBRITE_PE").unit
    'PE molecules'
    """
    for kit in BEAD_KITS:
        if kit.name == name.strip().lower():
            return kit
    known = ", ".join(kit.name for kit in BEAD_KITS)
    raise BeadKitError(f"{name!r} is not a bead kit; expected one of {known}.")


def abc_from_unit(amount: float, kit: BeadKit, f_p_ratio: float | None = None) -> float:
    """Antibodies bound per cell from an amount in the kit's unit.

    Parameters
    ----------
    amount
        In `kit.unit`; may be negative (a difference).
    kit
        Of the standard curve.
    f_p_ratio
        Fluorophores per antibody of the staining conjugate (effective, where the kit is MESF). Used only by
        kits that need it.

    Returns
    -------
    float
        ABC.

    Raises
    ------
    BeadKitError
        The kit is relative only, or F:P is missing or not above zero.

    Examples
    --------
    >>> abc_from_unit(67601, bead_kit("quantibrite_pe"), 1.0)
    67601.0
    >>> abc_from_unit(5899, bead_kit("qsc"))
    5899.0
    """
    return amount / abc_divisor(kit, f_p_ratio)


def abc_divisor(kit: BeadKit, f_p_ratio: float | None) -> float:
    """Return what an amount in the kit's unit is divided by to give ABC; raises as `abc_from_unit` does."""
    if not kit.quantifies:
        raise BeadKitError(
            f"{kit.title} beads are relative and give no ABC: use QuantiBRITE, QSC, QIFIKIT or MESF beads "
            "for the receptor density, rainbow beads for drift."
        )
    if not kit.needs_f_p:
        return 1.0
    if f_p_ratio is None or not 0 < f_p_ratio < float("inf"):
        shown = "none is given" if f_p_ratio is None else f"{f_p_ratio:g} was given"
        raise BeadKitError(
            f"{kit.title} beads count {kit.unit}; the F:P ratio of the conjugate is needed and {shown}: "
            "type f_p_ratio (from the antibody's data sheet, above 0) in the panels sheet."
        )
    return float(f_p_ratio)
