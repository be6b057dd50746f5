"""Every flag with its words: what it means, where it comes from, what to do."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from pipeline.output.flag_words.entry import FlagWords, Weight
from pipeline.output.flag_words.of_beads import OF_BEADS
from pipeline.output.flag_words.of_files import OF_FILES
from pipeline.output.flag_words.of_gates import OF_GATES
from pipeline.output.flag_words.of_patients import OF_PATIENTS

FLAGS: Final[Mapping[str, FlagWords]] = {**OF_FILES, **OF_GATES, **OF_BEADS, **OF_PATIENTS}
"""Every member of every enum of flags, and nothing else."""

_UNKNOWN: Final = FlagWords("a flag of another version of cd38rd", "", "", "run the study again", Weight.LOOK)


def words_of_flag(flag: str) -> FlagWords:
    """Return the words of a flag; an unknown flag gets words that say so."""
    return FLAGS.get(flag, _UNKNOWN)


def heaviest(flags: Collection[str]) -> Weight | None:
    """Return the greatest weight among flags; None where there are none.

    Examples
    --------
    >>> heaviest(["FEW_EVENTS_20_49", "NO_TIME"]).name
    'UNRELIABLE'
    """
    weights = {words_of_flag(flag).weight for flag in flags}
    return next((weight for weight in Weight if weight in weights), None)
