"""The assigned values of a bead lot as typed, and their checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from calibration.beads.kits import BeadKit
from calibration.curve.acceptance_limits import CurveVerdict
from calibration.curve.table_rows import CheckedValue, CheckName, TableRow


@dataclass(frozen=True, slots=True)
class TypedLevels:
    """A kit, and the levels that were typed for it."""

    kit: BeadKit
    levels: Sequence[float]


@dataclass(frozen=True, slots=True)
class LotRuns:
    """The levels of a lot in a run, and in its other runs, each with a name for messages."""

    lot: str
    levels: Sequence[float]
    others: Sequence[tuple[str, tuple[float, ...]]]


def _size(typed: TypedLevels, limit: None) -> CheckedValue | None:
    del limit
    kit, brightest = typed.kit, max(typed.levels, default=0.0)
    if kit.brightest is None or kit.brightest[0] <= brightest <= kit.brightest[1]:
        return None
    low, high = kit.brightest
    text = (
        f"The brightest level typed is {brightest:,.6g}, but {kit.title} lots have {low:,.0f} to {high:,.0f} "
        f"{kit.unit} there: in thousands, or the values of another kit?"
    )
    return brightest, CurveVerdict.WARN, text


def _other_values(lot: LotRuns, limit: None) -> CheckedValue | None:
    del limit
    unlike = [(name, levels) for name, levels in lot.others if not _agree(levels, lot.levels)]
    if not unlike:
        return None
    name, levels = unlike[0]
    listed = "; ".join(f"{level:g}" for level in levels)
    text = f"Lot {lot.lot} has other assigned values ({listed}) in {name}: compare both with the lot's sheet."
    return float(len(unlike)), CurveVerdict.WARN, text


def _agree(levels: Sequence[float], other_levels: Sequence[float]) -> bool:
    """Whether two rows may be of one lot: all values agree, or some if not all beads were resolved."""
    fewer, many = sorted((levels, other_levels), key=len)
    return set(fewer) <= set(many)


LOT_CHECKS: tuple[TableRow[TypedLevels] | TableRow[LotRuns], ...] = (
    TableRow(CheckName.LOT_SIZE, TypedLevels, _size),
    TableRow(CheckName.LOT_VALUES, LotRuns, _other_values),
)
"""The checks of typed levels, before any other run is known, and of a lot's levels against its other runs."""
