"""Errors: each text says file, field, what was found, what was expected, and what to do."""

from __future__ import annotations


class FcsError(Exception):
    """An FCS file cannot be read or written; the text says why and what to do."""


class UnreadableError(FcsError):
    """The file is missing, is a folder, or may not be opened."""


class NotFcsError(FcsError):
    """The file is no FCS file, or its HEADER or TEXT is damaged beyond repair."""


class TruncatedError(FcsError):
    """The file holds fewer bytes of DATA than its keywords promise."""


class UnsupportedError(FcsError):
    """An FCS file of a kind that is not read: histograms, unknown versions, impossible layouts."""


class ChannelError(FcsError):
    """A channel that was asked for is not in the file."""


class UnwritableError(FcsError):
    """The values or keywords given cannot be written as an FCS file."""


def shown(value: object, longest: int = 40) -> str:
    """Return what was found, for a sentence: in quotes, cut at `longest` characters with an ellipsis.

    Examples
    --------
    >>> shown(None), shown("450 V"), shown("0123456789", 4)
    ('nothing', "'450 V'", "'0123…'")
    """
    if value is None:
        return "nothing"
    text = str(value)
    return repr(text if len(text) <= longest else text[:longest] + "…")
