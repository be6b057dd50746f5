"""Joins parts of a list that were split at commas inside numbers or names, if only one way fits.

`$SPILLOVER` is a list with commas between its words (FCS 3.1, section 3.2.20). Programs on a computer with
decimal commas write `0,08319` into it, but `0` and `1` as they are; and names of channels may hold a comma.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from pipeline.fcs.text.text import real_number

WHOLE_NUMBER = re.compile(r"[+-]?(?:0|[1-9]\d*)")
SMALL_WITH_COMMA = re.compile(r"[+-]?[1-9]\d*[eE]-\d+")
WITH_DECIMALS = re.compile(r"\d+(?:[eE][+-]?\d+)?")
PADDING_OF_LIST = " \0\r\n\t,"
UNITS = (1.0, 100.0)
"""The diagonal of a matrix, in fractions and in percent. Convention: each detector has all of its own
light."""

LARGEST_WITH_COMMA = 10
"""Largest entry, as a multiple of the diagonal: more than any spillover, so that no possible reading is
missed. Convention: ten-fold."""

MOST_STATES = 500
"""Most ways to split the numbers so far; with more, the file is ambiguous. Convention: it bounds the time for
a broken file."""


class Mended(StrEnum):
    """What was joined or left out in a list; the value is its wording in a sentence."""

    NAMES = "names with commas"
    DECIMALS = "decimal commas"
    ZEROS = "zeros behind the last number"


@dataclass(frozen=True, slots=True)
class Untangled:
    """The names and cells of a matrix.

    Attributes
    ----------
    names, cells
        The names of the detectors, and the square matrix, row by row.
    how
        What was joined or left out.
    """

    names: tuple[str, ...]
    cells: tuple[float, ...]
    how: tuple[Mended, ...]


def words_between_commas(value: str) -> list[str]:
    """Split at commas outside of quotes, or at tabs if there is no comma; quotes about a word are left out.

    >>> words_between_commas('2,"PE-A, CD38",APC-A,1,0,0,1')
    ['2', 'PE-A, CD38', 'APC-A', '1', '0', '0', '1']
    """
    text = value.strip(PADDING_OF_LIST)
    if "," not in text and "\t" in text:
        return [unquoted(word) for word in text.split("\t")]
    words = next(csv.reader([text], skipinitialspace=True), []) if '"' in text else text.split(",")
    words = words[0].split(",") if len(words) == 1 else words
    return [unquoted(word) for word in words]


def unquoted(word: str) -> str:
    """Return a word without blanks, and without quotes about the whole of it."""
    bare = word.strip()
    is_quoted = len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "\"'"
    return bare[1:-1].strip() if is_quoted else bare


def joined_words(words: Sequence[str], most: int) -> Iterator[str]:
    """Yield every run of up to `most` parts, put together with commas again: what a name may be.

    >>> list(joined_words(["PE-A", "CD38", "0"], 2))
    ['PE-A', 'PE-A,CD38', 'CD38', 'CD38,0', '0']
    """
    for first in range(len(words)):
        for last in range(first + 1, min(first + most, len(words)) + 1):
            yield ",".join(words[first:last])


def untangled(words: Sequence[str], size: int, channels: Mapping[str, str]) -> tuple[Untangled, ...]:
    """Return the readings of a matrix that fit: none, the only one, or two if more than one fits.

    Parameters
    ----------
    words
        The parts between the commas, without the count of detectors.
    size
        The count of detectors.
    channels
        A name that a detector may have in the matrix → its channel.
    """
    fitting: dict[tuple[tuple[str, ...], tuple[float, ...]], Untangled] = {}
    for reading in _readings(words, size, channels):
        fitting.setdefault((reading.names, reading.cells), reading)
        if len(fitting) > 1:
            break
    return tuple(fitting.values())


def _readings(words: Sequence[str], size: int, channels: Mapping[str, str]) -> Iterator[Untangled]:
    own = {re.sub(r"\s*,\s*", ",", name): channel for name, channel in channels.items()}
    for names, used in _names(words, size, own):
        joined = () if used == size else (Mended.NAMES,)
        cell_words = words[used:]
        for cells, how in _cells(cell_words, size):
            yield Untangled(names, cells, (*joined, *how))


def _names(words: Sequence[str], size: int, own: dict[str, str]) -> Iterator[tuple[tuple[str, ...], int]]:
    """Yield the ways to join the first parts into different names, and the number of parts used."""
    longest = max((name.count(",") + 1 for name in own), default=1)
    stack: list[tuple[tuple[str, ...], int]] = [((), 0)]
    while stack:
        names, used = stack.pop()
        if len(names) == size:
            yield names, used
            continue
        for count in range(1, longest + 1):
            name = own.get(",".join(words[used : used + count]))
            if name is not None and name not in names and used + count <= len(words):
                stack.append(((*names, name), used + count))


def _cells(words: Sequence[str], size: int) -> Iterator[tuple[tuple[float, ...], tuple[Mended, ...]]]:
    n_cells, extra = size * size, len(words) - size * size
    numbers = [real_number(word) for word in words]
    if extra >= 0 and None not in numbers and not any(numbers[n_cells:]):
        cells = tuple(number or 0.0 for number in numbers[:n_cells])
        if (
            any(all(cells[index] == unit for index in range(0, n_cells, size + 1)) for unit in UNITS)
            or not extra
        ):
            yield cells, ((Mended.ZEROS,) if extra else ())
    if 0 < extra <= n_cells:
        for unit in UNITS:
            for cells in islice(_with_decimals(words, size, unit), 2):
                yield cells, (Mended.DECIMALS,)


def _with_decimals(words: Sequence[str], size: int, unit: float) -> Iterator[tuple[float, ...]]:
    """Yield the ways to join the parts into a square matrix with `unit` on the diagonal."""
    n_cells, extra = size * size, len(words) - size * size
    ways: list[dict[int, list[tuple[int, float]]]] = [{0: []}]
    for index in range(n_cells):
        on_diagonal = index % (size + 1) == 0
        following: dict[int, list[tuple[int, float]]] = {}
        for joined in ways[-1]:
            first = index + joined
            for count, value in _numbers(words[first : first + 2], unit, on_diagonal=on_diagonal):
                more = joined + count - 1
                if more <= extra:
                    following.setdefault(more, []).append((joined, value))
        if len(following) > MOST_STATES:
            return
        ways.append(following)
    yield from _paths(ways, extra)


def _paths(ways: list[dict[int, list[tuple[int, float]]]], end: int) -> Iterator[tuple[float, ...]]:
    stack: list[tuple[int, int, tuple[float, ...]]] = [(len(ways) - 1, end, ())]
    while stack:
        index, joined, cells = stack.pop()
        if index == 0:
            yield cells[::-1]
            continue
        stack += [(index - 1, before, (*cells, value)) for before, value in ways[index].get(joined, [])]


def _numbers(words: Sequence[str], unit: float, *, on_diagonal: bool) -> Iterator[tuple[int, float]]:
    """Yield the possible numbers of one part, or of two parts with a decimal comma between them."""
    alone = (
        real_number(words[0])
        if words and (WHOLE_NUMBER.fullmatch(words[0]) or SMALL_WITH_COMMA.fullmatch(words[0]))
        else None
    )
    if alone is not None and (alone == unit if on_diagonal else abs(alone) < LARGEST_WITH_COMMA * unit):
        yield 1, alone
    if len(words) < 2 or not WHOLE_NUMBER.fullmatch(words[0]) or not WITH_DECIMALS.fullmatch(words[1]):
        return
    value = float(f"{words[0]}.{words[1]}")
    has_decimals = bool(words[1].strip("0")) or len(words[1]) > 1
    if value == unit if on_diagonal else has_decimals and abs(value) < LARGEST_WITH_COMMA * unit:
        yield 2, value
