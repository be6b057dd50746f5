"""Each promise of the reference, docs/study.md, has a test that guards it; docs/promises.md says which one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pytest

from doc_tables import BLOCK, PAGE, ROOT

PROMISES = ROOT / "docs" / "promises.md"
UNGUARDED, PROMISE_NOTHING = "Promises that no test guards", "Sections that promise nothing"
NAMED_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
TABLES_OF_PROMISES = (
    "samples: a row per tube to quantify",
    "doses: a row per administration",
    "What typed values are compared with",
    "Exit statuses",
    "Results",
    "Names that results do not hold",
    "Statuses",
)
"""Sections of which each row of a hand-written table is a promise."""
REFUSES = re.compile(r"refused|rejected|Reason for accepting")


@dataclass(frozen=True)
class Promise:
    """A row of docs/promises.md: words of a section of the reference, and what guards them."""

    section: str
    words: str
    guard: str

    @property
    def tests(self) -> list[tuple[str, str]]:
        return NAMED_TEST.findall(self.guard)


def one_line(text: str) -> str:
    return " ".join(text.split())


def sections(text: str) -> dict[str, str]:
    """Return the text below each heading, without what stands below deeper ones; fences are text."""
    found: dict[str, str] = {}
    title, fenced = "", False
    for line in text.splitlines(keepends=True):
        fenced ^= line.startswith("```")
        heading = re.match(r"#+ (.+)", line)
        if heading and not fenced:
            title = heading[1]
            found[title] = ""
        elif title:
            found[title] += line
    return found


def table_rows(text: str) -> Iterator[list[str]]:
    """Yield the cells of each row of the tables in a text, without their headers."""
    lines = text.splitlines()
    for before, line in zip(["", *lines], lines, strict=False):
        if line.startswith("|") and before.startswith("|") and not set(line) <= set("|- "):
            yield [cell.strip() for cell in line.strip("|").split("|")]


REFERENCE = sections(PAGE.read_text("utf-8"))
TABLED = sections(PROMISES.read_text("utf-8"))
GUARDED = [
    Promise(title, *cells)
    for title, text in TABLED.items()
    if title != UNGUARDED
    for cells in table_rows(text)
]
PROMISED = [*GUARDED, *(Promise(*cells) for cells in table_rows(TABLED[UNGUARDED]))]


def is_promised(title: str, text: str) -> bool:
    """Whether the words of some row of that section stand in a text."""
    return any(one.section == title and one_line(one.words) in one_line(text) for one in PROMISED)


@cache
def names_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def test_the_words_of_a_promise_stand_in_its_section_of_the_reference():
    reference = {title: one_line(text) for title, text in REFERENCE.items()}
    gone = [one for one in PROMISED if one_line(one.words) not in reference.get(one.section, "")]
    assert gone == []


def test_each_test_that_guards_a_promise_is_there():
    assert [one for one in GUARDED if not one.tests] == []
    assert {text for one in GUARDED for text in NAMED_TEST.sub("", one.guard).split("<br>")} == {""}
    named = {test for one in GUARDED for test in one.tests}
    files = {file for file, _ in named}
    assert [file for file in sorted(files) if not (ROOT / file).is_file()] == []
    assert [(file, name) for file, name in sorted(named) if name not in names_in(file)] == []


def test_a_promise_without_a_test_says_why():
    unguarded = PROMISED[len(GUARDED) :]
    assert all(len(one.guard.split()) > 5 for one in unguarded)
    assert len(unguarded) < 10


def test_each_section_of_the_reference_has_a_promise_or_is_said_to_have_none():
    silent = re.findall(r"^- (.+)$", TABLED[PROMISE_NOTHING], re.MULTILINE)
    told = {one.section for one in PROMISED}
    assert set(REFERENCE) == told | set(silent)
    assert not told & set(silent)


def test_no_promise_stands_there_twice():
    rows = [(one.section, one.words) for one in PROMISED]
    assert len(set(rows)) == len(rows) > 120


@pytest.mark.parametrize("title", TABLES_OF_PROMISES)
def test_each_row_of_a_table_of_promises_has_one(title: str):
    rows = [" | ".join(cells) for cells in table_rows(BLOCK.sub("", REFERENCE[title]))]
    rows = [row for row in rows if not re.match(r"(status|file|what|values|typed|found) \|", row)]
    assert len(rows) >= 3
    assert [row for row in rows if not is_promised(title, row)] == []


def test_each_setting_that_refuses_has_a_promise():
    rows = [" | ".join(cells) for cells in table_rows(REFERENCE["Settings"])]
    refusing = [row for row in rows if REFUSES.search(row)]
    assert len(refusing) > 10
    assert [row for row in refusing if not is_promised("Settings", row)] == []


def test_each_command_of_the_reference_has_a_promise():
    fence = REFERENCE["Commands"].split("```")[1]
    commands = [line for line in fence.splitlines() if line.startswith("cd38rd ")]
    assert len(commands) > 20
    assert [line for line in commands if not is_promised("Commands", line)] == []
