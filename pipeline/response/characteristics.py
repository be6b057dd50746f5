"""Rows of a table of patients: k of n with its percentage, or the median with its range."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.response.statistics.counts import Proportion, proportion
from pipeline.study.quantity_name import NO_UNIT, Unit

_THREE_DIGITS = 999.5
"""From here on a number has more than three digits before its point. Arithmetic: rounding."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Median and range of the known values; None where no patient has a value.

    Examples
    --------
    >>> print(summary("prior lines", [2, 7, None, 14]))
    7 (2–14)
    """

    name: str
    n: int
    n_unknown: int
    median: float | None
    low: float | None
    high: float | None
    unit: Unit = NO_UNIT
    method: str = "median (range)"

    def __str__(self) -> str:
        if self.median is None or self.low is None or self.high is None:
            return "nobody"
        return f"{readable(self.median)} ({readable(self.low)}–{readable(self.high)})"


Characteristic = Proportion | Summary


def readable(value: float) -> str:
    """Return a number for reading: 3 significant digits, and all digits before the decimal point.

    Examples
    --------
    >>> readable(88.428), readable(0.04), readable(1234.5)
    ('88.4', '0.04', '1234')
    """
    return f"{value:.3g}" if abs(value) < _THREE_DIGITS else f"{value:.0f}"


def summary(name: str, values: Iterable[float | None], unit: Unit = NO_UNIT) -> Summary:
    """Return median and range of the values that are known."""
    from statistics import median

    every = list(values)
    numbers = [float(value) for value in every if value is not None]
    if not numbers:
        return Summary(name, 0, len(every), None, None, None, unit)
    return Summary(
        name, len(numbers), len(every) - len(numbers), median(numbers), min(numbers), max(numbers), unit
    )


def shares(title: str, values: Sequence[str], order: Sequence[str] = ()) -> tuple[Proportion, ...]:
    """Return the share of each value among the patients who have one: first as in `order`, then by name.

    Examples
    --------
    >>> [str(share).split(" (")[0] for share in shares("sex", ["female", "male", "", "female"])]
    ['2/3 = 66.7 %', '1/3 = 33.3 %']
    """
    counts = Counter(value for value in values if value)
    n = sum(counts.values())
    listed = [value for value in order if value in counts]
    listed += sorted(set(counts) - set(listed))
    return tuple(proportion(f"{title} {value}", counts[value], n) for value in listed)


def share(name: str, answers: Iterable[bool | None]) -> tuple[Proportion, ...]:
    """Return the share of yes among the known answers; an empty tuple where no answer is known."""
    given_answers = [answer for answer in answers if answer is not None]
    return (proportion(name, sum(given_answers), len(given_answers)),) if given_answers else ()
