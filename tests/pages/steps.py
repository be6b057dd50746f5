"""What a page of docs/ tells its reader to do, step by step, in order.

A page says in comments, which readers do not see, what a test cannot guess:

    <!-- start: SCENE -->            the steps below begin in a new folder, laid out as SCENE (see scenes.py)
    <!-- copy: A to B -->            the reader copies a file or folder
    <!-- fill in: STUDY from OTHER -->  the reader fills in the orange cells; the values are those of another study's sheets
    <!-- remove: A -->               the reader deletes it
    <!-- type into: STUDY SHEET -->  the table below is typed into that sheet of the study's workbook
    <!-- save as: FILE -->           the block of text below is a file
    <!-- status: N -->               the block of commands below ends with exit status N
    <!-- not run: WHY -->            no test can run the block below
    <!-- drawing: FILE of STUDY SHEET A:H -->  a picture of these columns as they are now, written beside the page
    <!-- written: TABLE -->          the table below is filled in from the results (see tables.py)
    <!-- bench: FILE of STUDY at TUBE after KEYS -->  a photograph of the review page with this tube, after these keys
    <!-- photo: FILE of PAGE at PART -->       a photograph of the first screen (top), or of the element of that id

A line `…` in what a command prints stands for lines that are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MARKS = ("start", "copy", "fill in", "remove", "type into", "save as", "status", "not run", "drawing", "photo",
         "bench", "written")  # fmt: skip
_MARK = re.compile(rf"<!-- ({'|'.join(MARKS)}): (.*?) -->")
_RULE = re.compile(r"\|[\s:|-]+\|")


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes
    ----------
    kind
        The mark's word, or the language of a block of code.
    told
        What stands behind the mark's word.
    lines
        Of a block of code or a table.
    first
        Number of the first of these lines in the page, from 0.
    """

    kind: str
    told: str = ""
    lines: tuple[str, ...] = ()
    first: int = 0


def steps_of(text: str) -> list[Step]:
    """Return the steps of a page; a mark that has a block or a table below it is one step with it."""
    found: list[Step] = []
    waiting: list[Step] = []
    for piece in _pieces(text.splitlines()):
        if piece.kind in ("type into", "save as", "status", "not run", "written"):
            waiting.append(piece)
        elif piece.kind == "table":
            found += [Step(mark.kind, mark.told, piece.lines, piece.first) for mark in waiting]
            waiting = []
        elif piece.kind in ("start", "copy", "fill in", "remove", "drawing", "photo", "bench"):
            found.append(piece)
        else:
            marks = {mark.kind: mark.told for mark in waiting}
            waiting = []
            found.append(_block(piece, marks))
    return found


def _block(piece: Step, marks: dict[str, str]) -> Step:
    if "not run" in marks:
        return Step("not run", marks["not run"], piece.lines, piece.first)
    if "save as" in marks:
        return Step("save as", marks["save as"], piece.lines, piece.first)
    return Step(piece.kind, marks.get("status", "0"), piece.lines, piece.first)


def _pieces(lines: list[str]) -> Iterator[Step]:
    """Yield marks, blocks of code and tables in order."""
    number = 0
    while number < len(lines):
        mark = _MARK.fullmatch(lines[number].strip())
        if mark:
            yield Step(mark[1], mark[2], (), number)
        elif lines[number].startswith("```"):
            end = lines.index("```", number + 1)
            yield Step(lines[number][3:].strip() or "text", "", tuple(lines[number + 1 : end]), number + 1)
            number = end
        elif lines[number].startswith("|"):
            end = number
            while end < len(lines) and lines[end].startswith("|"):
                end += 1
            yield Step("table", "", tuple(lines[number:end]), number)
            number = end - 1
        number += 1


def rows_of(lines: tuple[str, ...]) -> list[dict[str, str]]:
    """Return the rows of a table by its header; backticks and bold are taken off."""
    cells = [
        [cell.strip(" `*") for cell in line.strip("|").split("|")]
        for line in lines
        if not _RULE.fullmatch(line)
    ]
    return [dict(zip(cells[0], row, strict=True)) for row in cells[1:]]


@dataclass(frozen=True, slots=True)
class Typed:
    """A command that the reader types, and the lines that the page shows below it."""

    command: str
    shown: tuple[str, ...]


def typed_in(lines: tuple[str, ...]) -> list[Typed]:
    """Return the commands of a block of the language `console`: they stand behind `$ `.

    Raises
    ------
    ValueError
        If the block does not begin with a command.
    """
    found: list[Typed] = []
    for line in lines:
        if line.startswith("$ "):
            found.append(Typed(line[2:], ()))
        elif found:
            found[-1] = Typed(found[-1].command, (*found[-1].shown, line))
        else:
            raise ValueError(f"no command above: {line}")
    return found


def shown_of(printed: list[str], before: tuple[str, ...]) -> tuple[str, ...]:
    """Return what the page is to show: all that was printed, but what `…` stands for; nothing where nothing stood."""
    if not any(line.strip() for line in before):
        return before
    if "…" not in before:
        return tuple(printed)
    at = before.index("…")
    last = len(before) - at - 1
    return (*printed[:at], "…", *(printed[len(printed) - last :] if last else ()))
