"""Files that contradict themselves: read by what the bytes bear out and named, or refused; never wrong in silence."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from test_fcs_conformance import (
    FLOATS,
    INTS,
    Sound,
    assert_read,
    assert_refused,
    numbers,
    two_data_sets,
    with_keywords,
)

from helpers.fcs_bytes import FcsBytes, shifted
from pipeline.fcs import FcsError, NotFcsError, TruncatedError, UnsupportedError, read_fcs

NAMED: dict[str, Callable[[], Sound]] = {}
CUT: dict[str, Callable[[], Sound]] = {}
REFUSED: dict[str, Callable[[], tuple[bytes, type[FcsError], str]]] = {}
MARKED = {"$P1S": "CD38", "$P2S": "CD138", "NOTE": "last"}
SHOWN = tuple(MARKED.items())


def named(function: Callable[[], Sound]) -> None:
    NAMED[function.__name__] = function


def cut(function: Callable[[], Sound]) -> None:
    """A file that ends early: refused, and its whole events read where that is allowed."""
    CUT[function.__name__] = function


def refused(function: Callable[[], tuple[bytes, type[FcsError], str]]) -> None:
    REFUSED[function.__name__] = function


def ten_bits_in_sixteen(n_events: int = 40) -> tuple[FcsBytes, tuple[tuple[int, ...], ...]]:
    rows = numbers((10, 10, 10), n_events)
    file = FcsBytes(rows, (10, 10, 10), (1024,) * 3)
    file.data = b"".join(struct.pack("<HHH", *row) for row in rows)
    return file, rows


def of_floats(**changes: object) -> Sound:
    """Floats in a file of FCS 2.0, whose HEADER alone says where DATA lies, after 40 blanks."""
    rows = tuple((float(n), float(n) / 3 + 2) for n in range(9))
    file = FcsBytes(rows, (64, 64), (1024, 1024), "2.0", "D", **changes)  # type: ignore[arg-type]
    file.keywords = {"$BEGINDATA": None, "$ENDDATA": None, **file.keywords}
    return Sound(file.build(), rows)


# --- DATA: a file that was cut, a claim too many


@cut
def ten_bits_in_sixteen_and_the_end_is_missing():
    file, rows = ten_bits_in_sixteen()
    return Sound(file.build()[: -6 * 15 - 1], rows[:24], ("WIDTHS_DIFFER", "TRUNCATED"))


@cut
def a_file_cut_to_just_the_bytes_that_packed_values_would_need():
    file, rows = ten_bits_in_sixteen()
    return Sound(file.build()[: -(240 - 150)], rows[:25], ("WIDTHS_DIFFER", "TRUNCATED"))


@cut
def fewer_events_than_data_is_long_and_the_end_is_missing():
    return Sound(FcsBytes(INTS, keywords={"$TOT": "07"}).build()[:-20], INTS[:6], ("TRUNCATED",))


@cut
def no_total_and_the_end_is_missing():
    file = FcsBytes(INTS, version="2.0", keywords={"$TOT": None})
    return Sound(file.build()[:-9], INTS[:8], ("TRUNCATED",))


@cut
def data_that_runs_into_the_next_data_set():
    content = two_data_sets().replace(b"$TOT|11|", b"$TOT|30|", 1)
    end = int(content[34:42])
    content = content.replace(b"%08d" % end, b"%08d" % (end + 76), 1)
    return Sound(shifted(content, data_end=76), INTS, ("TRUNCATED",))


@refused
def ascii_of_free_width_without_a_total():
    file = FcsBytes(INTS, ("*", "*"), data_type="A", data=b"1 2 3 4", keywords={"$TOT": None})
    return file.build(), NotFcsError, "TEXT has nothing as $TOT"


@refused
def ascii_of_free_width_whose_first_number_is_cut():
    file = FcsBytes(((12, 34),), ("*", "*"), version="2.0", data_type="A", data=b"12 34 ")
    file.keywords = {"$BEGINDATA": None, "$ENDDATA": None}
    return shifted(file.build().replace(b"|12 34", b"012 34"), data_begin=1), NotFcsError, "a number goes on"


@refused
def two_places_of_equal_length():
    content = FcsBytes(INTS, after=b"\1" * 20).build()
    return shifted(content, data_begin=3, data_end=3), NotFcsError, "the bytes fit both"


@named
def two_places_of_equal_length_one_of_which_ends_where_the_file_ends():
    content = FcsBytes(INTS).build()
    return Sound(shifted(content, data_begin=-3, data_end=-3), INTS, ("DATA_OFFSETS_DIFFER",))


@refused
def text_that_was_given_a_byte_and_data_moved():
    content = FcsBytes(INTS, keywords=MARKED).build()
    return content.replace(b"|CD38|", b"|CD38x|"), NotFcsError, "TEXT was changed"


@refused
def text_that_was_given_seven_bytes_before_a_checksum():
    content = FcsBytes(INTS, keywords=MARKED, after=b"0" * 8).build()
    return content.replace(b"|CD38|", b"|CD38 (drug)|"), NotFcsError, "TEXT was changed"


@refused
def text_that_lost_a_byte_before_a_checksum():
    rows = [(0, 1)] * 9
    content = FcsBytes(rows, keywords=MARKED, after=b"0" * 8).build()
    return content.replace(b"|CD38|", b"|CD3|"), NotFcsError, "TEXT was changed"


@refused
def half_of_the_events_in_total_or_half_of_the_bits_in_widths():
    return FcsBytes(INTS + INTS[:9], keywords={"$TOT": "10"}).build(), NotFcsError, "more than one of these"


@refused
def one_channel_fewer_than_there_are():
    return FcsBytes(INTS, keywords={"$PAR": "1"}).build(), NotFcsError, "more than one of these"


@refused
def no_total_and_widths_that_may_be_two():
    file, _ = ten_bits_in_sixteen()
    file.keywords = {"$TOT": None}
    return file.build(), NotFcsError, "30 bits or of 48 bits"


@refused
def the_only_beginning_of_data_one_byte_late():
    return shifted(of_floats().content, data_begin=1), TruncatedError, "8 whole events"


@refused
def the_only_beginning_of_data_three_bytes_early():
    return (
        shifted(of_floats(keywords={"LAST": " " * 9}).content, data_begin=-3),
        NotFcsError,
        "longer than $TOT",
    )


@named
def the_only_end_of_data_one_byte_late_and_the_file_ends():
    case = of_floats()
    return Sound(shifted(case.content, data_end=1), case.stored, ("DATA_END_OFF_BY_ONE",))


@refused
def whole_blank_events_before_data():
    content = FcsBytes(INTS, version="2.0", keywords={"$BEGINDATA": None, "$ENDDATA": None}).build()
    at = int(content[26:34])
    moved = shifted(content[:at] + b" " * 8 + content[at:], data_end=8)
    return moved, NotFcsError, "more than one of these"


# --- TEXT: offsets that are wrong


for short in (1, 3, 5, 6, 7, 11, 12, 16, 30):
    NAMED[f"text_ends_{short}_bytes_early"] = lambda short=short: Sound(
        shifted(FcsBytes(INTS, keywords=MARKED).build(), text_end=-short),
        INTS,
        ("TEXT_END_SHORT",),
        keywords=SHOWN,
    )


@named
def text_ends_early_and_blanks_follow():
    content = FcsBytes(INTS, keywords=MARKED, version="2.0").build()
    return Sound(shifted(content, text_end=-3), INTS, ("TEXT_END_SHORT",), keywords=SHOWN)


@named
def text_ends_early_without_a_final_delimiter():
    content = FcsBytes(INTS, keywords=MARKED, final_delimiter=False).build()
    return Sound(shifted(content, text_end=-2), INTS, ("TEXT_END_SHORT",), keywords=SHOWN)


@named
def text_ends_early_and_header_does_not_say_where_data_begins():
    content = FcsBytes(INTS, keywords=MARKED, header_data=(0, 0)).build()
    codes = ("TEXT_END_SHORT", "HEADER_OFFSETS_BLANK")
    return Sound(shifted(content, text_end=-9), INTS, codes, keywords=SHOWN)


@named
def a_note_of_the_maker_after_text_is_no_text():
    content = FcsBytes(INTS, keywords=MARKED).build()
    begin = int(content[26:34])
    moved = content[:begin].replace(b"%08d" % begin, b"%08d" % (begin + 40))
    end = int(content[34:42])
    moved = moved.replace(b"%08d" % end, b"%08d" % (end + 40))
    note = b"!@EOFVERSION!1!a|b!".ljust(40)
    return Sound(shifted(moved + note + content[begin:], data_begin=40, data_end=40), INTS, keywords=SHOWN)


@named
def text_ends_before_a_blank_within_a_value():
    content = FcsBytes(INTS, keywords={"$CYT": "LSR II", "A": "b"}).build()
    return Sound(
        shifted(content, text_end=-len(" II|A|b|")), INTS, ("TEXT_END_SHORT",), keywords=(("$CYT", "LSR II"),)
    )


@named
def supplemental_text_that_follows_text_at_once():
    content = FcsBytes(INTS, keywords={"$BEGINSTEXT": "00000000", "$ENDSTEXT": "00000000"}).build()
    more = b"|$P1S|CD38|"
    begin, end = int(content[26:34]), int(content[34:42])
    text = content[:begin].replace(b"$BEGINSTEXT|00000000", b"$BEGINSTEXT|%08d" % begin)
    text = text.replace(b"$ENDSTEXT|00000000", b"$ENDSTEXT|%08d" % (begin + len(more) - 1))
    for old in (begin, end):
        text = text.replace(b"DATA|%08d" % old, b"DATA|%08d" % (old + len(more)))
    moved = shifted(text + more + content[begin:], data_begin=len(more), data_end=len(more))
    return Sound(moved, INTS, keywords=(("$P1S", "CD38"),))


@named
def text_reaches_into_data():
    content = FcsBytes(INTS, keywords=MARKED | {"$P1S": "αβ"}).build()
    shown = (("$P1S", "αβ"), ("NOTE", "last"))
    return Sound(shifted(content, text_end=30), INTS, ("TEXT_END_LONG",), keywords=shown)


for shift in (-1, 1, 2, 20, 45):
    NAMED[f"text_begins_{shift}_bytes_beside"] = lambda shift=shift: Sound(
        shifted(FcsBytes(INTS, keywords=MARKED).build(), text_begin=shift),
        INTS,
        ("TEXT_BEGIN_WRONG",),
        keywords=SHOWN,
    )


@refused
def text_begins_within_the_first_keyword_and_blanks_do_not_tell_where():
    content = FcsBytes(INTS).build()
    return shifted(content.replace(b"|", b"x", 1), text_begin=1), NotFcsError, "expected its delimiter"[:8]


for shift in (-1, 1):
    NAMED[f"supplemental_text_begins_{shift}_bytes_beside"] = lambda shift=shift: supplemented(begin=shift)
for short in (1, 2, 7, 12):
    NAMED[f"supplemental_text_ends_{short}_bytes_early"] = lambda short=short: supplemented(end=-short)


def supplemented(begin: int = 0, end: int = 0) -> Sound:
    content = FcsBytes(INTS, supplement={"$P1S": "CD38", "$CYT": "Canto"}).build()
    at, to = (int(content.split(key)[1][:8]) for key in (b"$BEGINSTEXT|", b"$ENDSTEXT|"))
    content = content.replace(b"STEXT|%08d" % at, b"STEXT|%08d" % (at + begin))
    content = content.replace(b"STEXT|%08d" % to, b"STEXT|%08d" % (to + end))
    code = "TEXT_BEGIN_WRONG" if begin else "TEXT_END_SHORT"
    return Sound(content, INTS, (code,), keywords=(("$P1S", "CD38"), ("$CYT", "Canto")))


@named
def supplemental_text_that_begins_in_a_word():
    return supplemented(begin=3)


@named
def supplemental_text_that_begins_within_data():
    case = supplemented(begin=-7)
    return Sound(case.content, INTS, ("SUPPLEMENT_UNREAD",))


@named
def supplemental_text_whose_beginning_is_no_number():
    return with_keywords(("SUPPLEMENT_UNREAD",), keywords={"$BEGINSTEXT": "12x4", "$ENDSTEXT": "1300"})


# --- data sets


@named
def a_second_data_set_whose_header_is_damaged():
    content = two_data_sets()
    at = content.rindex(b"FCS3.0")
    return Sound(content[: at + 10] + b"xxxxxxxx" + content[at + 18 :], INTS, ("NEXTDATA_UNREAD",))


@named
def a_next_data_set_before_the_first():
    return with_keywords(("NEXTDATA_UNREAD",), keywords={"$NEXTDATA": "-300"})


@named
def a_next_data_set_at_no_number():
    return with_keywords(("NEXTDATA_UNREAD",), keywords={"$NEXTDATA": "after this"})


@named
def more_data_sets_than_any_file_has():
    one = FcsBytes(((1, 2),), version="2.0", keywords={"$NEXTDATA": "0000"})
    length = len(one.build())
    one.keywords = {"$NEXTDATA": f"{length:04d}"}
    return Sound(one.build() * 1002, ((1, 2),), ("NEXTDATA_UNREAD",))


@named
def a_second_data_set_with_offsets_from_the_start_of_the_file():
    first, second = two_data_sets().split(b"FCS3.0")
    second, at = b"FCS3.0" + second, len(first)
    for key in (b"$BEGINDATA|", b"$ENDDATA|"):
        offset = second.split(key)[1][:8]
        second = second.replace(key + offset, key + b"%08d" % (int(offset) + at))
    second = shifted(second, text_begin=at, text_end=at, data_begin=at, data_end=at)
    return Sound(first + second, FLOATS, ("OFFSETS_ABSOLUTE",), label="#2")


# --- parameters


@named
def a_large_odd_range_keeps_every_bit():
    rows = ((2**53, 2**63), (2**53 + 1, 2**63 + 5), (7, 2**64 - 1))
    return Sound(FcsBytes(rows, (64, 64), (2**53 + 1, 2**63 + 1)).build(), rows)


@named
def a_range_wider_than_the_bits_that_are_said():
    rows = numbers((16, 16))
    file = FcsBytes(rows, (16, 16), (65536, 65536), keywords={"$P1B": "10"})
    return Sound(file.build(), rows, ("WIDTHS_DIFFER", "RANGE_BEYOND_BITS"))


@named
def supplemental_text_that_is_cut_off():
    content = FcsBytes(INTS, supplement={"$P1S": "CD38", "$CYT": "Canto"}).build()
    return Sound(content[:-3], INTS, ("TEXT_CUT",), keywords=(("$P1S", "CD38"), ("$CYT", "Can")))


@named
def names_padded_to_a_fixed_width():
    found = with_keywords(keywords={"$P1N": "PE-A\0\0\0", "$P2N": " APC-A \0"})
    return Sound(found.content, INTS, channels=("PE-A", "APC-A"))


@named
def more_channels_than_are_said():
    return with_keywords(("PAR_DIFFERS",), keywords={"$P3B": "16", "$P3N": "C3"})


@refused
def neither_a_total_nor_a_place():
    file = FcsBytes(INTS, header_data=(0, 0), keywords={"$TOT": None, "$ENDDATA": None})
    return file.build(), NotFcsError, "neither HEADER nor TEXT"


@named
def floats_of_sixteen_bits_that_have_thirty_two():
    rows = ((1.5, 2.0), (-3.0, 4.25))
    file = FcsBytes(rows, (32, 32), (1024, 1024), data_type="F", keywords={"$P1B": "16"})
    return Sound(file.build(), rows, ("WIDTHS_DIFFER",))


@named
def packed_integers_that_call_themselves_big_endian():
    rows = numbers((9,) * 5)
    return Sound(FcsBytes(rows, (9,) * 5, (512,) * 5, byte_order="4,3,2,1").build(), rows, ("PACKED_ORDER",))


@refused
def packed_integers_beside_big_endian_words():
    return FcsBytes(INTS, (16, 9), byte_order="4,3,2,1").build(), UnsupportedError, "$BYTEORD is 4,3,2,1"


@refused
def packed_integers_beside_big_endian_floats():
    file = FcsBytes(INTS, (32, 9), version="3.2", byte_order="4,3,2,1", keywords={"$P1DATATYPE": "F"})
    return file.build(), UnsupportedError, "$BYTEORD is 4,3,2,1"


@refused
def packed_integers_in_a_mixed_byte_order():
    return FcsBytes(INTS, (9, 9), byte_order="3,4,1,2").build(), UnsupportedError, "$BYTEORD is 3,4,1,2"


@refused
def mixed_types_before_fcs_3_2():
    file = FcsBytes(((1, 1.5),), (32, 32), version="3.1", data_type="F", types=("I", "F"))
    file.keywords = {"$P1DATATYPE": "I"}
    return file.build(), UnsupportedError, "FCS 3.2 only, but HEADER says 3.1"


for gain in ("0", "2.0x", "-1", "none"):
    NAMED[f"gain_of_{gain}"] = lambda gain=gain: with_keywords(("GAIN_UNREAD",), keywords={"$P1G": gain})
for amplification in ("-4,1", "4,-1", "4", "0,1", "4,1,1", "", None):
    NAMED[f"amplification_of_{amplification}"] = lambda value=amplification: with_keywords(
        ("AMPLIFICATION_UNREAD",), keywords={"$P1E": value}
    )
for step in ("fast", "-1", "0", "0.01 s"):
    NAMED[f"time_step_of_{step}"] = lambda step=step: with_keywords(
        ("TIMESTEP_UNREAD",), keywords={"$P2N": "Time", "$TIMESTEP": step}
    )


@named
def a_time_step_without_time_says_nothing():
    return with_keywords(keywords={"$TIMESTEP": "fast"})


@pytest.mark.parametrize("name", NAMED)
def test_a_contradiction_is_resolved_by_the_bytes_and_named(name, tmp_path):
    assert_read(NAMED[name](), tmp_path / "tube.fcs")


@pytest.mark.parametrize("name", CUT)
def test_a_file_that_ends_early_is_refused_unless_that_is_allowed(name, tmp_path):
    case = CUT[name]()
    assert_refused(case.content, TruncatedError, "whole events", tmp_path / "tube.fcs")
    assert_read(case, tmp_path / "tube.fcs", allow_truncated=True)


@pytest.mark.parametrize("name", REFUSED)
def test_a_contradiction_that_nothing_resolves_is_refused(name, tmp_path):
    assert_refused(*REFUSED[name](), tmp_path / "tube.fcs")


@pytest.mark.parametrize(("kind", "width"), [("F", 32), ("D", 64)])
@pytest.mark.parametrize("order", ["1,2,3,4", "4,3,2,1"])
def test_floats_that_are_light_in_the_other_byte_order_only_are_refused(tmp_path, kind, width, order):
    rows = [(n / 7 - 20.0, n * 1000 / 3) for n in range(300)]
    file = FcsBytes(rows, (width, width), (1024, 1024), data_type=kind, byte_order=order)
    other = "4,3,2,1" if order == "1,2,3,4" else "1,2,3,4"
    content = file.build().replace(order.encode(), other.encode())
    assert_refused(content, NotFcsError, f"$BYTEORD is {other}", tmp_path / "tube.fcs")


def test_a_doubtful_beginning_of_data_is_not_read_even_if_truncated_files_are_allowed(tmp_path):
    path = tmp_path / "tube.fcs"
    path.write_bytes(REFUSED["the_only_beginning_of_data_one_byte_late"]()[0])
    with pytest.raises(NotFcsError, match="its beginning or its end"):
        read_fcs(path, allow_truncated=True)


def test_data_that_runs_into_the_next_data_set_is_said_to(tmp_path):
    assert_refused(
        data_into_the_next(), TruncatedError, "before the next data set begins", tmp_path / "tube.fcs"
    )


def data_into_the_next() -> bytes:
    return CUT["data_that_runs_into_the_next_data_set"]().content


def test_a_damaged_second_data_set_is_refused_when_asked_for(tmp_path):
    path = tmp_path / "tube.fcs"
    path.write_bytes(NAMED["a_second_data_set_whose_header_is_damaged"]().content)
    with pytest.raises(NotFcsError, match="offset of TEXT"):
        read_fcs(path, data_set=2)


def test_doubles_that_are_signalling_nans_raise_no_warning(tmp_path):
    path = tmp_path / "tube.fcs"
    data = bytes.fromhex("010000000000f07f") * 2 + struct.pack("<dd", 1e300, 2.0)
    path.write_bytes(FcsBytes(FLOATS[:2], (64, 64), (1024, 1024), data_type="D", data=data).build())
    events = read_fcs(path).events()
    assert [str(value) for value in events.ravel()] == ["nan", "inf", "nan", "2.0"]


def test_a_header_of_three_bytes_is_said_to_be_cut_off(tmp_path):
    assert_refused(b"FCS", NotFcsError, "HEADER ends after 3 bytes, expected 58", tmp_path / "tube.fcs")


def test_what_was_found_is_cut_with_an_ellipsis(tmp_path):
    content = FcsBytes(INTS, keywords={"$P1B": "9" * 90}).build()
    assert_refused(content, UnsupportedError, "9" * 40 + "…'", tmp_path / "tube.fcs")


@pytest.mark.parametrize(
    "keyword",
    [
        *("$PAR", "$TOT", "$MODE", "$DATATYPE", "$BYTEORD", "$NEXTDATA", "$DATE", "$BTIM", "$TIMESTEP"),
        *("$P1B", "$P1E", "$P1R", "$P1G", "$P1V", "$P1DATATYPE", "$SPILLOVER"),
    ],
)
def test_a_name_in_the_place_of_a_number_is_in_no_message(keyword: str, tmp_path: Path) -> None:
    path = tmp_path / "tube.fcs"
    path.write_bytes(FcsBytes(INTS, version="3.2", keywords={keyword: "Muster, Anna"}).build())
    try:
        file = read_fcs(path)
        texts = [repair.text for repair in file.repairs]  # what results say of them
    except FcsError as error:
        texts = [str(error)]
    assert not [text for text in texts if "anna" in text.lower()]


def test_a_name_in_the_place_of_a_keyword_is_in_no_message(tmp_path: Path) -> None:
    path = tmp_path / "tube.fcs"
    path.write_bytes(FcsBytes(INTS, keywords={"ANNA MUSTER": "1"}, supplement={"ANNA MUSTER": "2"}).build())
    (repair,) = read_fcs(path).repairs
    assert repair.text.startswith("a keyword that is not the standard's differs between TEXT")
