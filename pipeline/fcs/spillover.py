"""Spillover: the matrix that a file carries, under any of the keywords that instruments use.

`$SPILLOVER` is FCS 3.1, section 3.2.20 (n, n names, n×n fractions row by row); `SPILL` and `SPILLOVER` are
the same before it; `$COMP` is FCS 3.0 (n, n×n, detectors by number); `$DFCiTOj` is FCS 2.0 (percent).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gating.compensation import SpilloverMatrix
from pipeline.fcs.parameters import Parameter
from pipeline.fcs.repairs import Repair
from pipeline.fcs.text import real_number, whole_number

KEYWORDS = ("$SPILLOVER", "SPILL", "SPILLOVER", "$SPILL", "$COMP")
LARGEST_SPILLOVER = 10_000
"""A hundred times a detector's own light, in percent."""

LARGEST_MATRIX = 500
"""Detectors; the largest instruments have 186."""


def parse_spillover(
    keywords: Mapping[str, str], parameters: Sequence[Parameter]
) -> tuple[SpilloverMatrix | None, tuple[Repair, ...]]:
    """Return the file's matrix, and what was repaired to read it or why there is none.

    A matrix that is the identity says that nobody compensated: another keyword's goes before it.
    """
    repairs: list[Repair] = []
    found: list[SpilloverMatrix] = []
    for keyword in KEYWORDS:
        if _says_something(keywords.get(keyword, "")) and (not found or found[-1].is_identity):
            matrix = _matrix(keywords[keyword], keyword, parameters, repairs)
            found += [matrix] if matrix else []
    percent = None if found else _percentages(keywords, parameters, repairs)
    chosen = percent or next(
        (matrix for matrix in found if not matrix.is_identity), found[0] if found else None
    )
    if chosen is not None and chosen.is_identity:
        text = f"{chosen.source} is the identity: the instrument stored no compensation"
        repairs.append(Repair("SPILL_IDENTITY", text, "identity", "identity"))
    return chosen, tuple(repairs)


def _says_something(value: str) -> bool:
    """Whether there is more than a count and zeros, which say that there is no compensation."""
    first, *others = re.split("[,;]", value.strip(" \0"))
    return any(word.strip(" \0.0") for word in others) or bool(first and not first.isdigit())


def _matrix(
    value: str, keyword: str, parameters: Sequence[Parameter], repairs: list[Repair]
) -> SpilloverMatrix | None:
    words = _split(value, keyword, repairs)
    size = whole_number(words[0]) if words else None
    if size is None or not 1 <= size <= LARGEST_MATRIX or len(words) < 1 + size * size:
        _refuse(repairs, keyword, "is no count, names and square of numbers", value)
        return None
    names, cells = _names_and_cells(words, size)
    numbers = [real_number(cell) for cell in cells]
    if len(cells) != size * size or None in numbers:
        _refuse(repairs, keyword, f"does not hold {size}×{size} numbers", value)
        return None
    channels = _channels(names, size, keyword, parameters, repairs)
    if channels is None:
        _refuse(repairs, keyword, "names detectors that the file does not have", ", ".join(names))
        return None
    matrix = np.array(numbers, np.float64).reshape(size, size)
    return _checked(matrix, channels, keyword, repairs)


def _split(value: str, keyword: str, repairs: list[Repair]) -> list[str]:
    """Split at semicolons, else at commas; put `0,1` together where all decimals have commas."""
    if ";" in value:
        repairs.append(Repair("SPILL_DECIMAL_COMMA", f"{keyword} is separated by semicolons", ";", ","))
        return [word.strip() for word in value.split(";") if word.strip()]
    words = [word.strip() for word in value.strip(" \0\r\n\t,").split(",")]
    size = whole_number(words[0]) or 0
    if 0 < size <= LARGEST_MATRIX and len(words) == 1 + size + 2 * size * size:
        cells = words[1 + size :]
        repairs.append(Repair("SPILL_DECIMAL_COMMA", f"{keyword} has decimal commas", ",", "."))
        return words[: 1 + size] + [f"{a}.{b}" for a, b in zip(cells[::2], cells[1::2], strict=True)]
    return words


