"""Pages can be found: each from the index, the index from the README; and what they name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from doc_pages import ROOT, all_pages
from pages.scenes import lay_out

INDEX = ROOT / "docs" / "README.md"
README = (ROOT / "README.md").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")


def targets(page: Path) -> set[Path]:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    return {(page.parent / link).resolve() for link in links if "://" not in link}


def test_every_page_is_in_the_index():
    pages = {path for path in all_pages() if path not in (INDEX, ROOT / "README.md")}
    pages |= set((ROOT / "docs" / "reference").glob("*.md"))
    assert pages - targets(INDEX) == set()


def test_the_readme_leads_to_the_index_the_installation_and_the_first_study():
    wanted = {
        ROOT / "docs" / name for name in ("README.md", "install.md", "first-study.md", "faq.md", "report.md")
    }
    assert wanted <= targets(ROOT / "README.md")


def test_every_how_to_leads_on_and_says_at_once_what_it_is_for():
    for page in sorted((ROOT / "docs" / "how-to").glob("*.md")):
        lines = page.read_text("utf-8").splitlines()
        assert lines[0].startswith("# "), page.name
        assert targets(page), page.name
        assert len(lines) < 130, f"{page.name} is long for a how-to"


def test_what_make_demo_leaves_is_what_the_readme_calls():
    assert re.search(r"^VENV +:= \.venv$", MAKEFILE, re.MULTILINE)
    assert re.search(r"^BIN +:= \$\(VENV\)/bin$", MAKEFILE, re.MULTILINE)
    assert "$(BIN)/cd38rd run fcs_samples/demo" in MAKEFILE
    printed = re.findall(r"^\$ (\S*cd38rd) (\w+)", README, re.MULTILINE)
    assert printed == [(".venv/bin/cd38rd", name) for name in ("init", "check", "run")]
    assert "$(BIN)/cd38rd init my_study" in MAKEFILE


@pytest.mark.slow
def test_the_parts_that_reading_the_report_explains_are_those_of_the_report(tmp_path: Path):
    from lxml import html

    lay_out("the folder of cd38rd after make demo", tmp_path / "a")
    report = html.parse(str(tmp_path / "a" / "fcs_samples" / "demo" / "results" / "report.html"))
    parts = [" ".join(title.text_content().split()) for title in report.getroot().xpath("//main/section/h2")]
    told = re.findall(r"^## (.+)$", (ROOT / "docs" / "report.md").read_text("utf-8"), re.MULTILINE)
    assert told == ["The first screen", *parts, "What to distrust"]
