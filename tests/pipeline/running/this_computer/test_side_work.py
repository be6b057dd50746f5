"""Side work in worker processes: the same files, and the same errors, as without them."""

from __future__ import annotations

import errno
import os
import signal
import sys
import time
import traceback
from functools import partial
from multiprocessing import active_children
from pathlib import Path
from threading import Timer

import pytest

from pipeline.files.whole import UNFINISHED, NotWrittenError, older_kept, write_whole
from pipeline.running.this_computer import side_work as side
from pipeline.running.this_computer.processes import ProcessDiedError, WorkerProcess, own_processes
from pipeline.running.this_computer.side_work import side_work

FEW = side.TUBES_THAT_PAY
MANY = FEW + 1


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


def note_process(path: Path) -> None:
    path.write_text(str(os.getpid()), encoding="utf-8")


def die() -> None:
    if os.getpid() != int(os.environ["CD38RD_TESTED_PROCESS"]):
        os._exit(1)


def refuse(path: Path) -> None:
    raise PermissionError(13, "Permission denied", str(path))


def sleep_and_note(path: Path) -> None:
    time.sleep(60)
    note_process(path)


def process_of(path: Path) -> int:
    return int(path.read_text("utf-8"))


def test_without_worker_processes_the_work_of_few_tubes_is_done_at_once_here(tmp_path: Path):
    with own_processes() as own, side_work(own, tmp_path, FEW) as work:
        work.start(partial(note_process, tmp_path / "pid"))
        assert process_of(tmp_path / "pid") == os.getpid()


@pytest.mark.parametrize(("n_tubes", "workers"), [(MANY, 1), (1, 2)])
def test_work_of_very_many_tubes_or_beside_workers_is_done_elsewhere(
    tmp_path: Path, n_tubes: int, workers: int
):
    with own_processes() as own, side_work(own, tmp_path, n_tubes, workers) as work:
        work.start(partial(note_process, tmp_path / "pid"))
        work.finish()
        assert process_of(tmp_path / "pid") != os.getpid()


def test_the_processes_that_worked_on_the_tubes_do_the_side_work(tmp_path: Path):
    with own_processes() as own:
        own.first(2)[0].do(note_process, tmp_path / "tube")
        with side_work(own, tmp_path, 1, 2) as work:
            work.start(partial(note_process, tmp_path / "pid"))
            work.finish()
    assert process_of(tmp_path / "pid") == process_of(tmp_path / "tube")


def test_a_piece_that_fails_elsewhere_fails_here(tmp_path: Path):
    with own_processes() as own, side_work(own, tmp_path, MANY) as work:
        work.start(partial(refuse, tmp_path / "rd.xlsx"))
        with pytest.raises(PermissionError) as caught:
            work.finish()
    assert caught.value.filename == str(tmp_path / "rd.xlsx")


def test_files_that_stay_elsewhere_and_here_are_listed(tmp_path: Path):
    here, elsewhere = tmp_path / "a.csv", tmp_path / "b.csv"
    for path in (here, elsewhere):
        path.mkdir()  # a folder in the place of a file cannot be replaced
    with own_processes() as own, side_work(own, tmp_path, MANY) as work, older_kept() as older:
        work.start(partial(write_whole, elsewhere, "new"))
        write_whole(here, "new")
        assert work.finish() == [elsewhere]
    assert older == [here]


def test_work_of_a_process_that_died_is_done_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CD38RD_TESTED_PROCESS", str(os.getpid()))
    with own_processes() as own, side_work(own, tmp_path, MANY) as work:
        work.start(die)
        work.start(partial(note_process, tmp_path / "pid"))
        work.finish()
    assert (tmp_path / "pid").exists()


def test_after_a_failure_here_work_elsewhere_is_dropped(tmp_path: Path):
    def fails() -> None:
        with own_processes() as own, side_work(own, tmp_path, MANY) as work:
            work.start(partial(sleep_and_note, tmp_path / "pid"))
            work.start(partial(note_process, tmp_path / "second"))
            raise KeyError

    with pytest.raises(KeyError):
        fails()
    assert not (tmp_path / "pid").exists()
    assert not (tmp_path / "second").exists()


def die_in_the_middle(path: Path) -> None:
    """Die once while the file is half written, as when memory runs out."""
    if os.getpid() != int(os.environ["CD38RD_TESTED_PROCESS"]):
        write_whole(path, lambda unfinished: (unfinished.write_bytes(b"half"), os._exit(1)))
    write_whole(path, "whole")


