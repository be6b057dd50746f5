"""Files whose every byte is known: each is read right, or refused for the right reason, and says what was repaired."""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.fcs_bytes import FcsBytes
from pipeline.fcs import FcsError, NotFcsError, TruncatedError, UnsupportedError, read_fcs

INTS = tuple(tuple(random.Random(f"{n}").randrange(0, 200) for _ in range(2)) for n in range(11))
FLOATS = tuple((n * 1.5 - 3, -(2.0**n) / 3) for n in range(9))


@dataclass(frozen=True)
class Sound:
    """What a file must read as: stored values, linear ones where they differ, and the codes of its repairs."""

    content: bytes
    stored: Sequence[Sequence[float]]
    codes: tuple[str, ...] = ()
    linear: Sequence[Sequence[float]] | None = None
    keywords: tuple[tuple[str, str], ...] = ()
    channels: tuple[str, ...] = ()
    label: str = ""


SOUND: dict[str, Callable[[], Sound]] = {}
REFUSED: dict[str, Callable[[], tuple[bytes, type[FcsError], str]]] = {}


def sound(function: Callable[[], Sound]) -> Callable[[], Sound]:
    SOUND[function.__name__] = function
    return function


def refused(function: Callable[[], tuple[bytes, type[FcsError], str]]) -> object:
    REFUSED[function.__name__] = function
    return function


def numbers(bits: Sequence[int], n_events: int = 21) -> tuple[tuple[int, ...], ...]:
    """Values that use every bit, the extremes first."""
    source = random.Random(repr(bits))
    rows = [tuple(0 for _ in bits), tuple((1 << width) - 1 for width in bits)]
    rows += [tuple(source.getrandbits(width) for width in bits) for _ in range(n_events - 2)]
    return tuple(rows)


def integers(bits: Sequence[int], order: str = "1,2,3,4") -> Sound:
    rows = numbers(bits)
    return Sound(FcsBytes(rows, bits, [1 << width for width in bits], byte_order=order).build(), rows)


def floats(kind: str, order: str) -> Sound:
    width = 32 if kind == "F" else 64
    rows = tuple(
        tuple(struct.unpack("<f", struct.pack("<f", v))[0] if kind == "F" else v for v in r) for r in FLOATS
    )
    return Sound(
        FcsBytes(rows, (width, width), (262144, 262144), data_type=kind, byte_order=order).build(), rows
    )


def with_keywords(
    codes: tuple[str, ...] = (), shown: tuple[tuple[str, str], ...] = (), **changes: object
) -> Sound:
    return Sound(FcsBytes(INTS, **changes).build(), INTS, codes, keywords=shown)  # type: ignore[arg-type]


for version in ("2.0", "3.0", "3.1", "3.2"):
    SOUND[f"version_{version}"] = lambda version=version: with_keywords(version=version)
for width in (8, 16, 24, 32, 40, 48, 56, 64):
    for name, order in (("little", "1,2,3,4"), ("big", "4,3,2,1")):
        SOUND[f"integers_of_{width}_bits_{name}_endian"] = lambda w=width, o=order: integers((w, w, w), o)
for width in (1, 3, 7, 9, 10, 11, 12, 13, 20, 31, 33, 57, 58, 63):
    SOUND[f"packed_integers_of_{width}_bits"] = lambda w=width: integers((w,) * 5)
for kind in "FD":
    for name, order in (("little", "1,2,3,4"), ("big", "4,3,2,1")):
        SOUND[f"type_{kind}_{name}_endian"] = lambda k=kind, o=order: floats(k, o)
for delimiter in ("/", "\\", "\f", "*", "^", ".", "!", "\x1e", "$", " "):
    if delimiter not in "$ ":
        SOUND[f"delimiter_{delimiter!r}"] = lambda d=delimiter: with_keywords(
            delimiter=d, keywords={"$CYT": f"a{d}b", "$DATE": "01-JAN-2020"}, shown=(("$CYT", f"a{d}b"),)
        )


@sound
def two_byte_order_of_old_files() -> Sound:
    return integers((16, 16), "2,1")


@sound
def widths_mixed_in_an_event() -> Sound:
    return integers((8, 16, 32, 24, 8, 64))


@sound
def widths_mixed_and_not_of_whole_bytes() -> Sound:
    return integers((9, 16, 3, 60))


