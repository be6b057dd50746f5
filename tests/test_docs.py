"""What the pages say is so: their tables, columns, codes, links and commands are held against the code."""

from __future__ import annotations

import csv
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

from calibration.density.receptor_density import RdStatus
from doc_tables import BLOCK, PAGE, ROOMS_PAGE, ROOT, TABLES, flags_in_the_code, in_step
from doc_tables import PAGES as PAGES_WITH_TABLES
from helpers.syntax import faults_by_file
from pages.steps import rows_of, steps_of
from pipeline.cli import app
from pipeline.commands.exit_status import ExitStatus
from pipeline.commands.run import run_study
from pipeline.output.calibration_table import CALIBRATION_COLUMNS
from pipeline.output.flag_words.all_flags import FLAGS
from pipeline.output.further_tables.changes import CHANGE_COLUMNS, UNNUMBERED_COLUMNS
from pipeline.output.further_tables.distribution import DISTRIBUTION_COLUMNS
from pipeline.output.result_tables import PATIENTS, SAMPLES
from pipeline.output.table import names_of
from pipeline.running.options import RunOptions
from pipeline.running.progress import QuietReporter
from pipeline.simulate.scenarios import SCENARIOS

OUTSIDE = {".git", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", "results"}
PAGES = [
    path
    for path in sorted(ROOT.rglob("*.md"))
    if not OUTSIDE & set(path.relative_to(ROOT).parts)
    and not path.relative_to(ROOT).parts[0].startswith(".venv")
]  # fmt: skip
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
INLINE = re.compile(r"`(?:uv run )?cd38rd (?P<rest>[a-z][^`\n]*)`")
FENCE = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def page_name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def section(title: str) -> str:
    """Return a section of docs/study.md, without those below it."""
    text = PAGE.read_text("utf-8")
    return re.split(r"^#+ ", text.partition(f"# {title}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


def first_cells(text: str) -> list[str]:
    """Return the codes in the first cells of a section's table, in order."""
    rows = re.findall(r"^\| ([^|]*) \|", text, re.MULTILINE)
    return [code for row in rows for code in re.findall(r"`([^`]+)`", row)]


def test_every_table_that_the_code_knows_stands_on_one_page():
    text = "".join(page.read_text("utf-8") for page in PAGES_WITH_TABLES)
    assert sorted(block["name"] for block in BLOCK.finditer(text)) == sorted(TABLES)


@pytest.mark.parametrize("page", PAGES_WITH_TABLES, ids=lambda page: page.name)
def test_tables_that_the_code_knows_are_in_step_with_it(page: Path):
    text = page.read_text("utf-8")
    assert in_step(text) == text, "run: python tests/doc_tables.py"


@pytest.mark.parametrize(
    ("title", "columns"),
    [
        ("rd_samples.csv", names_of(SAMPLES)),
        ("rd_patients.csv", names_of(PATIENTS)),
        ("rd_distribution.csv", DISTRIBUTION_COLUMNS),
        ("rd_changes.csv", CHANGE_COLUMNS),
        ("rd_unnumbered.csv", UNNUMBERED_COLUMNS),
        ("calibration.csv", CALIBRATION_COLUMNS),
    ],
)
def test_every_column_of_a_result_is_explained(title: str, columns: tuple[str, ...]):
    told = first_cells(section(title))
    assert sorted(told) == sorted(columns)


def test_every_status_is_explained():
    assert first_cells(section("Statuses")) == [status.value for status in RdStatus]


def test_every_exit_status_is_explained():
    told = re.findall(r"^\| (\d+) \|", section("Exit statuses"), re.MULTILINE)
    assert [int(status) for status in told] == [status.value for status in ExitStatus]


def test_every_flag_that_the_code_can_raise_has_words_and_no_words_are_left_over():
    assert set(flags_in_the_code()) == set(FLAGS)


def test_links_lead_somewhere():
    assert faults_by_file(PAGES, dead_links) == {}


def dead_links(page: Path) -> Iterator[str]:
    """Yield the links of a page to a file or a heading that is not there."""
    for target in LINK.findall(page.read_text("utf-8")):
        if "://" in target:
            continue
        name, _, place = target.partition("#")
        there = page if not name else page.parent / name
        if not there.exists() or (place and place not in anchors(there)):
            yield target


def anchors(page: Path) -> set[str]:
    """Return the anchors that a page's headings make."""
    titles = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.casefold()).replace(" ", "-") for title in titles}


def commands(text: str) -> Iterator[list[str]]:
    """Yield the arguments of every cd38rd command, in fences and in running text."""
    fenced = "\n".join(FENCE.findall(text))
    for line in fenced.splitlines():
        found = re.match(r"\s*(?:\$ )?(?:uv run |\.venv/bin/)?cd38rd ([a-z][^#]*)", line)
        if found:
            yield shlex.split(re.split(r"\s{2,}→|\s{3,}", found[1])[0])
    for inline in INLINE.findall(FENCE.sub("", text)):
        words = shlex.split(inline.replace("…", ""))
        bare = len(words) > 1 and all(word.startswith("--") for word in words[1:])
        yield [*words, "STUDY"] if bare else words


CALLS = [(page_name(page), call) for page in PAGES for call in commands(page.read_text("utf-8"))]


def test_there_are_commands_to_hold_against_the_program():
    assert len(CALLS) > 30


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "call"), CALLS, ids=lambda value: value if isinstance(value, str) else " ".join(value)
)
def test_a_command_in_the_pages_is_one_that_the_program_takes(page: str, call: list[str]):
    command = typer.main.get_group(app).commands.get(call[0])
    assert command is not None, f"{page}: cd38rd has no command {call[0]}"
    if len(call) == 1:
        return  # the command's name alone, in running text
    context = command.make_context(call[0], list(call[1:]))
    if "scenario" in context.params:
        assert context.params["scenario"] in [scenario.name for scenario in SCENARIOS]
    named = {option for parameter in command.params for option in parameter.opts}
    assert all(word in named for word in call if word.startswith("--")), f"{page}: {call}"


