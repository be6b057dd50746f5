"""What a person sees of a run while it goes on."""

from __future__ import annotations

import json
import re
import time

import pytest

from pipeline.running.progress import BarReporter, LineReporter, QuietReporter, reporter


def plain(printed: str) -> str:
    """Leave out what colours the text and moves the cursor."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", printed)


def test_lines_count_the_tubes_from_those_that_need_no_work(capsys) -> None:
    with LineReporter() as lines:
        lines.begin(5, 3)
        lines.tick("P01_BM1", "OK")
        lines.say("a sentence")
        lines.tick("P02_BM1", "FAILED")
    assert capsys.readouterr().out == "[4/5] P01_BM1: OK\na sentence\n[5/5] P02_BM1: FAILED\n"


def test_quiet_prints_nothing(capsys) -> None:
    with QuietReporter() as nothing:
        nothing.begin(5, 3)
        nothing.tick("P01_BM1", "OK")
        nothing.say("a sentence")
    assert capsys.readouterr().out == ""


def test_the_bar_ends_at_all_tubes_and_prints_sentences_as_they_are(capsys, monkeypatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal
    monkeypatch.setenv("COLUMNS", "100")
    with BarReporter() as bar:
        bar.begin(5, 3)
        bar.tick("P01_BM1", "OK")
        bar.say("[bold] is no markup here")
        bar.tick("P02_BM1", "FAILED")
    printed = capsys.readouterr().out
    assert "[bold] is no markup here" in plain(printed)
    assert "P02_BM1: FAILED" in plain(printed)
    assert "5/5" in plain(printed)


def test_a_name_with_brackets_is_no_markup_on_the_bar(capsys, monkeypatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    with BarReporter() as bar:
        bar.begin(1, 0)
        bar.tick("[red]P01", "OK")
    assert "[red]P01: OK" in plain(capsys.readouterr().out)


def test_the_bar_names_what_is_done_after_the_tubes(capsys, monkeypatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    with BarReporter() as bar:
        bar.begin(1, 0)
        bar.tick("P01_BM1", "OK")
        bar.stage("drawing figures")
    assert "drawing figures" in plain(capsys.readouterr().out)


@pytest.mark.slow
def test_a_long_name_leaves_the_time_left_on_a_line_of_80_columns(capsys, monkeypatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    with BarReporter() as bar:
        bar.begin(2000, 1000)
        for _ in range(3):
            time.sleep(0.2)
            bar.tick("MM-07_week12_replicate_b", "ABOVE_ULOQ_EXTRAPOLATED")
        time.sleep(0.6)
    *_, last = [line for line in re.split(r"[\r\n]+", plain(capsys.readouterr().out)) if line.strip()]
    assert last.startswith("MM-07_week12")
    assert re.search(r"… [━╺╸]+ 1003/2000 \d\.\d tubes/s 0:00:01 left \d:\d\d:\d\d$", last)


@pytest.mark.slow
def test_after_the_last_tube_the_clock_goes_on_and_nothing_says_that_no_time_is_left(
    capsys, monkeypatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    with BarReporter() as bar:
        bar.begin(2, 0)
        bar.tick("P01_BM1", "OK")
        time.sleep(0.6)
        bar.tick("P02_BM1", "OK")
        bar.stage("drawing figures")
        time.sleep(1.6)
    before, after = plain(capsys.readouterr().out).split("drawing figures", 1)
    assert "left" in before
    assert "2/2" in after
    assert "0:00:02" in after
    assert "left" not in after
    assert "tubes/" not in after


def test_where_nobody_looks_at_a_terminal_there_are_plain_lines(capsys) -> None:
    assert type(reporter(quiet=False)) is LineReporter
    assert type(reporter(quiet=True)) is QuietReporter


def test_for_another_program_each_thing_that_happens_is_a_line_of_json(capsys):
    with reporter(quiet=False, for_programs=True) as progress:
        progress.say("2 of 3 reused")
        progress.begin(3, 2)
        progress.tick('P1 "ü"', "OK")
        progress.stage("fitting models")
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert told == [
        {"said": "2 of 3 reused"},
        {"total": 3, "done": 2},
        {"tube": 'P1 "ü"', "status": "OK"},
        {"stage": "fitting models"},
    ]
