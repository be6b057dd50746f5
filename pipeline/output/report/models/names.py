"""Models by what they do: `M1` is a name in files; people read `the line`."""

from __future__ import annotations

import re
from typing import Final

from pipeline.washout.censored.estimate import ModelName

PLAIN: Final = {
    ModelName.ADJUSTED: "the line adjusted for what is known of the patients",
    ModelName.RANDOM_INTERCEPT: "the line with a random intercept of the patient",
    ModelName.WITH_LEFT_OUT: "the line with the rows left out",
    ModelName.RANKS: "the rank test",
    ModelName.LINE: "the line",
    ModelName.RECOVERY: "the recovery curve",
    ModelName.TOTAL: "the line of the total",
}
"""Each model in words; a longer name goes before one that begins it."""

_NAME: Final = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in PLAIN))
_FIRST: Final = re.compile(
    rf"^(?:Wait by )?({_NAME.pattern})\. (\w)(?=[a-z ])|^(?:Wait by )?({_NAME.pattern})\. "
)


def plain_names(text: str) -> str:
    """Return a sentence with its models by what they do.

    Examples
    --------
    >>> plain_names("M1. Each doubling multiplies it")
    'The line: each doubling multiplies it'
    >>> plain_names("the rows contradict M2")
    'the rows contradict the recovery curve'
    """
    named = _FIRST.sub(lambda found: f"{found[1] or found[3]}: {(found[2] or '').lower()}", text)
    plain = _NAME.sub(lambda found: PLAIN[ModelName(found[0])], named)
    return plain[:1].upper() + plain[1:] if named != text or _NAME.match(text) else plain
