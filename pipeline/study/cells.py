"""What may stand in a cell: pydantic types that read a typed value, or say what was expected."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Any, NoReturn

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from pipeline.study.wording import enumerate_words, nearest, quoted

FIRST_YEAR, LAST_YEAR = 1900, 2199
LONGEST_ID = 100
UNBOUNDED = 1e4
MANY_WORDS = 4_096
"""Words of a study whose reading is kept: days and choices stand in many rows."""

A_DATE = "a date such as 2024-05-31"
LEVELS = "levels from dim to bright such as 638; 6930; 31008; 67601 (a blank bead is 0)"
RANGES = "a range low-high per population, dim to bright, such as 450-820; 5200-8900; 24000-39000"
RESERVED_NAMES = {"con", "prn", "aux", "nul"} | {f"{n}{i}" for n in ("com", "lpt") for i in range(1, 10)}
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?")
_OTHER_DATE = re.compile(r"(\d{1,2})[./\- ](\d{1,2})[./\- ](\d{4})")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(?:([.,' \u00a0\u202f])\d{3})+(?:[.,]\d+)?", re.ASCII)
_RANGE = re.compile(rf"({_NUMBER.pattern})\s*(?:-|–|—|to)\s*({_NUMBER.pattern})", re.ASCII)
_YES = {"yes", "y", "true", "1"}
_NO = {"no", "n", "false", "0"}


def refuse(expected: str, hint: str = "") -> NoReturn:
    """Say what the cell should hold; becomes a `Fault` with the cell's place."""
    raise PydanticCustomError("cell", "expected {expected}", {"expected": expected, "hint": hint})


def as_text(value: object) -> str:
    """Return a cell as text: 1 and 1.0 are "1", dates are ISO."""
    if type(value) is str:
        return value.strip()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    return str(value).strip()


def as_identifier(value: object) -> str:
    """Return a name that other sheets refer to; a cell that Excel turned into a date is refused."""
    if isinstance(value, date):
        refuse(
            "a name",
            f"Excel made it the date {value:%Y-%m-%d}: format the cell as text and type it again.",
        )
    return " ".join(as_text(value).split())


def as_file_safe_id(value: object) -> str:
    """Return an id that can name a file on every system (`gates/<sample_id>.xml`)."""
    name = as_identifier(value)
    bad = sorted({c for c in name if c in '<>:"/\\|?*;' or not c.isprintable()})
    if bad:
        refuse(
            'an id that can name a file, without < > : " / \\ | ? * ;',
            f"Leave out {enumerate_words(bad, 'and')}.",
        )
    if len(name) > LONGEST_ID:
        refuse(f"an id of at most {LONGEST_ID} characters", f"This one has {len(name)}.")
    if name[:1] == "." or name[-1:] == ".":
        refuse("an id that can name a file", "It may not begin or end with a point.")
    if name.split(".")[0].strip().casefold() in RESERVED_NAMES:
        refuse("an id that can name a file", "Windows has no file of this name: add a letter.")
    return name


def as_date(value: object) -> date:
    """Return an ISO or Excel date; any other order of day and month is refused, since it is ambiguous."""
    if isinstance(value, datetime):
        value = value.date()
    if not isinstance(value, date):
        value = _date_of_text(as_text(value))
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        refuse(A_DATE, f"The year {value.year} cannot be meant.")
    return value


@lru_cache(MANY_WORDS)
def _date_of_text(text: str) -> date:
    match = _DATE.fullmatch(text)
    if match is None:
        refuse(A_DATE, _date_hint(text))
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError as error:
        refuse(A_DATE, f"There is no such day ({error}).")


def _date_hint(text: str) -> str:
    """Return what other writings may mean."""
    if match := _OTHER_DATE.fullmatch(text):
        one, other, year = (int(part) for part in match.groups())
        readings = dict.fromkeys(f"{year}-{month:02}-{day:02}" for day, month in ((one, other), (other, one)))
        days = [reading for reading in readings if _is_day(reading)]
        if len(days) > 1:
            return f"It can be read in two ways: {enumerate_words(days)}."
        return f"Did you mean {days[0]}?" if days else ""
    if re.fullmatch(r"\d{8}", text) and _is_day(day := f"{text[:4]}-{text[4:6]}-{text[6:]}"):
        return f"Did you mean {day}?"
    if re.fullmatch(r"[2-6]\d{4}", text):
        day = date.fromordinal(date(1899, 12, 30).toordinal() + int(text)).isoformat()
        return f"As an Excel date this is {day}: format the cell as a date."
    return ""


