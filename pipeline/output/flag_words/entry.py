"""The words of one flag, and how much it weighs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pipeline.study.wording import capitalized


class Weight(StrEnum):
    """The weight of a flag in the verdict of a tube."""

    UNRELIABLE = "not reliable"
    """The density is not to be used as it is."""
    LOOK = "look at it"
    """The density may be wrong: a person must look."""
    NOTED = "noted"
    """A fact about the tube. Its effect on the density is inside the interval, or there is none."""


@dataclass(frozen=True, slots=True)
class FlagWords:
    """The words of a flag: its message, its effect on the number, the usual causes, and what to do."""

    says: str
    effect: str
    cause: str
    action: str
    weight: Weight

    @property
    def meaning(self) -> str:
        """The message of the flag and its effect on the number, as sentences."""
        return f"{sentence(self.says)} {sentence(self.effect)}"

    def __str__(self) -> str:
        return self.says


def sentence(text: str) -> str:
    """Return a text with a full stop last, and a capital first unless a cell or a file name comes first.

    Examples
    --------
    >>> sentence("few cells in the control tube"), sentence("samples!J3: found nothing")
    ('Few cells in the control tube.', 'samples!J3: found nothing.')
    """
    ended = text if text.endswith((".", "?", "!", "…")) else f"{text}."
    first = text.partition(" ")[0].rstrip(",;:.")
    return capitalized(ended) if first.isalpha() else ended
