"""What contributors are told is so: targets, hooks, places to add to, forms, notes, citation."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from helpers.syntax import tree_of
from release_notes import KINDS, fragments, notes

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
GUIDE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
FORMS = sorted((ROOT / ".github").rglob("*.yml"))
SLOW_TARGETS = {"test", "guard", "demo"}
"""Targets of .ci/run that are too slow to run before every commit."""


def phony() -> list[str]:
    return re.search(r"^\.PHONY:((?:.*\\\n)*.*)$", MAKEFILE, re.MULTILINE)[1].replace("\\", " ").split()


def recipe(target: str) -> list[str]:
    """Return the commands of a target."""
    lines = re.search(rf"^{re.escape(target)}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)[1]
    return [line.strip() for line in lines.splitlines()]


def test_every_target_has_one_sentence_of_help():
    said = subprocess.run(
        ["make", "--no-print-directory", "-f", ROOT / "Makefile", "help"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    told = dict(re.findall(r"^make (\S+) +(.+)$", said, re.MULTILINE))
    assert sorted(told) == sorted(phony())
    assert all(re.fullmatch(r"[A-Z].*\.", sentence) for sentence in told.values()), told


def test_the_guide_names_only_targets_that_there_are():
    named = [name for line in re.findall(r"`make ([^`]+)`", GUIDE) for name in line.split()]
    assert len(named) > 10
    assert set(named) <= set(phony())


def test_the_hooks_are_the_quick_checks_of_ci():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    assert [repo["repo"] for repo in hooks] == ["local"]
    for hook in hooks[0]["hooks"]:
        assert hook["language"] == "system"
        assert hook["pass_filenames"] is False
    run = re.findall(r"^make (.+)$", (ROOT / ".ci" / "run").read_text("utf-8"), re.MULTILINE)
    quick = [target for line in run for target in line.split() if target not in SLOW_TARGETS]
    checks = [line.replace("$(BIN)", ".venv/bin") for target in quick for line in recipe(target)]
    assert len(checks) >= 4
    assert [hook["entry"] for hook in hooks[0]["hooks"]] == checks


def places() -> list[tuple[str, str]]:
    """Return each name and folder of the table of things to add."""
    found = [(row[1], row[2]) for row in re.finditer(r"`(\w+)` in ([\w/]+\w)", GUIDE)]
    assert len(found) > 9
    return found


@pytest.mark.parametrize(("name", "folder"), places())
def test_the_list_to_add_to_is_where_the_guide_says(name: str, folder: str):
    sources = "".join(path.read_text("utf-8") for path in sorted((ROOT / folder).rglob("*.py")))
    assert re.search(rf"^(def )?{name}\b.*[=(]", sources, re.MULTILINE), f"{name} is not in {folder}"


def test_folders_and_files_that_the_guide_names_are_there():
    named = re.findall(r"(?<![\w/])((?:tests|docs|gating|calibration|pipeline)/[\w./]*\w)", GUIDE)
    assert len(named) > 15
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("package", PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
def test_every_package_says_that_it_has_types(package: str):
    assert (ROOT / package / "py.typed").is_file()


def test_the_citation_has_what_its_format_wants_and_agrees_with_the_project():
    known = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(known)
    assert known["cff-version"] == "1.2.0"
    assert all({"name"} & set(author) or {"family-names"} & set(author) for author in known["authors"])
    assert (known["version"], known["license"]) == (
        PROJECT["project"]["version"],
        PROJECT["project"]["license"],
    )


def test_every_note_of_the_next_release_is_short_and_printed():
    found = fragments()
    assert found, "docs/changes holds no note"
    printed = notes()
    assert printed.count("\n") == len(found)
    for _, text in found:
        assert text.endswith(".")
        assert len(re.findall(r"\.(?: |$)", text)) <= 3
        assert text in printed


def test_notes_come_in_the_order_of_their_kinds(tmp_path: Path):
    for kind in reversed(KINDS):
        (tmp_path / f"a.{kind}.md").write_text(f"What is\n{kind}.\n", encoding="utf-8")
    assert notes(tmp_path).splitlines() == [f"- {kind.capitalize()}: What is {kind}." for kind in KINDS]


@pytest.mark.parametrize(
    ("name", "text"), [("a.md", "x"), ("a.great.md", "x"), ("a.new.txt", "x"), ("a.new.md", "")]
)
def test_a_note_without_a_kind_or_a_text_is_refused(tmp_path: Path, name: str, text: str):
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=name):
        fragments(tmp_path)


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_forms_can_be_read_and_say_that_no_patient_data_belong_there(path: Path):
    form = yaml.safe_load(path.read_text("utf-8"))
    if path.stem == "config":
        assert form == {"blank_issues_enabled": False}
        return
    assert {"name", "description", "body"} <= set(form)
    text = path.read_text("utf-8").casefold()
    assert "no patient data" in text
    assert re.search(r"no\s+file\s+name", text)
    fields = [part["id"] for part in form["body"] if part["type"] != "markdown"]
    assert len(fields) == len(set(fields))
    assert "version" in fields


def test_the_form_for_problems_asks_for_what_is_needed_to_find_them():
    form = (ROOT / ".github" / "ISSUE_TEMPLATE" / "problem.yml").read_text("utf-8")
    for wanted in ("cd38rd inspect FILE.fcs --json", "cd38rd version", "expected"):
        assert wanted in form


def test_the_template_for_changes_asks_for_tests_and_for_no_patient_data():
    text = (ROOT / ".github" / "pull_request_template.md").read_text("utf-8")
    for wanted in (".ci/run", "test", "docs/changes", "No patient data"):
        assert wanted in text


def test_no_decision_compares_a_share_with_a_fraction():
    """0.7 - 0.2 is not 0.5: a case of its own is a value with a name, such as `HALF_OF_PATIENTS`."""
    compared = [
        f"{path.relative_to(ROOT).as_posix()}:{node.lineno}"
        for package in ("gating", "calibration", "pipeline")
        for path in sorted((ROOT / package).rglob("*.py"))
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq)
        if any(
            isinstance(side, ast.Constant) and isinstance(side.value, float) and not side.value.is_integer()
            for side in (node.left, *node.comparators)
        )
    ]
    assert compared == []
