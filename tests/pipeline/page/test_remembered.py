"""The list of recent studies is read by its entries: a damaged one is left out, and the others stay."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.page.remembered import Recent, last_port, recent_studies, remember


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CD38RD_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.mark.usefixtures("home")
def test_the_study_that_was_open_last_is_first(tmp_path: Path):
    assert recent_studies() == ()
    for name, port in (("a", 8001), ("b", 8002)):
        (tmp_path / name).mkdir()
        remember(tmp_path / name, port)
    assert recent_studies() == (Recent(tmp_path / "b", 8002), Recent(tmp_path / "a", 8001))
    assert last_port(tmp_path / "a") == 8001


def test_an_entry_that_is_none_of_ours_is_left_out(tmp_path: Path, home: Path):
    remember(tmp_path, 8001)
    (good,) = json.loads((home / "recent.json").read_text("utf-8"))
    entries = [None, [], {"folder": str(tmp_path)}, {"folder": 3, "port": 1}, {**good, "port": "x"}, good]
    (home / "recent.json").write_text(json.dumps(entries), "utf-8")
    assert recent_studies() == (Recent(tmp_path, 8001),)


@pytest.mark.parametrize("text", [b"", b"\xff", b"{}", b"1", b"null", b"[" * 100_000])
def test_a_damaged_list_is_an_empty_one(tmp_path: Path, home: Path, text: bytes):
    remember(tmp_path, 8001)
    (home / "recent.json").write_bytes(text)
    assert recent_studies() == ()
