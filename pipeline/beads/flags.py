"""The flags of a bead run that its standard curve decides."""

from __future__ import annotations

from collections.abc import Iterable

from calibration.curve.acceptance_limits import CurveVerdict
from calibration.curve.standard_curve import StandardCurve
from calibration.flags import CalibrationFlag

_OF_VERDICT = {
    CurveVerdict.WARN: CalibrationFlag.CURVE_WARN,
    CurveVerdict.REJECT: CalibrationFlag.CURVE_REJECTED,
}
_OF_THE_CURVE = frozenset({*_OF_VERDICT.values(), CalibrationFlag.NO_CURVE})


def curve_flags(curve: StandardCurve | None) -> tuple[CalibrationFlag, ...]:
    """Return the flag of a curve's verdict; none where it is accepted or there is no curve."""
    flag = _OF_VERDICT.get(curve.verdict) if curve else None
    return () if flag is None else (flag,)


def without_curve_flags(flags: Iterable[CalibrationFlag]) -> tuple[CalibrationFlag, ...]:
    """Return the flags that do not come from the curve."""
    return tuple(flag for flag in flags if flag not in _OF_THE_CURVE)


def joined_notes(*notes: str) -> str:
    """Join the notes that are not empty into one line."""
    return "; ".join(note.rstrip(".") for note in notes if note)
