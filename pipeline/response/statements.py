"""R9: find impossible percentages, and durations whose two units disagree, in typed text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from pipeline.files.json_names import WRITTEN_AS
from pipeline.study.cells.dates import DAYS_PER_WEEK

WEEKS_MONTH: Final = 28
"""Days of a month that somebody took for four weeks, a common mistake. Arithmetic."""

_ROUNDING: Final = 1e-9
"""Added to half of the last digit. Arithmetic: far above rounding of a double."""
_NUMBER = r"\d+(?:[.,]\d+)?"
_PERCENT = re.compile(
    rf"(?<![\d.,])({_NUMBER})\s*(?:%|per ?cent\b)(?!\s*-?(?:CI\b|confidence|interval))", re.IGNORECASE
)
_COUNT = r"(\d+)\s*(?:/|of|out of)\s*(\d+)"
_SAME_AS = r"(?:=|:|,|\(|\[|;|or|i\.e\.,?)"
_SHARE = re.compile(
    rf"(?<![\d.,/]){_COUNT}(?:\s+patients)?\s*{_SAME_AS}?\s*({_NUMBER})\s*(?:%|per ?cent\b)"
    rf"|(?<![\d.,])({_NUMBER})\s*(?:%|per ?cent\b)\s*{_SAME_AS}\s*{_COUNT}(?![\d.,/])",
    re.IGNORECASE,
)
_UNIT = r"(days?|d|weeks?|wks?|months?|mo|years?|yrs?)\b\.?"
_THAT_IS = r"(?:=|\(|\[|/|≈|~|,?\s+(?:or|i\.e\.,?|that is)|equals|are)"
_PAIR = re.compile(
    rf"(?<![\d.,])({_NUMBER})[\s-]*{_UNIT}\s*{_THAT_IS}\s*(?:=\s*)?({_NUMBER})[\s-]*{_UNIT}",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Inconsistency:
    """A typed number that cannot be right. `where` is a cell, or a description of the text."""

    where: str
    phrase: str = field(metadata={WRITTEN_AS: "found"})
    text: str

    def __str__(self) -> str:
        return f'{self.where}: "{self.phrase}": {self.text}'


def check_statement(
    text: str, n_patients: int, month_days: float, *, where: str = "text"
) -> tuple[Inconsistency, ...]:
    """Return the impossible percentages and durations of a text.

    A percentage with its count (`12/32 = 37.5 %`) must agree with the count. A percentage without a count
    must equal k/n for some n ≤ `n_patients`, to the typed decimals. Two durations that are called equal must
    be equal within their rounding. A month has `month_days` days.

    Examples
    --------
    >>> for found in check_statement("26.4 % had it for 74 weeks = 18.5 months", 32, 30.4375):
    ...     print(found)
    text: "26.4 %": no k/n with n up to 32 is 26.4 %; nearest are 5/19 = 26.3 % and 4/15 = 26.7 %
    text: "74 weeks = 18.5 months": 74 weeks are 17.0 months; 18.5 are months of 4 weeks
    >>> check_statement("12/32 = 37.5 %; 74 weeks (17.0 months)", 32, 30.4375)
    ()
    """
    shares = [(match.span(), _share_fault(match)) for match in _SHARE.finditer(text)]
    alone = (
        (match, _percent_fault(match[1], n_patients))
        for match in _PERCENT.finditer(text)
        if not any(start <= match.start() < end for (start, end), _ in shares)
    )
    durations = ((match, _duration_fault(match, month_days)) for match in _PAIR.finditer(text))
    faults = [(span[0], text[slice(*span)], fault) for span, fault in shares]
    faults += [(match.start(), match[0], fault) for match, fault in (*alone, *durations)]
    return tuple(
        Inconsistency(where, " ".join(quote.split()).rstrip("."), fault)
        for _, quote, fault in sorted(faults)
        if fault
    )


def fits_a_count(percent: float, decimals: int, n_patients: int) -> bool:
    """Return whether some k/n with n ≤ `n_patients` rounds to this percentage at these decimals.

    Examples
    --------
    >>> fits_a_count(37.5, 1, 32), fits_a_count(26.4, 1, 32), fits_a_count(26.4, 1, 53)
    (True, False, True)
    """
    half = 0.5 * 10.0**-decimals + _ROUNDING
    return any(abs(100 * round(percent * n / 100) / n - percent) <= half for n in range(1, n_patients + 1))


def _share_fault(match: re.Match[str]) -> str:
    groups = match.groups()
    k, n, typed = (
        (int(groups[0]), int(groups[1]), groups[2])
        if groups[0]
        else (int(groups[4]), int(groups[5]), groups[3])
    )
    if not 0 <= k <= n or n == 0:
        return f"{k} of {n} is no share"
    value, decimals = _read(typed)
    if abs(100 * k / n - value) <= 0.5 * 10.0**-decimals + _ROUNDING:
        return ""
    return f"{k}/{n} is {100 * k / n:.{max(decimals, 1)}f} %"


def _percent_fault(typed: str, n_patients: int) -> str:
    value, decimals = _read(typed)
    if value > 100:
        return "a share of patients is at most 100 %"
    if n_patients < 1 or fits_a_count(value, decimals, n_patients):
        return ""
    below, above = _neighbours(value, n_patients)
    return f"no k/n with n up to {n_patients} is {typed} %; nearest are {below} and {above}"


def _neighbours(percent: float, n_patients: int) -> tuple[str, str]:
    """Return the nearest possible share below and above, each with the smallest n."""
    counts = range(1, n_patients + 1)
    below = max((100 * int(percent * n / 100) / n, -n) for n in counts)
    above = min((100 * (int(percent * n / 100) + 1) / n, n) for n in counts)
    return _named(below[0], -below[1]), _named(above[0], above[1])


def _named(percent: float, n: int) -> str:
    return f"{round(percent * n / 100)}/{n} = {percent:.1f} %"


def _duration_fault(match: re.Match[str], month_days: float) -> str:
    first, unit, second, second_unit = match.groups()
    first_days, second_days = _days(unit, month_days), _days(second_unit, month_days)
    if first_days == second_days:
        return ""
    (value, decimals), (stated, stated_decimals) = _read(first), _read(second)
    slack = 0.5 * 10.0**-decimals * first_days + 0.5 * 10.0**-stated_decimals * second_days
    if abs(value * first_days - stated * second_days) <= slack + _ROUNDING:
        return ""
    meant = value * first_days / second_days
    text = f"{first} {_spelt(unit)} are {meant:.{max(stated_decimals, 1)}f} {_spelt(second_unit)}"
    short = {_days(unit, WEEKS_MONTH), _days(second_unit, WEEKS_MONTH)}
    weeks = abs(value * _days(unit, WEEKS_MONTH) - stated * _days(second_unit, WEEKS_MONTH)) <= slack
    is_slip = weeks and {WEEKS_MONTH, DAYS_PER_WEEK} >= short
    return f"{text}; {second} are months of 4 weeks" if is_slip else text


def _read(typed: str) -> tuple[float, int]:
    """Return a number and how many decimals it was typed with."""
    plain = typed.replace(",", ".")
    return float(plain), len(plain.partition(".")[2])


def _days(unit: str, month_days: float) -> float:
    letter = unit[0].lower()
    return {"d": 1.0, "w": float(DAYS_PER_WEEK), "m": month_days, "y": 12 * month_days}[letter]


def _spelt(unit: str) -> str:
    return {"d": "days", "w": "weeks", "m": "months", "y": "years"}[unit[0].lower()]
