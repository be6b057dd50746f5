"""What the desk holds in memory is what lies in the folder, however often that changes."""

from __future__ import annotations

from pathlib import Path

from pipeline.page.desk import Desk
from pipeline.review.decision import ReviewVerdict
from pipeline.review.decisions import Asked, decide


def test_every_decision_is_told_however_often_the_trail_was_read_between(tmp_path: Path):
    desk = Desk(tmp_path, 1)
    for number in range(30):
        desk.ledger()
        for name in (f"P{number}", f"Q{number}"):
            decide(tmp_path, Asked(name, 0, ReviewVerdict.ACCEPT, "AB"))
            desk.trail()
        assert desk.ledger().of(f"Q{number}").verdict is ReviewVerdict.ACCEPT
