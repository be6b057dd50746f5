"""A defect of cd38rd on the page keeps its traceback in a log, and the answer names the log."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

import pipeline.page.app
from helpers.builders import good_study
from pipeline.cli import PROGRAM
from pipeline.page.access.access_control import Keys
from pipeline.page.app import app_of
from pipeline.page.open_study import OpenStudy


def answer_to(folder: Path | None, path: str) -> httpx.Response:
    """Return what the page answers to its own script."""
    keys = Keys(8_000)
    transport = httpx.ASGITransport(
        app_of(OpenStudy(folder, keys.port, PROGRAM), keys), raise_app_exceptions=False
    )

    async def asked() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url=keys.origin) as client:
            return await client.get(path, headers={"cookie": f"{keys.cookie}={keys.secret}"})

    return asyncio.run(asked())


@pytest.fixture
def broken_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the state of the study fail as a wrong number in our own code would."""

    def broken(_: OpenStudy) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(pipeline.page.app, "study_now", broken)


@pytest.mark.usefixtures("broken_page")
@pytest.mark.parametrize("kind", ["a study with results", "a study without results", "no study"])
def test_a_defect_of_the_page_keeps_its_traceback_and_names_the_log(
    kind: str, tmp_path: Path, own_home: Path
) -> None:
    study = None if kind == "no study" else good_study(tmp_path)
    log = own_home / "log.txt"
    if kind == "a study with results":
        (tmp_path / "results").mkdir()
        log = tmp_path / "results" / "log.txt"
    answer = answer_to(study, "/api/study")
    assert answer.status_code == 500
    words = answer.json()["error"]
    assert f"Its traceback is in {log}: please report it" in words
    text = log.read_text("utf-8")
    assert "ZeroDivisionError: division by zero" in text
    assert "in broken" in text
    assert [path for path in tmp_path.rglob("log.txt") if path != log] == []
