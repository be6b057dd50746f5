"""The parameters in TEXT: name, width, range, amplification and gain of each detector (FCS 3.1, 3.2.20)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, inf

from pipeline.fcs.errors import NotFcsError, UnsupportedError, shown_keyword
from pipeline.fcs.repairs import Repair, RepairCode
from pipeline.fcs.text.scales import amplification, divisor, gain, time_step, value_range
from pipeline.fcs.text.text import PADDING, keyword_integer, real_number

MOST_CHANNELS = 10_000
"""Most parameters of a file; more mean damage. Convention: no instrument has a tenth of it."""

DATATYPE_LETTERS = frozenset("IFDA")
"""Data types: integers, floats, doubles, ASCII digits (3.2.18)."""

SMALLEST_DIGITISER = 256
"""Fewest bits of a digitiser: a $PnR below that, or no power of two, is itself the largest value. Convention:
no digitiser has fewer."""
WIDEST_BINARY, MOST_DIGITS = 64, 40
"""Most bits of a binary value, and most characters of one in digits. Convention: the widest type of the
standards is a double; no number of an instrument has more digits."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One detector, as its keywords $Pn… describe it.

    Attributes
    ----------
    name, marker
        $PnN made unique, and $PnS or "".
    kind
        Data type: I, F, D or A ($DATATYPE, or $PnDATATYPE in FCS 3.2).
    bits
        $PnB: the width of a value, in characters for A; 0 for `*`, free width.
    value_range
        $PnR, exact if it is a whole number; `inf` if it is absent.
    decades, log_zero
        $PnE: decades of a logarithmic amplifier and the linear value of 0; decades 0 is linear.
    factor
        Linear value = stored value / gain, or × $TIMESTEP for time: stored × `multiplier` / `divisor`.
    voltage, gain
        $PnV and $PnG; None if the file does not give them.
    """

    name: str
    marker: str
    kind: str
    bits: int
    value_range: int | float
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

    def mask(self, width: int) -> int | None:
        """Return the mask of the used bits of an integer with `width` bits; None if all are used.

        They reach up to the next power of two of $PnR (3.2.20); without a range they are those of $PnB.
        """
        if self.kind != "I":
            return None
        bits = self.bits if self.value_range == inf else (ceil(self.value_range) - 1).bit_length()
        return (1 << bits) - 1 if bits < width else None

    @property
    def scale_top(self) -> float:
        """The largest linear value of the detector; `inf` if the file does not give it, and for time."""
        if self.value_range == inf or self.value_range <= 0 or self.is_time:
            return inf
        top = min(self._largest_stored, 2.0**self.bits - 1 if self.kind == "I" and self.bits else inf)
        return self.linear(top)

    @property
    def _largest_stored(self) -> float:
        counts = self.value_range >= SMALLEST_DIGITISER and self.value_range == int(self.value_range)
        power_of_two = counts and int(self.value_range).bit_count() == 1
        return float(self.value_range - 1 if self.kind in "IA" or power_of_two else self.value_range)

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
    """Read every $Pn… of the file, and return the repairs, too.

    Raises
    ------
    NotFcsError
        $PAR, $DATATYPE or a $PnB is missing or not a number.
    UnsupportedError
        A data type that FCS does not define.
    """
    count = _count(keywords, file)
    repairs: list[Repair] = []
    faults: list[Repair] = []
    names = _unique_names(keywords, count, repairs)
    tick = time_step(keywords.get("$TIMESTEP"), names, repairs)
    parameters = tuple(
        _parameter(keywords, number, name, kind, tick, file, faults)
        for number, (name, kind) in enumerate(
            zip(names, _kinds(keywords, count, version, file), strict=True), 1
        )
    )
    if f"$P{count + 1}B" in keywords and f"$P{count + 1}N" in keywords:
        text = f"TEXT describes channel {count + 1} too, beyond $PAR; the first {count} were read"
        repairs.append(Repair(RepairCode.PAR_DIFFERS, text, f"$P{count + 1}N", str(count)))
    return parameters, [*repairs, *_grouped(faults)]


def _grouped(faults: list[Repair]) -> list[Repair]:
    """Join repairs that concern many channels into one; each `found` begins with its channel."""
    groups: dict[tuple[RepairCode, str], list[Repair]] = {}
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
    count = keyword_integer(keywords.get("$PAR"))
    if count is None or count < 1:
        raise NotFcsError(
            f"{file}: TEXT has {shown_keyword(keywords.get('$PAR'))} as $PAR, expected the number of "
            "channels; TEXT is damaged or HEADER has a wrong place of it, export it again"
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
        stated_name = keywords.get(f"$P{number}N", "").strip(PADDING).strip()
        name = stated_name or f"P{number}"
        if not stated_name:
            repairs.append(
                Repair(RepairCode.NAME_ABSENT, f"channel {number} has no $P{number}N", "nothing", name)
            )
        if name in names:
            name = _next_free(name, number, names)
            text = (
                f"two channels are named {stated_name!r}, but $PnN is unique; channel {number} is {name!r} "
                "here"
            )
            repairs.append(Repair(RepairCode.NAME_TWICE, text, stated_name, name))
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
    kind: str,
    tick: float,
    file: str,
    repairs: list[Repair],
) -> Parameter:
    prefix, is_time = f"$P{number}", name.lower() == "time"
    decades, log_zero = amplification(keywords.get(f"{prefix}E"), kind, name, repairs)
    top = value_range(keywords.get(f"{prefix}R"), kind, decades, name, repairs)
    if decades and top == inf:
        decades, log_zero = 0.0, 0.0
    bits = _bits(keywords.get(f"{prefix}B"), number, kind, file)
    if kind == "I" and top != inf and top > 1 << bits:
        text = "$PnR is more than the bits of $PnB hold; it was used as it is"
        repairs.append(
            Repair(RepairCode.RANGE_BEYOND_BITS, text, f"{name} {top:g} of {bits} bits", f"{top:g}")
        )
    own_gain = gain(keywords.get(f"{prefix}G"), name, [] if is_time else repairs)
    return Parameter(
        name=name,
        marker=keywords.get(f"{prefix}S", "").strip(PADDING).strip(),
        kind=kind,
        bits=bits,
        value_range=top,
        decades=decades,
        log_zero=log_zero,
        multiplier=tick if is_time else 1.0,
        divisor=1.0 if is_time else divisor(own_gain, decades, name, repairs),
        voltage=real_number(keywords.get(f"{prefix}V")),
        gain=own_gain,
    )


def _kinds(keywords: Mapping[str, str], count: int, version: str, file: str) -> list[str]:
    """Return the data types: $PnDATATYPE overrides $DATATYPE (FCS 3.2, section 3.3.42)."""
    common = keywords.get("$DATATYPE", "").strip(" \0").upper()
    own_types = [keywords.get(f"$P{number}DATATYPE") for number in range(1, count + 1)]
    return [_kind(own, number, common, version, file) for number, own in enumerate(own_types, 1)]


def _kind(value: str | None, number: int, common: str, version: str, file: str) -> str:
    own = common if value is None else value.strip(" \0").upper()
    if own == common and own in DATATYPE_LETTERS:
        return own
    if own != common and version != "3.2":
        raise UnsupportedError(
            f"{file}: $P{number}DATATYPE is {shown_keyword(own)} beside $DATATYPE {shown_keyword(common)}, "
            f"expected so in FCS 3.2 only, but HEADER says {version}; export the file again"
        )
    if own not in DATATYPE_LETTERS:
        where = f"$P{number}DATATYPE" if own != common else "$DATATYPE"
        error = UnsupportedError if own else NotFcsError
        raise error(
            f"{file}: {where} is {shown_keyword(own)}, expected I, F, D or A; export the file as float (F)"
        )
    if (own == "A") != (common == "A"):
        raise UnsupportedError(
            f"{file}: $P{number}DATATYPE is {shown_keyword(own)} beside $DATATYPE {shown_keyword(common)}, "
            "expected digits (A) for all channels or for none; export the file as float (F)"
        )
    return own


def _bits(value: str | None, number: int, kind: str, file: str) -> int:
    bits = 0 if (value or "").strip() == "*" and kind == "A" else keyword_integer(value)
    largest = WIDEST_BINARY if kind != "A" else MOST_DIGITS
    if bits is None or bits > largest or (bits < 1 and kind != "A") or bits < 0:
        raise UnsupportedError(
            f"{file}: $P{number}B is {shown_keyword(value)}, expected a width of 1 to {largest} "
            f"{'characters' if kind == 'A' else 'bits'}; the file is damaged, export it again"
        )
    return bits