@sound
def floats_among_packed_integers() -> Sound:
    rows = tuple((n, 511 - n, n / 7) for n in range(20))
    packed = [(a, b, int.from_bytes(struct.pack("<d", c), "little")) for a, b, c in rows]
    file = FcsBytes(packed, (9, 9, 64), (512, 512, 512), "3.2", "I", keywords={"$P3DATATYPE": "D"})
    return Sound(file.build(), rows)


@sound
def mixed_byte_order_of_integers() -> Sound:
    return integers((32, 32), "3,4,1,2")


@sound
def other_mixed_byte_order_of_floats() -> Sound:
    return floats("F", "2,1,4,3")


@sound
def mixed_types_of_fcs_3_2() -> Sound:
    rows = ((1, 1.5, -2.25), (65535, -7.75, 1e300), (3, 0.0, 1e-300))
    file = FcsBytes(rows, (16, 32, 64), (65536, 1024, 1024), "3.2", "F", ("I", "F", "D"))
    file.keywords = {"$P1DATATYPE": "I", "$P3DATATYPE": "D", "$MODE": None, "$NEXTDATA": None}
    return Sound(file.build(), rows)


@sound
def high_bits_are_dirt_beyond_the_range() -> Sound:
    rows = numbers((16, 16))
    content = FcsBytes(rows, (16, 16), (1024, 1000)).build()
    return Sound(content, [(a & 1023, b & 1023) for a, b in rows], ("HIGH_BITS",))


@sound
def dirty_bits_in_24_bits_big_endian() -> Sound:
    rows = numbers((24, 24))
    file = FcsBytes(rows, (24, 24), (30000, 262144), byte_order="4,3,2,1")
    return Sound(file.build(), [(a & 32767, b & 262143) for a, b in rows], ("HIGH_BITS",))


@sound
def ten_bits_stored_in_sixteen() -> Sound:
    rows = numbers((10, 10))
    file = FcsBytes(rows, (10, 10), (1024, 1024))
    file.data = b"".join(struct.pack("<HH", *row) for row in rows)
    return Sound(file.build(), rows, ("WIDTHS_DIFFER",))


@sound
def twenty_bits_stored_in_thirty_two() -> Sound:
    rows = numbers((20, 20))
    file = FcsBytes(rows, (20, 20), (1 << 20, 1 << 20), byte_order="4,3,2,1")
    file.data = b"".join(struct.pack(">II", *row) for row in rows)
    return Sound(file.build(), rows, ("WIDTHS_DIFFER",))


@sound
def doubles_that_call_themselves_floats() -> Sound:
    file = FcsBytes(FLOATS, (64, 64), (1024, 1024), data_type="F")
    return Sound(file.build(), FLOATS, ("WIDTHS_DIFFER",))


@sound
def floats_that_are_no_numbers() -> Sound:
    rows = ((math.nan, math.inf), (-math.inf, -0.0))
    return Sound(FcsBytes(rows, (32, 32), (1024, 1024), data_type="F").build(), rows)


@sound
def ascii_of_fixed_width() -> Sound:
    file = FcsBytes(INTS, (4, 6), (1000, 1000), data_type="A")
    file.data = b"".join(b"%4d%6d" % row for row in INTS)
    return Sound(file.build(), INTS)


@sound
def ascii_of_free_width() -> Sound:
    file = FcsBytes(INTS, ("*", "*"), (1000, 1000), data_type="A")  # type: ignore[arg-type]
    file.data = b"".join(b"%d,%d\r\n" % row for row in INTS)
    return Sound(file.build(), INTS)


@sound
def logarithmic_amplification() -> Sound:
    file = FcsBytes(INTS, keywords={"$P1E": "4,1", "$P2E": "3,0.1"})
    return Sound(
        file.build(), INTS, linear=[(10 ** (4 * a / 1024), 0.1 * 10 ** (3 * b / 1024)) for a, b in INTS]
    )


@sound
def logarithmic_amplification_from_zero() -> Sound:
    file = FcsBytes(INTS, keywords={"$P1E": "4,0"})
    return Sound(file.build(), INTS, ("LOG_ZERO",), [(10 ** (4 * a / 1024), b) for a, b in INTS])


@sound
def logarithmic_amplification_of_32_bits() -> Sound:
    rows = numbers((32, 32))
    file = FcsBytes(rows, (32, 32), (2**32, 2**32), keywords={"$P1E": "5.0,1.0"})
    return Sound(file.build(), rows, linear=[(10 ** (5 * a / 2**32), b) for a, b in rows])


