"""The report: one self-contained file that opens offline."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from calibration.density.receptor_density import QUANTIFIED
from pipeline.assembly.limiting import Limiting
from pipeline.assembly.study_result import StudyResult
from pipeline.files.whole import write_whole
from pipeline.output.figures.charts import (
    CELLS_CHART,
    COURSES,
    RESPONSE_CHART,
    SERUM_CHART,
    SURVIVAL_CHART,
    SWIMMER,
    WASHOUT,
    chart_html,
)
from pipeline.output.figures.style.palette import StatusStyle
from pipeline.output.figures.swimmer import MOST_BARS, swimmers
from pipeline.output.interval import interval_name
from pipeline.output.legend.tube_verdict import TUBE_VERDICT_LOOK, TubeVerdict
from pipeline.output.report.attention import Attention, CardKind, CardOf, attention
from pipeline.output.report.bars import axis_bar, bar_scale
from pipeline.output.report.cards.bead_cards import BeadCard, bead_card
from pipeline.output.report.cards.contact_sheet import Contact, contacts
from pipeline.output.report.cards.notes import Shared, shared_notes
from pipeline.output.report.cards.tube_cards import TubeCard, tube_card
from pipeline.output.report.environment import template_environment
from pipeline.output.report.explained import FlagEntry, flag_entries
from pipeline.output.report.models.answer import answer, no_washout_words
from pipeline.output.report.models.section import ModelSection, model_section
from pipeline.output.report.record.head import Head, head, title_of
from pipeline.output.report.record.methods import Paragraph, methods
from pipeline.output.report.record.miflowcyt import MiflowcytItem, Reagent, miflowcyt, reagents
from pipeline.output.report.tube_pages import FOLDER, TubePage, tube_pages, write_tube_pages
from pipeline.output.report.words import competition_words, verdict_line
from pipeline.quantification.result import SampleResult
from pipeline.response.by_density.numbers import DensityNumber, density_numbers
from pipeline.study.quantity_name import density_name, marker_of, population_name

log = logging.getLogger(__name__)

MOST_OPEN_CARDS = 24
"""Up to this many tubes every card is open; beyond, those that need a look."""

MOST_CARDS, MOST_CARDS_OF_MORE = 2_000, 200
"""Most tubes with a card and pictures. In a larger study the least certain tubes get the cards: nobody reads
more, and drawing takes time."""


@dataclass(frozen=True, slots=True)
class Page:
    """The content of the page for the template."""

    title: str
    head: Head
    verdict: str
    answer: tuple[str, ...]
    marker: str
    name: str
    competition: str
    attention: Attention
    raised: tuple[FlagEntry, ...]
    other_flags: tuple[FlagEntry, ...]
    shared: Shared
    tubes: tuple[TubeCard, ...]
    tube_pages: tuple[TubePage, ...]
    contacts: tuple[Contact, ...]
    statuses: tuple[tuple[StatusStyle, str, str, int], ...]
    n_flagged: int
    bead_cards: tuple[BeadCard, ...]
    limiting: Limiting
    interval_name: str
    axis: str
    n_visits: int
    washout_svg: str
    response_svg: str
    swimmer_svg: str
    n_swimmers: int
    n_shown: int
    survival_svg: str
    cells_svg: str
    courses_svg: str
    models: ModelSection
    serum_svg: str
    no_washout: str
    no_response: str
    tube_folder: str
    r2: Mapping[str, str]
    methods: tuple[Paragraph, ...]
    miflowcyt: tuple[MiflowcytItem, ...]
    reagents: tuple[Reagent, ...]
    open_all: bool
    older: tuple[str, ...] = ()
    along_density: tuple[DensityNumber, ...] = ()


def write_report(
    path: Path, study_result: StudyResult, run_on: str = "", older: Callable[[], Sequence[str]] = tuple
) -> None:
    """Write the report of a study as one HTML file without any reference to elsewhere.

    If the tubes do not fit on one page, their cards go onto separate pages (`tube_pages`).

    Parameters
    ----------
    path
        The file; an older one is replaced.
    study_result
        What was found.
    run_on
        Day of the run, an ISO date; "": not known. Nothing else in the page changes from run to run.
    older
        Returns the files of results/ that could not be replaced and are of an earlier run. It is called once,
        when the cards are made: it may wait for files that worker processes still write.
    """
    page = _page(study_result, run_on)
    page = replace(page, older=tuple(older()))
    write_whole(path, _html(page, study_result))
    log.debug("written: %s", path.name)
    write_tube_pages(path.parent / FOLDER, page)


def report_html(study_result: StudyResult, run_on: str = "") -> str:
    """Return the report as HTML; the same result and day give the same text."""
    return _html(_page(study_result, run_on), study_result)


def _html(page: Page, study_result: StudyResult) -> str:
    return template_environment().get_template("report.html.j2").render(page=page, study_result=study_result)


def _page(study_result: StudyResult, run_on: str) -> Page:
    results = in_sheet_order(study_result)
    scale = bar_scale(results)
    anchors = _anchors(study_result, results)
    shared = shared_notes(results, study_result.exposures, population_name(study_result.study))
    tubes = _tube_cards(study_result, results, anchors, shared)
    raised, other_flags = flag_entries(study_result)
    no_washout, no_response = no_washout_words(study_result), _no_response(study_result)
    return Page(
        title=title_of(study_result.study),
        head=head(study_result, run_on),
        verdict=verdict_line(study_result),
        answer=answer(study_result),
        marker=marker_of(study_result.study),
        name=density_name(study_result.study),
        competition=competition_words(study_result.study),
        attention=attention(study_result, anchors),
        raised=raised,
        other_flags=other_flags,
        shared=shared,
        tubes=tubes,
        tube_pages=tube_pages(tubes),
        contacts=contacts(results, tubes),
        statuses=_statuses(tubes),
        n_flagged=sum(bool(tube.flags) for tube in tubes),
        bead_cards=_bead_cards(study_result, anchors),
        limiting=study_result.limiting,
        interval_name=interval_name(study_result.limiting),
        axis=axis_bar(scale),
        n_visits=len(study_result.visits),
        washout_svg="" if no_washout else chart_html(WASHOUT, study_result, _links(anchors)),
        response_svg="" if no_response else chart_html(RESPONSE_CHART, study_result),
        swimmer_svg=chart_html(SWIMMER, study_result),
        n_swimmers=len(swimmers(study_result.courses)),
        n_shown=min(len(swimmers(study_result.courses)), MOST_BARS),
        survival_svg=chart_html(SURVIVAL_CHART, study_result),
        cells_svg=chart_html(CELLS_CHART, study_result),
        courses_svg=chart_html(COURSES, study_result),
        models=model_section(study_result),
        serum_svg=chart_html(SERUM_CHART, study_result),
        no_washout=no_washout,
        no_response=no_response,
        tube_folder=FOLDER,
        r2={run.bead_run: f"{run.curve.r2:.5f}" for run in study_result.calibrations if run.curve},
        methods=methods(study_result),
        miflowcyt=miflowcyt(study_result),
        reagents=reagents(study_result),
        open_all=len(results) <= MOST_OPEN_CARDS,
        along_density=_along_density(study_result),
    )


def _bead_cards(study_result: StudyResult, anchors: Mapping[CardOf, str]) -> tuple[BeadCard, ...]:
    """Return the card of each bead run."""
    limit = study_result.study.settings.curve_limits.error
    return tuple(
        bead_card(run, anchors[CardKind.BEAD_RUN, run.bead_run], limit) for run in study_result.calibrations
    )


def _along_density(study_result: StudyResult) -> tuple[DensityNumber, ...]:
    """Return the numbers of response along the density."""
    tables = study_result.response.by_density if study_result.response else None
    return tuple(density_numbers(tables)) if tables else ()


def _statuses(tubes: Sequence[TubeCard]) -> tuple[tuple[StatusStyle, str, str, int], ...]:
    """Return each verdict that a tube has, with its look, its name, its words and the number of tubes."""
    counts = Counter(tube.verdict for tube in tubes)
    return tuple(
        (TUBE_VERDICT_LOOK[verdict], verdict.name, verdict.value, counts[verdict])
        for verdict in TubeVerdict
        if counts[verdict]
    )


def _pictured(results: Sequence[SampleResult]) -> set[str]:
    """Return the tubes that get a card; of very many the least sure ones, or the page could not be opened."""
    if len(results) <= MOST_CARDS:
        return {result.sample_id for result in results}
    doubtful = sorted(
        results, key=lambda tube: (tube.receptor.status in QUANTIFIED, tube.gating_confidence or 0.0)
    )
    return {result.sample_id for result in doubtful[:MOST_CARDS_OF_MORE]}


def _tube_cards(
    study_result: StudyResult, results: Sequence[SampleResult], anchors: Mapping[CardOf, str], shared: Shared
) -> tuple[TubeCard, ...]:
    typed = {sample.sample_id: sample for sample in study_result.study.samples}
    scale = bar_scale(results)
    return tuple(
        tube_card(
            study_result,
            typed[result.sample_id],
            result,
            anchors[CardKind.TUBE, result.sample_id],
            scale,
            shared,
        )
        for result in results
    )


def in_sheet_order(study_result: StudyResult) -> tuple[SampleResult, ...]:
    """Return the results in the order of the samples sheet."""
    by_sample = {result.sample_id: result for result in study_result.results}
    return tuple(by_sample[s.sample_id] for s in study_result.study.samples if s.sample_id in by_sample)


def _anchors(study_result: StudyResult, results: Sequence[SampleResult]) -> dict[CardOf, str]:
    """Return an anchor per card, numbered because typed names may hold any character; "" without a card."""
    pictured = _pictured(results)
    tubes = {
        (CardKind.TUBE, result.sample_id): f"tube-{k}" if result.sample_id in pictured else ""
        for k, result in enumerate(results, start=1)
    }
    calibrations = enumerate(study_result.calibrations, start=1)
    runs = {(CardKind.BEAD_RUN, run.bead_run): f"beads-{k}" for k, run in calibrations}
    return {**tubes, **runs}


def _links(anchors: Mapping[CardOf, str]) -> dict[str, str]:
    """Return where the card of each tube is, by sample_id; of those that have one."""
    return {
        name: f"#{anchor}" for (kind, name), anchor in anchors.items() if anchor and kind is CardKind.TUBE
    }


def _no_response(study_result: StudyResult) -> str:
    """Return why no response is reported, in one sentence; "" where one is."""
    tables = study_result.response
    if tables is None or tables.n_evaluable:
        return ""
    patients = "1 patient" if tables.n_patients == 1 else f"{tables.n_patients} patients"
    return (
        f"No response is known of the {patients} of the patients sheet (best_response, evaluable), so "
        "disease control by washout or density is not given."
    )
