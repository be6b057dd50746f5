"""No line that a command prints is longer than 300 characters, whatever was typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.builders import good_study, write_csvs
from pipeline.cli import main
from pipeline.study.wording import LONGEST_LINE, LONGEST_MESSAGE, in_lines

WORD = "mouse " * 3_000
LONG = "x" * 20_000


def printed(capsys: pytest.CaptureFixture[str], *words: object) -> list[str]:
    with pytest.raises(SystemExit):
        main([str(word) for word in words])
    said = capsys.readouterr()
    return f"{said.out}\n{said.err}".splitlines()


@pytest.mark.slow
@pytest.mark.parametrize("typed", [WORD, LONG, ";".join(f"n{i}" for i in range(3_000)), "\u200b" * 5_000])
def test_a_cell_of_any_length_gives_lines_that_can_be_read(tmp_path: Path, capsys, typed: str):
    cells = {f"{place}": typed for place in ("samples!A2", "samples!D3", "panels!B3", "beads!E2", "doses!C2")}
    lines = printed(capsys, "check", good_study(tmp_path, cells))
    assert sum("found" in line for line in lines) >= 3
    assert max(map(len, lines)) <= LONGEST_LINE


@pytest.mark.slow
def test_many_wrong_columns_and_a_long_setting_give_lines_that_can_be_read(tmp_path: Path, capsys):
    folder = good_study(tmp_path)
    write_csvs(folder, {"settings": [["name", "value"], ["report_title", LONG], [LONG, "1"]]})
    write_csvs(folder, {"patients": [["patient_id", *(f"column of mine {i}" for i in range(900))], ["P1"]]})
    lines = printed(capsys, "check", folder)
    assert any("column of mine" in line for line in lines)
    assert max(map(len, lines)) <= LONGEST_LINE


@pytest.mark.parametrize(
    "words", [["check", f"/{LONG[:900]}"], ["audit", LONG[:900]], ["inspect", WORD[:900]]]
)
def test_a_sentence_that_stops_a_command_is_in_lines_that_can_be_read(capsys, words: list[str]):
    lines = printed(capsys, *words)
    assert len(lines) >= 3
    assert max(map(len, lines)) <= LONGEST_LINE


def test_a_long_line_loses_no_word_and_a_very_long_one_says_that_it_was_cut():
    line = " ".join(f"word{i}" for i in range(150))
    assert in_lines(line).split() == line.split()
    assert in_lines(WORD).endswith("…")
    assert len(" ".join(in_lines(WORD).split())) <= LONGEST_MESSAGE