@sound
def logarithmic_amplification_beyond_all_numbers() -> Sound:
    rows = ((0, 1), (1023, 2))
    file = FcsBytes(rows, keywords={"$P1E": "1e308,1"})
    return Sound(file.build(), rows, linear=[(1, 1), (math.inf, 2)])


@sound
def logarithmic_floats_are_taken_as_they_are() -> Sound:
    file = FcsBytes(FLOATS, (64, 64), (1024, 1024), data_type="D", keywords={"$P2E": "4,1"})
    return Sound(file.build(), FLOATS, ("LOG_FLOAT",))


@sound
def gain_divides() -> Sound:
    file = FcsBytes(INTS, keywords={"$P1G": "8", "$P2G": "0,5"})
    return Sound(file.build(), INTS, linear=[(a / 8, b / 0.5) for a, b in INTS])


@sound
def gain_with_a_logarithm_is_left_out() -> Sound:
    file = FcsBytes(INTS, keywords={"$P1E": "4,1", "$P1G": "8"})
    return Sound(file.build(), INTS, ("GAIN_WITH_LOG",), [(10 ** (4 * a / 1024), b) for a, b in INTS])


@sound
def time_is_in_seconds_and_has_no_gain() -> Sound:
    file = FcsBytes(INTS, keywords={"$P2N": "Time", "$P2G": "0.01", "$TIMESTEP": "0.05"})
    return Sound(file.build(), INTS, linear=[(a, b * 0.05) for a, b in INTS], channels=("C1", "Time"))


@sound
def an_empty_value_leaves_the_next_keyword_alone() -> Sound:
    shown = (("$P1S", ""), ("$P2S", "CD38"))
    return with_keywords(keywords={"$P1S": "", "$P2S": "CD38"}, shown=shown)


@sound
def empty_values_one_after_the_other_and_last() -> Sound:
    return with_keywords(keywords={"A": "", "B": "", "C": ""}, shown=(("A", ""), ("B", ""), ("C", "")))


@sound
def delimiters_within_at_the_start_and_at_the_end_of_values() -> Sound:
    values = {
        "A": "x|y",
        "B": "|start",
        "C": "end|",
        "D": "|",
        "E": "a||b",
        "F": "|a|b|",
        "G": "",
        "H": "last|",
    }
    return with_keywords(keywords=values, shown=tuple(values.items()))


@sound
def delimiters_that_are_not_doubled() -> Sound:
    file = FcsBytes(INTS, delimiter="\\")
    file.keywords = {"$FIL": "C:@tube.fcs", "$CYT": "LSR II", "$SYS": "a@b"}
    return Sound(
        file.build().replace(b"@", b"\\"), INTS, ("DELIMITER_IN_VALUE",), keywords=(("$CYT", "LSR II"),)
    )


@sound
def lower_case_keywords() -> Sound:
    file = FcsBytes(INTS)
    text = file.build()
    begin, end = int(text[10:18]), int(text[18:26])
    return Sound(text[:begin] + text[begin:end].lower() + text[end:], INTS, channels=("c1", "c2"))


@sound
def latin_1_text() -> Sound:
    return with_keywords(("LATIN_1",), (("$P1S", "Fläche"),), keywords={"$P1S": "Fläche"}, encoding="latin-1")


@sound
def utf_8_text() -> Sound:
    return with_keywords((), (("$P1S", "αβ-Fläche"),), keywords={"$P1S": "αβ-Fläche"})


@sound
def no_final_delimiter() -> Sound:
    return with_keywords(final_delimiter=False, keywords={"LAST": "value"}, shown=(("LAST", "value"),))


@sound
def numbers_with_spaces_and_zeros() -> Sound:
    return with_keywords(keywords={"$TOT": "  11     ", "$P1B": " 016", "$PAR": "2 "})


@sound
def one_name_for_two_channels() -> Sound:
    found = with_keywords(("NAME_TWICE",), keywords={"$P2N": "C1"})
    return Sound(found.content, INTS, found.codes, channels=("C1", "C1 (P2)"))


@sound
def channels_without_names() -> Sound:
    found = with_keywords(("NAME_ABSENT",), keywords={"$P2N": None}, version="2.0")
    return Sound(found.content, INTS, found.codes, channels=("C1", "P2"))


@sound
def a_keyword_given_twice() -> Sound:
    file = FcsBytes(INTS, keywords={"$CYT": "first", "$CYU": "second"})
    return Sound(
        file.build().replace(b"$CYU", b"$CYT"), INTS, ("KEYWORD_TWICE",), keywords=(("$CYT", "second"),)
    )