def test_nothing_half_written_stays_of_a_process_that_died(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CD38RD_TESTED_PROCESS", str(os.getpid()))
    with own_processes() as own, side_work(own, tmp_path, MANY) as work:
        work.start(partial(die_in_the_middle, tmp_path / "rd.xlsx"))
        work.finish()
    assert [path.name for path in tmp_path.iterdir()] == ["rd.xlsx"]
    assert (tmp_path / "rd.xlsx").read_text("utf-8") == "whole"


def write_without_room(path: Path) -> None:
    """Write a file of 5,000 bytes in a process that may write 1,000: a full disk answers alike."""
    import resource

    if os.getpid() == int(os.environ["CD38RD_TESTED_PROCESS"]):
        raise AssertionError("the limit is not for the process of the tests")
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, resource.RLIM_INFINITY))
    write_whole(path, b"x" * 5_000)


@pytest.mark.skipif(sys.platform == "win32", reason="limits of Unix")
def test_a_full_disk_elsewhere_is_named_here_and_the_old_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("CD38RD_TESTED_PROCESS", str(os.getpid()))
    (tmp_path / "rd.xlsx").write_bytes(b"old")
    with own_processes() as own, side_work(own, tmp_path, MANY) as work, older_kept() as older:
        work.start(partial(write_without_room, tmp_path / "rd.xlsx"))
        with pytest.raises(NotWrittenError, match="make room") as caught:
            work.finish()
    assert (caught.value.path, caught.value.in_use) == (tmp_path / "rd.xlsx", False)
    assert older == []  # such a file is not open elsewhere: the run must end
    assert [path.name for path in tmp_path.iterdir()] == ["rd.xlsx"]
    assert (tmp_path / "rd.xlsx").read_bytes() == b"old"


def write_slowly(path: Path) -> None:
    write_whole(path, lambda unfinished: (unfinished.write_bytes(b"half"), time.sleep(60)))


def test_nothing_half_written_stays_after_an_interrupt_and_the_command_ends_at_once(tmp_path: Path):
    def interrupted() -> None:
        with own_processes() as own, side_work(own, tmp_path, MANY) as work:
            work.start(partial(write_slowly, tmp_path / "rd.xlsx"))
            while not list(tmp_path.glob("*" + UNFINISHED)) and not list(tmp_path.glob(".*" + UNFINISHED)):
                time.sleep(0.05)
            signal.raise_signal(signal.SIGINT)
            work.finish()

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert time.monotonic() - start < 55  # the piece alone would take 60 s
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_ctrl_c_while_the_last_piece_is_waited_for_drops_it(tmp_path: Path):
    def interrupted() -> None:
        with own_processes() as own, side_work(own, tmp_path, MANY) as work:
            work.start(partial(sleep_and_note, tmp_path / "pid"))
            Timer(3.0, signal.raise_signal, [signal.SIGINT]).start()
            work.finish()

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not (tmp_path / "pid").exists()


def test_a_defect_elsewhere_says_in_which_line(tmp_path: Path):
    with own_processes() as own, side_work(own, tmp_path, MANY) as work:
        work.start(partial(refuse, tmp_path / "rd.xlsx"))
        with pytest.raises(PermissionError) as caught:
            work.finish()
    assert "in refuse" in "".join(traceback.format_exception(caught.value))


def test_work_is_done_here_if_the_system_starts_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def no_more(_: WorkerProcess) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(WorkerProcess, "_started", no_more)
    with own_processes() as own, side_work(own, tmp_path, MANY) as work:
        work.start(partial(note_process, tmp_path / "pid"))
        work.finish()
    assert process_of(tmp_path / "pid") == os.getpid()


def test_fewer_processes_let_the_others_end():
    with own_processes() as own:
        first, second = own.first(2)
        pids = first.do(os.getpid), second.do(os.getpid)
        assert own.first(1) == (first,)
        assert first.do(os.getpid) == pids[0]
        assert not Path(f"/proc/{pids[1]}").exists() or not Path("/proc").exists()


def is_loaded(module: str) -> bool:
    return module in sys.modules


def test_processes_that_start_early_have_loaded_their_module_before_any_work():
    with own_processes("wave") as own:
        own.start_early(2)
        early = {process.pid for process in active_children()}
        assert {process.do(os.getpid) for process in own.first(2)} == early
    with own_processes("this_module_is_nowhere") as own:
        own.start_early(1)  # no error here: the first piece of work says that its process ends
        with pytest.raises(ProcessDiedError):
            own.first(1)[0].do(os.getpid)
    with own_processes("wave") as own:
        assert own.first(1)[0].do(is_loaded, "wave")
    with own_processes() as own:
        assert not own.first(1)[0].do(is_loaded, "wave")


def test_processes_that_cannot_start_early_are_no_error(monkeypatch: pytest.MonkeyPatch):
    def no_more(_: WorkerProcess) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(WorkerProcess, "_started", no_more)
    with own_processes() as own:
        own.start_early(2)
    assert active_children() == []
