"""The report: one self-contained file that opens offline."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from calibration.density.receptor_density import QUANTIFIED, RdStatus
from pipeline.assembly.limiting import Limiting
from pipeline.assembly.study_result import StudyResult
from pipeline.files.whole import write_whole
from pipeline.output.figures.charts import RESPONSE, SURVIVAL, SWIMMER, WASHOUT, chart_html
from pipeline.output.figures.style.palette import BADGES, STATUS, Look
from pipeline.output.figures.svg.shades import COLOURS
from pipeline.output.figures.svg.style import style_sheet
from pipeline.output.figures.swimmer import MOST_BARS, swimmers
from pipeline.output.interval import interval_name
from pipeline.output.report.answer import answer
from pipeline.output.report.attention import Item, attention
from pipeline.output.report.bars import axis_bar, scale_of
from pipeline.output.report.bead_cards import BeadCard, bead_card
from pipeline.output.report.contact_sheet import Contact, contacts
from pipeline.output.report.tube_cards import TubeCard, tube_card
from pipeline.output.report.words import (
    competition_words,
    data_words,
    untold_words,
    verdict_line,
    washout_words,
)
from pipeline.quantification.result import SampleResult
from pipeline.study.quantity_name import density_name, marker_of
from pipeline.study.settings import Settings

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"

PICTURE_SCRIPTS = ("pictures.js", "saving.js", "page.js")
SCRIPTS = ("table.js", *PICTURE_SCRIPTS)
"""The page's script, in this order; a page without the table of tubes needs the pictures' alone."""

MOST_OPEN_CARDS = 24
"""Up to this many tubes every card is open; beyond, those that need a look."""

MOST_CARDS, MOST_CARDS_OF_MANY = 500, 50
"""Up to so many tubes each has its card with pictures; of more, so many of the least sure."""

VERY_MANY, MOST_CARDS_OF_VERY_MANY = 2_000, 12
"""Beyond so many tubes, the cards of the least sure: nobody goes through more, and drawing takes time."""


@dataclass(frozen=True, slots=True)
class Page:
    """What the template fills in."""

    title: str
    verdict: str
    answer: tuple[str, ...]
    marker: str
    name: str
    competition: str
    items: tuple[Item, ...]
    tubes: tuple[TubeCard, ...]
    contacts: tuple[Contact, ...]
    statuses: tuple[tuple[Look, str, int], ...]
    n_flagged: int
    beads: tuple[BeadCard, ...]
    limiting: Limiting
    interval_name: str
    axis: str
    n_visits: int
    washout_svg: str
    washout_words: tuple[str, ...]
    untold_words: tuple[str, ...]
    data_words: str
    response_svg: str
    swimmer_svg: str
    n_swimmers: int
    n_shown: int
    survival_svg: str
    changed_settings: tuple[tuple[str, str], ...]
    open_all: bool


def write_report(path: Path, study_result: StudyResult) -> None:
    """Write the report of a study as one HTML file without any reference to elsewhere.

    Parameters
    ----------
    path
        The file; an older one is replaced.
    study_result
        What was found.
    """
    write_whole(path, report_html(study_result))


def report_html(study_result: StudyResult) -> str:
    """Return the report as HTML; the same result gives the same text."""
    page = _page(study_result)
    return template_environment().get_template("report.html.j2").render(page=page, study_result=study_result)


def _page(study_result: StudyResult) -> Page:
    results = in_sheet_order(study_result)
    scale = scale_of(results)
    anchors = _anchors(study_result, results)
    tubes = _tube_cards(study_result, results, anchors)
    return Page(
        title=study_result.study.folder.name or "study",
        verdict=verdict_line(results),
        answer=answer(study_result),
        marker=marker_of(study_result.study),
        name=density_name(study_result.study),
        competition=competition_words(study_result.study),
        items=attention(study_result, anchors),
        tubes=tubes,
        contacts=contacts(results, tubes),
        statuses=_statuses(results),
        n_flagged=sum(bool(tube.flags) for tube in tubes),
        beads=tuple(bead_card(run, anchors[f"beads:{run.beads}"]) for run in study_result.calibrations),
        limiting=study_result.limiting,
        interval_name=interval_name(study_result.limiting),
        axis=axis_bar(scale),
        n_visits=len(study_result.visits),
        washout_svg=chart_html(WASHOUT, study_result, _links(anchors)),
        washout_words=washout_words(study_result),
        untold_words=untold_words(study_result),
        data_words=data_words(study_result.washout) if study_result.washout else "",
        response_svg=chart_html(RESPONSE, study_result),
        swimmer_svg=chart_html(SWIMMER, study_result),
        n_swimmers=len(swimmers(study_result.courses)),
        n_shown=min(len(swimmers(study_result.courses)), MOST_BARS),
        survival_svg=chart_html(SURVIVAL, study_result),
        changed_settings=changed_settings(study_result.study.settings),
        open_all=len(results) <= MOST_OPEN_CARDS,
    )


def _statuses(results: Sequence[SampleResult]) -> tuple[tuple[Look, str, int], ...]:
    """Return each status that a tube has, with its look and the number of tubes."""
    counts = Counter(result.receptor.status for result in results)
    return tuple((STATUS[status], status.value, counts[status]) for status in RdStatus if counts[status])


def _pictured(results: Sequence[SampleResult]) -> set[str]:
    """Return the tubes that get a card; of very many the least sure ones, or the page could not be opened."""
    if len(results) <= MOST_CARDS:
        return {result.sample_id for result in results}
    doubtful = sorted(
        results, key=lambda tube: (tube.receptor.status in QUANTIFIED, tube.gating_confidence or 0.0)
    )
    most = MOST_CARDS_OF_MANY if len(results) <= VERY_MANY else MOST_CARDS_OF_VERY_MANY
    return {result.sample_id for result in doubtful[:most]}


def _tube_cards(
    study_result: StudyResult, results: Sequence[SampleResult], anchors: dict[str, str]
) -> tuple[TubeCard, ...]:
    typed = {sample.sample_id: sample for sample in study_result.study.samples}
    scale = scale_of(results)
    return tuple(
        tube_card(study_result, typed[result.sample_id], result, anchors[f"sample:{result.sample_id}"], scale)
        for result in results
    )


def in_sheet_order(study_result: StudyResult) -> tuple[SampleResult, ...]:
    """Return the results in the order of the samples sheet."""
    by_sample = {result.sample_id: result for result in study_result.results}
    return tuple(by_sample[s.sample_id] for s in study_result.study.samples if s.sample_id in by_sample)


def changed_settings(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Return the settings that differ from their defaults.

    Examples
    --------
    >>> changed_settings(Settings(seed=7))
    (('seed', '7'),)
    """
    default = Settings().model_dump()
    return tuple(
        (name, str(value)) for name, value in settings.model_dump().items() if value != default[name]
    )


