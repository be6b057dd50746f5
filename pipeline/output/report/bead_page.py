"""The bead page of `cd38rd calibrate`: the cards of the bead runs alone, one self-contained file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pipeline.beads.result import CalibrationResult
from pipeline.files.whole import write_whole
from pipeline.output.report.cards.bead_cards import bead_card
from pipeline.output.report.environment import PICTURE_SCRIPTS, template_environment
from pipeline.output.report.explained import entries_of
from pipeline.output.report.record.head import title_of
from pipeline.study.study import Study


def write_bead_page(path: Path, study: Study, calibrations: Sequence[CalibrationResult]) -> None:
    """Write the page; an older one is replaced."""
    write_whole(path, bead_page_html(study, calibrations))


def bead_page_html(study: Study, calibrations: Sequence[CalibrationResult]) -> str:
    """Return the page as HTML; the same runs give the same text."""
    limit = study.settings.curve_limits.error
    cards = [
        bead_card(calibration, f"beads-{k}", limit) for k, calibration in enumerate(calibrations, start=1)
    ]
    raised, other_flags = entries_of({}, Counter(str(flag) for run in calibrations for flag in run.flags))
    page = template_environment(PICTURE_SCRIPTS).get_template("bead_page.html.j2")
    return page.render(title=title_of(study), bead_cards=cards, raised=raised, other_flags=other_flags)
