"""Build FCS files byte by byte, in plain Python, so that what they hold is known by construction."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Number = int | float


@dataclass
class FcsBytes:
    """One data set, sound by default; each field makes it unsound in one way."""

    rows: Sequence[Sequence[Number]] = ((1, 2), (3, 4), (5, 6))
    bits: Sequence[int] = (16, 16)
    ranges: Sequence[Number] = (1024, 1024)
    version: str = "3.1"
    data_type: str = "I"
    types: Sequence[str] = ()
    byte_order: str = "1,2,3,4"
    delimiter: str = "|"
    keywords: Mapping[str, str | None] = field(default_factory=dict)
    supplement: Mapping[str, str] = field(default_factory=dict)
    data: bytes | None = None
    header_data: tuple[int, int] | tuple[Literal[""], Literal[""]] | Literal["right"] = "right"
    text_data: tuple[int, int] | Literal["right"] = "right"
    end_shift: int = 0
    after: bytes = b""
    padding: bytes = b""
    final_delimiter: bool = True
    text: bytes | None = None
    encoding: str = "utf-8"
    n_channels: int | None = None

    @property
    def n_par(self) -> int:
        return len(self.bits)

    def encoded(self) -> bytes:
        return (
            self.data
            if self.data is not None
            else encode(self.rows, self.bits, self.types or self.data_type, self.byte_order)
        )

    def pairs(self, begin: int, end: int, stext: tuple[int, int]) -> dict[str, str]:
        found: dict[str, str] = {
            "$BEGINANALYSIS": "0",
            "$BEGINDATA": f"{begin:08d}",
            "$BEGINSTEXT": f"{stext[0]:08d}",
            "$BYTEORD": self.byte_order,
            "$DATATYPE": self.data_type,
            "$ENDANALYSIS": "0",
            "$ENDDATA": f"{end:08d}",
            "$ENDSTEXT": f"{stext[1]:08d}",
            "$MODE": "L",
            "$NEXTDATA": "0",
            "$PAR": str(self.n_par),
            "$TOT": str(len(self.rows)),
        }
        for n in range(1, self.n_par + 1):
            found[f"$P{n}B"] = str(self.bits[n - 1])
            found[f"$P{n}E"] = "0,0"
            found[f"$P{n}N"] = f"C{n}"
            found[f"$P{n}R"] = str(self.ranges[n - 1])
        changed = {**found, **self.keywords}
        return {key: value for key, value in changed.items() if value is not None}

    def text_bytes(self, begin: int, end: int, stext: tuple[int, int]) -> bytes:
        if self.text is not None:
            return self.text
        d = self.delimiter
        words = [word.replace(d, d + d) for pair in self.pairs(begin, end, stext).items() for word in pair]
        return (d + d.join(words) + (d if self.final_delimiter else "")).encode(self.encoding)

    def build(self) -> bytes:
        data = self.encoded()
        size = len(self.text_bytes(0, 0, (0, 0)))
        text_begin = 58
        begin = text_begin + size
        end = begin + len(data) - 1 + self.end_shift
        supplement = b""
        stext = (0, 0)
        if self.supplement:
            d = self.delimiter
            supplement = (d + d.join(w for pair in self.supplement.items() for w in pair) + d).encode()
            stext = (begin + len(data), begin + len(data) + len(supplement) - 1)
        said = (begin, end) if self.text_data == "right" else self.text_data
        text = self.text_bytes(*said, stext)
        assert len(text) == size
        header = (begin, end) if self.header_data == "right" else self.header_data
        fields = "".join(
            f"{x:>8}" if x != "" else " " * 8 for x in (text_begin, text_begin + size - 1, *header, 0, 0)
        )
        return (
            f"FCS{self.version}    {fields}".encode() + text + data + supplement + self.padding + self.after
        )


FIELDS = ("text_begin", "text_end", "data_begin", "data_end", "analysis_begin", "analysis_end")


def shifted(content: bytes, **shifts: int) -> bytes:
    """The same file, offsets of its HEADER moved by so many bytes."""
    for name, shift in shifts.items():
        at = 10 + 8 * FIELDS.index(name)
        content = content[:at] + b"%8d" % (int(content[at : at + 8]) + shift) + content[at + 8 :]
    return content


def encode(
    rows: Sequence[Sequence[Number]], bits: Sequence[int], types: Sequence[str] | str, order: str
) -> bytes:
    """Values in the byte order given; widths that are no whole bytes are packed least significant bit first."""
    kinds = [types] * len(bits) if isinstance(types, str) else list(types)
    if any(width % 8 for width in bits):
        return pack_bits([value for row in rows for value in row], list(bits) * len(rows))
    return b"".join(
        encode_value(v, w, k, order) for row in rows for v, w, k in zip(row, bits, kinds, strict=True)
    )


def encode_value(value: Number, bits: int, kind: str, order: str) -> bytes:
    if kind == "I":
        little = int(value).to_bytes(bits // 8, "little")
    else:
        little = struct.pack("<f" if bits == 32 else "<d", value)
    ranks = [int(rank) for rank in order.split(",")]
    if ranks == sorted(ranks):
        return little
    if ranks == sorted(ranks, reverse=True):
        return little[::-1]
    assert len(ranks) == len(little)
    return bytes(little[rank - 1] for rank in ranks)


def pack_bits(values: Sequence[Number], bits: Sequence[int]) -> bytes:
    number = at = 0
    for value, width in zip(values, bits, strict=True):
        number |= int(value) << at
        at += width
    return number.to_bytes(-(-at // 8), "little")
