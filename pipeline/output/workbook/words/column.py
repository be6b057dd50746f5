"""The words of a column: its header, unit and meaning, and how its numbers are shown."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipeline.output.workbook.formats import GENERAL


@dataclass(frozen=True, slots=True)
class ColumnWords:
    """What people read of a column.

    Attributes
    ----------
    header
        In words, without the unit.
    meaning
        A sentence: the comment of the header, and its line in the legend.
    unit
        "" where it has none.
    number_format
        Of Excel.
    width
        Width in characters of a column whose text is wrapped; 0: as wide as its longest cell.
    """

    header: str
    meaning: str
    unit: str = ""
    number_format: str = GENERAL
    width: int = 0

    @property
    def headline(self) -> str:
        """The header with its unit.

        Examples
        --------
        >>> ColumnWords("CD38 RD", "", "molecules per cell").headline
        'CD38 RD (molecules per cell)'
        """
        return f"{self.header} ({self.unit})" if self.unit else self.header


def without_words(code: str) -> ColumnWords:
    """Return the words of a column that has none of its own."""
    return ColumnWords(code, "")


def filled_in(words: ColumnWords, names: dict[str, str]) -> ColumnWords:
    """Return the words with the study's own names in place of `{marker}`, `{drug}` and `{study_drug}`."""
    if "{" not in words.header + words.meaning:
        return words
    return replace(words, header=_named(words.header, names), meaning=_named(words.meaning, names))


def _named(text: str, names: dict[str, str]) -> str:
    """Put names in; the names themselves may hold braces."""
    for key, name in names.items():
        text = text.replace(f"{{{key}}}", name)
    return text
