"""What the pages tell a reader to do is done, and shows what they say."""

from __future__ import annotations

import csv
import doctest
import importlib
import re
from pathlib import Path

import pytest

from doc_pages import ROOT, all_pages, has_steps, name_of, noted, photo_digests, walked
from pages.scenes import SCENES, lay_out
from pages.steps import MARKS, rows_of, steps_of
from pages.two_hundred import PHOTOS
from pages.walk import Walked

PAGES = all_pages()
WITH_STEPS = [page for page in PAGES if has_steps(page)]
RUN = {"console", "python", "r"}
COMMAND = re.compile(r"^\s*(?:\$ |cd38rd |make |pip |pipx |uv |python )", re.MULTILINE)
NOT_RUN = {
    "README.md": 1,
    "CONTRIBUTING.md": 2,
    "docs/how-to/cluster.md": 3,
    "docs/how-to/gates-by-hand.md": 1,
    "docs/how-to/kubernetes.md": 1,
    "docs/how-to/page.md": 1,
    "docs/how-to/plan.md": 1,
    "docs/how-to/slurm.md": 2,
    "docs/install.md": 10,
    "docs/review.md": 1,
    "docs/study.md": 1,
}
"""How many blocks of a page no test can run; each says why."""
REPAIR = "run: make pages"


def names_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", WITH_STEPS, ids=names_of)
@pytest.mark.slow
def test_a_page_shows_what_a_reader_sees_who_does_what_it_says(page: Path, tmp_path: Path):
    found: Walked = walked(page, tmp_path)
    assert page.read_text("utf-8").splitlines() == found.text.splitlines(), REPAIR
    for file, drawn in found.drawings.items():
        assert (page.parent / file).read_text("utf-8") == drawn, f"{file}: {REPAIR}"
    assert {name: noted().get(name) for name in photo_digests(page, found)} == photo_digests(page, found), (
        f"a photograph shows what is no longer so; {REPAIR}, where Chromium is installed"
    )


@pytest.mark.parametrize("page", PAGES, ids=names_of)
def test_every_block_is_run_or_says_why_not(page: Path):
    for step in steps_of(page.read_text("utf-8")):
        if step.kind == "start":
            assert step.told in SCENES, f"line {step.first}: there is no such scene"
        elif step.kind == "text":
            assert not COMMAND.search("\n".join(step.lines)), f"line {step.first}: commands that no test runs"
        else:
            assert step.kind in {*MARKS, *RUN}, (
                f"line {step.first}: say why this block is not run, or as what it is saved"
            )


@pytest.mark.parametrize(
    "block",
    ["```\ncd38rd run x\n```\n", "```bash\necho\n```\n", "```yaml\na: 1\n```\n", "```csv\na,b\n```\n"],
)
def test_a_block_that_nobody_runs_is_found(block: str, tmp_path: Path):
    page = tmp_path / "a.md"
    page.write_text(block, encoding="utf-8")
    with pytest.raises(AssertionError):
        test_every_block_is_run_or_says_why_not(page)
    page.write_text(f"<!-- not run: the reason -->\n{block}", encoding="utf-8")
    test_every_block_is_run_or_says_why_not(page)


def test_the_blocks_that_no_test_runs_are_few_and_known():
    found = {
        names_of(page): sum(step.kind == "not run" for step in steps_of(page.read_text("utf-8")))
        for page in PAGES
    }
    assert {name: n for name, n in found.items() if n} == NOT_RUN


@pytest.mark.parametrize("page", PAGES, ids=names_of)
def test_every_picture_of_a_page_has_words_for_who_cannot_see_it(page: Path):
    for words, file in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", page.read_text("utf-8")):
        assert len(words.split()) > 3, file
        assert (page.parent / file).is_file(), file


def test_every_picture_is_on_a_page_and_made_by_the_command():
    made = {
        name_of(page, step.told.split(" of ")[0])
        for page in PAGES
        for step in steps_of(page.read_text("utf-8"))
        if step.kind in ("drawing", "photo", "bench")
    }
    review = (ROOT / "docs" / "review.md").read_text("utf-8")
    made |= {f"docs/pictures/{name}" for name in PHOTOS if f"(pictures/{name})" in review}
    there = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.png")}
    there |= {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.svg")}
    assert there == made


@pytest.mark.slow
def test_the_slip_of_paper_of_the_first_study_is_that_of_its_files(tmp_path: Path):
    page = ROOT / "docs" / "first-study.md"
    typed = {
        step.told.split()[1]: rows_of(step.lines)
        for step in steps_of(page.read_text("utf-8"))
        if step.kind == "type into"
    }
    lay_out("the end of the first study", tmp_path / "walked")
    study = tmp_path / "walked" / "practice" / "study"
    sheets = {}
    for name in ("beads", "doses", "panels"):
        with (study / f"{name}.csv").open(newline="", encoding="utf-8") as file:
            sheets[name] = list(csv.DictReader(file))
    assert [(row["lot"], row["levels"]) for row in typed["beads"]] == [
        (sheets["beads"][0]["lot"], sheets["beads"][0]["levels"])
    ]
    last = {row["patient_id"]: row["given_on"] for row in sheets["doses"] if row["drug"] == "daratumumab"}
    assert {row["patient_id"]: row["given_on"] for row in typed["doses"]} == last
    cd38 = next(row for row in sheets["panels"] if row["role"] == "cd38")
    assert [(row["clone"], row["competes_with_drug"]) for row in typed["panels"]] == [
        (cd38["clone"], cd38["competes_with_drug"])
    ]


@pytest.mark.parametrize("package", ["gating", "calibration"])
def test_the_examples_of_the_reference_give_what_they_show(package: str):
    text = (ROOT / "docs" / "reference" / f"{package}.md").read_text("utf-8")
    examples = [
        "\n".join(step.lines) + "\n"
        for step in steps_of(text)
        if step.kind == "python" and step.lines[0].startswith(">>>")
    ]
    assert examples
    names = dict(vars(importlib.import_module(package)))
    names["np"] = importlib.import_module("numpy")
    said: list[str] = []
    for number, example in enumerate(examples):
        test = doctest.DocTestParser().get_doctest(example, dict(names), f"{package} {number}", None, 0)
        doctest.DocTestRunner(verbose=False).run(test, out=said.append)
    assert not said, "".join(said)
