"""A reader who does what a page says, in a folder of his own, and takes down what the terminal shows."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pages.bench import BenchPhoto, bench_photo
from pages.drawing import sheet_drawing
from pages.photo import Photo
from pages.scenes import lay_out
from pages.steps import Step, rows_of, shown_of, steps_of, typed_in
from pages.tables import as_lines, table, written

ROOT = Path(__file__).resolve().parents[2]
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_PROGRESS = re.compile(r"\[\d+/\d+\] ")
R = shutil.which("Rscript")
"""Blocks of R are run where it is installed."""
_WITH_SURVIVAL = 'if (!requireNamespace("survival", quietly = TRUE)) quit(status = 0); library(survival)'
_LONGEST = 300
"""Seconds that one command may take."""


@dataclass(frozen=True, slots=True)
class Walked:
    """A page as it would be written today, and its pictures by the file that shows them, seen from the page.

    Attributes
    ----------
    text
        The page.
    drawings
        As SVG.
    photos
        What is to be photographed.
    """

    text: str
    drawings: dict[str, str]
    photos: dict[str, Photo | BenchPhoto]


def walk(text: str, folder: Path) -> Walked:
    """Do every step of a page below an empty folder; return what it shows today.

    Parameters
    ----------
    text
        The page.
    folder
        Empty; each `start` makes a folder of its own in it.

    Raises
    ------
    AssertionError
        If a command ends with another exit status than the page says.
    """
    lines = text.splitlines()
    here = folder
    answers: list[tuple[Step, list[str]]] = []
    drawings: dict[str, str] = {}
    photos: dict[str, Photo | BenchPhoto] = {}
    for number, step in enumerate(steps_of(text)):
        if step.kind == "start":
            here = folder / str(number)
            lay_out(step.told, here)
        elif step.kind == "console":
            answers.append((step, _answer(step, here)))
        elif step.kind == "written":
            answers.append((step, as_lines(written(step.told, here, rows_of(step.lines)))))
        elif step.kind == "drawing":
            file, _, told = step.told.partition(" of ")
            study, sheet, columns = told.split()
            drawings[file] = sheet_drawing(here / study / "study.xlsx", sheet, columns)
        elif step.kind == "photo":
            file, _, told = step.told.partition(" of ")
            page, _, part = told.partition(" at ")
            photos[file] = Photo(here / page, part)
        elif step.kind == "bench":
            file, _, told = step.told.partition(" of ")
            photos[file] = bench_photo(told, here)
        else:
            _do(step, here)
    for step, block in reversed(answers):
        lines[step.first : step.first + len(step.lines)] = block
    return Walked("\n".join(lines) + "\n", drawings, photos)


def _do(step: Step, here: Path) -> None:
    """Do what is no command: copy, delete, type, save, run Python."""
    if step.kind == "copy":
        source, target = (here / name for name in step.told.split(" to "))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target, dirs_exist_ok=True) if source.is_dir() else shutil.copyfile(
            source, target
        )
    elif step.kind == "fill in":
        study, other = (here / name for name in step.told.split(" from "))
        fill_in(study, other)
    elif step.kind == "remove":
        target = here / step.told
        shutil.rmtree(target) if target.is_dir() else target.unlink()
    elif step.kind == "type into":
        study, sheet = step.told.split()
        type_into(here / study, sheet, rows_of(step.lines))
    elif step.kind == "save as":
        (here / step.told).write_text("\n".join(step.lines) + "\n", encoding="utf-8")
    elif step.kind == "python":
        _run([sys.executable, "-W", "error", "-c", "\n".join(step.lines)], here, "0")
    elif step.kind == "r" and R is not None:
        _run([R, "--vanilla", "-e", "\n".join((_WITH_SURVIVAL, *step.lines))], here, "0")


def _answer(step: Step, here: Path) -> list[str]:
    """Run the commands of a block; return the block with what they print."""
    block: list[str] = []
    typed = typed_in(step.lines)
    for number, one in enumerate(typed):
        status = step.told if number == len(typed) - 1 else "0"
        printed = _run(_arguments(one.command), here, status)
        block += [f"$ {one.command}", *shown_of(printed, one.shown)]
    return block


def _arguments(command: str) -> list[str]:
    words = shlex.split(command, comments=True)
    if Path(words[0]).name == "cd38rd":
        return [sys.executable, "-m", "pipeline.cli", *words[1:]]
    if words[0] == "bash":
        return words
    raise ValueError(f"no test can run {words[0]!r}: mark the block `not run`, with the reason")


def _run(arguments: list[str], here: Path, status: str) -> list[str]:
    """Run a command; return what a terminal of 80 columns shows, without the lines of progress."""
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    settings = {"PYTHONPATH": paths, "PYTHONIOENCODING": "utf-8", "COLUMNS": "80", "NO_COLOR": "1"}
    done = subprocess.run(
        arguments,
        cwd=here,
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=_LONGEST,
    )
    assert str(done.returncode) == status, f"{arguments}: status {done.returncode}\n{done.stdout}"
    lines = [line.rstrip() for line in shown_here(done.stdout, here).splitlines()]
    return [line for line in lines if not _PROGRESS.match(line)]


def shown_here(text: str, here: Path) -> str:
    """Return a text with `…` for the folder that the reader is in."""
    return text.replace(str(here.resolve()), "…").replace(str(here), "…")


def type_into(study: Path, sheet: str, rows: list[dict[str, str]]) -> None:
    """Type into the workbook of a study: into the row that has the same first cell, else into a new row."""
    from openpyxl import load_workbook

    path = study / "study.xlsx"
    book = load_workbook(path)
    page = book[sheet]
    place = {cell.value: cell.column for cell in page[1]}
    for row in rows:
        key = next(iter(row))
        last = max(number for number in range(1, page.max_row + 1) if page.cell(number, 1).value)
        numbers = [n for n in range(2, last + 1) if str(page.cell(n, place[key]).value) == row[key]] or [
            last + 1
        ]
        for name, value in row.items():
            for number in numbers:
                page.cell(number, place[name]).value = _cell(value)
    book.save(path)


def fill_in(study: Path, other: Path) -> None:
    """Type what `init` leaves open: lots, the clone, and each patient's last dose, as another study's sheets have them."""
    sheets = {name: table(other / f"{name}.csv") for name in ("beads", "panels", "doses")}
    lot = {name: sheets["beads"][0][name] for name in ("lot", "levels")}
    cd38 = next(row for row in sheets["panels"] if row["role"] == "cd38")
    last = {row["patient_id"]: row["given_on"] for row in sheets["doses"] if row["drug"] == "daratumumab"}
    type_into(study, "panels", [{name: cd38[name] for name in ("role", "clone", "competes_with_drug")}])
    type_into(study, "beads", [{"kit": sheets["beads"][0]["kit"], **lot}])
    patients = column(study, "doses", "patient_id")
    type_into(study, "doses", [{"patient_id": name, "given_on": last[name]} for name in patients])


def column(study: Path, sheet: str, name: str) -> list[str]:
    """Return what stands in a column of the workbook of a study."""
    from openpyxl import load_workbook

    page = load_workbook(study / "study.xlsx")[sheet]
    place = next(cell.column for cell in page[1] if cell.value == name)
    cells = [page.cell(number, place).value for number in range(2, page.max_row + 1)]
    return [str(cell) for cell in cells if cell is not None]


def _cell(value: str) -> str | float | date | None:
    """Return what a spreadsheet makes of what is typed: a day that there is not stays text."""
    try:
        return date.fromisoformat(value) if _DAY.fullmatch(value) else float(value)
    except ValueError:
        return value or None
