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


class TubeVerdict(StrEnum):
    """The verdict of a tube, the worst last; the value is the text in the results."""

    SOUND = "Sound"
    ABOVE_TOP_BEAD = "Above the top bead"
    ABOVE_ULOQ = "Above ULOQ"
    BELOW_LLOQ = "Below LLOQ"
    LOOK = "Look at it"
    UNRELIABLE = "Not reliable"
    NO_DENSITY = "No density"
    FAILED = "Failed"


TUBE_VERDICT_LOOK: Final[Mapping[TubeVerdict, StatusStyle]] = {
    TubeVerdict.SOUND: StatusStyle(
        "●", "#d7efe4", "#0b4a33", "a density with its interval; no flag asks for a look"
    ),
    TubeVerdict.ABOVE_TOP_BEAD: StatusStyle(
        "△", "#fdf1cf", "#5c4300", "read off the curve beyond its top bead"
    ),
    TubeVerdict.ABOVE_ULOQ: StatusStyle(
        "▲", "#f9dfae", "#5c3a00", "above the upper limit of quantification: a bound"
    ),
    TubeVerdict.BELOW_LLOQ: StatusStyle("▽", "#dce9f7", "#0d3b66", "below the lower limit of quantification"),
    TubeVerdict.LOOK: StatusStyle(
        "!", "#fbe3c4", "#5a2b00", "a flag asks for a look before the density is used"
    ),
    TubeVerdict.UNRELIABLE: StatusStyle("◌", "#ece5d8", "#4a3a16", "the density is not to be used as it is"),
    TubeVerdict.NO_DENSITY: StatusStyle(
        "○", "#e9eaec", "#33383f", "no density: too few cells, or no control was named"
    ),
    TubeVerdict.FAILED: StatusStyle(
        "✕", "#f7cfc4", "#6e1503", "to be corrected: the file, its control or its curve"
    ),
}
"""How each verdict is shown, and what it means."""

TUBE_VERDICT_BADGES: Final = "\n".join(
    f".badge.v-{verdict.name.lower()} {{ background: {look.fill}; color: {look.ink}; }}"
    for verdict, look in TUBE_VERDICT_LOOK.items()
)
"""Style sheet of the badges."""

WORDS_AFTER_A_NUMBER: Final[Mapping[TubeVerdict, str]] = {
    TubeVerdict.SOUND: "sound",
    TubeVerdict.ABOVE_TOP_BEAD: "above the top bead",
    TubeVerdict.ABOVE_ULOQ: "above ULOQ",
    TubeVerdict.BELOW_LLOQ: "below LLOQ",
    TubeVerdict.LOOK: "to look at",
    TubeVerdict.UNRELIABLE: "not reliable",
    TubeVerdict.NO_DENSITY: "without a density",
    TubeVerdict.FAILED: "failed",
}
"""The words after a number of tubes with this verdict."""

_ALWAYS: Final = (TubeVerdict.SOUND, TubeVerdict.FAILED)
_UNFLAGGED: Final[Mapping[RdStatus, TubeVerdict]] = {
    RdStatus.OK: TubeVerdict.SOUND,
    RdStatus.BELOW_LLOQ: TubeVerdict.BELOW_LLOQ,
    RdStatus.ABOVE_ULOQ_EXTRAPOLATED: TubeVerdict.ABOVE_TOP_BEAD,
    RdStatus.ABOVE_ULOQ: TubeVerdict.ABOVE_ULOQ,
}
_WITHOUT: Final[Mapping[RdStatus, TubeVerdict]] = {
    RdStatus.NOT_QUANTIFIABLE: TubeVerdict.UNRELIABLE,
    RdStatus.REPLICATES_DISAGREE: TubeVerdict.UNRELIABLE,
}


def verdict_of(status: RdStatus, flags: Collection[str]) -> TubeVerdict:
    """Return the one verdict of a row.

    A failed tube makes the run end with status 3. A flag of weight "not reliable" comes before one of weight
    "look", and both come before the limits.

    Examples
    --------
    >>> verdict_of(RdStatus.OK, ["FEW_EVENTS_20_49"]).value
    'Not reliable'
    """
    if is_failure(status, flags):
        return TubeVerdict.FAILED
    if status not in QUANTIFIED:
        return _WITHOUT.get(status, TubeVerdict.NO_DENSITY)
    weight = heaviest(flags)
    if weight is Weight.UNRELIABLE:
        return TubeVerdict.UNRELIABLE
    return TubeVerdict.LOOK if weight is Weight.LOOK else _UNFLAGGED[status]


def badge_class(verdict: TubeVerdict) -> str:
    """Return the class of a verdict's badge in `TUBE_VERDICT_BADGES`."""
    return f"v-{verdict.name.lower()}"


def verdict_counts(verdicts: Iterable[TubeVerdict]) -> str:
    """Return how many tubes have each verdict, in words.

    Examples
    --------
    >>> verdict_counts([TubeVerdict.SOUND, TubeVerdict.LOOK])
    '2 tubes: 1 sound, 1 to look at, 0 failed'
    """
    listed = list(verdicts)
    counts = [(listed.count(verdict), verdict) for verdict in TubeVerdict]
    parts = [f"{n:,} {WORDS_AFTER_A_NUMBER[verdict]}" for n, verdict in counts if n or verdict in _ALWAYS]
    tubes = "1 tube" if len(listed) == 1 else f"{len(listed):,} tubes"
    return f"{tubes}: {', '.join(parts)}"
