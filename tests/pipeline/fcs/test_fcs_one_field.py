"""One field of a sound file is made wrong: its values stay true, or a repair names the field, or it is refused.

A change that leaves another sound file, as a gain of 2 for one of 4, is no damage and is not made here.
"""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from helpers.fcs_bytes import FIELDS, FcsBytes, shifted
from pipeline.fcs import FcsError, FcsFile, read_fcs

N_EVENTS = 24
SPILL = "2,C1,C2,1,0.25,0.05,1"


@dataclass(frozen=True)
class Damage:
    """A changed file, and words of which a repair must say one where the values are no longer true."""

    content: bytes
    change: str
    words: tuple[str, ...]


def integers(top: int, source: random.Random, width: int = 2) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(source.randrange(1, top) for _ in range(width)) for _ in range(N_EVENTS))


def sound_files() -> dict[str, FcsBytes]:
    """Files of every kind; counts and offsets have room for other digits."""
    source = random.Random(38)
    counts = {"$TOT": f"{N_EVENTS:08d}", "$PAR": "00000002"}
    small, large = integers(1000, source), integers(1 << 23, source)
    floats = tuple((a / 7, b / 3) for a, b in large)
    marked = {"$P1S": "CD38", "$P2S": "CD138", "$CYT": "LSR II", "SPILL": SPILL}
    no_text = {"$BEGINDATA": None, "$ENDDATA": None}
    mixed = tuple((a, b / 4) for a, b in small)
    return {
        "integers": FcsBytes(small, keywords=counts | marked | {"$P1E": "4,1", "$P2G": "4"}),
        "big-endian": FcsBytes(small, (16, 32), (1024, 1 << 32), byte_order="4,3,2,1", keywords=counts | marked),
        "24 bits": FcsBytes(large, (24, 24), (1 << 24,) * 2, byte_order="4,3,2,1", keywords=counts | marked),
        "packed": FcsBytes(small, (10, 11), (1024, 2048), keywords=counts | marked),
        "floats": FcsBytes(floats, (64, 64), (1024, 1024), data_type="D", keywords=counts | marked, after=b"0" * 8),
        "header alone": FcsBytes(small, version="2.0", keywords=counts | marked | no_text),
        "text alone": FcsBytes(small, header_data=(0, 0), keywords=counts | marked),
        "mixed types": FcsBytes(mixed, (16, 32), (1024, 1024), "3.2", "I", ("I", "F"),
                                keywords=counts | marked | {"$P2DATATYPE": "F"}),
        "time": FcsBytes(small, keywords=counts | {"$P2N": "Time", "$TIMESTEP": "0.01", "$P1G": "8.0"}),
        "supplemented": FcsBytes(small, supplement=marked, keywords=counts),
        "digits": FcsBytes(small, (4, 4), (1000, 1000), data_type="A", keywords=counts | marked,
                           data=b"".join(b"%4d%4d" % row for row in small)),
        "free digits": FcsBytes(small, ("*", "*"), (1000, 1000), data_type="A", keywords=counts | marked,  # type: ignore[arg-type]
                                data=b"".join(b"%d %d\n" % row for row in small)),
        "stored wider": FcsBytes(small, (10, 10), (1024, 1024), keywords=counts | marked,
                                 data=b"".join(struct.pack("<HH", *row) for row in small)),
        "after blanks": FcsBytes(small, version="2.0", keywords=counts | marked | no_text),
        "big-endian floats": FcsBytes(floats, (64, 64), (1024, 1024), data_type="D", byte_order="4,3,2,1",
                                      version="2.0", keywords=counts | marked | no_text),
        "followed": FcsBytes(small, keywords=counts | marked | {"$NEXTDATA": "0" * 8}),
    }  # fmt: skip


@cache
def truths() -> dict[str, tuple[bytes, tuple[tuple[float, ...], ...]]]:
    """The bytes of each file, and its stored values by construction."""
    found = {}
    for name, file in sound_files().items():
        content = file.build()
        if name == "followed":
            size = len(content)
            content = content.replace(b"$NEXTDATA|00000000", b"$NEXTDATA|%08d" % size) + FcsBytes().build()
        if name == "after blanks":
            begin = int(content[26:34])
            content = shifted(content[:begin] + b" " * 30 + content[begin:], data_begin=30, data_end=30)
        found[name] = (content, tuple(tuple(float(value) for value in row) for row in file.rows))
    return found


