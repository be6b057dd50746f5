"""The licences of everything that is installed with cd38rd. `python tests/doc_licences.py` writes the page."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "licences.md"
HEAD = """# Licences

cd38rd is under the [BSD 3-Clause licence](../LICENSE). These libraries are installed with it, in the versions of `requirements.lock`; the licence is what each of
them says of itself. All of them may be used and passed on, in a company too.

| library | licence |
|---|---|
"""
FREE = re.compile(r"MIT|BSD|Apache|ISC|PSF|Python Software Foundation|0BSD|Zlib|CC0|HPND", re.IGNORECASE)
"""Licences that allow use and passing on without a condition on what else is in a program."""
ONLY_ELSEWHERE = {"colorama": "BSD-3-Clause"}
"""What is installed on Windows alone: licence as its page at the package index has it."""
LONGEST = 80
"""Characters of a licence: some packages have its whole text in that field."""


def libraries() -> list[str]:
    """Return the names in requirements.lock, once each."""
    text = (ROOT / "requirements.lock").read_text("utf-8")
    return list(dict.fromkeys(re.findall(r"^([\w.-]+)==", text, re.MULTILINE)))


def licence_of(name: str) -> str:
    """Return the licence as a package names it, as an SPDX expression, a classifier or in words."""
    if name in ONLY_ELSEWHERE:
        return ONLY_ELSEWHERE[name]
    facts = metadata.metadata(name)
    classifiers = [line for line in facts.get_all("Classifier") or [] if line.startswith("License ::")]
    told = [facts.get("License-Expression"), *(line.rpartition(" :: ")[2] for line in classifiers)]
    told.append((facts.get("License") or "").partition("\n")[0])
    return next((text[:LONGEST] for text in told if text and text != "OSI Approved"), "")


def page() -> str:
    """Return the page as it should be."""
    return HEAD + "".join(f"| {name} | {licence_of(name)} |\n" for name in libraries())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