@sound
def keywords_only_in_supplemental_text() -> Sound:
    return with_keywords(
        supplement={"$CYT": "Canto", "$P1S": "CD38"}, shown=(("$CYT", "Canto"), ("$P1S", "CD38"))
    )


@sound
def header_blank() -> Sound:
    return with_keywords(("HEADER_OFFSETS_BLANK",), header_data=("", ""))


@sound
def header_zero() -> Sound:
    return with_keywords(("HEADER_OFFSETS_BLANK",), header_data=(0, 0))


@sound
def header_wrong_and_text_right() -> Sound:
    return with_keywords(("DATA_OFFSETS_DIFFER",), header_data=(58, 500))


@sound
def text_wrong_and_header_right() -> Sound:
    return with_keywords(("DATA_OFFSETS_DIFFER",), text_data=(100, 900))


@sound
def text_offsets_absent_in_fcs_2() -> Sound:
    return with_keywords(version="2.0", keywords={"$BEGINDATA": None, "$ENDDATA": None})


@sound
def end_of_data_one_byte_late() -> Sound:
    return with_keywords(("DATA_END_OFF_BY_ONE",), end_shift=1, after=b"")


@sound
def end_of_data_one_byte_early() -> Sound:
    return with_keywords(("DATA_END_OFF_BY_ONE",), end_shift=-1)


@sound
def crc_after_data() -> Sound:
    return with_keywords(after=b"00000000")


@sound
def data_padded_with_zeros() -> Sound:
    return with_keywords(("DATA_LONGER",), end_shift=100, after=b"\0" * 100)


@sound
def total_too_small_for_the_bytes() -> Sound:
    return with_keywords(("TOT_DIFFERS",), keywords={"$TOT": "7"})


@sound
def total_absent_in_fcs_2() -> Sound:
    return with_keywords(("TOT_ABSENT",), version="2.0", keywords={"$TOT": None})


@sound
def mode_absent() -> Sound:
    return with_keywords(("MODE_ABSENT",), keywords={"$MODE": None})


@sound
def no_events() -> Sound:
    return Sound(FcsBytes((), header_data=(0, 0), text_data=(0, 0)).build(), ())


@sound
def no_events_and_an_end_before_the_beginning() -> Sound:
    return Sound(FcsBytes(()).build(), ())


@sound
def the_first_of_two_data_sets() -> Sound:
    return Sound(two_data_sets(), INTS)


@sound
def the_second_of_two_data_sets() -> Sound:
    return Sound(two_data_sets(), FLOATS, label="#2")


@sound
def a_next_data_set_that_is_not_there() -> Sound:
    return with_keywords(("NEXTDATA_UNREAD",), keywords={"$NEXTDATA": "5000"})


@sound
def range_of_zero() -> Sound:
    return with_keywords(("RANGE_UNREAD",), keywords={"$P1R": "0"})


@sound
def amplification_unreadable() -> Sound:
    return with_keywords(("AMPLIFICATION_UNREAD",), keywords={"$P1E": "log"})


def two_data_sets() -> bytes:
    second = FcsBytes(FLOATS, (64, 64), (1024, 1024), "3.0", "D").build()
    length = len(FcsBytes(INTS, version="2.0", keywords={"$NEXTDATA": "0000"}).build())
    return FcsBytes(INTS, version="2.0", keywords={"$NEXTDATA": f"{length:04d}"}).build() + second


@pytest.mark.parametrize("name", SOUND)
def test_a_file_is_read_as_it_was_built(name, tmp_path):
    assert_read(SOUND[name](), tmp_path / "tube.fcs")


def assert_read(case, path, *, allow_truncated=False):
    path.write_bytes(case.content)
    file = read_fcs(f"{path}{case.label}", allow_truncated=allow_truncated)
    stored = np.array(case.stored, dtype=object).reshape(len(case.stored), len(file.channels))
    n_events = len(case.stored)
    assert file.n_events == n_events
    assert tuple(repair.code for repair in file.repairs) == case.codes
    if case.channels:
        assert file.channels == case.channels
    for keyword, value in case.keywords:
        assert file.keywords[keyword] == value
    for number, channel in enumerate(file.channels):
        raw = [value.item() for value in file.raw(channel)]
        np.testing.assert_array_equal(raw, stored[:, number].tolist() if n_events else [])
    assert_linear(file, case)


