"""The environment of the templates: everything typed is escaped, and only the page's own script may run."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.files.content import digest_of
from pipeline.output.figures.svg.shades import SHADE_COLOURS
from pipeline.output.figures.svg.style import style_sheet
from pipeline.output.legend.glossary import sorted_terms
from pipeline.output.legend.tube_verdict import TUBE_VERDICT_BADGES
from pipeline.output.report.cards.bead_cards import MOST_OPEN_BEADS
from pipeline.output.report.explained import linked

if TYPE_CHECKING:
    from jinja2 import Environment

REPORT_TEMPLATES = Path(__file__).parent / "templates"

PICTURE_SCRIPTS = ("pictures.js", "saving.js", "page.js")
"""The script of a page that has pictures and no table: of tubes, of bead runs."""

SCRIPTS = ("table.js", *PICTURE_SCRIPTS)
"""The report's script, in this order."""


def template_environment(scripts: Iterable[str] = SCRIPTS) -> Environment:
    """Return the environment of the templates: nothing undefined is printed, everything typed is escaped.

    Parameters
    ----------
    scripts
        Files of the page's script; their digest is the only one that the page's policy lets run.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(REPORT_TEMPLATES, encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    picture_rules = (REPORT_TEMPLATES / "pictures.css").read_text("utf-8")
    script = "".join((REPORT_TEMPLATES / "script" / name).read_text("utf-8") for name in scripts)
    environment.filters |= {"css_text": css_text, "linked": linked}
    environment.globals |= {
        "glossary": sorted_terms(),
        "most_open_beads": MOST_OPEN_BEADS,
        "picture_style": f"{style_sheet()}\n{picture_rules}{TUBE_VERDICT_BADGES}",
        "shade_colours": " ".join(colour.removeprefix("#") for colour in SHADE_COLOURS),
        "script": script,
        "script_hash": _csp_hash(script),
    }
    return environment


def templates_digest() -> str:
    """Return the SHA-256 of the templates: pages made from other ones look different."""
    files = sorted(path for path in REPORT_TEMPLATES.rglob("*") if path.is_file())
    return digest_of(text for path in files for text in (path.name, path.read_text("utf-8")))


def css_text(text: str) -> str:
    r"""Return typed text as the inside of a string of CSS, which nothing in it can end.

    Examples
    --------
    >>> css_text('A "b" </style>')
    'A \\22 b\\22  \\3c \\2f style\\3e '
    """
    return "".join(c if c.isalnum() or c == " " else f"\\{ord(c):x} " for c in text)


def _csp_hash(script: str) -> str:
    """Return what lets this one script run and no other (Content-Security-Policy, level 2)."""
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