def test_pages_name_no_path_of_a_machine():
    path_of_a_machine = re.compile(r"(?<![\w.])/(?:home|root|tmp|Users|work|mnt|var)/")
    assert faults_by_file(PAGES, lambda page: path_of_a_machine.findall(page.read_text("utf-8"))) == {}


def test_types_and_places_to_add_to_are_where_the_page_says():
    text = ROOMS_PAGE.read_text("utf-8")
    cells = [row.strip("|").split("|") for row in re.findall(r"^\| `[A-Z].*$", text, re.MULTILINE)]
    told = [(name, row[2]) for row in cells for name in re.findall(r"`(\w+)`", row[0])]
    told += re.findall(r"`(\w+)`[^`()]{0,30}\(([\w/]+\.py)\)", text)
    assert len(told) > 15
    for name, places in told:
        source = "".join((ROOT / place).read_text("utf-8") for place in files_of(places))
        assert re.search(rf"^(class |def )?{name}\b", source, re.MULTILINE), f"{name} in {places}"


def files_of(places: str) -> list[str]:
    """Return the modules of a list of files and folders."""
    found: list[str] = []
    for place in (place.strip() for place in places.split(",")):
        inner = sorted((ROOT / place).rglob("*.py")) if (ROOT / place).is_dir() else [ROOT / place]
        found += [path.relative_to(ROOT).as_posix() for path in inner]
    return found


def sample_rows() -> list[dict[str, str]]:
    """Return the table of demo tubes, row by row."""
    steps = steps_of((ROOT / "fcs_samples" / "README.md").read_text("utf-8"))
    return rows_of(next(step.lines for step in steps if step.kind == "written"))


def test_the_sample_tubes_are_described_as_the_truth_has_them():
    with (ROOT / "fcs_samples" / "truth-demo.csv").open(newline="", encoding="utf-8") as file:
        truth = {row["sample_id"]: row for row in csv.DictReader(file)}
    told = {row["tube"]: (float(row["weeks since daratumumab"]), row["true RD"]) for row in sample_rows()}
    known = {
        name: (float(row["washout_weeks"]), f"{float(row['true_rd']):,.0f}") for name, row in truth.items()
    }
    assert told == known


SHOWN_BY_THE_DEMO = (
    'data-name="rd_distribution"',
    'data-name="serum"',
    "Would other choices change the slope?",
    "Tubes without a density: who they are",
    "Response along the density as it is",
    "area under the ROC curve",
    "Refractoriness by class",
    "Cytogenetics",
    "Anti-drug antibodies",
    "Serum levels by visit",
    "Duration of treatment by best response",
    "Adverse events by grade and relation",
    "Disease control by each definition",
)
"""Pages of the report that the README of the samples promises of the demo."""


@pytest.mark.slow
def test_the_sample_tubes_get_the_statuses_that_their_page_says(tmp_path: Path):
    study = tmp_path / "demo"
    shutil.copytree(ROOT / "fcs_samples" / "demo", study, ignore=shutil.ignore_patterns("results"))
    assert run_study(study, RunOptions(workers=1, figures=False), QuietReporter()).exit_status == 0
    with (study / "results" / "rd_samples.csv").open(newline="", encoding="utf-8") as file:
        found = {row["sample_id"]: row["status"] for row in csv.DictReader(file)}
    assert found == {row["tube"]: row["status"] for row in sample_rows()}
    report = (study / "results" / "report.html").read_text("utf-8")
    for title in SHOWN_BY_THE_DEMO:
        assert title in report