def said(file: FcsFile) -> tuple[object, ...]:
    """What a file gives but its stored values."""
    columns = tuple(tuple(file.column(name).tolist()) for name in file.channels)
    matrix = "" if file.spillover is None else repr((file.spillover.channels, file.spillover.values.tolist()))
    return columns, file.markers, matrix, file.acquisition.instrument


@cache
def sound_reading(name: str, path: Path) -> tuple[tuple[object, ...], frozenset[str]]:
    """What the sound file gives, and the codes of its repairs."""
    path.write_bytes(truths()[name][0])
    file = read_fcs(path)
    return said(file), frozenset(repair.code for repair in file.repairs)


def stored(file: FcsFile) -> tuple[tuple[float, ...], ...]:
    columns = [file.raw(name).astype(np.float64).tolist() for name in file.channels]
    return tuple(zip(*columns, strict=True))


# --- what can be made wrong


def header_offset(content: bytes, source: random.Random) -> Damage:
    """Another number, a shift, blanks or junk as one of the six offsets."""
    field = source.choice(FIELDS[:4])
    at = 10 + 8 * FIELDS.index(field)
    now = int(content[at : at + 8])
    other = source.choice(
        (
            lambda: now + source.choice((-1, 1)) * source.choice((1, 1, 1, 2, 3, 4, 7, 8, 16, 40)),
            lambda: source.randrange(len(content) + 50),
            lambda: changed_digit(now, source),
            lambda: source.choice(("", "0", "x7", "-58", "99999999")),
        )
    )()
    words = ("TEXT",) if field.startswith("text") else ("DATA",)
    return Damage(
        content[:at] + str(other).rjust(8).encode()[:8] + content[at + 8 :], f"{field} {now} → {other}", words
    )


def changed_digit(number: int, source: random.Random) -> str:
    digits = list(f"{number:d}")
    digits[source.randrange(len(digits))] = source.choice("0123456789")
    return "".join(digits)


COUNTS = re.compile(rb"\$(TOT|PAR|BEGINDATA|ENDDATA|BEGINSTEXT|ENDSTEXT|NEXTDATA|P\dB)\|([^|]*)\|")
SCALES = re.compile(rb"\$(BYTEORD|MODE|DATATYPE|P\dDATATYPE|P\dE|P\dG|P\dR|TIMESTEP)\|([^|]*)\|")
JUNK = ("", "x", "-1", "nan", "?,?", "7;7")
WORDS = {"TOT": ("$TOT",), "PAR": ("$PAR",), "NEXTDATA": ("$NEXTDATA",), "TIMESTEP": ("$TIMESTEP",)}


def words_of(keyword: str) -> tuple[str, ...]:
    if keyword.endswith("STEXT"):
        return ("supplemental",)
    if keyword.endswith("DATA") and keyword != "NEXTDATA":
        return ("DATA",)
    return WORDS.get(keyword, (f"$Pn{keyword[2:]}",) if keyword[0] == "P" else (f"${keyword}",))


