"""The tables of docs/ that the code knows best. `python tests/doc_tables.py` writes them again."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from functools import partial
from pathlib import Path

import doc_constants
import doc_rooms
from calibration.flags import CalibrationFlag
from gating.gates.movable_gates import BY_HAND, PLASMA_CELL_SIZE
from gating.gates.steps import GateFlag, Step
from helpers.syntax import tree_of
from pipeline.checks.flags import CheckFlag, ExposureFlag
from pipeline.output.flag_words.all_flags import FLAGS
from pipeline.output.flag_words.entry import sentence
from pipeline.output.legend.glossary import sorted_terms
from pipeline.output.legend.tube_verdict import TUBE_VERDICT_LOOK
from pipeline.patients.flags import OccupancyFlag, VisitFlag
from pipeline.quantification.result import SampleFlag
from pipeline.simulate.scenarios import SCENARIOS
from pipeline.study.settings import Settings, setting_facts, setting_text
from pipeline.study.sheets.columns import column_facts, column_fields, column_names
from pipeline.study.sheets.rows import STUDY_SHEETS, ReviewRow
from pipeline.tube.flags import TubeFlag

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "study.md"
ROOMS_PAGE = ROOT / "docs" / "architecture.md"
METHOD_PAGE = ROOT / "docs" / "method.md"
FLAGS_PAGE = ROOT / "docs" / "flags.md"
GLOSSARY_PAGE = ROOT / "docs" / "glossary.md"
PAGES = (PAGE, ROOMS_PAGE, METHOD_PAGE, FLAGS_PAGE, GLOSSARY_PAGE)
BLOCK = re.compile(r"(<!-- table: (?P<name>[\w/ ]+) -->\n).*?(<!-- end -->)", re.DOTALL)
PACKAGES = ("gating", "calibration", "pipeline")
SAID_BY: Mapping[str, tuple[type[StrEnum], ...]] = {
    "the files and sheets": (CheckFlag,),
    "the gates": (GateFlag,),
    "the calibration": (CalibrationFlag,),
    "the doses": (ExposureFlag,),
    "the sentinels": (OccupancyFlag,),
    "the visit": (VisitFlag,),
    "the tube": (TubeFlag, SampleFlag),
}
"""Every enum of flags, by who says them; a test finds one that is missing here."""


def flags_in_the_code() -> dict[StrEnum, str]:
    """Return every flag that the source can raise → who says it."""
    return {flag: who for who, enums in SAID_BY.items() for enum in enums for flag in enum}


def settings_table() -> str:
    """Return every setting with its default, unit and sentence."""
    rows = []
    for name in Settings.model_fields:
        unit, sentence, choices = setting_facts(name)
        default = setting_text(getattr(Settings(), name))
        rows.append((f"`{name}`", f"`{default}`" if default else "empty", unit, sentence))
        assert all(choice in sentence or choice in ("yes", "no") for choice in choices), name
    return _table(("setting", "default", "unit", "what it does"), rows)


def sheet_table(sheet: str) -> str:
    """Return the columns of a sheet; required ones are bold."""
    model = ReviewRow if sheet == "review" else STUDY_SHEETS[sheet]
    rows = []
    for name in column_names(model):
        facts = column_facts(model, name)
        shown = f"**`{name}`**" if facts["required"] else f"`{name}`"
        choices = " · ".join(f"`{choice}`" for choice in facts["choices"])
        example = f"`{facts['example']}`" if facts["example"] else ""
        rows.append((shown, column_fields(model)[name].description or "", choices or example))
    return _table(("column", "what it contains", "choices, or an example"), rows)


def flags_table() -> str:
    """Return every flag, who says it and what it says."""
    rows = ((f"[`{f}`](flags.md#{f.lower()})", who, FLAGS[f].says) for f, who in _flags_in_order())
    return _table(("flag", "raised by", "meaning"), rows)


def flag_sections() -> str:
    """Return a section per flag: what it means, where it comes from, what to do."""
    parts, before = [], ""
    for flag, who in _flags_in_order():
        words = FLAGS[flag]
        parts += [f"## Raised by {who}\n"] if who != before else []
        parts.append(
            f"### {flag}\n\n**Weight:** {words.weight}\n\n**Means:** {words.meaning}\n\n"
            f"**Comes from:** {sentence(words.cause)}\n\n**To do:** {sentence(words.action)}\n"
        )
        before = who
    return "\n" + "\n".join(parts) + "\n"


def verdicts_table() -> str:
    """Return every verdict of a tube and what it says."""
    rows = ((f"{look.symbol} {verdict}", look.words) for verdict, look in TUBE_VERDICT_LOOK.items())
    return _table(("verdict", "what it says"), rows)


def glossary_table() -> str:
    """Return every word and abbreviation of the report."""
    rows = ((f"**{term.name}**", term.stands_for, term.text) for term in sorted_terms())
    return _table(("word", "full name", "what it means"), rows)


def _flags_in_order() -> list[tuple[StrEnum, str]]:
    order = list(SAID_BY)
    return sorted(flags_in_the_code().items(), key=lambda pair: (order.index(pair[1]), pair[0]))


def scenarios_table() -> str:
    """Return what `cd38rd simulate --scenario` takes."""
    return _table(("scenario", "what it is"), ((f"`{s.name}`", s.title) for s in SCENARIOS))


def by_hand_table() -> str:
    """Return every step of the gating, and what a person may give in its place."""
    rows = []
    for step, by_hand in BY_HAND.items():
        names = [f"`{step}`"] if by_hand.role else []
        names += [f"`{PLASMA_CELL_SIZE}`"] if step is Step.PLASMA_CELLS else []
        names += ["its channels"] if by_hand.thresholds else []
        polygon = f"`{step}`" if by_hand.polygon else "–"
        rows.append(
            (f"`{step}`", ", ".join(names) or "–", polygon + (", time as an axis" if by_hand.on_time else ""))
        )
    return _table(("step", "`gate` of a threshold", "`gate` of a polygon"), rows)


def modules_table(package: str) -> str:
    """Return the modules of a package, one line each; of a package within it, what it is for."""
    rows = []
    for path in sorted((ROOT / package).iterdir()):
        module = path / "__init__.py" if path.is_dir() else path
        if module.is_file() and module.suffix == ".py" and path.name != "__init__.py":
            said = (ast.get_docstring(tree_of(module)) or "").partition("\n")[0]
            rows.append((f"`{path.name}{'/' if path.is_dir() else ''}`", said))
    return _table((f"{package}/", "what it is"), rows)


def rooms_table(package: str) -> str:
    """Return the modules of every room within a package."""
    inner = sorted(path.parent for path in (ROOT / package).glob("*/**/__init__.py"))
    return "\n".join(modules_table(path.relative_to(ROOT).as_posix()) for path in inner)


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


TABLES: Mapping[str, Callable[[], str]] = {
    "settings": settings_table,
    "flags": flags_table,
    "flag sections": flag_sections,
    "verdicts": verdicts_table,
    "glossary": glossary_table,
    "scenarios": scenarios_table,
    "gates by hand": by_hand_table,
    "picture": doc_rooms.picture,
    "rooms": doc_rooms.table,
    "constants": doc_constants.table,
    **{f"modules {name}": partial(modules_table, name) for name in PACKAGES},
    **{f"rooms of {name}": partial(rooms_table, name) for name in PACKAGES},
    **{f"sheet {name}": partial(sheet_table, name) for name in (*STUDY_SHEETS, "review")},
}


def in_step(text: str) -> str:
    """Return the page with every table made again from the code."""
    return BLOCK.sub(lambda block: f"{block[1]}{TABLES[block['name']]()}{block[3]}", text)


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(in_step(page.read_text("utf-8")), encoding="utf-8", newline="")
