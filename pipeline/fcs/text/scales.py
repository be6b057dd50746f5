"""The scale of a channel: $PnE, $PnG, $PnR and $TIMESTEP (FCS 3.1, section 3.2.20).

A keyword that is not a number, or an impossible one, is reported and not used: the values then stay as
stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from pipeline.fcs.errors import shown_keyword
from pipeline.fcs.repairs import Repair, RepairCode
from pipeline.fcs.text.text import keyword_integer, real_number

LARGEST_RANGE = 2**64
"""Largest $PnR of a detector; a larger one is only the largest number of a data type. Convention: FCS stores
64 bits at most."""


def amplification(value: str | None, kind: str, name: str, repairs: list[Repair]) -> tuple[float, float]:
    """Return $PnE/f1,f2/: an f2 of 0 with decades means 1 (3.2.20); floats need no $PnE."""
    if value == "0,0" or (value is None and kind in "FD"):
        return 0.0, 0.0
    numbers = [real_number(part) for part in (value or "").split(",")]
    decades, log_zero = (numbers[0], numbers[1]) if len(numbers) == 2 else (None, None)
    if decades is None or log_zero is None or min(decades, log_zero) < 0 or (log_zero and not decades):
        text = "$PnE is no amplification and was taken as linear"
        repairs.append(Repair(RepairCode.AMPLIFICATION_UNREAD, text, f"{name} {shown_keyword(value)}", "0,0"))
        return 0.0, 0.0
    if decades and kind in "FD":
        text = "$PnE is logarithmic for floating point, against FCS; values were taken as they are"
        repairs.append(Repair(RepairCode.LOG_FLOAT, text, f"{name} {value}", "0,0"))
        return 0.0, 0.0
    if decades and not log_zero:
        text = "$PnE gives 0 for the lowest value, which is read as 1"
        repairs.append(Repair(RepairCode.LOG_ZERO, text, f"{name} {value}", "1"))
        return decades, 1.0
    return decades, log_zero


def value_range(
    value: str | None, kind: str, decades: float, name: str, repairs: list[Repair]
) -> int | float:
    """Return $PnR; for integers it is the number of possible values, so it is at least 2."""
    whole = keyword_integer(value)
    number = real_number(value) if whole is None else whole
    if number is not None and number > LARGEST_RANGE:
        text = "$PnR is larger than any detector's scale and was not used"
        repairs.append(Repair(RepairCode.RANGE_HUGE, text, f"{name} {shown_keyword(value)}", "no range"))
        return inf
    if number is not None and number >= (2 if kind in "IA" else 0) and number > 0:
        return number
    if kind in "IA":
        used = "all bits count, and values are linear" if decades else "all bits count"
        repairs.append(
            Repair(
                RepairCode.RANGE_UNREAD, f"$PnR is no range; {used}", f"{name} {shown_keyword(value)}", used
            )
        )
    return inf


def gain(value: str | None, name: str, repairs: list[Repair]) -> float | None:
    """Return $PnG; None if it is absent."""
    number = real_number(value)
    if value is None or (number is not None and number > 0):
        return number
    text = "$PnG is no gain, expected a number above 0; values were not divided"
    repairs.append(Repair(RepairCode.GAIN_UNREAD, text, f"{name} {shown_keyword(value)}", "1"))
    return None


def divisor(gain: float | None, decades: float, name: str, repairs: list[Repair]) -> float:
    """Return the divisor of stored values: the gain, for linear values only."""
    if gain is None or gain == 1:
        return 1.0
    if decades:
        text = "$PnE is logarithmic and there is a $PnG, against FCS; $PnG was not used"
        repairs.append(Repair(RepairCode.GAIN_WITH_LOG, text, f"{name} {gain:g}", "1"))
        return 1.0
    return gain


def time_step(value: str | None, names: Sequence[str], repairs: list[Repair]) -> float:
    """Return the seconds per tick ($TIMESTEP); 1 if it is absent: then time is in ticks."""
    step = real_number(value)
    if step is not None and step > 0:
        return step
    if value is not None and any(name.lower() == "time" for name in names):
        text = "$TIMESTEP is no length of time, expected seconds above 0; time is in ticks"
        repairs.append(Repair(RepairCode.TIMESTEP_UNREAD, text, shown_keyword(value), "1"))
    return 1.0
