"""The course of each patient: names stand beside the last marks and do not cover one another."""

from __future__ import annotations

import re

from pipeline.output.figures.spread.courses import course_picture
from pipeline.output.figures.svg.chart import SMALL
from pipeline.output.figures.svg.labels import overlap
from pipeline.output.figures.svg.letters import width
from pipeline.output.figures.svg.picture_page import ONE_COLUMN
from pipeline.washout.within.change import Change, ChangeKind, Exceeds

NAME = "free CD38, molecules per cell"


def change(patient: str, last_weeks: float, last_rd: float) -> Change:
    return Change(
        patient, "first", "last", 10.0, last_weeks, 1_000.0, last_rd, 0, 0, ChangeKind.MEASURED,
        last_rd / 1_000, 2.0, 90.0, 1.4, Exceeds.UP, whole=True,
    )  # fmt: skip


def test_names_of_patients_who_end_at_one_place_do_not_cover_one_another():
    crowd = [change(f"P{k:02d}", 40.0 + 0.2 * k, 50_000.0 + 300 * k) for k in range(6)]
    content = course_picture(crowd, {}, NAME).content
    boxes = []
    for x, y, words in re.findall(r'<text x="([^"]+)" y="([^"]+)"[^>]*>(P\d\d)</text>', content):
        left, base = float(x), float(y)
        boxes.append((left, base - 0.76 * SMALL, left + width(words, SMALL), base))
    (left_out,) = re.findall(r">(\d) names? without room", content)
    assert len(boxes) + int(left_out) == 6
    assert len(boxes) >= 4
    assert not any(overlap(one, other) for k, one in enumerate(boxes) for other in boxes[:k])


def test_a_narrow_picture_has_no_names():
    assert ">P01<" not in course_picture([change("P01", 40.0, 50_000.0)], {}, NAME, mm=ONE_COLUMN).content


def test_names_that_have_room_all_stand_there():
    apart = [change(f"P{k:02d}", 20.0 + 5 * k, 9_000.0 * 1.8**k) for k in range(6)]
    content = course_picture(apart, {}, NAME).content
    assert len(re.findall(r">P\d\d</text>", content)) == 6
    assert "without room" not in content
