"""A whole study with every label renamed: no number moves, and no flag, status or group is another."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from helpers.renamed_labels import LABELS, TYPED
from helpers.syntax import tree_of

TESTS = Path(__file__).parents[1]


@cache
def study_of_another_process(*words: str) -> dict[str, object]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(TESTS.parent), str(TESTS)))}
    done = subprocess.run(
        [sys.executable, str(TESTS / "helpers" / "renamed_labels.py"), "study", *words],
        env=environment, capture_output=True, text=True, encoding="utf-8", check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.mark.slow
def test_renamed_labels_change_no_number_of_a_study_and_no_label_of_any_row():
    usual, renamed = study_of_another_process(), study_of_another_process("renamed")
    assert list(renamed) == list(usual)
    for name, content in usual.items():
        assert renamed[name] == content, name


@pytest.mark.slow
def test_the_study_of_that_test_has_tubes_of_many_kinds():
    names = set(texts_in(study_of_another_process()))
    assert names >= {"OK", "BELOW_LLOQ", "ABOVE_ULOQ_EXTRAPOLATED", "LOW_EVENTS", "FAILED"}
    assert names >= {"CONTROL_UNUSABLE", "SPILL_MISSING", "LOW_GATE_CONFIDENCE", "FEW_CONTROL_EVENTS"}
    assert names >= {"MASKED", "NOT_LOW", "CANNOT_TELL", "LINE", "RECOVERY", "PFS", "OS", "FMO", "ISOTYPE"}
    assert names >= {"REJECTED_BY_REVIEWER", "ASKED_BY_REVIEWER"}
    assert all(study_of_another_process()["init"][sheet] for sheet in ("samples", "beads", "panels"))
    assert names >= {"SCR", "VGPR", "PR", "MR", "SD", "PD", "NE", "IV", "SC"}


@pytest.mark.slow
def test_every_enum_of_labels_is_renamed_by_that_test():
    renamed = {(module, name) for module, names in LABELS.items() for name in names}
    enums = string_enums()
    exempt = {(module, name) for module, name in enums if f"{module}.{name}" in TYPED}
    assert len(exempt) == len(TYPED), "an exemption without its enum"
    assert enums - exempt == renamed


def test_an_exemption_is_a_format_that_people_type_or_that_is_written_as_data():
    assert all(why.startswith(("typed in ", "typed on ", "written in ")) for why in TYPED.values())


def string_enums() -> set[tuple[str, str]]:
    """Return module and name of every enum of strings in the sources."""
    root = TESTS.parent
    return {
        (".".join(path.relative_to(root).with_suffix("").parts), node.name)
        for package in ("gating", "calibration", "pipeline")
        for path in (root / package).rglob("*.py")
        for node in tree_of(path).body
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id == "StrEnum" for base in node.bases)
    }


def texts_in(value: object) -> list[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [text for part in value for text in texts_in(part)]
    return [value] if isinstance(value, str) else []