def _names_and_cells(words: list[str], size: int) -> tuple[list[str], list[str]]:
    """$COMP has no names: its detectors are the first n parameters."""
    if len(words) == 1 + size * size:
        return [], words[1:]
    names = words[1 : len(words) - size * size]
    return names if len(names) == size else [",".join(names)], words[len(words) - size * size :]


def _channels(
    names: list[str], size: int, keyword: str, parameters: Sequence[Parameter], repairs: list[Repair]
) -> tuple[str, ...] | None:
    own = [parameter.name for parameter in parameters]
    if all(name in own for name in names) and len(names) == size:
        return tuple(names)
    if not names:
        if size > len(own):
            return None
        text = f"{keyword} names no detectors; the first {size} channels were taken"
        repairs.append(Repair("SPILL_NAMES", text, "no names", ", ".join(own[:size])))
        return tuple(own[:size])
    matched = [_match(name, parameters) for name in names]
    channels = tuple(name for name in matched if name is not None)
    if len(channels) != size or len(set(channels)) != size:
        return None
    text = f"{keyword} does not name detectors by $PnN; they were found by number, $PnS or spelling"
    repairs.append(Repair("SPILL_NAMES", text, ", ".join(names), ", ".join(channels)))
    return channels


def _match(name: str, parameters: Sequence[Parameter]) -> str | None:
    """Return the channel of this name; else of this number, of this $PnS, or spelt so without case."""
    exact = [p.name for p in parameters if p.name == name]
    number = whole_number(name)
    if not exact and number is not None and 1 <= number <= len(parameters):
        exact = [parameters[number - 1].name]
    by_marker = [p.name for p in parameters if p.marker == name]
    spelt = [p.name for p in parameters if _plain(p.name) == _plain(name)]
    return next((found[0] for found in (exact, by_marker, spelt) if len(found) == 1), None)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _checked(
    matrix: NDArray[np.float64], channels: tuple[str, ...], keyword: str, repairs: list[Repair]
) -> SpilloverMatrix | None:
    if len(set(channels)) < len(channels):
        _refuse(repairs, keyword, "names a detector twice", ", ".join(channels))
        return None
    if np.abs(matrix).max() > LARGEST_SPILLOVER:
        _refuse(repairs, keyword, f"has values beyond {LARGEST_SPILLOVER:,}, which no light causes", "")
        return None
    diagonal = np.diag(matrix)
    if (diagonal == 100).all():
        text = f"{keyword} is in percent; it was divided by 100"
        repairs.append(Repair("SPILL_PERCENT", text, "100 on the diagonal", "1 on the diagonal"))
        matrix = matrix / 100
    if not np.isfinite(matrix).all() or np.linalg.matrix_rank(matrix) < len(channels):
        _refuse(repairs, keyword, "is singular: two detectors say the same", "")
        return None
    if (matrix < 0).any():
        text = f"{keyword} has negative spillover, which no light can cause; it is used as it is"
        repairs.append(Repair("SPILL_NEGATIVE", text, f"{matrix.min():g}", f"{matrix.min():g}"))
    return SpilloverMatrix(channels, matrix, keyword)


def _refuse(repairs: list[Repair], keyword: str, why: str, found: str) -> None:
    repairs.append(Repair("SPILL_UNUSABLE", f"{keyword} {why}; it was left out", found[:120], "no matrix"))


def _percentages(
    keywords: Mapping[str, str], parameters: Sequence[Parameter], repairs: list[Repair]
) -> SpilloverMatrix | None:
    """Return the matrix of `$DFCiTOj`, over the detectors it names, or None where all are 0."""
    n = len(parameters)
    cells = {(i, j): value for i, j, value in _dfc(keywords) if 0 <= i < n and 0 <= j < n and i != j}
    used = sorted({index for pair, value in cells.items() if value for index in pair})
    if not used:
        return None
    matrix = np.eye(len(used))
    for (i, j), value in cells.items():
        if i in used and j in used:
            matrix[used.index(i), used.index(j)] = value / 100
    return _checked(matrix, tuple(parameters[index].name for index in used), "$DFCiTOj", repairs)


def _dfc(keywords: Mapping[str, str]) -> Iterator[tuple[int, int, float]]:
    for keyword, value in keywords.items():
        named = re.fullmatch(r"\$DFC(\d{1,4})TO(\d{1,4})", keyword)
        if named:
            yield int(named[1]) - 1, int(named[2]) - 1, real_number(value) or 0.0
