"""Pages of tubes: where a study has too many cards for one page, they stand on pages of their own."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pipeline.files.whole import write_whole
from pipeline.output.report.cards.tube_cards import TubeCard
from pipeline.output.report.environment import PICTURE_SCRIPTS, template_environment

FOLDER = "report_tubes"
"""Beside report.html."""

CARDS_ON_A_PAGE = 200
"""Cards on one page. Convention: so many open in about half a second (about 6 MB)."""


@dataclass(frozen=True, slots=True)
class TubePage:
    """A page of cards: its place in the series, its file, and the tubes on it."""

    number: int
    file: str
    tubes: tuple[TubeCard, ...]
    first: int

    @property
    def name(self) -> str:
        """`Tubes 201 to 400`."""
        return f"Tubes {self.first} to {self.first + len(self.tubes) - 1}"


class PagedReport(Protocol):
    """The part of a report that this module needs; the template reads the rest."""

    @property
    def tube_pages(self) -> tuple[TubePage, ...]:
        """The pages of its tubes."""


def tube_pages(tubes: Sequence[TubeCard]) -> tuple[TubePage, ...]:
    """Return the pages that the cards of a study need beside the report; none where they fit into it."""
    shown = [tube for tube in tubes if tube.anchor]
    if len(shown) <= CARDS_ON_A_PAGE:
        return ()
    starts = range(0, len(shown), CARDS_ON_A_PAGE)
    return tuple(
        TubePage(k, f"page_{k}.html", tuple(shown[start : start + CARDS_ON_A_PAGE]), start + 1)
        for k, start in enumerate(starts, start=1)
    )


def write_tube_pages(folder: Path, page: PagedReport) -> None:
    """Write the pages of tubes of a report into its folder; those of an earlier run are removed."""
    shutil.rmtree(folder, ignore_errors=True)
    if page.tube_pages:
        folder.mkdir(parents=True)
    environment = template_environment(PICTURE_SCRIPTS)
    for tube_page in page.tube_pages:
        html = environment.get_template("tube_page.html.j2").render(page=page, here=tube_page)
        write_whole(folder / tube_page.file, html)
