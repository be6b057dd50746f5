"""Side work in worker processes: the same files, and the same errors, as without them."""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path

import pytest

from pipeline.files.whole import write_whole
from pipeline.running.this_computer import side_work as side
from pipeline.running.this_computer.processes import own_processes
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
    with own_processes() as own, side_work(own, FEW) as work:
        work.start(partial(note_process, tmp_path / "pid"))
        assert process_of(tmp_path / "pid") == os.getpid()


@pytest.mark.parametrize(("n_tubes", "workers"), [(MANY, 1), (1, 2)])
def test_work_of_very_many_tubes_or_beside_workers_is_done_elsewhere(
    tmp_path: Path, n_tubes: int, workers: int
):
    with own_processes() as own, side_work(own, n_tubes, workers) as work:
        work.start(partial(note_process, tmp_path / "pid"))
        work.finish()
        assert process_of(tmp_path / "pid") != os.getpid()


def test_the_processes_that_worked_on_the_tubes_do_the_side_work(tmp_path: Path):
    with own_processes() as own:
        own.first(2)[0].do(note_process, tmp_path / "tube")
        with side_work(own, 1, 2) as work:
            work.start(partial(note_process, tmp_path / "pid"))
            work.finish()
    assert process_of(tmp_path / "pid") == process_of(tmp_path / "tube")


def test_a_piece_that_fails_elsewhere_fails_here(tmp_path: Path):
    with own_processes() as own, side_work(own, MANY) as work:
        work.start(partial(refuse, tmp_path / "rd.xlsx"))
        with pytest.raises(PermissionError) as caught:
            work.finish()
    assert caught.value.filename == str(tmp_path / "rd.xlsx")


def test_files_that_stay_elsewhere_and_here_are_listed(tmp_path: Path):
    here, elsewhere = tmp_path / "a.csv", tmp_path / "b.csv"
    for path in (here, elsewhere):
        path.mkdir()  # a folder in the place of a file cannot be replaced
    with own_processes() as own, side_work(own, MANY) as work:
        work.start(partial(write_whole, elsewhere, "new"))
        write_whole(here, "new")
        work.finish()
        assert sorted(work.older) == [here, elsewhere]


def test_work_of_a_process_that_died_is_done_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CD38RD_TESTED_PROCESS", str(os.getpid()))
    with own_processes() as own, side_work(own, MANY) as work:
        work.start(die)
        work.start(partial(note_process, tmp_path / "pid"))
        work.finish()
    assert (tmp_path / "pid").exists()


def test_after_a_failure_here_work_elsewhere_is_dropped(tmp_path: Path):
    def fails() -> None:
        with own_processes() as own, side_work(own, MANY) as work:
            work.start(partial(sleep_and_note, tmp_path / "pid"))
            work.start(partial(note_process, tmp_path / "second"))
            raise KeyError

    with pytest.raises(KeyError):
        fails()
    assert not (tmp_path / "pid").exists()
    assert not (tmp_path / "second").exists()
