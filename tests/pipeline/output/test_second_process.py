"""A second process beside this one: the same files, the same errors, as without it."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pytest

from pipeline.output import second_process as beside
from pipeline.output.second_process import second_process


def note_process(path: Path) -> None:
    path.write_text(str(os.getpid()), encoding="utf-8")


def die() -> None:
    if os.getpid() != int(os.environ["CD38RD_TESTED_PROCESS"]):
        os._exit(1)


def refuse(path: Path) -> None:
    raise PermissionError(13, "Permission denied", str(path))


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one tube be very many, and this machine have two cores."""
    monkeypatch.setattr(beside, "TUBES_THAT_PAY", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


def test_few_tubes_need_no_second_process(tmp_path: Path):
    with second_process(beside.TUBES_THAT_PAY) as start:
        start(partial(note_process, tmp_path / "pid"))
        assert (tmp_path / "pid").read_text("utf-8") == str(os.getpid())


@pytest.mark.usefixtures("always")
def test_work_of_very_many_tubes_is_done_elsewhere_before_the_end(tmp_path: Path):
    with second_process(1) as start:
        start(partial(note_process, tmp_path / "pid"))
    assert (tmp_path / "pid").read_text("utf-8") not in ("", str(os.getpid()))


@pytest.mark.usefixtures("always")
def test_a_file_that_cannot_be_written_elsewhere_is_named_here(tmp_path: Path):
    with pytest.raises(PermissionError) as caught, second_process(1) as start:
        start(partial(refuse, tmp_path / "rd.xlsx"))
    assert caught.value.filename == str(tmp_path / "rd.xlsx")


@pytest.mark.usefixtures("always")
def test_work_of_a_process_that_died_is_done_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CD38RD_TESTED_PROCESS", str(os.getpid()))
    with second_process(1) as start:
        start(die)
        start(partial(note_process, tmp_path / "pid"))
    assert (tmp_path / "pid").exists()