def _is_day(text: str) -> bool:
    try:
        return FIRST_YEAR <= date.fromisoformat(text).year <= LAST_YEAR
    except ValueError:
        return False


def as_number(
    value: object, low: float = -math.inf, high: float = math.inf, *, kind: str = "a number"
) -> float:
    """Return a number; decimal point or comma, no thousands separator.

    `1,234` may mean 1.234 or 1234: it is refused unless only 1.234 lies in [low, high].
    """
    expected = f"{kind}{_range_words(low, high)}"
    if isinstance(value, bool | date):
        refuse(expected)
    if isinstance(value, int | float):
        number = float(value)
    else:
        number = _number_of_text(as_text(value), expected, low, high)
    if not math.isfinite(number) or not low <= number <= high:
        refuse(expected)
    return number


def _number_of_text(text: str, expected: str, low: float, high: float) -> float:
    grouped = _GROUPED.fullmatch(text)
    if grouped and (grouped[1] != "." or text.count(".") > 1):
        plain = re.sub(r"[^\d.+-]" if grouped[1] != "." else r"[^\d,+-]", "", text).replace(",", ".")
        readings = dict.fromkeys(
            reading for reading in (text.replace(",", "."), plain) if _NUMBER.fullmatch(reading)
        )
        possible = [reading for reading in readings if low <= float(reading) <= high]
        if len(possible) != 1 or possible[0] == plain:
            refuse(f"{expected} without a thousands separator", f"Did you mean {enumerate_words(possible)}?")
        return float(possible[0])
    if not _NUMBER.fullmatch(text):
        refuse(expected)
    return float(text.replace(",", "."))


@lru_cache(MANY_WORDS)
def _range_words(low: float, high: float) -> str:
    high = high if high < UNBOUNDED else math.inf
    if math.isfinite(low) and math.isfinite(high):
        return f" from {low:g} to {high:g}"
    if math.isfinite(low):
        return f" of at least {low:g}"
    return f" of at most {high:g}" if math.isfinite(high) else ""


def as_yes_no(value: object) -> bool:
    """Return True for yes, y, true, 1 and an Excel TRUE; False for their contraries."""
    word = as_text(value).casefold()
    if word not in _YES | _NO:
        refuse("yes or no")
    return word in _YES


def as_levels(value: object) -> tuple[float, ...]:
    """Return assigned levels; they must rise, and only the first may be 0 (the blank bead)."""
    if isinstance(value, date | bool):
        refuse(LEVELS, "Format the cell as text and type the levels again.")
    items = [item.strip() for item in re.split(r"[;\n|]", as_text(value)) if item.strip()]
    _refuse_grouped(items)
    levels = tuple(_level(item) for item in items)
    if not levels:
        refuse(LEVELS)
    for place, (dim, bright) in enumerate(pairwise(levels), start=1):
        if bright <= dim:
            refuse(
                LEVELS,
                f"Level {place + 1} ({bright:g}) is not above level {place} ({dim:g}): "
                "are the lot values transposed?",
            )
    if any(level <= 0 for level in levels[1:]) or levels[0] < 0:
        refuse(LEVELS, "Levels are positive; only the first may be 0.")
    return levels


def _level(item: str) -> float:
    if not _NUMBER.fullmatch(item):
        refuse(LEVELS, f"{quoted(item)} is no number. Split levels with ;")
    return float(item.replace(",", "."))


def _refuse_grouped(items: list[str]) -> None:
    """Refuse `67,601`: as a decimal it would be wrong a thousandfold, and nobody would see it."""
    grouped = [item for item in items if (match := _GROUPED.fullmatch(item)) and match[1] != "."]
    points = [item for item in items if (match := _GROUPED.fullmatch(item)) and match[1] == "."]
    if grouped or (points and len(points) >= sum(item != "0" for item in items)):
        item = (grouped or points)[0]
        plain = re.sub(r"\D", "", item)
        refuse(f"{LEVELS}, without a thousands separator", f"Did you mean {plain} by {quoted(item)}?")


