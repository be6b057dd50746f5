"""The page Report says what the report says and what is older; the page Sheets opens them, or says how."""

from __future__ import annotations

import html
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from helpers.page_client import TUBES, Client
from helpers.page_server import CHROMIUM, DESK, chromium, served, until
from helpers.rewritten import edit_sheet
from pipeline.commands.shell import in_quotes
from pipeline.page.stages.report_summary import report_head

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


@pytest.fixture
def study(two_tubes_run: Path, tmp_path: Path) -> Path:
    shutil.copytree(two_tubes_run, tmp_path / "my study")
    return tmp_path / "my study"


def shown_report(client: Client) -> str:
    return html.unescape(client.get("/report").text)


def test_the_head_of_a_report_is_read_as_it_stands_there(tmp_path: Path):
    (tmp_path / "r.html").write_text(
        "<title>x</title><p class='answer'>not this</p><header><h1>A &lt;b&gt; study</h1>"
        "<p class='facts'><span>Lab: ü</span><span>Run on: 2024</span></p>"
        "<p class='answer'>It <b>rises</b>. </p><p class='verdict'>2 tubes: 1 sound</p></header>"
        "<header><h1>another</h1></header><p class='verdict'>nor this</p>",
        "utf-8",
    )
    head = report_head(tmp_path / "r.html")
    assert (head.title, head.facts) == ("A <b> study", ["Lab: ü", "Run on: 2024"])
    assert (head.answer, head.verdict) == ("It rises. ", "2 tubes: 1 sound")
    assert report_head(tmp_path / "nothing.html").title == ""


def test_the_page_report_says_patients_densities_and_flags_as_the_report_does(study: Path):
    with served(study, command="open") as one:
        text = shown_report(Client(one))
    head = report_head(study / "results" / "report.html")
    assert head.answer.strip()
    assert all(words in text for words in (head.title, head.answer, head.verdict, *head.facts))
    assert "2 patients, 2 tubes, " in text
    with (study / "results" / "rd_samples.csv").open(encoding="utf-8-sig") as file:
        names, *rows = (line.rstrip("\n").split(",") for line in file)
    codes = {code for row in rows for code in row[names.index("flags")].split(";") if code}
    assert all(f"<code>{code}</code>" in text for code in codes)
    assert all(f'href="/review#{tube}"' in text for tube in TUBES)
    assert "Everything in results/ is of the last run, and nothing has changed since." in text


def test_the_page_report_names_what_is_not_of_the_last_run(study: Path):
    edit_sheet(study, "panels", lambda row: row | {"f_p_ratio": "0.5"} if row["marker"] == "CD38" else row)
    table = study / "results" / "rd_samples.csv"
    table.write_bytes(table.read_bytes() + b"\n")
    (study / "results" / "rd.xlsx").unlink()
    with served(study, command="open") as one:
        client = Client(one)
        text = shown_report(client)
        assert f"2 tubes changed since the run ({', '.join(TUBES)})" in text
        assert "Not as the run wrote them: rd.xlsx, rd_samples.csv" in text
        assert "Everything in results/" not in text
        (study / "results" / "run.json").unlink()
        assert "The last run did not come to its end" in shown_report(client)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
def test_the_report_opens_in_a_tab_in_which_its_own_script_works(browser: Browser, study: Path):
    complaints: list[str] = []
    with served(study, command="open") as one:
        context = browser.new_context(viewport=DESK)
        page = context.new_page()
        one.let_in(page, "/report")
        with context.expect_page() as opened:
            page.click("text=Open the report")
        report = opened.value
        report.wait_for_load_state()  # a tab that is still opening cannot be loaded again
        report.on("console", lambda message: complaints.append(message.text))
        report.reload()
        report.locator("h1", has_text="receptor density").wait_for()
        assert report.url == f"{one.origin}/results/report.html"
        assert report.locator("svg").count() > 3
        assert complaints == []
        page.locator("#densities a", has_text=TUBES[1]).click()
        until(page, "name => document.getElementById('t-name')?.textContent === name", TUBES[1])
        context.close()


@pytest.mark.skipif(os.name != "posix", reason="Windows has its own way")
@pytest.mark.parametrize("way", ["opens", "fails", "is missing"])
def test_the_sheets_open_in_the_program_of_the_system_or_the_page_says_where_and_how(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
):
    programs, opened = tmp_path / "programs", tmp_path / "opened"
    programs.mkdir()
    if way != "is missing":
        script = programs / "xdg-open"
        script.write_text(f'#!/bin/sh\necho "$1" > {opened}\nexit {0 if way == "opens" else 3}\n', "utf-8")
        script.chmod(0o755)
        (programs / "open").symlink_to(script)
    monkeypatch.setenv("PATH", f"{programs}")
    with served(study, command="open") as one:
        client = Client(one)
        assert f"At {study}" in html.unescape(client.get("/sheets").text)
        answer = client.form("/sheets")
    text = html.unescape(answer.text)
    if way == "opens":
        assert answer.headers["location"] == "/sheets"
        assert opened.read_text("utf-8").strip() == str(study)
        return
    assert answer.status_code == 200
    assert f"No program of this computer opens {study.name}" in text
    assert f"it is at <code>{study}</code>" in text
    assert f"open {in_quotes(study)}</code>" in text
