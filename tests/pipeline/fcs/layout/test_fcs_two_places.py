"""HEADER and TEXT place DATA differently and both fit: counts, times and blanks tell, or nothing does."""

from __future__ import annotations

import random
import struct

import numpy as np
import pytest

from helpers.fcs_bytes import FcsBytes
from pipeline.fcs import NotFcsError, read_fcs

N_EVENTS, N_CHANNELS, AWAY = 400, 6, 46
VENDOR = b"RawParameterList"
NAMES = ("FS Lin", "SS Lin", "PE Log", "APC Log", "Event Count", "TIME")


def rows(kind: str) -> list[list[int]]:
    """Return events as a CyAn writes them; `kind` says what counts and what rises."""
    draw = random.Random(4)
    found = []
    for event in range(N_EVENTS):
        light = [draw.randrange(1, 65_536) for _ in range(4)]
        count = event + 65_400 if "count" in kind else draw.randrange(65_536)
        time = 3 * event + draw.randrange(3) if "time" in kind else draw.randrange(65_536)
        if "again" in kind:
            time %= 700
        found.append([*light, count % 65_536, time])
    return found


def cyan(
    kind: str, right: str, *, names=NAMES, away=AWAY, filled=b"\x07\x81", data_type="I", cells=None
) -> bytes:
    """Return a file whose HEADER and TEXT are `away` bytes apart; bytes of no segment on both sides."""
    values = rows(kind) if cells is None else cells
    bits = 16 if data_type == "I" else 32
    named = {f"$P{n}N": name for n, name in enumerate(names, 1)}
    junk = (filled * away)[:away]
    size = N_EVENTS * N_CHANNELS * bits // 8
    form = "H" if data_type == "I" else "f"
    data = b"".join(struct.pack(f"<{N_CHANNELS}{form}", *row) for row in values)
    file = FcsBytes(values, (bits,) * N_CHANNELS, (65_536,) * N_CHANNELS, keywords=named, data_type=data_type)
    file.data = junk + data + junk + VENDOR
    content = file.build()
    begin = content.index(junk + data[:12]) + away
    wrong = begin - away if right == "TEXT" else begin + away
    places = {right: begin, "TEXT" if right == "HEADER" else "HEADER": wrong}
    header = b"%8d%8d" % (places["HEADER"], places["HEADER"] + size - 1)
    content = content[:26] + header + content[42:]
    for side, at in (("BEGIN", places["TEXT"]), ("END", places["TEXT"] + size - 1)):
        start = content.index(b"$%sDATA|" % side.encode()) + len(side) + 6
        content = content[:start] + b"%08d" % at + content[start + 8 :]
    return content


def read(tmp_path, content: bytes):
    path = tmp_path / "tube.fcs"
    path.write_bytes(content)
    return read_fcs(path)


@pytest.mark.parametrize("right", ["HEADER", "TEXT"])
@pytest.mark.parametrize(
    ("kind", "away"),
    [
        *(
            (kind, away)
            for kind in ("count time", "count", "count time again")
            for away in (46, 2, 12, 7, 24, 13)
        ),
        *(("time", away) for away in (46, 2, 7, 13)),
    ],
)
def test_a_count_or_a_time_tells_which_place_is_right(tmp_path, kind, right, away):
    file = read(tmp_path, cyan(kind, right, away=away))
    assert [file.raw(name).tolist() for name in NAMES] == [list(row) for row in zip(*rows(kind), strict=True)]
    (repair,) = (one for one in file.repairs if one.code == "DATA_OFFSETS_DIFFER")
    assert repair.used.startswith(right)
    assert ("Event Count rises by one" in repair.text) == ("count" in kind)


@pytest.mark.parametrize("right", ["HEADER", "TEXT"])
def test_a_time_that_began_again_tells_too(tmp_path, right):
    file = read(
        tmp_path,
        cyan(
            "time again",
            right,
            cells=[[*row[:5], t] for row, t in zip(rows(""), [*range(300), *range(100)], strict=True)],
            away=7,
        ),
    )
    assert file.raw("TIME").tolist() == [*range(300), *range(100)]


@pytest.mark.parametrize("right", ["HEADER", "TEXT"])
@pytest.mark.parametrize("away", [46, 7, 2])
@pytest.mark.parametrize(
    "counts",
    [
        [*range(150), *range(150), *range(100)],
        [*range(65_500, 65_536), *range(364)],
        [2 * event + event // 9 for event in range(N_EVENTS)],
    ],
    ids=["began again", "full", "events left out"],
)
def test_a_count_that_began_again_or_left_events_out_tells_too(tmp_path, right, away, counts):
    cells = [[*row[:4], count, row[5]] for row, count in zip(rows(""), counts, strict=True)]
    names = (*NAMES[:5], "APC Area")
    file = read(tmp_path, cyan("", right, names=names, cells=cells, away=away))
    assert file.raw("Event Count").tolist() == counts


@pytest.mark.parametrize("right", ["HEADER", "TEXT"])
def test_where_nothing_counts_or_rises_no_place_is_taken(tmp_path, right):
    with pytest.raises(NotFcsError, match="bytes fit both; neither a count of events nor a time shows which"):
        read(tmp_path, cyan("", right))


@pytest.mark.parametrize("right", ["HEADER", "TEXT"])
def test_a_count_without_a_name_tells_unless_another_channel_may_hold_it(tmp_path, right):
    names = ("A", "B", "C", "D", "E", "F")
    file = read(tmp_path, cyan("count", right, names=names, away=7))
    assert file.raw("E").tolist() == [row[4] for row in rows("count")]
    with pytest.raises(NotFcsError, match="the bytes fit both"):
        read(tmp_path, cyan("count", right, names=names, away=2))


def test_a_time_that_goes_on_rising_at_both_places_tells_nothing(tmp_path):
    with pytest.raises(NotFcsError, match="the bytes fit both"):
        read(tmp_path, cyan("time", "HEADER", away=12))


@pytest.mark.parametrize("right", ["HEADER", "TEXT"])
def test_blanks_of_an_event_or_more_on_one_side_tell_where_no_channel_does(tmp_path, right):
    content = cyan("", right, filled=b"\x07")
    blank = b"\x07" * AWAY
    at = content.index(blank) if right == "TEXT" else content.rindex(blank)
    file = read(tmp_path, content[:at] + b"\0" * AWAY + content[at + AWAY :])
    assert file.raw("FS Lin").tolist() == [row[0] for row in rows("")]
    with pytest.raises(NotFcsError, match="the bytes fit both"):
        read(tmp_path, cyan("", right, filled=b"\0", away=10))


@pytest.mark.parametrize("right", ["HEADER", "TEXT"])
def test_floats_that_are_no_light_tell(tmp_path, right):
    cells = np.random.default_rng(3).lognormal(6, 1, (N_EVENTS, N_CHANNELS)).astype(np.float32).tolist()
    names = ("A", "B", "C", "D", "E", "F")
    file = read(tmp_path, cyan("", right, names=names, cells=cells, data_type="F", away=46))
    assert np.array_equal(file.raw("C"), np.array(cells, np.float32)[:, 2])


@pytest.mark.real
def test_a_cyan_s_header_is_right_where_its_text_is_beside(real_data):
    file = read_fcs(real_data / "found" / "cytoflow_cyan.fcs")
    assert file.n_events == 5_789
    assert (np.diff(file.raw("Event Count").astype(int)) == 1).all()
    assert file.raw("FS Lin")[:4].tolist() == [11_198, 11_683, 11_209, 12_264]
