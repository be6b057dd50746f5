"""Acquisition: the instrument, the time, and the settings of the detectors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from pipeline.fcs.errors import shown_keyword
from pipeline.fcs.repairs import Repair, RepairCode
from pipeline.fcs.text.text import keyword_integer, real_number

MONTH_LETTERS = (
    ("JAN", "JÄN", "GEN", "ENE", "STY"),
    ("FEB", "FÉV", "FEV", "LUT"),
    ("MAR", "MÄR", "MRZ", "MRT"),
    ("APR", "AVR", "ABR", "KWI"),
    ("MAY", "MAI", "MAG", "MEI", "MAJ"),
    ("JUN", "JUIN", "GIU", "CZE"),
    ("JUL", "JUIL", "LUG", "LIP"),
    ("AUG", "AOU", "AOÛ", "AGO", "SIE"),
    ("SEP", "SET", "WRZ"),
    ("OCT", "OKT", "OTT", "OUT", "PAŹ"),
    ("NOV", "LIS"),
    ("DEC", "DEZ", "DÉC", "DIC", "GRU"),
)
"""First letters of the months in the languages of instruments."""

SERIALS = (
    "$CYTSN",
    "CYTNUM",
    "CYTSN",
    "#CYTSN",
    "CYTOMETER SERIAL NUMBER",
    "SERIAL NUMBER",
    "INSTRUMENT SERIAL NUMBER",
)
UNTELLING_SERIAL = 2
"""Serial numbers of at most this length are counters (`1`) that many instruments share. Convention: makers'
serial numbers have five digits or more."""
SOFTWARE = ("CREATOR", "APPLICATION", "SOFTWARE", "SOFTWARE VERSION")
"""Keywords of the makers for the acquisition program and its version; the standard defines none."""

LONGEST_PROGRAM_NAME = 80
"""Most characters of a program's name. Convention: longer text is no name."""

OLDEST, NEWEST = 1970, 2199
"""First and last year of list mode files. Convention: no file is older, and a later year is mistyped."""

OLDEST_YEAR = 70
"""Two-digit years from 70 on belong to the last century. Convention: no list mode file is older."""
LONGEST_DATE_WORD = 12
"""Most characters of a year, a month or a day. Convention: no name of a month is longer."""


@dataclass(frozen=True, slots=True)
class Acquisition:
    """What a file says about its acquisition; None or "" where it says nothing.

    Attributes
    ----------
    instrument, serial
        $CYT and $CYTSN (or the keyword of the maker).
    acquired_at, acquired_on
        $DATE with $BTIM, and $DATE; None where absent or ambiguous.
    timestep
        $TIMESTEP, seconds a tick.
    events_lost, events_aborted
        $LOST and $ABRT.
    area_scaling
        (keyword, factor) of each laser's area scaling.
    window_extension
        In µs; None if the instrument does not write it.
    software
        The acquisition program; "" if no keyword names it.
    """

    instrument: str
    serial: str
    acquired_at: datetime | None
    acquired_on: date | None
    timestep: float | None
    events_lost: int | None
    events_aborted: int | None
    area_scaling: tuple[tuple[str, float], ...]
    window_extension: float | None
    software: str = ""


@dataclass(frozen=True, slots=True)
class Detector:
    """The settings of one detector.

    Attributes
    ----------
    voltage, gain
        $PnV (V) and $PnG; None if the file does not give them.
    amplification
        $PnE: decades, and linear value of 0; (0, 0) is linear.
    """

    voltage: float | None
    gain: float | None
    amplification: tuple[float, float]


def parse_acquisition(keywords: Mapping[str, str]) -> Acquisition:
    """Read the facts of acquisition from TEXT."""
    begun = _datetime(keywords.get("$BEGINDATETIME", ""))
    day = begun.date() if begun else parse_date(keywords.get("$DATE", ""))
    clock = parse_time(keywords.get("$BTIM", ""))
    return Acquisition(
        instrument=_word(keywords, ("$CYT",)),
        serial=_word(keywords, SERIALS),
        acquired_at=begun or (datetime.combine(day, clock) if day and clock else None),
        acquired_on=day,
        timestep=_above_zero(real_number(keywords.get("$TIMESTEP"))),
        events_lost=keyword_integer(keywords.get("$LOST")),
        events_aborted=keyword_integer(keywords.get("$ABRT")),
        area_scaling=_area_scaling(keywords),
        window_extension=real_number(keywords.get("WINDOW EXTENSION")),
        software=_program_name(_word(keywords, SOFTWARE)),
    )


def date_repairs(keywords: Mapping[str, str]) -> tuple[Repair, ...]:
    """Return what is wrong with $DATE: it is ambiguous, and then not guessed, or the day does not exist."""
    value = keywords.get("$DATE", "").strip(" \0")
    if not value or parse_date(value):
        return ()
    if _day_of(value) is None:
        text = "$DATE cannot be read without guessing day, month and year; it is taken as unknown"
    else:
        text = f"$DATE is a day that cannot be, expected one of {OLDEST} to {NEWEST}; it is taken as unknown"
    return (Repair(RepairCode.DATE_UNREAD, text, shown_keyword(value), "no date"),)


