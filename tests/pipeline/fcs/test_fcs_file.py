"""Reading a file from outside: names, columns on demand, data sets, and errors a person can cause."""

from __future__ import annotations

import os
import pickle
import re

import numpy as np
import pytest
from test_fcs_conformance import two_data_sets

from helpers.fcs_bytes import FcsBytes
from pipeline.fcs import ChannelError, FcsError, UnreadableError, UnsupportedError, read_fcs, write_fcs
from pipeline.files.content import Content

CHANNELS = ("FSC-A", "PE-A", "APC-A", "Time")


@pytest.fixture
def values():
    return np.random.default_rng(7).normal(1000, 400, (4, 50_001)).astype(np.float32)


@pytest.fixture
def tube(tmp_path, values):
    return write_fcs(tmp_path / "tube.fcs", values, CHANNELS, markers=("", "CD38", "CD138", ""))


def test_only_the_channels_asked_for_are_decoded_in_the_order_asked(tube, values):
    file = read_fcs(tube, channels=("APC-A", "FSC-A"))
    assert file.decoded == ("APC-A", "FSC-A")
    np.testing.assert_array_equal(file.events(), values[[2, 0]])
    np.testing.assert_array_equal(file.events(("PE-A",)), values[[1]])


def test_other_channels_are_chosen_of_a_file_whose_text_has_been_read(tube, values):
    content = Content(tube, tube.read_bytes())
    header = read_fcs(tube, channels=(), content=content)
    matrix, repairs = header.spillover, header.repairs
    tube.unlink()
    chosen = header.decoding(("APC-A", "FSC-A"))
    np.testing.assert_array_equal(chosen.events(), values[[2, 0]])
    assert (chosen.spillover, chosen.repairs, header.decoded) == (matrix, repairs, ())
    with pytest.raises(ChannelError, match="PC-A"):
        header.decoding(("PC-A",))
    assert chosen.without_bytes().content is None
    assert chosen.without_bytes().repairs == repairs


def test_a_row_is_one_run_of_memory_and_the_callers_own(tube, values):
    events = read_fcs(tube).events()
    assert events.flags.c_contiguous
    assert events.dtype == np.float32
    events[:] = 0
    np.testing.assert_array_equal(read_fcs(tube).events(), values)


def test_columns_are_kept_and_cannot_be_written_into(tube):
    file = read_fcs(tube)
    assert file.column("PE-A") is file.column("PE-A")
    with pytest.raises(ValueError, match="read-only"):
        file.column("PE-A")[0] = 1


def test_header_and_text_alone_need_no_events(tube):
    content = tube.read_bytes()
    file = read_fcs(tube, channels=())
    assert (file.n_events, file.channels, file.decoded) == (50_001, CHANNELS, ())
    assert file.events().shape == (0, 50_001)
    assert len(content) > 800_000


def test_one_name_is_one_channel(tube, values):
    np.testing.assert_array_equal(read_fcs(tube, channels="PE-A").events(), values[[1]])
    np.testing.assert_array_equal(read_fcs(tube).events("PE-A"), values[[1]])


def test_the_representation_of_a_file_does_not_tell_the_patient(tmp_path, values):
    path = write_fcs(tmp_path / "a.fcs", values, CHANNELS, keywords={"$SRC": "Muster, Erika"})
    assert repr(read_fcs(path)) == "FcsFile('a.fcs', FCS 3.1, 50,001 events × 4 channels, 0 repairs)"


def test_a_file_goes_to_another_process(tube, values):
    file = pickle.loads(pickle.dumps(read_fcs(tube)))
    np.testing.assert_array_equal(file.events(), values)


def test_an_unknown_channel_is_named_with_the_closest(tube):
    with pytest.raises(ChannelError, match="no channel 'PE-B'; did you mean PE-A"):
        read_fcs(tube).column("PE-B")
    with pytest.raises(ChannelError, match="no channel 'CD138'; did you mean APC-A"):
        read_fcs(tube, channels=("CD138",))
    with pytest.raises(ChannelError, match=r"no channel 'xyz'; there are FSC-A, PE-A"):
        read_fcs(tube).events(("xyz",))


@pytest.mark.slow
def test_a_block_ends_anywhere(tmp_path):
    for n_events in (1, 7, 8, 9, 4095, 4096, 4097, 46_811):
        rows = [(n % 512, (n * 7) % 512, 511 - n % 512) for n in range(n_events)]
        path = tmp_path / f"{n_events}.fcs"
        path.write_bytes(FcsBytes(rows, (9, 9, 9), (512, 512, 512)).build())
        np.testing.assert_array_equal(read_fcs(path).events().T, rows)


def test_large_files_are_decoded_in_two_threads_alike(tmp_path):
    values = np.arange(4 * 1_100_000, dtype=np.float32).reshape(4, -1)
    file = read_fcs(write_fcs(tmp_path / "large.fcs", values, CHANNELS))
    assert file.data.n_bytes > 16 << 20
    np.testing.assert_array_equal(file.events(), values)


