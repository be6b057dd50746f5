"""A file's bytes, read once: the same values as from the file, whatever becomes of the file."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from pipeline.fcs import read_fcs, write_fcs
from pipeline.files.content import Content, digest_of, file_sha256


@pytest.fixture
def tube(tmp_path):
    path = tmp_path / "tube.fcs"
    values = np.random.default_rng(3).normal(1000, 400, (5, 2_000)).astype(np.float32)
    write_fcs(path, values, ("FSC-A", "SSC-A", "PE-A", "BV421-A", "Time"))
    return path


def test_the_digest_is_that_of_the_bytes(tube):
    content = Content(tube, tube.read_bytes())
    assert content.sha256 == file_sha256(tube) == hashlib.sha256(tube.read_bytes()).hexdigest()


def test_every_value_of_a_file_comes_from_the_bytes_and_none_from_the_file_any_more(tube):
    before = read_fcs(tube)
    some, every = before.events(["PE-A", "Time"]), before.events()
    column, raw = before.column("SSC-A").copy(), before.raw("FSC-A")
    content = Content(tube, tube.read_bytes())
    tube.unlink()
    file = read_fcs(tube, content=content)
    assert np.array_equal(file.events(["PE-A", "Time"]), some)
    assert np.array_equal(file.events(), every)
    assert np.array_equal(file.column("SSC-A"), column)
    assert np.array_equal(file.raw("FSC-A"), raw)
    assert dict(file.keywords) == dict(before.keywords)


def test_bytes_are_not_for_writing(tube):
    with pytest.raises(ValueError, match=r"tube\.fcs are for reading"):
        Content(tube, b"").open("wb")


def test_what_is_no_regular_file_is_refused_at_once(tmp_path):
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(OSError, match="no such file"):
            file_sha256(path)


def test_parts_of_a_digest_are_kept_apart():
    assert digest_of(["a", "b"]) != digest_of(["ab"])
    assert digest_of([]) != digest_of([""])
