"""Bead kits as data: what each calibrates and how its units become molecules per cell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from calibration.errors import CalibrationError


class BeadKitError(CalibrationError):
    """The kit cannot give the ABC; the text says why and which kit or value is needed."""


class KitResult(StrEnum):
    """What the arithmetic of a kit gives; the value is what is written."""

    ABC = "ABC"
    SABC = "SABC"


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
        Whether ABC = level / (F:P). The fluorophore-to-protein ratio is then required; it is never assumed to
        be 1.
    quantifies
        False if the kit is only relative and gives no ABC.
    result
        The result of the calculation: ABC, or SABC if it is the difference to the isotype control.
    has_blank
        Whether the kit usually contains an unstained bead (level 0).
    arithmetic
        The rule in words, for reports.
    dye
        The dye whose molecules the beads count; "" where the conjugate's own dye is on them, or any.
    one_dye
        Whether each bead carries a single dye; beads of other kits may carry several.
    brightest
        Range of the brightest bead of any lot: the makers' data sheets and an order of magnitude to either
        side. None where no range is known.
    captures
        Host species whose antibodies the kit captures; "" if only the vial states it; None for a kit that
        captures none.
    usual_levels
        Usual numbers of stained populations of a lot, without the blank; empty if any number is usual.
    also_typed
        Other names that people type for it.
    in_file_names
        Regular expression for names of bead files of this kit, in any case; "" if there is none.
    """

    name: str
    title: str
    unit: str
    needs_f_p: bool
    quantifies: bool = True
    result: KitResult = KitResult.ABC
    has_blank: bool = True
    arithmetic: str = ""
    dye: str = ""
    one_dye: bool = False
    brightest: tuple[float, float] | None = None
    captures: str | None = None
    usual_levels: tuple[int, ...] = ()
    also_typed: tuple[str, ...] = ()
    in_file_names: str = ""


# A new kit is one more entry here and a case in tests/calibration/beads/test_kits.py; sheets, checks and
# templates read this list. Assigned values are no part of it: they are the lot's, and are typed.
BEAD_KITS: tuple[BeadKit, ...] = (
    BeadKit(
        "quantibrite_pe",
        "BD QuantiBRITE PE",
        "PE molecules",
        needs_f_p=True,
        has_blank=False,
        arithmetic="ABC = PE molecules / (F:P)",
        dye="PE",
        one_dye=True,
        brightest=(7e3, 7e5),
        usual_levels=(4,),
        also_typed=("quantibrite",),
        in_file_names=r"quanti-?brite|(?<![a-z])qb(?![a-z])",
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
        usual_levels=(4,),
        in_file_names=r"simply.?cellular|(?<![a-z])qsc(?![a-z])",
    ),
    BeadKit(
        "qifikit",
        "Agilent QIFIKIT",
        "ABC",
        needs_f_p=False,
        result=KitResult.SABC,
        arithmetic="SABC = ABC(antibody) − ABC(isotype)",
        one_dye=True,
        brightest=(5e4, 1e7),
        captures="mouse",
        usual_levels=(5,),
        in_file_names=r"qifi",
    ),
    BeadKit(
        "mesf",
        "MESF beads (Dako FluoroSpheres, Quantum MESF)",
        "MESF",
        needs_f_p=True,
        arithmetic="ABC = MESF / effective F:P",
        brightest=(3e3, 1e8),
        usual_levels=(4, 5),
        in_file_names=r"mesf|fluoro.?sphere|dako",
    ),
    BeadKit(
        "rainbow",
        "Spherotech rainbow",
        "MEF",
        needs_f_p=False,
        quantifies=False,
        arithmetic="relative: drift, linearity and cross-calibration only",
        usual_levels=(5, 7),
        in_file_names=r"rainbow|rcp-?30|8-?peaks?",
    ),
    BeadKit(
        "custom",
        "custom beads",
        "molecules",
        needs_f_p=False,
        arithmetic="levels are taken as antibodies bound, as assigned",
    ),
)
"""All kits that the program supports. Vendor: `brightest` is from the makers' data sheets, see `BeadKit`."""


def kit_names(kits: Iterable[BeadKit] = BEAD_KITS) -> tuple[str, ...]:
    """Return the names of kits as they are typed; of all kits unless some are given."""
    return tuple(kit.name for kit in kits)


def bead_kit(name: str) -> BeadKit:
    """Look a kit up by its name in the beads sheet, any case.

    Raises
    ------
    BeadKitError
        There is no such kit; the text lists the known kits.

    Examples
    --------
    >>> bead_kit("QuantiBRITE_PE").unit
    'PE molecules'
    """
    for kit in BEAD_KITS:
        if kit.name == name.strip().lower():
            return kit
    raise BeadKitError(f"{name!r} is not a bead kit; expected one of {', '.join(kit_names())}.")


def abc_from_unit(amount: float, kit: BeadKit, f_p_ratio: float | None = None) -> float:
    """Return the antibodies bound per cell (ABC) from an amount in the kit's unit.

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
    """Return the divisor that turns an amount in the kit's unit into ABC; errors as `abc_from_unit`."""
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
