"""The instrument log: one line per file, whatever writes at once, and only what came before counts."""

import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from calibration.curve.acceptance_limits import CurveVerdict
from pipeline.beads.instrument_log import InstrumentLog, LoggedRun
from pipeline.study.errors import UserError

RUN = LoggedRun(
    sha256="a" * 64,
    channel="PE-A",
    kit="quantibrite_pe",
    lot="96597",
    instrument="LSR II",
    serial="H47",
    voltage=420.0,
    gain=None,
    acquired_at="2024-05-31T09:15:00",
    levels=(638.0, 6930.0),
    medians=(280.5, 2790.0),
    on_scale=(True, True),
    slope=1.01,
    intercept=0.4,
    verdict=CurveVerdict.ACCEPT,
)


@pytest.fixture
def log(tmp_path):
    return InstrumentLog(tmp_path / "log.sqlite")


def test_a_run_is_read_back_as_it_was_written(log):
    assert log.runs() == ()
    log.append(RUN)
    assert log.runs() == (RUN,)
    assert log.runs()[0].verdict is CurveVerdict.ACCEPT


def test_the_same_file_is_one_line_and_its_last_reading_counts(log):
    log.append(RUN)
    log.append(replace(RUN, slope=0.98, lot="96598"))
    log.append(replace(RUN, channel="APC-A"))
    assert [(run.channel, run.slope) for run in log.runs()] == [("APC-A", 1.01), ("PE-A", 0.98)]


def test_only_earlier_runs_of_the_same_beads_and_detector_are_history(log):
    earlier = replace(RUN, sha256="b" * 64, acquired_at="2024-05-30")
    log.append(earlier)
    others = {
        "acquired_at": "2024-06-01",
        "channel": "APC-A",
        "kit": "qsc",
        "lot": "1",
        "serial": "H48",
        "voltage": 430.0,
        "gain": 2.0,
        "levels": (638.0, 6931.0),
    }
    for number, (name, value) in enumerate(others.items()):
        log.append(replace(earlier, sha256=str(number) * 64, **{name: value}))
    log.append(replace(RUN, sha256="c" * 64))  # of the same moment
    log.append(RUN)
    assert log.before(RUN) == (earlier,)
    assert log.before(replace(RUN, acquired_at="")) == ()


WRITER = """
import sys
from dataclasses import replace
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from test_instrument_log import RUN
from pipeline.beads.instrument_log import InstrumentLog
log = InstrumentLog(Path(sys.argv[1]))
for number in range(60):
    log.append(replace(RUN, sha256=f"{sys.argv[2]}-{number}"))
    log.append(replace(RUN, sha256=f"shared-{number}"))
"""


def test_two_processes_write_at_once_and_nothing_is_lost(tmp_path):
    path = tmp_path / "log.sqlite"
    here = str(Path(__file__).parent)
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), name, here], stderr=subprocess.PIPE)
        for name in ("one", "two")
    ]
    said = [writer.communicate(timeout=120)[1] for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0], said
    names = [run.sha256 for run in InstrumentLog(path).runs()]
    assert len(names) == len(set(names)) == 180


def test_what_is_no_log_is_refused_in_one_sentence(tmp_path):
    (tmp_path / "log.sqlite").write_text("this is a letter, not a database" * 40, encoding="utf-8")
    for path in (tmp_path / "log.sqlite", tmp_path / "absent" / "log.sqlite"):
        with pytest.raises(UserError, match="cannot be used as the instrument log"):
            InstrumentLog(path).append(RUN)


def test_a_log_of_another_program_is_left_alone(tmp_path):
    path = tmp_path / "log.sqlite"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE bead_runs (name TEXT)")
    other.close()
    with pytest.raises(UserError, match="cannot be used as the instrument log"):
        InstrumentLog(path).append(RUN)


def test_nothing_is_added_to_a_database_of_another_program(tmp_path):
    path = tmp_path / "customers.sqlite"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE customers (name TEXT)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(UserError, match="of another program, with the table customers"):
        InstrumentLog(path).append(RUN)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("medians", "[280.5]"),
        ("medians", '["a", null]'),
        ("slope", "abc"),
        ("levels", "[6"),
        ("levels", "6"),
        ("verdict", "perfect"),
    ],
)
def test_a_damaged_line_is_named_and_never_read_as_numbers(log, column, value):
    log.append(RUN)
    with sqlite3.connect(log.path) as damaged:
        damaged.execute(f"UPDATE bead_runs SET {column} = ?", (value,))
    damaged.close()
    with pytest.raises(UserError, match="cannot be used as the instrument log"):
        log.runs()


def test_the_log_is_one_file_that_a_network_drive_can_hold(log):
    log.append(RUN)
    with sqlite3.connect(log.path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    connection.close()


@pytest.mark.parametrize("wrong", [{"slope": None}, {"lot": {"96597"}}])
def test_a_value_that_the_program_should_not_write_is_a_defect_and_no_bad_log(log, wrong):
    log.append(RUN)
    with pytest.raises(sqlite3.Error):
        log.append(replace(RUN, sha256="b" * 64, **wrong))
    assert log.runs() == (RUN,)


def test_a_log_with_damaged_pages_or_damaged_text_is_refused_in_one_sentence(log):
    log.append(RUN)
    whole = log.path.read_bytes()
    for part, damage in ((b"LSR II", b"LSR \xff\xfe"), (whole[4096:4110], b"\xff" * 14)):
        assert whole.count(part) >= 1
        log.path.write_bytes(whole.replace(part, damage))
        with pytest.raises(UserError, match="cannot be used as the instrument log"):
            log.runs()
