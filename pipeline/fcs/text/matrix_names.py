"""The channel of a file that a name in its spillover matrix means."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.fcs.text.commas import Untangled, joined_words, untangled
from pipeline.fcs.text.parameters import Parameter
from pipeline.fcs.text.text import keyword_integer, real_number

_COMP = re.compile(r"(?:FJ)?Comp[-_ ]+", re.IGNORECASE)


def has_comp_prefix(name: str) -> bool:
    """Whether a name begins with `Comp-` or `FJComp-`, as programs name compensated channels.

    >>> has_comp_prefix("FJComp-PE-A"), has_comp_prefix("PE-A")
    (True, False)
    """
    return bool(_COMP.match(name))


def channel_of_name(name: str, parameters: Sequence[Parameter]) -> str | None:
    """Return the channel with this name; else with this number, $PnS, or spelling, at last without `Comp-`.

    None where no channel fits, or several do.
    """
    exact = [p.name for p in parameters if p.name == name]
    number = keyword_integer(name)
    if not exact and number is not None and 1 <= number <= len(parameters):
        exact = [parameters[number - 1].name]
    by_marker = [p.name for p in parameters if p.marker == name]
    raw = _spelt(_COMP.sub("", name, count=1), parameters) if has_comp_prefix(name) else []
    ways = (exact, by_marker, _spelt(name, parameters), raw)
    return next((channels[0] for channels in ways if len(channels) == 1), None)


def untangled_matrix(
    words: Sequence[str], size: int, parameters: Sequence[Parameter]
) -> tuple[tuple[Untangled, ...], list[str]]:
    """Return the readings of a matrix with commas within its numbers or names.

    Names that are no channel's, such as `Comp-PE-A`, are tried only where no reading fits without them.

    Returns
    -------
    readings
        As `untangled` returns them.
    other_names
        Those names; none where the channels' own names fit.
    """
    own = untangled(words, size, {parameter.name: parameter.name for parameter in parameters})
    if own:
        return own, []
    markers = [parameter.marker for parameter in parameters if parameter.marker]
    most = 1 + max(text.count(",") for text in (*markers, *(parameter.name for parameter in parameters)))
    names = dict.fromkeys([*joined_words(words[: size * most], most), *markers])
    possible = {name: channel_of_name(name, parameters) for name in names if real_number(name) is None}
    known = {name: channel for name, channel in possible.items() if channel is not None}
    return untangled(words, size, known), list(known)


def _spelt(name: str, parameters: Sequence[Parameter]) -> list[str]:
    return [p.name for p in parameters if _plain(p.name) == _plain(name)]


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
