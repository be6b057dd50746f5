"""Adverse events counted by grade, all of them and those related to the treatment."""

from pipeline.response.letter.courses import _by_grade, _of_events
from pipeline.study.study import AdverseEvent


def test_events_are_counted_by_grade_all_and_related_ones():
    facts = [(1, True), (3, False), (3, True), (5, True), (2, False)]
    told = {one.name: (one.k, one.n) for one in _of_events([AdverseEvent("P1", *fact) for fact in facts])}
    assert [told[f"events, grade {grade}"][0] for grade in range(1, 6)] == [1, 1, 2, 0, 1]
    assert [told[f"related events, grade {grade}"][0] for grade in range(1, 6)] == [1, 0, 1, 0, 1]
    assert told["events, of all events"] == (5, 5)
    assert told["related events, of all events"] == (3, 5)
    assert told["events, grade >= 3"] == (3, 5)


def test_patients_are_counted_by_their_highest_grade():
    grades = [0, 1, 1, 2, 3, 5, None]
    told = {one.name: (one.k, one.n) for one in _by_grade([("event", grades)])}
    assert told["any event"] == (5, 6)
    assert [told[f"event, highest grade {grade}"] for grade in range(1, 6)] == [
        (2, 6),
        (1, 6),
        (1, 6),
        (0, 6),
        (1, 6),
    ]
    assert told["event of grade >= 3"] == (2, 6)
