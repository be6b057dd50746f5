"""TEXT that was edited after the file was written is refused; sound files of every order of segments are not.

The builder here shares nothing with that of the other tests: segments in any order, blanks, OTHER segments.
"""

from __future__ import annotations

import re
import struct

import pytest

from pipeline.fcs import FcsError, NotFcsError, TruncatedError, read_fcs
from pipeline.fcs.cross_check import cross_check

ROWS = tuple((n * 37 % 1024, n * 91 % 1000 + 1) for n in range(50))
FLOATS = tuple((n * 37.3, 4000.7 / (n + 1)) for n in range(50))
MARKER = "CD38 (daratumumab) BV421 extra"
SECTIONS = {
    "ANALYSIS": b"/GATE/1/X/2/",
    "STEXT": b"/MORE/1/$P1T/CD38/",
    "OTHER": b"/NOT/TEXT/A/b/",
    "GAP": b" " * 40,
    "NULS": b"\0" * 40,
}
ORDERS = {
    "plain": ("TEXT", "DATA"),
    "blanks before DATA": ("TEXT", "GAP", "DATA"),
    "zeros before DATA": ("TEXT", "NULS", "DATA"),
    "ANALYSIS after DATA": ("TEXT", "DATA", "ANALYSIS"),
    "ANALYSIS before DATA": ("TEXT", "ANALYSIS", "DATA"),
    "supplemental TEXT after DATA": ("TEXT", "DATA", "STEXT"),
    "supplemental TEXT and ANALYSIS after DATA": ("TEXT", "DATA", "STEXT", "ANALYSIS"),
    "supplemental TEXT before DATA": ("TEXT", "STEXT", "DATA"),
    "DATA before TEXT": ("DATA", "TEXT"),
    "DATA, blanks and TEXT": ("DATA", "GAP", "TEXT"),
    "DATA, TEXT and ANALYSIS": ("DATA", "TEXT", "ANALYSIS"),
    "another segment before TEXT": ("OTHER", "TEXT", "DATA"),
    "another segment after TEXT": ("TEXT", "OTHER", "DATA"),
    "another segment at the end": ("TEXT", "DATA", "OTHER"),
}


def laid_out(order=("TEXT", "DATA"), *, rows=ROWS, version="3.1", text_pad=b"", after=b"", changes=None):
    """One data set with its segments in this order."""
    kind, code, bits = ("I", "H", 16) if isinstance(rows[0][0], int) else ("D", "d", 64)
    data = b"".join(struct.pack(f"<2{code}", *row) for row in rows)
    pairs = {"$BYTEORD": "1,2,3,4", "$DATATYPE": kind, "$MODE": "L", "$NEXTDATA": "00000000", "$PAR": "2"}
    pairs |= {"$TOT": str(len(rows))}
    for n in (1, 2):
        pairs |= {f"$P{n}B": str(bits), f"$P{n}E": "0,0", f"$P{n}N": f"C{n}", f"$P{n}R": "1024"}
    pairs |= {"$P1S": MARKER, "$OP": "somebody", **(changes or {})}

    def text(places):
        offsets = {
            f"${side}{name}": f"{places.get(name, (0, 0))[at]:08d}"
            for name in ("DATA", "ANALYSIS", "STEXT")
            for at, side in enumerate(("BEGIN", "END"))
        }
        return ("/" + "/".join(word for pair in (offsets | pairs).items() for word in pair) + "/").encode()

    content = {**SECTIONS, "DATA": data, "TEXT": text({}) + text_pad}
    at, places = 58 + 16 * ("OTHER" in order), {}
    for name in order:
        places[name] = (at, at + len(content[name]) - 1)
        at += len(content[name])
    content["TEXT"] = text(places) + text_pad
    in_header = ("TEXT", "DATA", "ANALYSIS", *(["OTHER"] if "OTHER" in order else []))
    offsets = b"".join(b"%8d" % offset for name in in_header for offset in places.get(name, (0, 0)))
    return f"FCS{version}    ".encode() + offsets + b"".join(content[name] for name in order) + after


def followed(content):
    """The file with a second data set behind it."""
    return content.replace(b"$NEXTDATA/00000000", b"$NEXTDATA/%08d" % len(content)), laid_out(rows=FLOATS)


def assert_rows(path, rows, codes=()):
    file = read_fcs(path)
    assert list(zip(*(file.raw(name).tolist() for name in file.channels), strict=True)) == list(rows)
    assert tuple(repair.code for repair in file.reading_repairs) == codes


@pytest.mark.parametrize("version", ["2.0", "3.0", "3.1", "3.2"])
@pytest.mark.parametrize("order", ORDERS)
def test_a_sound_order_of_segments_is_neither_repaired_nor_refused(tmp_path, order, version):
    path = tmp_path / "tube.fcs"
    for rows in (ROWS, FLOATS):
        for after in (b"", b"00000000", b"00031337", b"\0" * 333):
            path.write_bytes(laid_out(ORDERS[order], rows=rows, version=version, after=after))
            assert_rows(path, rows)
            assert read_fcs(path).keywords["$P1S"] == MARKER


@pytest.mark.parametrize("pad", [b" " * 5, b" " * 40, b"\0" * 3, b"\r\n"])
@pytest.mark.parametrize("after", [b"", b"\0" * 3, b" " * 5, b"\r\n\x1a"])
def test_blanks_within_text_and_after_data_are_no_edit(tmp_path, pad, after):
    path = tmp_path / "tube.fcs"
    for rows in (ROWS, FLOATS):
        path.write_bytes(laid_out(rows=rows, text_pad=pad, after=after))
        assert_rows(path, rows)


