"""What a reviewer says of a tube goes into its row: a flag where somebody must look, and no fault."""

from __future__ import annotations

import pytest

from helpers.builders import good_study
from pipeline.checks import check_folder, tube_findings
from pipeline.checks.flags import CheckFlag
from pipeline.review.decision import Decision
from pipeline.review.review_file import ReviewFile, as_typed
from pipeline.study.cells.choices import ReviewDecision, review_decision


@pytest.mark.parametrize(
    ("verdict", "flags"),
    [
        ("accept", ()),
        ("fine by me", ()),
        ("reject", (CheckFlag.REJECTED_BY_REVIEWER,)),
        ("Rejected", (CheckFlag.REJECTED_BY_REVIEWER,)),
        ("ask", (CheckFlag.ASKED_BY_REVIEWER,)),
    ],
)
def test_a_verdict_is_noted_and_what_needs_a_look_is_flagged(tmp_path, verdict, flags):
    folder = good_study(tmp_path)
    before, faults = check_folder(folder)
    name = before.samples[0].sample_id
    known = tube_findings(before)[name]
    (folder / "review.csv").write_text(
        f"sample_id,set_by,reason,verdict\n{name},AB,clots,{verdict}\n", "utf-8"
    )
    study, now = check_folder(folder)
    assert now == faults
    found = tube_findings(study)[name]
    assert set(found.flags) - set(known.flags) == set(flags)
    assert set(found.notes) - set(known.notes) == {f"review by AB: {verdict} (clots)"}
    assert found.failure == known.failure


@pytest.mark.parametrize(
    ("typed", "verdict"),
    [("Rejected", ReviewDecision.REJECT), (" ASK\u200b", ReviewDecision.ASK), ("fine by me", None)],
)
def test_the_review_page_reads_a_typed_verdict_as_the_check_does(typed, verdict):
    columns = ("sample_id", "set_by", "verdict")
    file = ReviewFile(columns, (("P1", "AB", typed),), "")
    assert as_typed(file, Decision("P1")).choice is verdict is review_decision(typed)