def as_ranges(value: object) -> tuple[tuple[float, float], ...]:
    """Return (low, high) of each bead population; they must rise and may not overlap.

    Examples
    --------
    >>> as_ranges("-50-120; 300 - 900,5")
    ((-50.0, 120.0), (300.0, 900.5))
    """
    if isinstance(value, date | bool):
        refuse(RANGES, "Format the cell as text and type the ranges again.")
    items = [item.strip() for item in re.split(r"[;\n|]", as_text(value)) if item.strip()]
    ranges = tuple(_range(item) for item in items)
    for place, ((_, high), (low, _)) in enumerate(pairwise(ranges), start=1):
        if low < high:
            refuse(RANGES, f"Range {place + 1} begins at {low:g}, below the end of range {place} ({high:g}).")
    return ranges


def _range(item: str) -> tuple[float, float]:
    match = _RANGE.fullmatch(item)
    if not match:
        refuse(RANGES, f"{quoted(item)} is no range low-high. Split ranges with ;")
    _refuse_grouped([text for text in match.groups() if "." not in text])
    low, high = (float(text.replace(",", ".")) for text in match.groups())
    if low >= high:
        refuse(RANGES, f"{quoted(item)} is empty: its end is not above its beginning.")
    return low, high


def as_aliases(value: object) -> tuple[str, ...]:
    """Return the names of a channel ($PnN), split at `;`."""
    names = tuple(dict.fromkeys(name.strip() for name in as_identifier(value).split(";") if name.strip()))
    if not names:
        refuse("the channel's $PnN, or several names split by ;")
    return names


def as_file_name(value: object) -> str:
    """Return a relative path with forward slashes; where it leads is checked with the folder at hand."""
    return as_text(value).strip('"').replace("\\", "/")


def one_of(*choices: str, also: tuple[tuple[str, str], ...] = ()) -> Callable[[object], str]:
    """Return a reader of a word from a list; case, spaces and dashes do not matter.

    `also` gives other spellings and the choice each stands for.
    """

    @lru_cache(MANY_WORDS)
    def key(word: str) -> str:
        return re.sub(r"[\s\-_]+", "_", word.strip().casefold())

    known = {key(choice): choice for choice in choices} | {key(word): choice for word, choice in also}
    meanings = dict(also)

    def as_choice(value: object) -> str:
        word = as_text(value)
        if key(word) not in known:
            near = nearest(word, [*choices, *meanings])
            hint = f"Did you mean {quoted(meanings.get(near, near))}?" if near else ""
            refuse(enumerate_words(choices), hint)
        return known[key(word)]

    return as_choice


def number(low: float = -math.inf, high: float = math.inf) -> Any:
    """Return a reader of a number from `low` to `high`."""
    return BeforeValidator(lambda value: as_number(value, low, high))


def whole_number(low: int, high: int) -> Any:
    """Return a reader of a whole number from `low` to `high`."""

    def as_whole_number(value: object) -> int:
        found = as_number(value, low, high, kind="a whole number")
        if not found.is_integer():
            refuse(f"a whole number{_range_words(low, high)}")
        return int(found)

    return BeforeValidator(as_whole_number)


Text = Annotated[str, BeforeValidator(as_text)]
Identifier = Annotated[str, BeforeValidator(as_identifier)]
FileSafeId = Annotated[str, BeforeValidator(as_file_safe_id)]
Day = Annotated[date, BeforeValidator(as_date)]
YesNo = Annotated[bool, BeforeValidator(as_yes_no)]
Levels = Annotated[tuple[float, ...], BeforeValidator(as_levels)]
Ranges = Annotated[tuple[tuple[float, float], ...], BeforeValidator(as_ranges)]
Aliases = Annotated[tuple[str, ...], BeforeValidator(as_aliases)]
FileName = Annotated[str, BeforeValidator(as_file_name)]
