"""The methods that find a threshold, and the word for each."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Method(StrEnum):
    """How the thresholds of a gating step were found; the value is the word that is written."""

    VALLEY = "valley"
    MIXTURE = "mixture"
    CLUSTER = "cluster"
    SPREAD = "spread"
    BESIDE = "beside"
    LIGHT_CHAIN = "light chain"
    SCALE_END = "scale end"
    SEGMENTS = "segments"
    STEADY = "steady"
    UNSTEADY = "unsteady"
    POOLED = "pooled"
    PERSON = "person"
    FILE = "file"
    NONE = "none"


def words_of(methods: Iterable[Method]) -> str:
    """Return the methods in words, joined by plus signs.

    Examples
    --------
    >>> words_of((Method.PERSON, Method.VALLEY))
    'person+valley'
    """
    return "+".join(method.value for method in methods)


def methods_in(words: str) -> tuple[Method, ...]:
    """Return the methods that `words_of` wrote."""
    return tuple(Method(word) for word in words.split("+") if word)


def each_once(methods: Iterable[Method]) -> tuple[Method, ...]:
    """Return the methods without repetition, in the order of their first use."""
    return tuple(dict.fromkeys(methods))
