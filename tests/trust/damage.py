"""Files changed at random: bytes, numbers, keywords, tags; cut, doubled, emptied."""

from __future__ import annotations

import io
import random
import re
import zipfile

HOSTILE = (
    b"0", b"-1", b"1", b"99999999", b"4294967296", b"9" * 19, b"1e9", b"1e308", b"nan", b"inf", b"*", b"", b"\x00",
    b"\xff\xfe", b"&lt;", b"A" * 5_000, b"%n%s", "ü".encode(), b"1,5", b"=1+1",
)  # fmt: skip
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")
_WORD = re.compile(rb"[A-Za-z$]{2,}")
_TAG = re.compile(rb"<[^>]{1,300}>")
_QUOTED = re.compile(rb'"[^"]{0,200}"')
_XML_TEXTS = (
    b"<!DOCTYPE a [<!ENTITY b 'bbbb'>]>", b"<a>" * 3_000, b"</a>", b"<![CDATA[x]]>", b"<!--", b"&b;", b"&#0;",
    b"<?xml version='1.0' encoding='utf-16'?>", b"<x:y/>",
)  # fmt: skip


def flipped(content: bytes, draw: random.Random) -> bytes:
    """Bits turned over."""
    changed = bytearray(content)
    for _ in range(draw.randint(1, 8)):
        changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def cut(content: bytes, draw: random.Random) -> bytes:
    """The end, or a piece of it, is gone."""
    at = draw.randrange(len(content))
    return content[:at] if draw.random() < 0.3 else content[:at] + content[at + draw.randint(1, 200) :]


def doubled(content: bytes, draw: random.Random) -> bytes:
    """A piece stands there again, some times."""
    at = draw.randrange(len(content))
    return content[:at] + content[at : at + draw.randint(1, 400)] * draw.choice((2, 3, 50)) + content[at:]


def filled(content: bytes, draw: random.Random) -> bytes:
    """A piece is all one byte."""
    at = draw.randrange(len(content))
    piece = bytes([draw.choice((0, 32, 255, 124, 60))]) * draw.randint(1, 300)
    return content[:at] + piece + content[at + len(piece) :]


def _one_of(
    pattern: re.Pattern[bytes], instead: tuple[bytes, ...], content: bytes, draw: random.Random
) -> bytes:
    places = list(pattern.finditer(content[:200_000]))
    if not places:
        return flipped(content, draw)
    place = draw.choice(places)
    return content[: place.start()] + draw.choice(instead) + content[place.end() :]


def claimed(content: bytes, draw: random.Random) -> bytes:
    """A number is another one, such as no file can hold."""
    return _one_of(_NUMBER, HOSTILE, content, draw)


def renamed(content: bytes, draw: random.Random) -> bytes:
    """A word is another one."""
    words = _WORD.findall(content[:200_000]) or [b"x"]
    return _one_of(_WORD, (*HOSTILE, draw.choice(words)), content, draw)


def tag_changed(content: bytes, draw: random.Random) -> bytes:
    """A tag is gone, doubled, or something else."""
    tags = _TAG.findall(content[:200_000]) or [b"<a>"]
    return _one_of(_TAG, (b"", draw.choice(tags), draw.choice(tags) * 2, *_XML_TEXTS), content, draw)


def attribute_changed(content: bytes, draw: random.Random) -> bytes:
    """What stands in quotes is something else."""
    others = _QUOTED.findall(content[:200_000]) or [b'""']
    instead = (*(b'"' + text + b'"' for text in HOSTILE), draw.choice(others))
    return _one_of(_QUOTED, instead, content, draw)


BYTES = (flipped, cut, doubled, filled, claimed, claimed, renamed)
XML = (*BYTES, *(claimed, renamed, tag_changed, tag_changed, *[attribute_changed] * 6))


def damaged(content: bytes, draw: random.Random, ways: tuple = BYTES) -> bytes:
    """Return a file damaged in one to four ways; `content` has bytes."""
    for _ in range(draw.choice((1, 1, 1, 2, 4))):
        content = draw.choice(ways)(content, draw) or b"\x00"
    return content


def damaged_text_of_fcs(content: bytes, draw: random.Random) -> bytes:
    """Return an FCS file mostly damaged where its HEADER and TEXT are."""
    if draw.random() < 0.25:
        return damaged(content, draw)
    end = int(content[18:26]) + 1
    return damaged(content[:end], draw) + content[end:]


def damaged_package(content: bytes, draw: random.Random) -> bytes:
    """Return a workbook damaged in its zip, or with damage in one or two of its parts."""
    if draw.random() < 0.2:
        return damaged(content, draw)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for _ in range(draw.randint(1, 2)):
        name = draw.choice(list(parts))
        if draw.random() < 0.1:
            del parts[name]
            break
        parts[name] = damaged(parts[name], draw, XML)
    changed = io.BytesIO()
    with zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return changed.getvalue()
