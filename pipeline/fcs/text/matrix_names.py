"""The channel of a file that a name in its spillover matrix means."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.fcs.text.parameters import Parameter
from pipeline.fcs.text.text import keyword_integer

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


def _spelt(name: str, parameters: Sequence[Parameter]) -> list[str]:
    return [p.name for p in parameters if _plain(p.name) == _plain(name)]


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
