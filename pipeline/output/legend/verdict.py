"""The verdict of a tube in one or two words: one function for the card, the table and every count."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import Final

from calibration.density.receptor_density import QUANTIFIED, RdStatus
from pipeline.output.figures.style.palette import StatusStyle
from pipeline.output.flag_words.all_flags import heaviest
from pipeline.output.flag_words.entry import Weight
from pipeline.quantification.result import is_failure


class Verdict(StrEnum):
    """The verdict of a tube, the worst last; the value is the text in the results."""

    SOUND = "Sound"
    ABOVE_TOP_BEAD = "Above the top bead"
    ABOVE_ULOQ = "Above ULOQ"
    BELOW_LLOQ = "Below LLOQ"
    LOOK = "Look at it"
    UNRELIABLE = "Not reliable"
    NO_DENSITY = "No density"
    FAILED = "Failed"


VERDICT_LOOK: Final[Mapping[Verdict, StatusStyle]] = {
    Verdict.SOUND: StatusStyle(
        "●", "#d7efe4", "#0b4a33", "a density with its interval; no flag asks for a look"
    ),
    Verdict.ABOVE_TOP_BEAD: StatusStyle("△", "#fdf1cf", "#5c4300", "read off the curve beyond its top bead"),
    Verdict.ABOVE_ULOQ: StatusStyle(
        "▲", "#f9dfae", "#5c3a00", "above the upper limit of quantification: a bound"
    ),
    Verdict.BELOW_LLOQ: StatusStyle("▽", "#dce9f7", "#0d3b66", "below the lower limit of quantification"),
    Verdict.LOOK: StatusStyle("!", "#fbe3c4", "#5a2b00", "a flag asks for a look before the density is used"),
    Verdict.UNRELIABLE: StatusStyle("◌", "#ece5d8", "#4a3a16", "the density is not to be used as it is"),
    Verdict.NO_DENSITY: StatusStyle(
        "○", "#e9eaec", "#33383f", "no density: too few cells, or no control was named"
    ),
    Verdict.FAILED: StatusStyle(
        "✕", "#f7cfc4", "#6e1503", "to be corrected: the file, its control or its curve"
    ),
}
"""How each verdict is shown, and what it means."""

VERDICT_BADGES: Final = "\n".join(
    f".badge.v-{verdict.name.lower()} {{ background: {look.fill}; color: {look.ink}; }}"
    for verdict, look in VERDICT_LOOK.items()
)
"""Style sheet of the badges."""

WORDS_AFTER_A_NUMBER: Final[Mapping[Verdict, str]] = {
    Verdict.SOUND: "sound",
    Verdict.ABOVE_TOP_BEAD: "above the top bead",
    Verdict.ABOVE_ULOQ: "above ULOQ",
    Verdict.BELOW_LLOQ: "below LLOQ",
    Verdict.LOOK: "to look at",
    Verdict.UNRELIABLE: "not reliable",
    Verdict.NO_DENSITY: "without a density",
    Verdict.FAILED: "failed",
}
"""The words after a number of tubes with this verdict."""

_ALWAYS: Final = (Verdict.SOUND, Verdict.FAILED)
_UNFLAGGED: Final[Mapping[RdStatus, Verdict]] = {
    RdStatus.OK: Verdict.SOUND,
    RdStatus.BELOW_LLOQ: Verdict.BELOW_LLOQ,
    RdStatus.ABOVE_ULOQ_EXTRAPOLATED: Verdict.ABOVE_TOP_BEAD,
    RdStatus.ABOVE_ULOQ: Verdict.ABOVE_ULOQ,
}
_WITHOUT: Final[Mapping[RdStatus, Verdict]] = {
    RdStatus.NOT_QUANTIFIABLE: Verdict.UNRELIABLE,
    RdStatus.REPLICATES_DISAGREE: Verdict.UNRELIABLE,
}


def verdict_of(status: RdStatus, flags: Collection[str]) -> Verdict:
    """Return the one verdict of a row.

    A failed tube makes the run end with status 3. A flag of weight "not reliable" comes before one of weight
    "look", and both come before the limits.

    Examples
    --------
    >>> verdict_of(RdStatus.OK, ["FEW_EVENTS_20_49"]).value
    'Not reliable'
    """
    if is_failure(status, flags):
        return Verdict.FAILED
    if status not in QUANTIFIED:
        return _WITHOUT.get(status, Verdict.NO_DENSITY)
    weight = heaviest(flags)
    if weight is Weight.UNRELIABLE:
        return Verdict.UNRELIABLE
    return Verdict.LOOK if weight is Weight.LOOK else _UNFLAGGED[status]


def badge_class(verdict: Verdict) -> str:
    """Return the class of a verdict's badge in `VERDICT_BADGES`."""
    return f"v-{verdict.name.lower()}"


def verdict_counts(verdicts: Iterable[Verdict]) -> str:
    """Return how many tubes have each verdict, in words.

    Examples
    --------
    >>> verdict_counts([Verdict.SOUND, Verdict.LOOK])
    '2 tubes: 1 sound, 1 to look at, 0 failed'
    """
    listed = list(verdicts)
    counts = [(listed.count(verdict), verdict) for verdict in Verdict]
    parts = [f"{n:,} {WORDS_AFTER_A_NUMBER[verdict]}" for n, verdict in counts if n or verdict in _ALWAYS]
    tubes = "1 tube" if len(listed) == 1 else f"{len(listed):,} tubes"
    return f"{tubes}: {', '.join(parts)}"
