"""Models by what they do: `M1` is a name in files; people read `the line`."""

from __future__ import annotations

import re
from typing import Final

from pipeline.study.wording import capitalized
from pipeline.washout.models import MODELS

PLAIN_NAMES: Final = {str(model.name): model.plain for model in MODELS}
"""Each model in words."""

_LONGEST_FIRST: Final = sorted(PLAIN_NAMES, key=len, reverse=True)
"""A name goes before a shorter one that it may begin with."""

_NAME: Final = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in _LONGEST_FIRST))
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
    named = _FIRST.sub(lambda match: f"{match[1] or match[3]}: {(match[2] or '').lower()}", text)
    plain = _NAME.sub(lambda match: PLAIN_NAMES[match[0]], named)
    return capitalized(plain) if named != text or _NAME.match(text) else plain
