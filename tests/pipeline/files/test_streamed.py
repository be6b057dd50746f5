"""A large file is read once and in order: its digest is that of the values that were used, and no change goes unseen."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest

import pipeline.tube.inputs
from pipeline.fcs import FcsError, read_fcs, write_fcs
from pipeline.files.content import file_sha256
from pipeline.files.streamed import ChangedError, StreamedContent
from pipeline.quantification.quantify import quantify_tube
from pipeline.simulate import simulate_study
from validation.tubes import tasks_of


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "tube.fcs"
    values = np.random.default_rng(3).normal(1000, 400, (5, 60_000)).astype(np.float32)
    write_fcs(path, values, ("FSC-A", "SSC-A", "PE-A", "BV421-A", "Time"))
    return path


@pytest.mark.parametrize("channels", [None, ("PE-A", "Time")])
def test_the_values_are_those_of_the_file_and_the_digest_is_that_of_its_bytes(path, channels):
    content = StreamedContent(path)
    file = read_fcs(path, channels=channels, content=content)
    assert np.array_equal(file.events(), read_fcs(path, channels=channels).events())
    assert content.sha256 == file_sha256(path)


def test_columns_are_those_of_the_file_too(path):
    file = read_fcs(path, content=StreamedContent(path))
    assert np.array_equal(file.column("PE-A"), read_fcs(path).column("PE-A"))


def test_what_nobody_asked_for_is_hashed_too(path):
    assert StreamedContent(path).sha256 == file_sha256(path)


def test_bytes_that_change_after_they_were_looked_at_are_no_values(path):
    file = read_fcs(path, content=StreamedContent(path))
    with path.open("r+b") as other:
        other.seek(file.data.begin + 100)
        other.write(b"\1\2\3\4")
    with pytest.raises(FcsError, match=r"tube\.fcs: reading DATA failed: byte .* changed meanwhile"):
        file.events()


def test_a_change_of_what_is_only_hashed_is_seen_as_well(path):
    content = StreamedContent(path)
    content.open().read(64)
    with path.open("r+b") as other:
        other.write(b"FCS9.9")
    with pytest.raises(ChangedError):
        _ = content.sha256


def test_bytes_are_read_once(path):
    content = StreamedContent(path)
    file = read_fcs(path, content=content)
    file.events()
    with pytest.raises(ValueError, match="read once"):
        file.events()
    with pytest.raises(ValueError, match="too late to look"):
        content.open().read(10)
    with pytest.raises(ValueError, match="for reading"):
        content.open("wb")


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    (task,) = tasks_of(simulate_study(tmp_path_factory.mktemp("study"), patients=1, events=5_000, seed=3))
    return task


def test_a_tube_gives_the_same_result_whether_it_is_streamed_or_held(task, monkeypatch):
    held = quantify_tube(task)
    monkeypatch.setattr(pipeline.tube.inputs, "STREAMED_FROM", 0)
    assert quantify_tube(task) == held
    assert held.sha256[0][1] == file_sha256(task.folder / task.sample.fcs_file)


def test_a_streamed_file_that_is_not_the_one_of_the_runs_beginning_fails_by_name(task, monkeypatch):
    monkeypatch.setattr(pipeline.tube.inputs, "STREAMED_FROM", 0)
    began = tuple((name, hashlib.sha256(b"").hexdigest()) for name, _ in quantify_tube(task).sha256)
    result = quantify_tube(replace(task, files_sha256=began))
    assert result.receptor.status == "FAILED"
    assert "changed while the run read it" in result.note


def test_a_control_that_is_the_tube_itself_is_named_when_it_is_streamed(task, monkeypatch):
    monkeypatch.setattr(pipeline.tube.inputs, "STREAMED_FROM", 0)
    copy = task.folder / "copy.fcs"
    copy.write_bytes((task.folder / task.sample.fcs_file).read_bytes())
    result = quantify_tube(replace(task, sample=replace(task.sample, fmo_file="copy.fcs")))
    assert "holds the same bytes as the stained tube" in result.note
