"""The reader of the tests: what he sees, and what he would not let pass."""

from __future__ import annotations

import os
import subprocess
from datetime import datetime
from pathlib import Path

import pytest

import doc_pages
from pages.drawing import sheet_drawing
from pages.photo import Photo, digest, words_in
from pages.steps import Typed, rows_of, shown_of, steps_of, typed_in
from pages.walk import R, type_into, walk

EMPTY = "<!-- start: an empty folder -->\n"


def block(*lines: str, mark: str = "") -> str:
    return "\n".join([*([mark] if mark else []), "```console", *lines, "```"]) + "\n"


def test_what_a_command_prints_is_written_where_something_else_stood(tmp_path: Path):
    page = EMPTY + block("$ cd38rd version", "cd38rd 0.0.0")
    assert walk(page, tmp_path).text == page.replace("0.0.0", "0.1.0")


def test_a_command_without_an_answer_stays_without(tmp_path: Path):
    page = EMPTY + block("$ cd38rd version")
    assert walk(page, tmp_path).text == page


@pytest.mark.slow
def test_a_command_that_ends_otherwise_than_the_page_says_is_found(tmp_path: Path):
    with pytest.raises(AssertionError, match="status 2"):
        walk(EMPTY + block("$ cd38rd check nothing_here"), tmp_path / "a")
    walk(EMPTY + block("$ cd38rd check nothing_here", mark="<!-- status: 2 -->"), tmp_path / "b")


def test_a_command_that_no_test_can_run_must_say_why(tmp_path: Path):
    with pytest.raises(ValueError, match="mark the block `not run`"):
        walk(EMPTY + block("$ pipx install something"), tmp_path)
    walk(block("$ pipx install something", mark="<!-- not run: needs a network -->"), tmp_path)


def test_a_line_of_dots_stands_for_what_is_left_out():
    printed = ["a", "b", "c", "d"]
    assert shown_of(printed, ("x", "…", "y")) == ("a", "…", "d")
    assert shown_of(printed, ("…", "y")) == ("…", "d")
    assert shown_of(printed, ("x", "…")) == ("a", "…")
    assert shown_of(printed, ("x",)) == tuple(printed)
    assert shown_of(printed, ()) == ()


def test_a_block_of_commands_begins_with_one():
    assert typed_in(("$ a b", "said", "$ c")) == [Typed("a b", ("said",)), Typed("c", ())]
    with pytest.raises(ValueError, match="no command above: said"):
        typed_in(("said",))


def test_python_of_a_page_is_run(tmp_path: Path):
    walk(EMPTY + "```python\nopen('made', 'w').close()\n```\n", tmp_path)
    assert list(tmp_path.rglob("made"))
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        walk(EMPTY + "```python\n1 / 0\n```\n", tmp_path / "b")


def test_files_are_saved_copied_and_deleted_as_the_page_says(tmp_path: Path):
    page = EMPTY + (
        "<!-- save as: a.csv -->\n```csv\nx,y\n```\n<!-- copy: a.csv to b/c.csv -->\n<!-- remove: a.csv -->\n"
    )
    walk(page, tmp_path)
    assert [path.relative_to(tmp_path / "0").as_posix() for path in tmp_path.rglob("*.csv")] == ["b/c.csv"]
    assert (tmp_path / "0" / "b" / "c.csv").read_text("utf-8") == "x,y\n"


@pytest.mark.slow
def test_a_table_is_typed_into_the_row_with_the_same_first_cell_else_below(tmp_path: Path):
    page = EMPTY + (
        block("$ cd38rd init s")
        + "<!-- type into: s doses -->\n| patient_id | given_on |\n|---|---|\n| P1 | 2024-05-31 |\n\n"
        + "<!-- type into: s doses -->\n| patient_id | drug |\n|---|---|\n| P1 | dara |\n| P2 | dara |\n\n"
        + "<!-- drawing: a.svg of s doses A:C -->\n"
    )
    drawn = walk(page, tmp_path).drawings["a.svg"]
    for text in ("2024-05-31", "P2", "dara", "given_on", ">doses<", ">C<"):
        assert text in drawn
    assert drawn.count(">P1<") == 1


