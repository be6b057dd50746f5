"""Names of channels: which measure of the pulse a name means, and whether the values are compensated."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from pipeline.study.names.look import folded_name

_DONE = (
    r"comp|compensated|compensation|unmix|unmixed|corr|corrected|kompensiert|compens[ée]e?|compensad[oa]"
    r"|compensat[oa]"
)
"""Words for compensated or unmixed, in the languages of the software's export."""
_COMPENSATED = re.compile(
    rf"^(fj)?[-_ ]?[(\[]?({_DONE})[)\]]?[-_.: ]+(?=\S)"  # Comp-PE-A, FJComp-PE-A, (Comp) PE-A
    rf"|[-_.: ]+[(\[]?({_DONE})[)\]]?$"  # PE-A - Compensated
    r"|^(?-i:(FJ)?[Cc]omp(?=[A-Z0-9]\S*[-_. ][AHW]$))"  # compPE-A
    r"|[-_. ]comp(?=[-_. ](a|h|w|area|height|width)$)"  # PE Comp-A
    r"|^<(?=.*>$)|(?<=\w)>$",  # <PE-A>
    re.IGNORECASE,
)
_MARKER_COMPENSATED = re.compile(r"^(fj)?comp(ensated)?[-_:]+\S", re.IGNORECASE)
_SCALE_WORD = re.compile(r"[-_. ]*(lin|log)(ear|arithmic)?(?=[)\]]?$)", re.IGNORECASE)
_WORDS = r"area|integral|int|height|peak|width|tof|[ahwt]"
_AT_END = re.compile(
    rf"(?:[-_. (\[]+(?P<word>{_WORDS})[)\]]?"
    r"|(?<=\d)(?P<letter>[AHW])|(?<=[a-z\d])(?P<written>area|height|width))$",
    re.IGNORECASE,
)
_INSIDE = re.compile(rf"[-_.(](?P<word>{_WORDS})(?=[ )_:;/]\S?)", re.IGNORECASE)
_CLUSTER_AT_END = re.compile(r"(?<![a-z0-9])cd\d+[a-z]$", re.IGNORECASE)


class Pulse(StrEnum):
    """The measure of the pulse in a channel; `UNKNOWN` if the channel's name does not say it."""

    AREA = "area"
    HEIGHT = "height"
    WIDTH = "width"
    TIME = "duration"
    UNKNOWN = ""


_PULSES = {
    "a": Pulse.AREA, "area": Pulse.AREA, "int": Pulse.AREA, "integral": Pulse.AREA,
    "h": Pulse.HEIGHT, "height": Pulse.HEIGHT, "peak": Pulse.HEIGHT,
    "w": Pulse.WIDTH, "width": Pulse.WIDTH, "tof": Pulse.WIDTH, "t": Pulse.TIME,
}  # fmt: skip


def says_compensated(name: str) -> bool:
    """Return whether a channel's name says that its values are compensated or unmixed already.

    FlowJo writes `Comp-`, `FJComp-` or `<` and `>`, Sony `- Compensated`.

    Examples
    --------
    >>> [says_compensated(name) for name in ("FJComp-PE-A", "<PE-A>", "PE-A - Compensated", "PE-A")]
    [True, True, True, False]
    >>> [says_compensated(name) for name in ("FJ-Comp-PE-A", "(Unmixed) PE-A", "Complement-A", "(Comp)")]
    [True, True, False, False]
    >>> [says_compensated(name) for name in ("compPE-A", "PE Comp-A", "PE-A (compensé)", "COMPLEX-A")]
    [True, True, True, False]
    """
    return _COMPENSATED.search(name.strip()) is not None


def marker_says_compensated(marker: str) -> bool:
    """Return whether $PnS begins like the name of a compensated channel (`Comp-PE-A`)."""
    return _MARKER_COMPENSATED.match(marker.strip()) is not None


def pulse_of(name: str) -> Pulse:
    """Return the measure of the pulse that a channel's name means, in any instrument's spelling.

    Examples
    --------
    >>> [str(pulse_of(name)) for name in ("PE-A", "FL2H", "PE Width", "FL2 INT LIN", "PE-A CD38", "CD235a")]
    ['area', 'height', 'width', 'area', 'area', '']
    """
    bare = _bare(name)
    match = None if _CLUSTER_AT_END.search(bare) else _AT_END.search(bare)
    match = match or _INSIDE.search(bare)
    if match is None:
        return Pulse.UNKNOWN
    return _PULSES[next(text for text in match.groupdict().values() if text).casefold()]


def unlike_pulses(names: Sequence[str]) -> tuple[str, str] | None:
    """Return the first two names that mean different measures of the pulse, or None.

    Examples
    --------
    >>> unlike_pulses(["PE-A", "YG585-A", "PE-H"]), unlike_pulses(["PE-A", "PE"])
    (('PE-A', 'PE-H'), None)
    """
    pulses = [pulse_of(name) for name in names]
    folded = [folded_name(_bare(name)) for name in names]
    ends: dict[str, set[str]] = {}
    for key in folded:
        ends.setdefault(key[:-1], set()).add(key[-1:])
    for index, (pulse, key) in enumerate(zip(pulses, folded, strict=True)):
        compatible = {pulse, Pulse.UNKNOWN}
        is_like = pulse is Pulse.UNKNOWN or compatible.issuperset(pulses)
        if is_like and not ends[key[:-1]] & {"a", "h", "w"} > {key[-1:]}:
            continue
        for later in range(index + 1, len(names)):
            both = {pulse, pulses[later]} - {Pulse.UNKNOWN}
            if len(both) > 1 or _end_otherwise(key, folded[later]):
                return names[index], names[later]
    return None


def pulse_by_name(name: str, beside: str) -> str:
    """Return the measure that a name means; `PEH` means height if the other name is `PEA`."""
    letter = _bare(name)[-1:].casefold() if _differ_in_last_letter(name, beside) else ""
    return str(pulse_of(name) or _PULSES.get(letter, Pulse.UNKNOWN))


def _bare(name: str) -> str:
    """Return a name without its words for compensated, linear or logarithmic."""
    return _SCALE_WORD.sub("", _COMPENSATED.sub("", name.strip())).strip()


def _differ_in_last_letter(first: str, second: str) -> bool:
    return _end_otherwise(folded_name(_bare(first)), folded_name(_bare(second)))


def _end_otherwise(a: str, b: str) -> bool:
    """Return whether two folded names differ only in the letter of the pulse at their ends."""
    ends = {a[-1:], b[-1:]}
    return len(ends) == 2 and len(a) > 2 and a[:-1] == b[:-1] and ends <= {"a", "h", "w"}
