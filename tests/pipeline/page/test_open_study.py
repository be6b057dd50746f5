"""What the page holds of a study in memory is what lies in the folder, however often that changes."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from helpers.rewritten import edit_sheet
from pipeline.cli import PROGRAM
from pipeline.files.whole import NotWrittenError
from pipeline.page.app import _status_and_words
from pipeline.page.open_study import AS_IT_WAS, OpenStudy
from pipeline.page.review.asked import reviewable
from pipeline.review.decisions import DecisionRequest, RefusedError, decide
from pipeline.study.cells.choices import ReviewDecision
from pipeline.study.errors import UserError

pytestmark = pytest.mark.slow


def test_every_decision_is_told_however_often_the_trail_was_read_between(tmp_path: Path):
    open_study = OpenStudy(tmp_path, 1, PROGRAM)
    for number in range(30):
        open_study.decision_history()
        for name in (f"P{number}", f"Q{number}"):
            decide(tmp_path, DecisionRequest(name, 0, ReviewDecision.ACCEPT, "AB"))
            open_study.trail()
        assert open_study.decision_history().of(f"Q{number}").choice is ReviewDecision.ACCEPT


def test_a_study_with_a_fault_is_looked_at_as_far_as_it_is_sound_and_not_decided(
    two_tubes_run: Path, tmp_path: Path
):
    study = Path(shutil.copytree(two_tubes_run, tmp_path / "s"))
    open_study = OpenStudy(study, 0, PROGRAM)
    assert reviewable(open_study.snapshot()).refusal == ""
    edit_sheet(
        study,
        "samples",
        lambda row: row | {"collected_on": "31 Juni"} if row["sample_id"] == "P10_BM1" else row,
    )
    now = open_study.snapshot()
    assert set(now.results) == {"P07_BM1"}
    assert 'samples!C3: found "31 Juni"' in now.refusal
    with pytest.raises(RefusedError, match="nothing is decided or signed"):
        reviewable(now)
    (study / "samples.csv").write_text("nonsense\n1\n", "utf-8")
    as_before = open_study.snapshot()
    assert as_before.refusal.startswith(AS_IT_WAS)
    assert "sample_id" in as_before.refusal
    assert set(as_before.results) == {"P07_BM1"}
    with pytest.raises(UserError, match="sample_id"):
        OpenStudy(study, 0, PROGRAM).snapshot()
    shutil.move(study, tmp_path / "elsewhere")
    assert "was it moved" in open_study.snapshot().refusal


def refusal_of(open_study: OpenStudy) -> str:
    """Return why nothing is decided; also of a study that cannot be read at all."""
    try:
        return open_study.snapshot().refusal
    except UserError as error:
        return str(error)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("P99,cd138,5,CD,x,change\n", "expected a tube of the samples sheet"),
        (2 * "P10_BM1,cd138,5,CD,x,change\n", "expected each gate of a tube once"),
        ("P10_BM1,cd38,5,CD,x,change\n", "CD38 never gates"),
        ('P10_BM1,cd45,5,CD,"x,change\nP07_BM1,cd138,5,CD,,change\n', "a double quote that is not closed"),
    ],
)
def test_what_somebody_types_into_review_csv_is_checked_when_it_is_saved_and_when_it_is_mended(
    two_tubes_run: Path, tmp_path: Path, typed: str, why: str
):
    study = Path(shutil.copytree(two_tubes_run, tmp_path / "s"))
    open_study, path = OpenStudy(study, 0, PROGRAM), study / "review.csv"
    assert open_study.snapshot().refusal == ""
    path.write_text("sample_id,gate,value,set_by,reason,verdict\n" + typed, "utf-8")
    assert why in open_study.snapshot().refusal
    assert why in refusal_of(OpenStudy(study, 0, PROGRAM))
    path.write_text("sample_id,gate,value,set_by,reason,verdict\nP10_BM1,cd138,5,CD,x,change\n", "utf-8")
    assert reviewable(open_study.snapshot()).gates_of("P10_BM1")[0].value == 5.0
    decide(study, DecisionRequest("P07_BM1", 0, ReviewDecision.ACCEPT, "AB"))
    path.unlink()
    assert reviewable(open_study.snapshot()).gates_of("P10_BM1") == ()


def test_a_decision_of_this_page_does_not_make_it_read_all_sheets_again(two_tubes_run: Path, tmp_path: Path):
    study = Path(shutil.copytree(two_tubes_run, tmp_path / "s"))
    open_study = OpenStudy(study, 0, PROGRAM)
    before = open_study.snapshot().known
    for version in range(3):
        decide(study, DecisionRequest("P07_BM1", version, ReviewDecision.ACCEPT, "AB"))
        assert open_study.snapshot().known is before
    path = study / "review.csv"
    path.write_bytes(path.read_bytes() + b"P10_BM1,,,CD,,,accept,\n")
    assert open_study.snapshot().known is not before


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NotWrittenError(Path("/a/review.csv"), os.strerror(errno.EROFS)), "copy the study"),
        (NotWrittenError(Path("/a/review.csv"), os.strerror(errno.ENOSPC)), "make room"),
        (
            NotWrittenError(Path("/a/review.csv"), os.strerror(errno.EACCES), in_use=True),
            "open in Excel: close it there, and do it again",
        ),
    ],
)
def test_what_cannot_be_saved_says_which_file_and_what_to_do(error: NotWrittenError, said: str):
    status, words = _status_and_words(error)
    assert status == 507
    assert words.startswith("not saved, and nothing is changed. review.csv cannot be written (")
    assert said in words
    assert "/a/" not in words