def assert_linear(file, case):
    linear = np.array(case.linear if case.linear is not None else case.stored, np.float64)
    if not len(linear):
        assert file.events().shape == (len(file.channels), 0)
        return
    for number, channel in enumerate(file.channels):
        np.testing.assert_allclose(file.column(channel), linear[:, number], rtol=1e-14)
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(file.events(), linear.T.astype(np.float32))
        np.testing.assert_array_equal(file.events(file.channels[::-1]), linear.T.astype(np.float32)[::-1])


@refused
def an_empty_file():
    return b"", NotFcsError, "is not an FCS file"


@refused
def a_web_page():
    return b"<html>not found</html>", NotFcsError, "'<html>'"


@refused
def half_a_header():
    return FcsBytes().build()[:40], NotFcsError, "40 bytes"


@refused
def fcs_1():
    return b"FCS1.0" + FcsBytes().build()[6:], UnsupportedError, "'1.0'"


@refused
def an_unknown_version():
    return b"FCS4.7" + FcsBytes().build()[6:], UnsupportedError, "'4.7'"


@refused
def no_place_of_text():
    content = FcsBytes().build()
    return content[:10] + b" " * 16 + content[26:], NotFcsError, "offset of TEXT"


@refused
def text_beyond_the_file():
    return FcsBytes().build()[:58], TruncatedError, "TEXT should begin"


@refused
def data_cut_off():
    return FcsBytes(INTS).build()[:-3], TruncatedError, "11 events"


@refused
def data_absent():
    content = FcsBytes(INTS).build()
    return content[:-44], TruncatedError, "0 whole events"


@refused
def total_too_large():
    return FcsBytes(INTS, keywords={"$TOT": "12"}).build(), TruncatedError, "12 events"


@refused
def a_total_beyond_any_memory():
    return FcsBytes(INTS, keywords={"$TOT": "9" * 17}).build(), TruncatedError, "99,999,999"


@refused
def histograms():
    return FcsBytes(INTS, keywords={"$MODE": "U"}).build(), UnsupportedError, "$MODE is 'U'"


@refused
def correlated_histograms():
    return FcsBytes(INTS, keywords={"$MODE": "C"}).build(), UnsupportedError, "list mode"


@refused
def an_unknown_type():
    return FcsBytes(INTS, keywords={"$DATATYPE": "X"}).build(), UnsupportedError, "$DATATYPE is 'X'"


@refused
def no_type():
    return FcsBytes(INTS, keywords={"$DATATYPE": None}).build(), NotFcsError, "$DATATYPE"


@refused
def no_channels():
    return FcsBytes(INTS, keywords={"$PAR": "0"}).build(), NotFcsError, "$PAR"


@refused
def no_number_of_channels():
    return FcsBytes(INTS, keywords={"$PAR": None}).build(), NotFcsError, "nothing as $PAR"


@refused
def a_million_channels():
    return FcsBytes(INTS, keywords={"$PAR": "1000000"}).build(), NotFcsError, "1,000,000 channels"


@refused
def a_width_of_none():
    return FcsBytes(INTS, keywords={"$P2B": None}).build(), UnsupportedError, "$P2B is nothing"


@refused
def a_width_of_gigabytes():
    return FcsBytes(INTS, keywords={"$P1B": "99999999999"}).build(), UnsupportedError, "$P1B"


@refused
def a_width_below_zero():
    return FcsBytes(INTS, keywords={"$P1B": "-16"}).build(), UnsupportedError, "'-16'"


@refused
def an_impossible_byte_order():
    return FcsBytes(INTS, keywords={"$BYTEORD": "1,1,3,4"}).build(), UnsupportedError, "$BYTEORD"


@refused
def a_byte_order_of_words_for_three_bytes():
    file = FcsBytes(INTS, (24, 24), keywords={"$BYTEORD": "3,4,1,2"})
    return file.build(), UnsupportedError, "24 bits"


@refused
def more_data_than_events_explain():
    file = FcsBytes(INTS, end_shift=14, after=bytes(range(1, 15)))
    return file.build(), NotFcsError, "58 bytes"


@refused
def ascii_that_is_no_number():
    file = FcsBytes(((1, 2),), (4, 4), data_type="A", data=b"   1four")
    return file.build(), NotFcsError, "ASCII"


@refused
def free_ascii_that_is_no_number():
    file = FcsBytes(((1, 2), (3, 4)), ("*", "*"), data_type="A", data=b"1,2,three,4")  # type: ignore[arg-type]
    return file.build(), NotFcsError, "no number"


