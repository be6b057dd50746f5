"""Errors of FCS files. Each text says file, field, what was found, what was expected, and what to do."""

from __future__ import annotations

LONGEST_VALUE = 40
"""Most characters of a value in a sentence. Convention: more would not be read."""

MOST_LETTERS_SHOWN = 2
"""Most letters of a keyword's value in a sentence, as in `450 V` or `1e5`. Convention: more may be a name,
since a damaged TEXT can put any word in the place of a number."""

MOST_CHANNELS_NAMED = 60
"""Most channels that a message lists. Convention: hardly any panel has more, so that a list is rarely
cut."""

LONGEST_READER_MESSAGE = 160
"""Most characters of another reader's message. Convention: more would not be read."""
SIMILAR = 0.5
"""Least similarity of a channel that was probably meant (Python's `difflib`). Convention: names of
detectors are short, so that one letter changes much."""


class FcsError(Exception):
    """An FCS file cannot be read or written; the text says why and what to do."""


class UnreadableError(FcsError):
    """The file is missing, is a folder, or may not be opened."""


class NotFcsError(FcsError):
    """The file is not an FCS file, or its HEADER or TEXT is damaged beyond repair."""


class TruncatedError(FcsError):
    """The file holds fewer bytes of DATA than its keywords promise."""


class UnsupportedError(FcsError):
    """An FCS file of a kind that cannot be read: histograms, unknown versions, impossible layouts."""


class ChannelError(FcsError):
    """The file does not have a requested channel."""


class UnwritableError(FcsError):
    """The given values or keywords cannot be written as an FCS file."""


def shown(value: object, longest: int = LONGEST_VALUE) -> str:
    """Return a value for a sentence: in quotes, cut at `longest` characters with an ellipsis.

    Examples
    --------
    >>> shown(None), shown("450 V"), shown("0123456789", 4)
    ('nothing', "'450 V'", "'0123…'")
    """
    if value is None:
        return "nothing"
    text = str(value)
    return repr(text if len(text) <= longest else text[:longest] + "…")


def shown_keyword(value: str | None) -> str:
    """Return a keyword's value for a sentence of the results: a number as it is, of words only the length.

    Examples
    --------
    >>> shown_keyword(None), shown_keyword("450 V"), shown_keyword("Anna M.")
    ('nothing', "'450 V'", 'a text of 7 characters')
    """
    letters = sum(not character.isascii() or character.isalpha() for character in value or "")
    if letters <= MOST_LETTERS_SHOWN:
        return shown(value)
    return f"a text of {len(value or '')} characters"
