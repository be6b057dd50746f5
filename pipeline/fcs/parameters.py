"""Parameters: what TEXT says of each detector: name, width, range, amplification, gain (FCS 3.1, 3.2.20)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, inf

from pipeline.fcs.errors import NotFcsError, UnsupportedError
from pipeline.fcs.repairs import Repair
from pipeline.fcs.text import real_number, whole_number

MOST_CHANNELS = 10_000
"""No instrument has a tenth of it."""

SMALLEST_DIGITISER = 256
"""Eight bits: a $PnR below it, or no power of two, is no count of steps but the largest value itself."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One detector, as $Pn… describe it.

    Attributes
    ----------
    name, marker
        $PnN made unique, and $PnS or "".
    kind
        Data type: I, F, D or A ($DATATYPE, or $PnDATATYPE in FCS 3.2).
    bits
        $PnB: the width of a value, in characters for A; 0 for `*`, free width.
    value_range
        $PnR; `inf` where there is none.
    decades, log_zero
        $PnE: decades of a logarithmic amplifier and the linear value of 0; decades 0 is linear.
    factor
        Linear value = stored value / gain, or × $TIMESTEP for time: stored × `multiplier` / `divisor`.
    voltage, gain
        $PnV and $PnG, None where the file does not say.
    """

    name: str
    marker: str
    kind: str
    bits: int
    value_range: float
    decades: float
    log_zero: float
    multiplier: float
    divisor: float
    voltage: float | None
    gain: float | None

    @property
    def is_linear(self) -> bool:
        """Whether stored values are proportional to light."""
        return self.decades == 0

    @property
    def is_plain(self) -> bool:
        """Whether stored values are linear values already."""
        return self.is_linear and self.multiplier == self.divisor == 1

    @property
    def is_time(self) -> bool:
        """Whether the channel is the time of an event, by its name as instruments write it."""
        return self.name.lower() == "time"

    @property
    def mask(self) -> int | None:
        """Bits of an integer that count: up to the next power of two of $PnR (3.2.20); None for all."""
        if self.kind != "I" or self.value_range == inf:
            return None
        bits = (ceil(self.value_range) - 1).bit_length()
        return (1 << bits) - 1 if bits < self.bits else None

    @property
    def scale_top(self) -> float:
        """The largest linear value of the detector; `inf` where the file does not say, and for time."""
        if self.value_range == inf or self.value_range <= 0 or self.is_time:
            return inf
        top = min(self._largest_stored, 2.0**self.bits - 1 if self.kind == "I" and self.bits else inf)
        return self.linear(top)

    @property
    def _largest_stored(self) -> float:
        counts = self.value_range >= SMALLEST_DIGITISER and self.value_range.is_integer()
        power_of_two = counts and int(self.value_range).bit_count() == 1
        return self.value_range - 1 if self.kind in "IA" or power_of_two else self.value_range

    def linear(self, stored: float) -> float:
        """Return a stored value on the linear scale: 10^(f1·x/R)·f2 for $PnE f1,f2, else x/gain (3.2.20)."""
        if self.is_linear:
            return stored * self.multiplier / self.divisor
        try:
            return float(10.0 ** (self.decades * stored / self.value_range) * self.log_zero)
        except OverflowError:
            return inf


def parse_parameters(
    keywords: Mapping[str, str], version: str, file: str
) -> tuple[tuple[Parameter, ...], list[Repair]]:
    """Read every $Pn… of the file, with the repairs it took.

    Raises
    ------
    NotFcsError
        $PAR, $DATATYPE or a $PnB is missing or no number.
    UnsupportedError
        A data type that FCS does not know.
    """
    count = _count(keywords, file)
    repairs: list[Repair] = []
    faults: list[Repair] = []
    time_step = real_number(keywords.get("$TIMESTEP"))
    names = _unique_names(keywords, count, repairs)
    parameters = tuple(
        _parameter(keywords, number, name, version, time_step, file, faults)
        for number, name in enumerate(names, 1)
    )
    return parameters, [*repairs, *_grouped(faults)]


def _grouped(faults: list[Repair]) -> list[Repair]:
    """Say once what was repaired in many channels; each fault's `found` begins with its channel."""
    groups: dict[tuple[str, str], list[Repair]] = {}
    for fault in faults:
        groups.setdefault((fault.code, fault.text), []).append(fault)
    return [
        Repair(
            code,
            f"{text}: {', '.join(same.found for same in group)}",
            ", ".join(same.found for same in group),
            group[0].used,
        )
        for (code, text), group in groups.items()
    ]


def _count(keywords: Mapping[str, str], file: str) -> int:
    count = whole_number(keywords.get("$PAR"))
    if count is None or count < 1:
        found = repr(keywords["$PAR"][:40]) if "$PAR" in keywords else "nothing"
        raise NotFcsError(
            f"{file}: TEXT has {found} as $PAR, expected the number of channels; the file is damaged"
        )
    if count > len(keywords):
        raise NotFcsError(
            f"{file}: $PAR says {count:,} channels, expected at most the {len(keywords):,} keywords of "
            "TEXT; the file is damaged, export it again"
        )
    if count > MOST_CHANNELS:
        raise UnsupportedError(
            f"{file}: $PAR says {count:,} channels, expected at most {MOST_CHANNELS:,}; the file is damaged"
        )
    return count