def _anchors(study_result: StudyResult, results: Sequence[SampleResult]) -> dict[str, str]:
    """Name every card by its place: what people type may hold anything, an anchor may not; "": no card."""
    pictured = _pictured(results)
    tubes = {
        f"sample:{result.sample_id}": f"tube-{k}" if result.sample_id in pictured else ""
        for k, result in enumerate(results, start=1)
    }
    beads = {f"beads:{run.beads}": f"beads-{k}" for k, run in enumerate(study_result.calibrations, start=1)}
    return {**tubes, **beads}


def _links(anchors: dict[str, str]) -> dict[str, str]:
    """Return where the card of each tube is, by sample_id; of those that have one."""
    return {
        name.removeprefix("sample:"): f"#{anchor}"
        for name, anchor in anchors.items()
        if anchor and name.startswith("sample:")
    }


def template_environment() -> Environment:
    """Return the environment of the templates: nothing undefined is printed, everything typed is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES, encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script, picture_script = _joined(SCRIPTS), _joined(PICTURE_SCRIPTS)
    environment.globals |= {
        "picture_style": f"{style_sheet()}\n{(TEMPLATES / 'pictures.css').read_text('utf-8')}{BADGES}",
        "shade_colours": " ".join(colour.removeprefix("#") for colour in COLOURS),
        "script": script,
        "script_hash": _csp_hash(script),
        "picture_script": picture_script,
        "picture_script_hash": _csp_hash(picture_script),
    }
    return environment


def _joined(names: Sequence[str]) -> str:
    return "".join((TEMPLATES / "script" / name).read_text("utf-8") for name in names)


def _csp_hash(script: str) -> str:
    """Return what lets this one script run and no other (Content-Security-Policy, level 2)."""
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
