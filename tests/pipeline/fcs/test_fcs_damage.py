"""Damaged and hostile files: an FcsError or values, never anything else, never for long, never much memory."""

from __future__ import annotations

import random
import re
import tracemalloc
from pathlib import Path

import pytest
from test_fcs_conformance import SOUND

from helpers.fcs_bytes import FcsBytes
from pipeline.fcs import FcsError, read_fcs

HOSTILE = (
    b"0",
    b"-1",
    b"1",
    b"7",
    b"99999999",
    b"4294967296",
    b"9" * 19,
    b"1e9",
    b"nan",
    b"*",
    b"",
    b"\x00",
    b"\xff\xfe",
)
SIZES = re.compile(
    rb"\$(?:PAR|TOT|P\dB|P\dR|P\dE|P\dG|BEGINDATA|ENDDATA|BEGINSTEXT|ENDSTEXT|NEXTDATA|BYTEORD)\|"
)


def mutate(content: bytes, source: random.Random) -> bytes:
    """Damage a file in one to four ways."""
    for _ in range(source.randint(1, 4)):
        content = source.choice((flip, flip, cut, swap_offsets, claim, claim, insert, repeat, zero))(
            content, source
        )
    return content


def flip(content: bytes, source: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(source.randint(1, 8)):
        if changed:
            changed[source.randrange(len(changed))] ^= 1 << source.randrange(8)
    return bytes(changed)


def cut(content: bytes, source: random.Random) -> bytes:
    return content[: source.randrange(len(content) + 1)]


def swap_offsets(content: bytes, source: random.Random) -> bytes:
    fields = [content[at : at + 8] for at in range(10, 58, 8)]
    source.shuffle(fields)
    return content[:10] + b"".join(fields) + content[58:]


def claim(content: bytes, source: random.Random) -> bytes:
    """Put a hostile value behind a keyword that says how much there is."""
    places = list(SIZES.finditer(content))
    if not places:
        return content
    place = source.choice(places)
    end = content.find(b"|", place.end())
    return content[: place.end()] + source.choice(HOSTILE) + content[end:]


def insert(content: bytes, source: random.Random) -> bytes:
    at = source.randrange(len(content) + 1)
    return content[:at] + source.randbytes(source.randint(1, 40)) + content[at:]


def repeat(content: bytes, source: random.Random) -> bytes:
    """A bomb of keywords or delimiters."""
    at = source.randrange(len(content) + 1)
    return (
        content[:at]
        + source.choice((b"|", b"|a", b"|$P1B|8", b"||")) * source.randint(1, 2000)
        + content[at:]
    )


def zero(content: bytes, source: random.Random) -> bytes:
    at = source.randrange(len(content) + 1)
    return content[:at] + bytes(min(50, len(content) - at)) + content[at + 50 :]


def read_everything(path: Path) -> None:
    """Use the whole reader; only FcsError may come out."""
    try:
        file = read_fcs(path, allow_truncated=path.stat().st_size % 2 == 0)
        assert file.spillover is None or file.spillover.values.ndim == 2
        assert isinstance(file.acquisition.instrument, str)
        assert all(repair.text for repair in file.repairs)
        events = file.events()
        assert events.shape == (len(file.channels), file.n_events)
        if file.channels:
            assert file.column(file.channels[0]).shape == file.raw(file.channels[-1]).shape
    except FcsError as fault:
        text = str(fault)
        assert path.name in text
        assert "\n" not in text


def damage(n_files: int, seed: int, folder: Path) -> int:
    """Read so many damaged files; return how many were read or refused."""
    source = random.Random(seed)
    contents = [case().content for case in SOUND.values()]
    path = folder / "damaged.fcs"
    n_survived = 0
    for _ in range(n_files):
        path.write_bytes(mutate(source.choice(contents), source))
        read_everything(path)
        n_survived += 1
    return n_survived


@pytest.mark.slow
def test_damaged_files_raise_nothing_but_fcs_errors(tmp_path):
    assert damage(1_000, 1, tmp_path) == 1_000


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_twenty_thousand_damaged_files_raise_nothing_but_fcs_errors(tmp_path):
    assert damage(20_000, 2, tmp_path) == 20_000


def bombs() -> dict[str, bytes]:
    keywords = {f"K{n}": "v" for n in range(100_000)}
    many = {f"$P{n}B": "8" for n in range(1, 60_000)}
    return {
        "a claim of 10^17 events": FcsBytes(keywords={"$TOT": "9" * 17, "$ENDDATA": "9" * 17}).build(),
        "a hundred thousand keywords": FcsBytes(keywords=keywords).build(),
        "sixty thousand channels": FcsBytes(keywords=many | {"$PAR": "59999"}).build(),
        "three million delimiters": FcsBytes(keywords={"A": "|" * 3_000_000}).build(),
        "events of one bit": FcsBytes([(1,)] * 80_000, (1,), (2,)).build(),
        "a spillover of a million": FcsBytes(keywords={"$SPILLOVER": "999999," + "0," * 100_000}).build(),
        "a number of a million digits": FcsBytes(
            keywords={"$TOT": "1" * 1_000_000, "$P1G": "1" * 1_000_000}
        ).build(),
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", bombs())
def test_a_bomb_takes_little_memory(name, tmp_path):
    path = tmp_path / "bomb.fcs"
    path.write_bytes(bombs()[name])
    assert peak_memory(path) < 3 * path.stat().st_size + 100_000_000


def test_damaged_files_take_little_memory(tmp_path):
    source = random.Random(4)
    contents = [case().content for case in SOUND.values()]
    rows = [(n % 512, n % 1024, n / 3, n / 7) for n in range(20_000)]
    contents.append(FcsBytes(rows, (64,) * 4, (1024,) * 4, data_type="D").build())
    path = tmp_path / "damaged.fcs"
    for number in range(120):
        path.write_bytes(mutate(contents[-1] if number % 4 == 0 else source.choice(contents), source))
        assert peak_memory(path) < 3 * path.stat().st_size + 100_000_000, number


def peak_memory(path: Path) -> int:
    tracemalloc.start()
    try:
        read_everything(path)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