@refused
def free_ascii_that_ends_early():
    file = FcsBytes(((1, 2), (3, 4)), ("*", "*"), data_type="A", data=b"1,2,3    ")  # type: ignore[arg-type]
    return file.build(), TruncatedError, "3 ASCII numbers"


@refused
def free_ascii_with_decimal_commas():
    file = FcsBytes(((1, 2), (3, 4)), ("*", "*"), data_type="A", data=b"1,5 2,5 3,5 4,5")  # type: ignore[arg-type]
    return file.build(), NotFcsError, "8 ASCII numbers, expected 4"


@refused
def ascii_mixed_with_integers():
    file = FcsBytes(((1, 2),), (8, 16), version="3.2", data=b"112", keywords={"$P1DATATYPE": "A"})
    return file.build(), UnsupportedError, "$P1DATATYPE is 'A'"


@refused
def too_few_ascii_characters():
    file = FcsBytes(((1, 2),) * 9, ("*", "*"), data_type="A", data=b"1,2")  # type: ignore[arg-type]
    return file.build(), TruncatedError, "9 events"


@refused
def nowhere_to_find_data():
    return (
        FcsBytes(INTS, header_data=(0, 0), text_data=(0, 0)).build(),
        NotFcsError,
        "neither HEADER nor TEXT",
    )


@refused
def a_file_that_went_through_a_text_editor():
    rows = numbers((32, 32), 400)
    file = FcsBytes(rows, (32, 32), (2**32, 2**32))
    mangled = file.encoded().decode("utf-8", "replace").encode()
    file.after = mangled[len(file.encoded()) :]
    file.data = mangled[: len(file.encoded())]
    return file.build(), NotFcsError, "U+FFFD"


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_cannot_be_read_is_refused_by_one_sentence(name, tmp_path):
    assert_refused(*REFUSED[name](), tmp_path / "tube.fcs")


def assert_refused(content, error, words, path):
    path.write_bytes(content)
    with pytest.raises(error) as caught:
        read_fcs(path).events()
    text = str(caught.value)
    assert words in text
    assert "tube.fcs" in text
    assert "\n" not in text
    assert len(text) < 400


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), bits=st.lists(st.integers(1, 64), min_size=1, max_size=6), big=st.booleans())
def test_integers_of_any_widths_are_read(tmp_path, data, bits, big):
    if data.draw(st.booleans()):
        bits = [-(-width // 8) * 8 for width in bits]
    row = st.tuples(*(st.integers(0, (1 << width) - 1) for width in bits))
    rows = data.draw(st.lists(row, min_size=1, max_size=20))
    ranges = [
        data.draw(st.sampled_from((1 << width, max(2, (1 << width) // 3), max(2, 1 << (width - 1)))))
        for width in bits
    ]
    path = tmp_path / "tube.fcs"
    path.write_bytes(FcsBytes(rows, bits, ranges, byte_order="4,3,2,1" if big else "1,2,3,4").build())
    packed_big = big and any(width % 8 for width in bits)
    if packed_big and any(width > 8 and width % 8 == 0 for width in bits):
        with pytest.raises(UnsupportedError, match="BYTEORD"):
            read_fcs(path)
        return
    file = read_fcs(path)
    tops = [(1 << (top - 1).bit_length()) - 1 for top in ranges]
    dirty = any(value > top for values in rows for value, top in zip(values, tops, strict=True))
    assert [repair.code for repair in file.repairs] == ["PACKED_ORDER"] * packed_big + ["HIGH_BITS"] * dirty
    for number, (channel, mask) in enumerate(zip(file.channels, tops, strict=True)):
        assert file.raw(channel).tolist() == [values[number] & mask for values in rows]


@pytest.mark.parametrize("place", range(9))
def test_high_bits_of_any_event_are_seen_where_events_end_within_a_byte(tmp_path, place):
    rows = [(0, 1 << 41 if event == place else 0, 0, 0) for event in range(9)]
    path = tmp_path / "tube.fcs"
    path.write_bytes(FcsBytes(rows, [1, 42, 1, 1], [2, 1 << 40, 2, 2], byte_order="1,2,3,4").build())
    assert [repair.code for repair in read_fcs(path).repairs] == ["HIGH_BITS"]


def test_there_are_more_cases_than_the_standard_has_corners():
    assert len(SOUND) >= 40
    assert len(REFUSED) >= 20
