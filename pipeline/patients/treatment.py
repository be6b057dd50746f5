"""A course of treatment: its schedule, its cycles, and the letter's rule of eligibility."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby, pairwise
from typing import Final, NamedTuple

from pipeline.study.drugs import is_drug, listed_names
from pipeline.study.drugs.denials import SEPARATORS, is_denied
from pipeline.study.study import Dose

SPLIT_DAYS: Final = 2
"""Days between doses below which they are one dose, split over two days. Vendor: the first daratumumab
infusion may be split over two days in a row."""

_RHYTHMS: Final = (("QW", 5, 10), ("Q2W", 11, 17), ("Q3W", 18, 24), ("Q4W", 25, 35))
"""Names of rhythms, weekly to every 4 weeks, and their gaps in days. Convention: a dose may be a few days
early or late."""

_IRREGULAR: Final = "irregular"
_PAUSE: Final = "pause of"
_PAUSE_DAYS: Final = 60
"""Longest gap in days within a course; a longer gap is a pause, and another course follows. Convention: two
intervals of 4 weeks and a few days."""

_EARLY_DAYS: Final = 3
"""Days by which a cycle may begin early. Convention: the clinic's window."""
_LETTER: Final = ((3, 6.0, False), (2, 12.0, True))
"""Least cycles, least weeks since the last dose, and whether other therapy is needed, as in the study of
docs/method.md (NCT02514668)."""


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Whether a patient is eligible by the letter's rule, and the `reason`; None: not known."""

    eligible: bool | None
    reason: str


def schedule(doses: Sequence[Dose]) -> str:
    """Return the rhythm of a drug's doses, in order of time, with the route.

    Successive doses 5–10 days apart are weekly, 11–17 days every 2 weeks, 18–24 days every 3 weeks, 25–35
    days every 4 weeks. A dose split over two days counts as one dose. A single gap of another length is a
    delay; it does not break a rhythm that continues after it. More than 60 days are a pause, and a new course
    follows.

    Parameters
    ----------
    doses
        The doses of one drug for one patient, in order of date.

    Examples
    --------
    >>> day = date(2024, 1, 1).toordinal()
    >>> days = [0, 7, 14, 21, 35, 49, 63, 91]
    >>> schedule([Dose("P1", date.fromordinal(day + k), "daratumumab", route="SC") for k in days])
    'QW x 4, Q2W x 3, Q4W x 1, SC'
    """
    days = dose_days(doses)
    rhythms = _without_delays([_rhythm((after - on).days) for on, after in pairwise(days)])
    counts = _dose_counts([(name, sum(1 for _ in run)) for name, run in groupby(rhythms)])
    routes = [name for name in dict.fromkeys(dose.route.upper() for dose in doses) if name]
    single = [] if counts or not days else ["single dose"]
    return ", ".join([*counts, *single, *([" then ".join(routes)] if routes else [])])


def cycles(doses: Sequence[Dose], cycle_days: float) -> int:
    """Return how many cycles were begun: a dose begins one if the last cycle began `cycle_days` − 3 days ago.

    A delayed dose delays the cycle, as in the clinic. Time without a dose is not a cycle.

    Examples
    --------
    >>> day = date(2024, 1, 1).toordinal()
    >>> cycles([Dose("P1", date.fromordinal(day + k), "d") for k in (0, 7, 14, 21, 28, 35, 70)], 28)
    3
    """
    count, started = 0, None
    for day in dose_days(doses):
        if started is None or (day - started).days >= cycle_days - _EARLY_DAYS:
            count, started = count + 1, day
    return count


def dose_days(doses: Sequence[Dose]) -> list[date]:
    """Return the days of the doses in order; a split dose counts once, on its first day."""
    days: list[date] = []
    for dose in doses:
        if not days or (dose.given_on - days[-1]).days >= SPLIT_DAYS:
            days.append(dose.given_on)
    return days


