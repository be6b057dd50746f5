"""What a course of treatment was: its schedule, its cycles, what came with it and after it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby, pairwise
from typing import Final

from pipeline.study.drugs import is_drug, listed_names
from pipeline.study.study import Dose

SPLIT_DAYS: Final = 2
"""Doses this close together are one, split over days. Vendor: the first daratumumab infusion may be split
over two days in a row."""

_RHYTHMS: Final = (("QW", 5, 10), ("Q2W", 11, 17), ("Q3W", 18, 24), ("Q4W", 25, 35))
"""Gaps in days that are called weekly to every 4 weeks. Convention: a dose a few days early or late."""

_IRREGULAR: Final = "irregular"
_PAUSE: Final = "pause of"
_PAUSE_DAYS: Final = 60
"""More than a missed dose of every 4 weeks: what follows is another course. Convention: two intervals of 4
weeks and a few days."""

_EARLY_DAYS: Final = 3
"""A cycle may begin so much early. Convention: the clinic's window."""
_PARTS: Final = re.compile(r"[;,/+\n]|\band\b")
_LETTER: Final = ((3, 6.0, False), (2, 12.0, True))
"""Cycles, weeks since, and whether other therapy is needed, as the study of docs/method.md (NCT02514668)
had it."""


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Whether a patient may enter as the letter defines it; None = cannot be known. `reason` says why."""

    eligible: bool | None
    reason: str


def schedule(doses: Sequence[Dose]) -> str:
    """Return the rhythm of a drug's doses, in order of time, with the route.

    Two neighbours 5–10 days apart are weekly, 11–17 every 2 weeks, 18–24 every 3, 25–35 every 4; a dose split
    over two days is one; a lone gap of another length is a delay and does not break a rhythm that goes on.
    More than 60 days are a pause: the drug was given again.

    Parameters
    ----------
    doses
        Of one drug and patient, by date.

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
    """Return how many cycles were begun: a dose a cycle (less 3 days) after the last one's start begins one.

    A delayed dose delays the cycle, as it does in the clinic; time without a dose is no cycle.

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
    """Return the days on which something was given, the parts of a split dose as one, in order."""
    days: list[date] = []
    for dose in doses:
        if not days or (dose.given_on - days[-1]).days >= SPLIT_DAYS:
            days.append(dose.given_on)
    return days


def eligibility(n_cycles: int, weeks: float | None, *, other_therapy: bool) -> Eligibility:
    """Return whether the letter's rule is met.

    At least 3 cycles of the washed-out drug and 6 weeks since; or at least 2 cycles, another therapy besides
    or since, and 12 weeks.

    Parameters
    ----------
    n_cycles
        Begun before the study drug.
    weeks
        From the last dose to the first of the study drug.
    other_therapy
        Another drug was given between the first dose and the study drug.

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
    other = "with" if other_therapy else "without"
    begun = "1 cycle" if n_cycles == 1 else f"{n_cycles} cycles"
    return Eligibility(False, f"{begun}, {weeks:.3g} weeks, {other} other therapy")


def names_any(text: str, drugs: str) -> bool | None:
    """Tell whether free text names one of `;`-separated drugs, by any name; None where the text is empty.

    Examples
    --------
    >>> names_any("Lenalidomide, DARATUMUMAB", "daratumumab"), names_any("Rd; Darzalex®", "daratumumab")
    (True, True)
    """
    if not text.strip():
        return None
    wanted = [name.casefold() for name in listed_names(drugs)]
    typed = [part for part in _PARTS.split(text) if part.strip()]
    return any(name in text.casefold() for name in wanted) or any(is_drug(part, drugs) for part in typed)


def _rhythm(days: int) -> str:
    if days > _PAUSE_DAYS:
        return f"{_PAUSE} {days / 7:.0f} weeks"
    return next((name for name, low, high in _RHYTHMS if low <= days <= high), _IRREGULAR)


def _dose_counts(runs: Sequence[tuple[str, int]]) -> list[str]:
    """Return runs of gaps as doses: the dose that opens a course belongs to the rhythm that follows it."""
    counts, opening = [], True
    for index, (name, n) in enumerate(runs):
        pause = _is_pause(name)
        if pause:
            alone = ["single dose"] * opening
            counts += [*alone, name, *(["single dose", name] * (n - 1))]
            counts += ["single dose"] * (index == len(runs) - 1)
        else:
            counts.append(f"{name} x {n + opening}")
        opening = pause
    return counts


def _is_pause(name: str) -> bool:
    return name.startswith(_PAUSE)


def _without_delays(rhythms: list[str]) -> list[str]:
    """Take a lone gap between two alike ones as theirs: a dose that came late or too soon."""
    kept = list(rhythms)
    for index in range(1, len(rhythms) - 1):
        before, after = rhythms[index - 1], rhythms[index + 1]
        if before == after != rhythms[index] and not _is_pause(before) and not _is_pause(rhythms[index]):
            kept[index] = before
    return kept