def count(content: bytes, source: random.Random) -> Damage:
    """Another number as a count, an offset or a width, in as many characters, so that nothing moves."""
    place = source.choice(list(COUNTS.finditer(content)))
    keyword, value = place[1].decode(), place[2]
    number = int(value) if value.isdigit() else 0
    other = source.choice(
        (
            lambda: changed_digit(number, source),
            lambda: str(number + source.choice((-8, -4, -2, -1, 1, 2, 4, 8))),
            lambda: str(number * 2),
            lambda: str(number // 2),
            lambda: source.choice(("0", "-1", "x", "")),
        )
    )()
    return replaced(content, place, other.encode(), words_of(keyword))


def junk(content: bytes, source: random.Random) -> Damage:
    """What is no number, order, mode or type where one should be."""
    place = source.choice(list(SCALES.finditer(content)))
    return replaced(content, place, source.choice(JUNK).encode(), words_of(place[1].decode()))


def absent(content: bytes, source: random.Random) -> Damage:
    """Another keyword in the place of one that is needed."""
    place = source.choice([found for found in COUNTS.finditer(content) if found[1] != b"NEXTDATA"])
    key = b"#" + place[1]
    changed = content[: place.start()] + key + content[place.start() + len(key) :]
    return Damage(changed, f"${place[1].decode()} absent", words_of(place[1].decode()))


def version(content: bytes, source: random.Random) -> Damage:
    other = source.choice((b"2.0", b"3.0", b"3.1", b"3.2", b"1.0", b"3.x"))
    return Damage(content[:3] + other + content[6:], f"version {other.decode()}", ("FCS",))


def delimiter(content: bytes, source: random.Random) -> Damage:
    """A delimiter that is another character, or the other way round."""
    end = int(content[18:26])
    if source.random() < 0.5:
        at = source.choice([found.start() for found in re.finditer(rb"\|", content[59:end])]) + 59
        other = source.choice((b"x", b" ", b"\0", b"$"))
    else:
        at, other = source.randrange(59, end), b"|"
    changed = content[:at] + other + content[at + 1 :]
    return Damage(
        changed, f"byte {at} of {content[at - 12 : at + 12]!r} is {other!r}", ("TEXT", "$", "SPILL")
    )


def edited(content: bytes, source: random.Random) -> Damage:
    """A marker that was edited: TEXT is longer or shorter, and all behind it has moved."""
    other = source.choice((b"CD138x", b"CD13", b"CD138 (clone)", b"138"))
    return Damage(
        content.replace(b"CD138", other), f"CD138 → {other!r}", ("TEXT", "$NEXTDATA", "DATA ends early")
    )


def cut(content: bytes, source: random.Random) -> Damage:
    size = len(content) - source.choice((1, 2, 3, 8, 9, 30, source.randrange(1, len(content))))
    return Damage(content[:size], f"cut to {size}", ("NEXTDATA", "cut off"))


def replaced(content: bytes, place: re.Match[bytes], other: bytes, words: tuple[str, ...]) -> Damage:
    """The value in as many bytes as before, so that nothing moves; one that needs more is junk."""
    value = place[2]
    padded = other.rjust(len(value)) if len(other) <= len(value) else b"x" * len(value)
    text = f"{place[1].decode()} {value.decode()!r} → {padded.decode()!r}"
    return Damage(content[: place.start(2)] + padded + content[place.end(2) :], text, words)


WAYS: tuple[Callable[[bytes, random.Random], Damage], ...] = (
    header_offset, header_offset, header_offset, count, count, count, count, junk, junk, absent, version, cut, delimiter, edited,
)  # fmt: skip


def fault(name: str, damage: Damage, path: Path, *, allow_truncated: bool) -> str:
    """Return what is wrong in silence; nothing if values are true, a repair says so, or the file is refused."""
    rows, (expected, known) = truths()[name][1], sound_reading(name, path)
    path.write_bytes(damage.content)
    try:
        file = read_fcs(path, allow_truncated=allow_truncated)
        same = stored(file) == rows and said(file) == expected
    except FcsError:
        return ""
    if same:
        return ""
    texts = [
        f"{repair}; {repair.found}; {repair.used}" for repair in file.repairs if repair.code not in known
    ]
    if any(word in text for text in texts for word in damage.words):
        return ""
    if allow_truncated and any(text.startswith("TRUNCATED") for text in texts) and begins_as(file, rows):
        return ""
    return f"{name}, {damage.change}: {texts or 'no repair'}"


def begins_as(file: FcsFile, rows: tuple[tuple[float, ...], ...]) -> bool:
    found = stored(file)
    return found == rows[: len(found)]


def faults(n_files: int, seed: int, path: Path) -> Iterator[str]:
    source = random.Random(seed)
    names = list(truths())
    for number in range(n_files):
        name = source.choice(names)
        damage = source.choice(WAYS)(truths()[name][0], source)
        found = fault(name, damage, path, allow_truncated=number % 4 == 0)
        if found:
            yield found


@pytest.mark.parametrize("name", truths())
def test_the_sound_files_are_read_as_they_were_built(name, tmp_path):
    content, rows = truths()[name]
    path = tmp_path / "tube.fcs"
    path.write_bytes(content)
    assert stored(read_fcs(path)) == rows


def test_no_field_that_is_wrong_makes_values_wrong_in_silence(tmp_path):
    assert list(faults(400, 11, tmp_path / "tube.fcs")) == []


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_field_of_ten_thousand_files_makes_values_wrong_in_silence(tmp_path):
    assert list(faults(10_000, 12, tmp_path / "tube.fcs")) == []
