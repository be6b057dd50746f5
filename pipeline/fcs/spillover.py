"""The spillover matrix of a file, in any of the keywords that instruments use.

`$SPILLOVER` is FCS 3.1, section 3.2.20 (n, n names, n×n fractions row by row); `SPILL` and `SPILLOVER` are
the same before it; `$COMP` is FCS 3.0 (n, n×n, detectors by number); `$DFCiTOj` is FCS 2.0 (percent).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gating.events.compensation import WORST_CONDITION_NUMBER, SpilloverMatrix
from pipeline.fcs.errors import shown
from pipeline.fcs.repairs import Repair, RepairCode
from pipeline.fcs.text.commas import (
    PADDING_OF_LIST,
    Mended,
    Untangled,
    unquoted,
    words_between_commas,
)
from pipeline.fcs.text.matrix_names import channel_of_name, has_comp_prefix, untangled_matrix
from pipeline.fcs.text.parameters import Parameter
from pipeline.fcs.text.text import PADDING, keyword_integer, real_number

KEYWORDS = ("$SPILLOVER", "SPILL", "SPILLOVER", "$SPILL", "$COMP")
LARGEST_SPILLOVER = 10_000
"""Largest entry of a matrix: a hundred times a detector's own light, in percent. Convention: more is no
spillover."""

LARGEST_MATRIX = 500
"""Most detectors of a matrix; the largest instruments have 186. Convention: with room above them."""

OF_DIAGONAL = 0.01
"""Largest deviation of the diagonal from 1 or 100. Convention: programs round a matrix to two to four
digits."""

ROUNDED_DIAGONAL = 1e-6
"""Relative error of float32 and six written digits. Arithmetic."""

MATRICES_KEPT = 64
"""Matrices that are kept once they are read. Convention: many more than the files of one day have, which
mostly share one."""

Parsed = tuple[SpilloverMatrix | None, list[Repair]]
"""The matrix of a keyword, and its repairs or why there is none."""
LONGEST_LIST = 120
"""Most characters of a list of detectors in a sentence. Convention: about a line."""


def parse_spillover(
    keywords: Mapping[str, str], parameters: Sequence[Parameter]
) -> tuple[SpilloverMatrix | None, tuple[Repair, ...]]:
    """Return the matrix of a file, and its repairs or why there is none.

    An identity matrix means that nobody set a compensation: the matrix of another keyword is preferred to it.
    If two keywords hold different matrices, that of the newer standard is used, and the other one is named.
    """
    twice, channels = _names_of_two(keywords, len(parameters)), tuple(parameters)
    parsed = [
        _matrix(keywords[keyword], keyword, channels, twice)
        for keyword in KEYWORDS
        if _holds_entries(keywords.get(keyword, ""))
    ]
    parsed.append(_percentages(keywords, parameters))
    repairs = [repair for matrix, remarks in parsed if matrix is None for repair in remarks]
    usable = [(matrix, remarks) for matrix, remarks in parsed if matrix is not None]
    if not usable:
        return None, tuple(repairs)
    chosen, remarks = next((pair for pair in usable if not pair[0].is_identity), usable[0])
    others = [matrix for matrix, _ in usable if matrix is not chosen and not matrix.is_identity]
    unlike = [matrix for matrix in others if _cells(matrix) != _cells(chosen)]
    return chosen, (*repairs, *remarks, *_about(chosen, unlike))


def _about(chosen: SpilloverMatrix, other_matrices: Sequence[SpilloverMatrix]) -> Iterator[Repair]:
    if chosen.is_identity:
        text = f"{chosen.source} is the identity: the instrument stored no compensation"
        yield Repair(RepairCode.SPILL_IDENTITY, text, "identity", "identity")
    if other_matrices:
        sources = ", ".join(matrix.source for matrix in other_matrices)
        text = f"the file has another matrix under {sources} than under {chosen.source}"
        yield Repair(
            RepairCode.SPILL_DIFFERS, f"{text}; that of {chosen.source} is used", sources, chosen.source
        )


def _cells(matrix: SpilloverMatrix) -> dict[tuple[str, str], float]:
    """Return the spillover of each channel into each other one, to six digits as in files."""
    return {
        (row, column): float(f"{value:.6g}")
        for row, values in zip(matrix.channels, matrix.values.tolist(), strict=True)
        for column, value in zip(matrix.channels, values, strict=True)
        if value and row != column
    }


def _names_of_two(keywords: Mapping[str, str], count: int) -> frozenset[str]:
    """Return each $PnN that several channels share: a matrix cannot tell which of them it means."""
    names = Counter(keywords.get(f"$P{number}N", "").strip(PADDING).strip() for number in range(1, count + 1))
    return frozenset(name for name, n in names.items() if n > 1)


def _holds_entries(value: str) -> bool:
    """Whether there is more than a count and zeros, which mean no compensation."""
    first, *entries = re.split("[,;]", value.strip(" \0"))
    return any(word.strip(" \0.0") for word in entries) or bool(first and not first.isdigit())


@lru_cache(maxsize=MATRICES_KEPT)
def _matrix(value: str, keyword: str, parameters: tuple[Parameter, ...], twice: frozenset[str]) -> Parsed:
    """Return the matrix of a keyword; nobody changes what is returned, since other files get it too."""
    repairs: list[Repair] = []
    words = _split(value, keyword, repairs)
    size = keyword_integer(words[0]) if words else None
    if size is None or not 1 <= size <= LARGEST_MATRIX or len(words) < 1 + size * size:
        return _refused(keyword, "is no count, names and square of numbers", value)
    names, cells = _names_and_cells(words, size)
    numbers = [real_number(cell) for cell in cells]
    is_square = len(cells) == size * size and None not in numbers and len(names) in (0, size)
    channels = _channels(names, size, keyword, parameters, repairs) if is_square else None
    if channels is None and ";" not in value:
        readings, other_names = untangled_matrix(words_between_commas(value)[1:], size, parameters)
        if len(readings) == 1:
            remarks = [_by_other_names(keyword, other_names, readings[0].names)] if other_names else []
            return _put_together(readings[0], keyword, twice, remarks)
        if len(words) > 1 + size + size * size:
            return _refused(keyword, _tangled(len(words), size, len(readings)), value)
    if not is_square:
        return _refused(keyword, f"does not hold {size}×{size} numbers", value)
    if twice.intersection(names):
        return _refused(keyword, "names a detector of which the file has two", ", ".join(twice & set(names)))
    if channels is None:
        return _refused(keyword, "names detectors that the file does not have", ", ".join(names))
    return _checked(np.array(numbers, np.float64).reshape(size, size), channels, keyword, repairs)


def _put_together(
    reading: Untangled, keyword: str, twice: frozenset[str], remarks: Sequence[Repair]
) -> Parsed:
    """Return a matrix whose numbers or names contain commas, if there is only one way to join the parts."""
    if twice.intersection(reading.names):
        names = ", ".join(sorted(twice & set(reading.names)))
        return _refused(keyword, "names a detector of which the file has two", names)
    size = len(reading.names)
    mended = " and ".join(reading.how)
    text = f"{keyword} has {mended}; one reading alone fits the file's channels and a diagonal of one value"
    repair = Repair(_code(reading.how), text, mended, f"{size} detectors")
    return _checked(
        np.array(reading.cells, np.float64).reshape(size, size), reading.names, keyword, [*remarks, repair]
    )


def _code(how: Sequence[Mended]) -> RepairCode:
    if Mended.ZEROS in how:
        return RepairCode.SPILL_LONGER
    return RepairCode.SPILL_DECIMAL_COMMA if Mended.DECIMALS in how else RepairCode.SPILL_NAMES


def _tangled(count: int, size: int, n_found: int) -> str:
    n_expected = 1 + size + size * size
    fits = "more than one way to join them fits" if n_found else "no way to join them fits"
    return (
        f"has {count} words between commas, expected {n_expected} for {size} detectors: there are commas "
        f"within names or numbers (decimal commas), or surplus numbers, and {fits}"
    )


def _split(value: str, keyword: str, repairs: list[Repair]) -> list[str]:
    """Split at semicolons, else at commas; put `0,1` together where all decimals have commas."""
    if ";" in value:
        repairs.append(
            Repair(RepairCode.SPILL_DECIMAL_COMMA, f"{keyword} is separated by semicolons", ";", ",")
        )
        return [unquoted(word) for word in value.split(";") if word.strip()]
    words = words_between_commas(value)
    if words != [word.strip() for word in value.strip(PADDING_OF_LIST).split(",")]:
        text = f"{keyword} has quotes, or tabs between its words"
        repairs.append(Repair(RepairCode.SPILL_NAMES, text, "quotes or tabs", "words between commas"))
    size = keyword_integer(words[0]) or 0
    if 0 < size <= LARGEST_MATRIX and len(words) == 1 + size + 2 * size * size:
        cells = words[1 + size :]
        repairs.append(Repair(RepairCode.SPILL_DECIMAL_COMMA, f"{keyword} has decimal commas", ",", "."))
        return words[: 1 + size] + [f"{a}.{b}" for a, b in zip(cells[::2], cells[1::2], strict=True)]
    return words


def _names_and_cells(words: list[str], size: int) -> tuple[list[str], list[str]]:
    """Return the matrix of $COMP; it has no names: its detectors are the first n parameters."""
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
        repairs.append(Repair(RepairCode.SPILL_NAMES, text, "no names", ", ".join(own[:size])))
        return tuple(own[:size])
    matched = [channel_of_name(name, parameters) for name in names]
    channels = tuple(name for name in matched if name is not None)
    if len(channels) != size or len(set(channels)) != size:
        return None
    repairs.append(_by_other_names(keyword, names, channels))
    return channels


def _by_other_names(keyword: str, names: Sequence[str], channels: Sequence[str]) -> Repair:
    how = "number, $PnS or spelling" + (", or without Comp-" if any(map(has_comp_prefix, names)) else "")
    text = f"{keyword} does not name detectors by $PnN; they were found by {how}"
    return Repair(RepairCode.SPILL_NAMES, text, ", ".join(names), ", ".join(channels))


def _checked(
    matrix: NDArray[np.float64], channels: tuple[str, ...], keyword: str, repairs: list[Repair]
) -> Parsed:
    if len(set(channels)) < len(channels):
        return _refused(keyword, "names a detector twice", ", ".join(channels))
    if np.abs(matrix).max() > LARGEST_SPILLOVER:
        return _refused(
            keyword, f"has values beyond {LARGEST_SPILLOVER:,}, which is physically impossible", ""
        )
    diagonal = np.diag(matrix)
    diagonal_range = f"{diagonal.min():g} to {diagonal.max():g} on the diagonal"
    unit = next((unit for unit in (1.0, 100.0) if np.allclose(diagonal, unit, rtol=OF_DIAGONAL)), None)
    if unit is None:
        return _refused(keyword, "has no 1 (or 100 percent) for each detector's own light", diagonal_range)
    if not np.allclose(diagonal, 1, rtol=ROUNDED_DIAGONAL):
        percent = (RepairCode.SPILL_PERCENT, "is in percent")
        code, text = percent if unit > 1 else (RepairCode.SPILL_DIAGONAL, "is not 1 on the diagonal")
        repairs.append(
            Repair(code, f"{keyword} {text}; rows were divided by it", diagonal_range, "1 on the diagonal")
        )
        matrix = matrix / diagonal[:, None]
    condition = float(f"{np.linalg.cond(matrix):.6g}")  # LAPACK: rounded
    if not condition < WORST_CONDITION_NUMBER:
        why = (
            "is singular, or so nearly that compensated values would be noise: two detectors carry the same "
            "signal"
        )
        return _refused(keyword, why, "")
    if (matrix < 0).any():
        text = f"{keyword} has negative spillover, which is physically impossible; it is used as it is"
        repairs.append(Repair(RepairCode.SPILL_NEGATIVE, text, f"{matrix.min():g}", f"{matrix.min():g}"))
    matrix.flags.writeable = False
    return SpilloverMatrix(channels, matrix, keyword), repairs


def _refused(keyword: str, why: str, value: str) -> Parsed:
    text = f"{keyword} {why}; it was left out"
    return None, [
        Repair(RepairCode.SPILL_UNUSABLE, text, shown(value, LONGEST_LIST) if value else "", "no matrix")
    ]


def _percentages(keywords: Mapping[str, str], parameters: Sequence[Parameter]) -> Parsed:
    """Return the matrix of `$DFCiTOj` for the detectors that it names, or None if all entries are 0."""
    n = len(parameters)
    entries: dict[tuple[int, int], float] = {}
    for i, j, keyword in _dfc(keywords):
        value = real_number(keywords[keyword])
        if value is None:
            return _refused("$DFCiTOj", f"has a cell that is no percentage, {keyword}", keywords[keyword])
        entries[i, j] = value
    cells = {(i, j): value for (i, j), value in entries.items() if 0 <= i < n and 0 <= j < n and value}
    used = sorted({index for pair in cells for index in pair})
    if not used:
        return None, []
    matrix = np.eye(len(used))
    for (i, j), value in cells.items():
        matrix[used.index(i), used.index(j)] = value / 100
    repairs = []
    if len(cells) < sum(1 for value in entries.values() if value):
        text = f"$DFCiTOj names more detectors than the {n} of the file; these cells were left out"
        repairs.append(Repair(RepairCode.SPILL_NAMES, text, f"{len(entries)} cells", f"{len(cells)} cells"))
    return _checked(matrix, tuple(parameters[index].name for index in used), "$DFCiTOj", repairs)


def _dfc(keywords: Mapping[str, str]) -> Iterator[tuple[int, int, str]]:
    """Yield source and target detector (from 0) and the keyword, without a detector's own light."""
    for keyword, value in keywords.items():
        named = keyword.startswith("$DFC") and re.fullmatch(r"\$DFC(\d{1,4})TO(\d{1,4})", keyword)
        if named and int(named[1]) != int(named[2]) and value.strip(PADDING):
            yield int(named[1]) - 1, int(named[2]) - 1, keyword
