"""Adverse events counted by grade, all of them and those related to the treatment."""

from pipeline.response.letter.courses import _of_events
from pipeline.study.study import AdverseEvent


def test_events_are_counted_by_grade_all_and_related_ones():
    facts = [(1, True), (3, False), (3, True), (5, True), (2, False)]
    told = {one.name: (one.k, one.n) for one in _of_events([AdverseEvent("P1", *fact) for fact in facts])}
    assert [told[f"events, grade {grade}"][0] for grade in range(1, 6)] == [1, 1, 2, 0, 1]
    assert [told[f"related events, grade {grade}"][0] for grade in range(1, 6)] == [1, 0, 1, 0, 1]
    assert told["events, of all events"] == (5, 5)
    assert told["related events, of all events"] == (3, 5)
    assert told["events, grade >= 3"] == (3, 5)