@pytest.mark.slow
def test_a_drawing_is_the_same_bytes_for_the_same_cells_and_hides_no_markup(tmp_path: Path):
    walk(
        EMPTY + block("$ cd38rd init s") + "<!-- type into: s doses -->\n| patient_id |\n|---|\n| <b>&1 |\n",
        tmp_path,
    )
    book = tmp_path / "0" / "s" / "study.xlsx"
    drawn = sheet_drawing(book, "doses", "A:C")
    assert drawn == sheet_drawing(book, "doses", "A:C")
    assert "&lt;b&gt;&amp;1" in drawn


def test_a_photograph_is_old_once_its_words_change(tmp_path: Path):
    page = tmp_path / "r.html"
    said = "<main><header>12 tubes<script>x</script></header><section>plot</section><section id='b'>more</section></main>"
    page.write_text(said, encoding="utf-8")
    assert words_in(Photo(page, "top")) == "12 tubes plot"
    before = digest(Photo(page, "top"))
    page.write_text(said.replace("more", "less").replace("<script>x", "<script>y"), encoding="utf-8")
    assert digest(Photo(page, "top")) == before
    page.write_text(said.replace("12", "13"), encoding="utf-8")
    assert digest(Photo(page, "top")) != before
    with pytest.raises(ValueError, match="has no part 'gone'"):
        words_in(Photo(page, "gone"))


@pytest.mark.slow
def test_the_folder_of_the_reader_is_shown_as_dots(tmp_path: Path):
    page = EMPTY + block("$ cd38rd check nothing_here", "?", mark="<!-- status: 2 -->")
    text = walk(page, tmp_path).text
    assert str(tmp_path) not in text
    assert os.sep + "nothing_here" in text or "nothing_here: found nothing" in text


def test_marks_belong_to_the_block_or_table_below_them():
    page = "<!-- status: 1 -->\n```console\n$ a\n```\n```text\nb\n```\n| x |\n|---|\n| `y` |\n"
    assert [(step.kind, step.told) for step in steps_of(page)] == [("console", "1"), ("text", "0")]
    assert rows_of(("| x | **y** |", "|---|---|", "| `1` | 2 |")) == [{"x": "1", "y": "2"}]


@pytest.mark.slow
def test_what_is_typed_becomes_what_a_spreadsheet_makes_of_it(tmp_path: Path):
    from openpyxl import load_workbook

    walk(EMPTY + block("$ cd38rd init s"), tmp_path)
    study = tmp_path / "0" / "s"
    for typed in ("2024-05-31", "2024-16-10", "20240531", "1.5", "551; 6485", ""):
        type_into(study, "doses", [{"patient_id": f"P {typed}", "dose": typed}])
    page = load_workbook(study / "study.xlsx")["doses"]
    place = next(cell.column for cell in page[1] if cell.value == "dose")
    cells = [page.cell(row, place).value for row in range(2, 8)]
    assert cells == [datetime(2024, 5, 31), "2024-16-10", 20240531, 1.5, "551; 6485", None]


@pytest.mark.slow
def test_one_page_that_cannot_be_walked_through_does_not_keep_the_others_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(doc_pages, "ROOT", tmp_path)
    bad, good = tmp_path / "bad.md", tmp_path / "good.md"
    bad.write_text(EMPTY + block("$ cd38rd check nothing_here", "?"), encoding="utf-8")
    good.write_text(EMPTY + block("$ cd38rd version", "?"), encoding="utf-8")
    assert doc_pages.main([str(bad), str(good)]) == 1
    assert "not written: " in capsys.readouterr().err
    assert "cd38rd 0.1.0" in good.read_text("utf-8")
    assert "?" in bad.read_text("utf-8")


@pytest.mark.slow
def test_a_block_of_r_is_run_where_r_is(tmp_path: Path):
    page = EMPTY + "```r\nstop('no such column')\n```\n"
    if R is None or not survival_is_installed():
        walk(page, tmp_path)
        return
    with pytest.raises(AssertionError, match="no such column"):
        walk(page, tmp_path)


def survival_is_installed() -> bool:
    return (
        subprocess.run([str(R), "-e", "library(survival)"], capture_output=True, check=False).returncode == 0
    )
