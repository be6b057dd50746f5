"""The pages of docs/reference are in step with the public names and their docstrings."""

from __future__ import annotations

import importlib
import re

import pytest

from doc_reference import FOLDER, PACKAGES, docstring, page_of

COMMAND = "run: make reference"


@pytest.mark.parametrize("package", PACKAGES)
def test_the_page_is_in_step_with_the_code(package: str):
    assert (FOLDER / f"{package}.md").read_text("utf-8") == page_of(package), COMMAND


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_explained(package: str):
    text = (FOLDER / f"{package}.md").read_text("utf-8")
    told = dict(re.findall(r"^## (\w+)\n\n((?:(?!^## ).*\n)+)", text, re.MULTILINE))
    assert sorted(told) == sorted(importlib.import_module(package).__all__)
    prose = {name: re.sub(r"```.*?```", "", said, flags=re.DOTALL).strip() for name, said in told.items()}
    assert all(prose.values()), [name for name, said in prose.items() if not said]


def test_a_docstring_becomes_lists_and_code():
    text = "What it is.\n\nParameters\n----------\na, b\n    First\n    line.\nc\n    Last.\n\nExamples\n--------\n>>> 1\n1\n"
    assert docstring(text) == (
        "What it is.\n\n**Parameters**\n\n- `a, b`: First line.\n- `c`: Last.\n\n```python\n>>> 1\n1\n```\n"
    )