def test_scale_tops_follow_range_width_amplification_and_gain(tmp_path):
    keywords = {"$P1E": "4,1", "$P2G": "2", "$P3N": "Time", "$P4R": "0"}
    file = FcsBytes([(1, 2, 3, 4)], (16, 8, 16, 16), (1024, 1024, 1024, 1024), keywords=keywords)
    path = tmp_path / "a.fcs"
    path.write_bytes(file.build())
    found = read_fcs(path)
    assert found.scale_top("C1") == pytest.approx(10 ** (4 * 1023 / 1024))
    assert found.scale_top("C2") == 255 / 2
    assert found.scale_top("Time") == float("inf")
    assert found.scale_top("C4") == float("inf")


def test_the_scale_top_of_floats_is_the_highest_count_of_a_digitiser(tmp_path):
    path = write_fcs(tmp_path / "a.fcs", np.ones((2, 3)), ("A", "B"), keywords={"$P2R": "100.5"})
    assert (read_fcs(path).scale_top("A"), read_fcs(path).scale_top("B")) == (262143, 100.5)


def test_a_data_set_is_chosen_by_number_or_by_name(tmp_path):
    path = tmp_path / "tube.lmd"
    path.write_bytes(two_data_sets())
    by_number, by_name = read_fcs(path, data_set=2), read_fcs(f"{path}#2")
    assert by_number.version == by_name.version == "3.0"
    assert (by_name.data_set, by_name.n_data_sets, by_name.path) == (2, 2, path)
    assert read_fcs(path).version == "2.0"
    with pytest.raises(UnsupportedError, match="holds 2; choose 1 to 2"):
        read_fcs(f"{path}#3")
    with pytest.raises(UnsupportedError, match="choose one"):
        read_fcs(f"{path}#2", data_set=3)
    with pytest.raises(UnsupportedError, match="count from 1"):
        read_fcs(path, data_set=0)


def test_a_file_may_be_named_like_a_data_set(tmp_path):
    path = tmp_path / "tube.fcs#2"
    path.write_bytes(FcsBytes().build())
    assert read_fcs(path).data_set == 1


def test_a_missing_file_is_named_with_the_closest(tube):
    with pytest.raises(UnreadableError, match=r"tubes\.fcs is not there, .*did you mean tube\.fcs"):
        read_fcs(tube.with_name("tubes.fcs"))
    with pytest.raises(UnreadableError, match="check the name"):
        read_fcs(tube.parent / "nowhere" / "x.fcs")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(UnreadableError, match="is a folder"):
        read_fcs(tmp_path)


@pytest.mark.parametrize("name", ["a\0b.fcs", "x" * 5000 + ".fcs", "tube.fcs#x", ""])
def test_an_impossible_name_is_an_fcs_error(tmp_path, name):
    with pytest.raises(UnreadableError):
        read_fcs(tmp_path / name)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"path": ""}, "the file to read is '', expected a path"),
        ({"path": b"tube.fcs"}, "expected a path"),
        ({"path": None}, "nothing, expected a path"),
        ({"path": 7}, "'7', expected a path"),
        ({"data_set": "2"}, "data set '2' was asked for, expected a number"),
        ({"data_set": None}, "expected a number"),
        ({"channels": 7}, "channels are '7', expected names"),
        ({"channels": b"PE-A"}, "expected names"),
        ({"channels": (None,)}, "no channel nothing; there are"),
    ],
)
def test_arguments_of_another_type_are_fcs_errors(tube, arguments, words):
    with pytest.raises(FcsError, match=re.escape(words)):
        read_fcs(**{"path": tube, **arguments})


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="no such files here")  # noqa: PTH110
def test_a_device_is_no_file():
    with pytest.raises(UnreadableError, match="zero is a device or a pipe"):
        read_fcs("/dev/zero")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no such files here")
def test_a_pipe_does_not_make_the_reader_wait(tmp_path):
    os.mkfifo(tmp_path / "tube.fcs")
    with pytest.raises(UnreadableError, match="device or a pipe"):
        read_fcs(tmp_path / "tube.fcs")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs permissions that hold")
def test_a_file_that_may_not_be_read_is_named(tube):
    tube.chmod(0)
    with pytest.raises(UnreadableError, match="permissions"):
        read_fcs(tube)


def test_a_file_that_shrinks_after_it_was_opened_is_an_error(tube):
    file = read_fcs(tube)
    tube.write_bytes(tube.read_bytes()[:2000])
    with pytest.raises(FcsError, match="bytes early"):
        file.events()


def test_a_truncated_file_gives_its_whole_events_when_that_is_allowed(tube, values):
    tube.write_bytes(tube.read_bytes()[: -16 * 1000 - 3])
    with pytest.raises(FcsError, match="49,000 whole events"):
        read_fcs(tube)
    file = read_fcs(tube, allow_truncated=True)
    assert [repair.code for repair in file.repairs] == ["TRUNCATED"]
    np.testing.assert_array_equal(file.events(), values[:, :49_000])


def test_errors_reach_other_processes(tube):
    with pytest.raises(ChannelError) as caught:
        read_fcs(tube).column("nothing")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
