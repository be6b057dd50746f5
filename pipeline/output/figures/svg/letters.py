"""How wide words are: pictures are laid out without a drawing library."""

from __future__ import annotations

from typing import Final

_WIDTHS: Final = {
    28: "'ijl", 30: "IJ", 32: " ,.·", 34: "/:;\\|", 36: "f", 37: "-", 40: "()[]t",
    41: "!²³¹⁰⁴⁵⁶⁷⁸⁹", 42: "r", 46: '"', 50: "*_`–°", 53: "sz⁻", 54: "?", 55: "c", 56: "L",
    58: "Fk", 60: "vxy", 61: "P", 62: "TYaeo", 64: "$0123456789ESbdghnpqu{}µ", 66: "K", 69: "ABVXZ",
    70: "CR", 74: "U", 75: "N", 76: "H", 78: "&DG", 79: "OQ", 82: "w", 84: "#+<=>^~−×≥≤±≠≈",
    87: "M", 96: "%", 98: "m", 99: "W", 100: "@…",
}  # fmt: skip
_WIDTH_OF: Final = {letter: width / 100 for width, letters in _WIDTHS.items() for letter in letters}
"""Advance of the letters of DejaVu Sans, in font sizes, rounded up."""

_OTHER, _BOLD = 1.0, 1.12


def width(words: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a line is, in the unit of its font size; a letter that is not known counts as wide.

    Examples
    --------
    >>> round(width("RD 42", 10), 1)
    30.8
    """
    return sum(_WIDTH_OF.get(letter, _OTHER) for letter in words) * size * (_BOLD if bold else 1.0)


def fitted(words: str, size: float, room: float) -> str:
    """Return words that are no wider than `room`; what is cut off is told by an ellipsis.

    Examples
    --------
    >>> fitted("withdrew consent", 10, 60), fitted("death", 10, 60)
    ('withdre…', 'death')
    """
    if width(words, size) <= room:
        return words
    length = len(words)
    while length > 1 and width(words[:length] + "…", size) > room:
        length -= 1
    return words[:length].rstrip() + "…"


def wrapped_lines(words: str, size: float, room: float) -> list[str]:
    """Return words as lines that are no wider than `room`; a single word is never broken.

    Examples
    --------
    >>> wrapped_lines("free CD38, molecules per cell", 10, 100)
    ['free CD38,', 'molecules per', 'cell']
    """
    lines: list[str] = []
    for word in words.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, size) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