def eligibility(n_cycles: int, weeks: float | None, *, other_therapy: bool) -> Eligibility:
    """Return whether the letter's rule is met.

    The rule is: at least 3 cycles of the washed-out drug, and at least 6 weeks since its last dose; or at
    least 2 cycles, another therapy at the same time or since, and at least 12 weeks.

    Parameters
    ----------
    n_cycles
        Cycles that began before the study drug.
    weeks
        Weeks from the last dose to the first dose of the study drug; None: not known.
    other_therapy
        Whether another drug was given between the first dose and the study drug.

    Examples
    --------
    >>> eligibility(2, 13.0, other_therapy=True).eligible, eligibility(2, 13.0, other_therapy=False).eligible
    (True, False)
    """
    if weeks is None:
        return Eligibility(None, "the washout before the study drug is not known")
    for least, wait, needs_other in _LETTER:
        if n_cycles >= least and weeks >= wait and (other_therapy or not needs_other):
            return Eligibility(True, f"{n_cycles} cycles and {weeks:.3g} weeks (>= {least} and >= {wait:g})")
    preposition = "with" if other_therapy else "without"
    begun = "1 cycle" if n_cycles == 1 else f"{n_cycles} cycles"
    return Eligibility(False, f"{begun}, {weeks:.3g} weeks, {preposition} other therapy")


def names_any(text: str, drugs: str) -> bool | None:
    """Return whether free text names one of the `;`-separated drugs, by any name; None if it is not known.

    It is not known where the text is empty, or denies or doubts the drug (`not daratumumab`).

    Examples
    --------
    >>> names_any("Lenalidomide, DARATUMUMAB", "daratumumab"), names_any("Rd; Darzalex®", "daratumumab")
    (True, True)
    >>> names_any("lenalidomide; not daratumumab", "daratumumab") is None
    True
    >>> names_any("nicht Darzalex", "daratumumab") is None
    True
    """
    if not text.strip():
        return None
    denied = [part for part in SEPARATORS.split(text) if part.strip() and is_denied(part)]
    sure = [part for part in SEPARATORS.split(text) if part.strip() and part not in denied]
    if _names_one("; ".join(sure) if denied else text, sure, drugs):
        return True
    words = [word.strip("()[]?:") for part in denied for word in part.split()]
    return None if _names_one("; ".join(denied), words, drugs) else False


def _names_one(text: str, parts: Sequence[str], drugs: str) -> bool:
    """Return whether a text holds one of the drugs as the setting spells it, or a part is one of them."""
    spelt = any(name.casefold() in text.casefold() for name in listed_names(drugs))
    return spelt or any(is_drug(part, drugs) for part in parts)


class _Rhythm(NamedTuple):
    """The gap between two doses: in words, and whether it is a pause of the treatment."""

    words: str
    is_pause: bool = False


def _rhythm(days: int) -> _Rhythm:
    if days > _PAUSE_DAYS:
        return _Rhythm(f"{_PAUSE} {days / 7:.0f} weeks", is_pause=True)
    return _Rhythm(next((name for name, low, high in _RHYTHMS if low <= days <= high), _IRREGULAR))


def _dose_counts(runs: Sequence[tuple[_Rhythm, int]]) -> list[str]:
    """Return the doses in each run of gaps; the first dose of a course belongs to its first rhythm."""
    counts, opening = [], True
    for index, ((name, pause), n) in enumerate(runs):
        if pause:
            alone = ["single dose"] * opening
            counts += [*alone, name, *(["single dose", name] * (n - 1))]
            counts += ["single dose"] * (index == len(runs) - 1)
        else:
            counts.append(f"{name} x {n + opening}")
        opening = pause
    return counts


def _without_delays(rhythms: list[_Rhythm]) -> list[_Rhythm]:
    """Replace a single gap between two gaps of equal rhythm by that rhythm: a dose was late or early."""
    without = list(rhythms)
    for index in range(1, len(rhythms) - 1):
        before, after = rhythms[index - 1], rhythms[index + 1]
        if before == after != rhythms[index] and not before.is_pause and not rhythms[index].is_pause:
            without[index] = before
    return without