def parse_date(value: str) -> date | None:
    """Return the date of `dd-mmm-yyyy` (section 3.2.20) and of the forms instruments write instead.

    A date of numbers alone is read only if just one order of day and month is possible, or if the year is
    first.

    Examples
    --------
    >>> parse_date("21-JAN-2008"), parse_date("2013/07/19"), parse_date("14-MÄR-08")
    (datetime.date(2008, 1, 21), datetime.date(2013, 7, 19), datetime.date(2008, 3, 14))
    >>> parse_date("04/05/2013") is None
    True
    """
    day = _day_of(value)
    return None if day is None else _date(*day)


def _day_of(value: str) -> tuple[int, int, int] | None:
    """Return year, month and day as they are written; None if there is more than one way to read them."""
    without_time = re.sub(r"T?\d+(:[\d.]+)+", " ", value[:LONGEST_PROGRAM_NAME], flags=re.ASCII)
    words = [word for word in re.split(r"[\W_]+", without_time) if word]
    if len(words) == 1 and re.fullmatch(r"\d{8}", words[0], re.ASCII):
        words = [words[0][:4], words[0][4:6], words[0][6:]]
    words = [word for word in words if not (word.isalpha() and _month(word) is None)][:3]
    if len(words) != 3 or any(len(word) > LONGEST_DATE_WORD or not word.isalnum() for word in words):
        return None
    named = [word for word in words if _month(word)]
    numbers = [int(word) for word in words if word.isascii() and word.isdigit()]
    if len(named) == 1 and len(numbers) == 2:
        return _day(words, _month(named[0]) or 0, [word for word in words if word != named[0]])
    return _numeric_date(words) if len(numbers) == 3 else None


def _day(words: list[str], month: int, numbers: list[str]) -> tuple[int, int, int]:
    year_first = len(numbers[0]) == 4 and words.index(numbers[0]) == 0
    day, year = (numbers[1], numbers[0]) if year_first else (numbers[0], numbers[1])
    return _year(year), month, int(day)


def _numeric_date(words: list[str]) -> tuple[int, int, int] | None:
    if len(words[0]) == 4:
        return int(words[0]), int(words[1]), int(words[2])
    first, second, year = int(words[0]), int(words[1]), _year(words[2])
    if first > 12 or first == second:
        return year, second, first
    return (year, first, second) if second > 12 else None


def _year(word: str) -> int:
    year = int(word)
    return year if len(word) > 2 else year + (1900 if year >= OLDEST_YEAR else 2000)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if OLDEST <= year <= NEWEST else None
    except ValueError:
        return None


def _month(word: str) -> int | None:
    return next(
        (number for number, starts in enumerate(MONTH_LETTERS, 1) if word.upper().startswith(starts)), None
    )


def parse_time(value: str) -> time | None:
    """Return the time of `hh:mm:ss`, with sixtieths (`:tt`, FCS 3.0), decimals (`.cc`, FCS 3.1) or `:ms`.

    Examples
    --------
    >>> for value in ("11:09:58", "11:09:58:30", "11:09:58.25", "2:05:00 PM"):
    ...     print(parse_time(value))
    11:09:58
    11:09:58.500000
    11:09:58.250000
    14:05:00
    """
    form = r"(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?::(\d{1,3})|[.,](\d{1,6}))?)?\s*([AP]M)?"
    match = re.fullmatch(form, value.strip(" \0").upper(), re.ASCII)
    if not match:
        return None
    hours = int(match[1]) % 12 + 12 * (match[6] == "PM") if match[6] else int(match[1])
    seconds = timedelta(seconds=int(match[3] or 0))
    ticks = 1000 if len(match[4] or "") == 3 else 60
    seconds += timedelta(
        seconds=int(match[4] or 0) / ticks, microseconds=int((match[5] or "0").ljust(6, "0"))
    )
    if hours > 23 or int(match[2]) > 59 or int(match[3] or 0) > 59:
        return None
    return (datetime(2000, 1, 1, hours, int(match[2])) + seconds).time()


def _datetime(value: str) -> datetime | None:
    """$BEGINDATETIME of FCS 3.2 is ISO 8601; the instrument's own clock counts, without its zone."""
    try:
        return datetime.fromisoformat(value.strip()).replace(tzinfo=None)
    except ValueError:
        return None


def _word(keywords: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((word for name in names if (word := keywords.get(name, "").strip(" \0"))), "")


def _program_name(word: str) -> str:
    """Return the name of a program; "" for text that may be a path, since a path can name a person."""
    return "" if len(word) > LONGEST_PROGRAM_NAME or "\\" in word or word.startswith("/") else word


def _above_zero(number: float | None) -> float | None:
    return number if number is not None and number > 0 else None


def _area_scaling(keywords: Mapping[str, str]) -> tuple[tuple[str, float], ...]:
    factors = (
        (key, real_number(value)) for key, value in keywords.items() if key.endswith(("ASF", "AREA SCALING"))
    )
    return tuple(sorted((key, factor) for key, factor in factors if factor is not None))


@dataclass(frozen=True, slots=True)
class Acquired:
    """Where and how a file was acquired; empty where the file does not say."""

    instrument: str = ""
    serial: str = ""
    acquired_at: str = ""
    voltage: float | None = None
    gain: float | None = None
    software: str = ""