def _unique_names(keywords: Mapping[str, str], count: int, repairs: list[Repair]) -> list[str]:
    names: dict[str, None] = {}
    for number in range(1, count + 1):
        given = keywords.get(f"$P{number}N", "").strip()
        name = given or f"P{number}"
        if not given:
            repairs.append(Repair("NAME_ABSENT", f"channel {number} has no $P{number}N", "nothing", name))
        if name in names:
            name = _next_free(name, number, names)
            text = f"two channels are named {given!r}, but $PnN is unique; channel {number} is {name!r} here"
            repairs.append(Repair("NAME_TWICE", text, given, name))
        names[name] = None
    return list(names)


def _next_free(name: str, number: int, taken: Mapping[str, None]) -> str:
    unique = f"{name} (P{number})"
    while unique in taken:
        unique += "'"
    return unique


def _parameter(
    keywords: Mapping[str, str],
    number: int,
    name: str,
    version: str,
    time_step: float | None,
    file: str,
    repairs: list[Repair],
) -> Parameter:
    prefix = f"$P{number}"
    kind = _kind(keywords, number, version, file)
    decades, log_zero = _amplification(keywords.get(f"{prefix}E"), kind, name, repairs)
    gain = real_number(keywords.get(f"{prefix}G"))
    value_range = _value_range(keywords.get(f"{prefix}R"), kind, decades, name, repairs)
    if decades and value_range == inf:
        decades, log_zero = 0.0, 0.0
    is_time = name.lower() == "time"
    return Parameter(
        name=name,
        marker=keywords.get(f"{prefix}S", "").strip(),
        kind=kind,
        bits=_bits(keywords.get(f"{prefix}B"), number, kind, file),
        value_range=value_range,
        decades=decades,
        log_zero=log_zero,
        multiplier=time_step if is_time and time_step else 1.0,
        divisor=_divisor(gain, decades, name, is_time, repairs),
        voltage=real_number(keywords.get(f"{prefix}V")),
        gain=gain,
    )


def _kind(keywords: Mapping[str, str], number: int, version: str, file: str) -> str:
    """$PnDATATYPE goes before $DATATYPE (FCS 3.2, section 3.3.42)."""
    own = keywords.get(f"$P{number}DATATYPE") if version == "3.2" else None
    kind = (own or keywords.get("$DATATYPE", "")).strip(" \0").upper()
    if kind not in ("I", "F", "D", "A"):
        where = f"$P{number}DATATYPE" if own else "$DATATYPE"
        error = UnsupportedError if kind else NotFcsError
        raise error(f"{file}: {where} is {kind[:20]!r}, expected I, F, D or A; export the file as float (F)")
    if own and (kind == "A") != (keywords.get("$DATATYPE", "").strip(" \0").upper() == "A"):
        raise UnsupportedError(
            f"{file}: $P{number}DATATYPE is {kind!r} beside $DATATYPE {keywords.get('$DATATYPE', '')[:9]!r}, "
            "expected digits (A) for all channels or for none; export the file as float (F)"
        )
    return kind


def _bits(value: str | None, number: int, kind: str, file: str) -> int:
    bits = 0 if (value or "").strip() == "*" and kind == "A" else whole_number(value)
    largest = 64 if kind != "A" else 40
    if bits is None or bits > largest or (bits < 1 and kind != "A") or bits < 0:
        found = repr(value[:40]) if value is not None else "nothing"
        raise UnsupportedError(
            f"{file}: $P{number}B is {found}, expected a width of 1 to {largest} "
            f"{'characters' if kind == 'A' else 'bits'}; the file is damaged, export it again"
        )
    return bits


def _amplification(value: str | None, kind: str, name: str, repairs: list[Repair]) -> tuple[float, float]:
    """$PnE/f1,f2/: f2 of 0 with decades is written often and means 1 (3.2.20)."""
    if value in (None, "0,0"):
        return 0.0, 0.0
    numbers = [real_number(part) for part in (value or "").split(",")]
    if len(numbers) != 2 or None in numbers:
        repairs.append(
            Repair(
                "AMPLIFICATION_UNREAD",
                "$PnE is no pair of numbers and was taken as linear",
                f"{name} {value}",
                "0,0",
            )
        )
        return 0.0, 0.0
    decades, log_zero = numbers[0] or 0.0, numbers[1] or 0.0
    if decades <= 0:
        return 0.0, 0.0
    if kind in "FD":
        text = "$PnE is logarithmic for floating point, against FCS; values were taken as they are"
        repairs.append(Repair("LOG_FLOAT", text, f"{name} {value}", "0,0"))
        return 0.0, 0.0
    if log_zero <= 0:
        repairs.append(
            Repair(
                "LOG_ZERO", "$PnE gives 0 for the lowest value, which is read as 1", f"{name} {value}", "1"
            )
        )
        return decades, 1.0
    return decades, log_zero


def _value_range(value: str | None, kind: str, decades: float, name: str, repairs: list[Repair]) -> float:
    """Return $PnR; of integers it counts the values there can be, and so is 2 at least."""
    number = real_number(value)
    if number is not None and number >= (2 if kind in "IA" else 0) and number > 0:
        return number
    if kind in "IA":
        used = "all bits count, and values are linear" if decades else "all bits count"
        repairs.append(Repair("RANGE_UNREAD", f"$PnR is no range; {used}", f"{name} {value}", used))
    return inf


def _divisor(gain: float | None, decades: float, name: str, is_time: bool, repairs: list[Repair]) -> float:
    """Gain divides linear values only; time has no amplifier, whatever the file says of its gain."""
    if gain is None or gain <= 0 or gain == 1 or is_time:
        return 1.0
    if decades:
        text = "$PnE is logarithmic and there is a $PnG, against FCS; $PnG was not used"
        repairs.append(Repair("GAIN_WITH_LOG", text, f"{name} {gain:g}", "1"))
        return 1.0
    return gain
