"""Files of odd making: joined ones, foreign delimiters, impossible dates, files that end before DATA."""

from __future__ import annotations

import pytest

from helpers.fcs_bytes import FcsBytes
from pipeline.cli import main
from pipeline.fcs import NotFcsError, read_fcs

ROWS = tuple((n, 2 * n) for n in range(1, 60))


def status_of(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return ended.value.code


def written(tmp_path, content: bytes):
    path = tmp_path / "tube.fcs"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("between", [b"", b"00000000", b"\0" * 600, b"\0" * 2_000_000])
@pytest.mark.parametrize("version", ["2.0", "3.0", "3.1", "3.2"])
def test_a_data_set_behind_the_last_is_named_though_nextdata_says_there_is_none(
    tmp_path, between, version, capsys
):
    other = FcsBytes(((7, 8),) * 9, version=version).build()
    path = written(tmp_path, FcsBytes(ROWS).build() + between + other)
    file = read_fcs(path)
    assert file.raw("C2").tolist() == [row[1] for row in ROWS]
    (repair,) = (one for one in file.repairs if one.code == "DATA_SET_BEHIND")
    assert "files were joined" in repair.text
    assert status_of("inspect", str(path)) == 0
    assert "a further data set begins at byte" in capsys.readouterr().out


def test_three_joined_files_are_named_once_and_a_lone_one_never(tmp_path):
    one = FcsBytes(ROWS).build()
    assert [repair.code for repair in read_fcs(written(tmp_path, one * 3)).repairs] == ["DATA_SET_BEHIND"]
    assert read_fcs(written(tmp_path, one)).repairs == ()
    assert read_fcs(written(tmp_path, one + b"FCS3.1 is what we write")).repairs == ()


@pytest.mark.parametrize("mark", ["§", "µ", "→", "𝄞"])
def test_a_delimiter_of_several_bytes_is_named_as_the_cause(tmp_path, mark):
    content = FcsBytes(ROWS, delimiter=mark).build()
    with pytest.raises(
        NotFcsError, match=f"the delimiter '{mark}', which is no ASCII character, expected a delim"
    ):
        read_fcs(written(tmp_path, content))


def test_a_delimiter_of_one_byte_that_is_no_ascii_is_named_as_the_cause(tmp_path):
    content = FcsBytes(ROWS, delimiter="§", encoding="latin-1").build()
    with pytest.raises(NotFcsError, match="the delimiter '§', which is no ASCII character"):
        read_fcs(written(tmp_path, content))


@pytest.mark.parametrize(
    "day", ["01-Jan-0001", "31-FEB-2024", "00-MAR-2024", "01-JAN-1900", "2024/13/05", "30/30/2024"]
)
def test_a_day_that_cannot_be_is_called_so_and_not_ambiguous(tmp_path, day):
    file = read_fcs(written(tmp_path, FcsBytes(ROWS, keywords={"$DATE": day}).build()))
    assert file.acquisition.acquired_on is None
    (repair,) = file.repairs
    assert repair.code == "DATE_UNREAD"
    assert "is a day that cannot be" in repair.text


@pytest.mark.parametrize("day", ["04/05/2013", "yesterday", "3 of May"])
def test_a_day_that_may_be_two_or_none_is_not_called_impossible(tmp_path, day):
    (repair,) = read_fcs(written(tmp_path, FcsBytes(ROWS, keywords={"$DATE": day}).build())).repairs
    assert "cannot be read without guessing" in repair.text


@pytest.mark.parametrize("option", [[], ["--json"]])
@pytest.mark.parametrize("left", [0, 3])
def test_inspect_of_a_file_that_ends_before_its_first_event_is_no_success(tmp_path, capsys, left, option):
    content = FcsBytes(ROWS).build()
    path = written(tmp_path, content[: len(content) - 4 * len(ROWS) + left])
    assert status_of("inspect", *option, str(path)) == 1
    said = capsys.readouterr()
    assert "expected 59 events" in said.err
    assert not said.out
    half = tmp_path / "half.fcs"
    half.write_bytes(content[:-100])
    assert status_of("inspect", *option, str(half)) == 0


def test_inspect_of_a_file_that_promises_no_event_is_a_success(tmp_path):
    assert status_of("inspect", str(written(tmp_path, FcsBytes(()).build()))) == 0
