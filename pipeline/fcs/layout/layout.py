"""Layout of an event: by $PnB and $DATATYPE, and by the habits of instruments (FCS 3.1, 3.2.18)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate

from pipeline.fcs.errors import UnsupportedError, shown_keyword
from pipeline.fcs.repairs import Repair, RepairCode
from pipeline.fcs.text.parameters import Parameter

FLOAT_BITS = {"F": 32, "D": 64}
"""Section 3.2.18: IEEE 754 single and double."""

WIDTH_WORDS = {
    "values narrower than a word are stored in whole bytes": (8, 16, 24, 32, 40, 48, 56, 64),
    "values narrower than a word are stored in words of 8, 16, 32 or 64 bits": (8, 16, 32, 64),
}
"""Widths of storage that differ from $PnB. Vendor: Beckman Coulter stores 10 bits in 16."""


@dataclass(frozen=True, slots=True)
class Field:
    """One value of an event: its kind, its first bit, its number of bits, and the bits that are used."""

    kind: str
    start: int
    bits: int
    mask: int | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """How one event is stored.

    Attributes
    ----------
    fields
        One per channel.
    record_bits
        Length of an event; 0 for ASCII of free width.
    byte_order
        Significance of each byte of a value, least is 1, as in $BYTEORD.
    note
        Assumptions beyond the keywords; "" if there are none.
    """

    fields: tuple[Field, ...]
    record_bits: int
    byte_order: tuple[int, ...]
    note: str = ""

    @property
    def is_packed(self) -> bool:
        """Whether values end within bytes: then an event is a sequence of bits, without a byte order."""
        return any(field.bits % 8 for field in self.fields)

    @property
    def is_text(self) -> bool:
        """Whether values are written as ASCII digits."""
        return self.fields[0].kind == "A"

    def n_bytes(self, n_events: int) -> int:
        """Return the number of bytes of this many events."""
        return -(-self.record_bits * n_events // 8)

    def n_events(self, n_bytes: int) -> int:
        """Return the number of complete events in this many bytes."""
        return n_bytes * 8 // self.record_bits if self.record_bits else 0


def parse_byte_order(value: str, parameters: Sequence[Parameter], file: str) -> tuple[int, ...]:
    """Return $BYTEORD: any order of 1 to n, for words of n bytes; it may be absent if values have one byte.

    Raises
    ------
    UnsupportedError
        Any other value.
    """
    parts = value.strip(" \0")[:40].replace(" ", "").split(",")
    order = tuple(int(part) for part in parts) if all(part in tuple("12345678") for part in parts) else ()
    if order and sorted(order) == list(range(1, len(order) + 1)):
        return order
    if all(parameter.kind == "A" or parameter.bits <= 8 for parameter in parameters):
        return (1,)
    raise UnsupportedError(
        f"{file}: $BYTEORD is {shown_keyword(value)}, expected 1,2,3,4 or 4,3,2,1 or another order; "
        "export it again"
    )


def byte_positions(size: int, order: tuple[int, ...]) -> tuple[int, ...]:
    """Return the positions of a value's bytes, least significant first; () if the order does not define them.

    Examples
    --------
    >>> byte_positions(4, (3, 4, 1, 2)), byte_positions(2, (3, 4, 1, 2)), byte_positions(3, (4, 3, 2, 1))
    ((2, 3, 0, 1), (0, 1), (2, 1, 0))
    """
    ascending = tuple(range(size))
    if size == 1 or list(order) == sorted(order):
        return ascending
    if list(order) == sorted(order, reverse=True):
        return ascending[::-1]
    if size == len(order):
        return tuple(order.index(rank) for rank in range(1, size + 1))
    if len(order) == 4 and size in (2, 8) and order[0] + order[1] in (3, 7):
        pair = (0, 1) if order[0] < order[1] else (1, 0)
        words = ascending[: size // 2] if order[0] <= 2 else ascending[: size // 2][::-1]
        return tuple(2 * word + byte for word in words for byte in pair)
    return ()


def check_byte_order(layout: Layout, file: str) -> list[Repair]:
    """Refuse a byte order that does not define how values of these widths are stored.

    Raises
    ------
    UnsupportedError
        The order is undefined: 3,4,1,2 for 24 bits; 4,3,2,1 for words or floats among values that end within
        bytes.
    """
    order = list(layout.byte_order)
    if layout.is_text or order == sorted(order):
        return []
    widths = {field.bits for field in layout.fields}
    order_text = ",".join(map(str, order))
    if layout.is_packed:
        if order == sorted(order, reverse=True) and not any(bits % 8 == 0 and bits > 8 for bits in widths):
            text = (
                "values end within bytes: these were read least significant bit first, as instruments write"
            )
            return [
                Repair(RepairCode.PACKED_ORDER, f"{text}; $BYTEORD says otherwise", order_text, "1,2,3,4")
            ]
        unsure = "values that end within bytes beside values of whole bytes"
    else:
        unsure = next(
            (f"values of {n} bits" for n in sorted(widths) if not byte_positions(n // 8, layout.byte_order)),
            "",
        )
    if unsure:
        raise UnsupportedError(
            f"{file}: $BYTEORD is {order_text} for {unsure}, expected 1,2,3,4; export it again"
        )
    return []


def layout_by_keywords(parameters: Sequence[Parameter], byte_order: tuple[int, ...]) -> Layout:
    """Return the layout by the keywords; floats have the width of their type."""
    if any(parameter.kind == "A" for parameter in parameters):
        return _ascii(parameters, byte_order)
    stated_bits = _bits_by_keywords(parameters)
    differs = [parameter.bits for parameter in parameters] != stated_bits
    return _layout(
        parameters, stated_bits, byte_order, "floats have the width of $DATATYPE" if differs else ""
    )


def other_layouts(parameters: Sequence[Parameter], byte_order: tuple[int, ...]) -> Iterator[Layout]:
    """Yield the layouts that instruments write although the keywords say otherwise."""
    if any(parameter.kind == "A" for parameter in parameters):
        return
    stated_bits = _bits_by_keywords(parameters)
    own = [parameter.bits for parameter in parameters]
    floats = {parameter.bits for parameter in parameters if parameter.kind != "I"}
    if own != stated_bits and floats <= {32, 64}:
        kinds = [replace(p, kind="D" if p.bits == 64 else "F") if p.kind != "I" else p for p in parameters]
        yield _layout(kinds, own, byte_order, "floats have the width of $PnB")
    for note, words in WIDTH_WORDS.items():
        wider = [next(width for width in words if width >= bits) for bits in stated_bits]
        if wider != stated_bits:
            yield _layout(parameters, wider, byte_order, note)


def _bits_by_keywords(parameters: Sequence[Parameter]) -> list[int]:
    return [FLOAT_BITS.get(parameter.kind, parameter.bits) for parameter in parameters]


def _layout(
    parameters: Sequence[Parameter], bits: list[int], order: tuple[int, ...], note: str = ""
) -> Layout:
    value_types = tuple(
        (parameter.kind, width, parameter.mask(width))
        for parameter, width in zip(parameters, bits, strict=True)
    )
    return Layout(_fields(value_types), sum(bits), order, note)


@lru_cache(maxsize=64)
def _fields(value_types: tuple[tuple[str, int, int | None], ...]) -> tuple[Field, ...]:
    """Return consecutive values: kind, width, mask; cached, since the tubes of a study share them."""
    ends = accumulate(width for _, width, _ in value_types)
    return tuple(
        Field(kind, end - width, width, mask)
        for (kind, width, mask), end in zip(value_types, ends, strict=True)
    )


def _ascii(parameters: Sequence[Parameter], order: tuple[int, ...]) -> Layout:
    """$DATATYPE A: $PnB characters a value, or `*` for values between delimiters."""
    if any(parameter.bits == 0 for parameter in parameters):
        return Layout(tuple(Field("A", 0, 0) for _ in parameters), 0, order)
    return _layout(parameters, [8 * parameter.bits for parameter in parameters], order)