@pytest.mark.parametrize("after", [b"", b"00031337"])
@pytest.mark.parametrize("order", [name for name, order in ORDERS.items() if order[0] == "TEXT"])
def test_text_that_was_edited_is_never_read_with_data_at_the_old_place(tmp_path, order, after):
    path = tmp_path / "tube.fcs"
    for rows in (ROWS, FLOATS):
        sound = laid_out(ORDERS[order], rows=rows, after=after)
        for change in (-9, -8, -5, -3, 1, 2, 5, 8, 13, 30, 70):
            path.write_bytes(edited(sound, change))
            with pytest.raises(FcsError, match=r"TEXT was changed|whole events|export"):
                read_fcs(path)


@pytest.mark.parametrize("order", ["plain", "blanks before DATA", "ANALYSIS after DATA"])
def test_text_that_was_edited_is_not_read_as_a_truncated_file_either(tmp_path, order):
    path = tmp_path / "tube.fcs"
    for pad in (b"", b" " * 40):
        for change in (-9, -4, -1):
            path.write_bytes(edited(laid_out(ORDERS[order], rows=FLOATS, text_pad=pad), change))
            with pytest.raises(NotFcsError, match="TEXT was changed"):
                read_fcs(path, allow_truncated=True)


@pytest.mark.parametrize("after", [b"", b"00031337", b"\0" * 100])
@pytest.mark.parametrize("order", ["plain", "blanks before DATA", "DATA before TEXT"])
def test_an_edit_in_the_first_of_two_data_sets_is_refused_and_the_second_is_read(tmp_path, order, after):
    path = tmp_path / "tube.fcs"
    for change in (-9, -4, -1, 1, 4, 8, 30):
        first, second = followed(laid_out(ORDERS[order], after=after))
        path.write_bytes(edited(first, change) + second)
        if order == "DATA before TEXT":
            path.write_bytes(edited(first, 0) + second)
            assert_rows(path, ROWS)
        else:
            with pytest.raises((NotFcsError, TruncatedError), match=r"TEXT was changed|next data set"):
                read_fcs(path)
        assert_rows(f"{path}#2", FLOATS)


@pytest.mark.parametrize("beside", [-20, -3, 3, 50])
def test_a_next_data_set_beside_its_place_is_found_where_data_is_sure(tmp_path, beside):
    first, second = followed(laid_out())
    said = b"$NEXTDATA/%08d"
    path = tmp_path / "tube.fcs"
    path.write_bytes(first.replace(said % len(first), said % (len(first) + beside)) + second)
    assert_rows(path, ROWS, ("NEXTDATA_BESIDE",))
    assert_rows(f"{path}#2", FLOATS)


def test_a_checksum_within_data_is_no_event(tmp_path):
    content = laid_out(after=b"00031337")
    begin, end = (int(content.split(key)[1][:8]) for key in (b"$BEGINDATA/", b"$ENDDATA/"))
    longer = content.replace(b"%08d" % end, b"%08d" % (end + 8)).replace(b"%8d" % end, b"%8d" % (end + 8))
    path = tmp_path / "tube.fcs"
    path.write_bytes(longer)
    assert begin < end
    assert_rows(path, ROWS, ("DATA_LONGER",))


@pytest.mark.parametrize("word", [b"nan", b"inf", b"1_0", b"0x1"])
@pytest.mark.parametrize("bits", ["3", "*"])
def test_digits_that_are_numbers_to_a_programming_language_only_are_refused(tmp_path, word, bits):
    begin, gap = 400, b" " * (bits == "*")
    data = gap.join([b"100", word, b"300", b"400"])
    pairs = {
        "$BYTEORD": "1,2,3,4",
        "$DATATYPE": "A",
        "$MODE": "L",
        "$NEXTDATA": "0",
        "$PAR": "2",
        "$TOT": "2",
    }
    for n in (1, 2):
        pairs |= {f"$P{n}B": bits, f"$P{n}E": "0,0", f"$P{n}N": f"C{n}", f"$P{n}R": "1024"}
    text = ("/" + "/".join(word for pair in pairs.items() for word in pair) + "/").encode()
    offsets = b"".join(b"%8d" % n for n in (58, 57 + len(text), begin, begin + len(data) - 1, 0, 0))
    path = tmp_path / "digits.fcs"
    path.write_bytes((b"FCS3.0    " + offsets + text).ljust(begin) + data)
    with pytest.raises(NotFcsError, match="no number"):
        read_fcs(path).raw("C2")


def test_the_witnesses_are_asked_of_a_file_that_ends_early_too(tmp_path):
    path = tmp_path / "tube.fcs"
    path.write_bytes(laid_out(rows=FLOATS)[:-24])
    flowio, fcsparser = cross_check(path)
    assert flowio.channels[0].our_sum == pytest.approx(sum(row[0] for row in FLOATS[:48]))
    assert "it does not read a file that ends early" in fcsparser.explanations


def edited(content, change):
    """Make the marker longer or shorter and leave all offsets as they are."""
    marker = MARKER + "q z" * 40
    to = marker[: len(MARKER) + change] if change > 0 else MARKER[: len(MARKER) + change]
    return re.sub(re.escape(MARKER.encode()), to.encode(), content, count=1)
