"""Which channel of a file each row of a panel means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from pipeline.errors import UserError
from pipeline.study import Panel, PanelChannel


class ChannelsError(UserError):
    """A file lacks channels of its panel; the text names them and what the file has."""


@dataclass(frozen=True, slots=True)
class MatchedChannels:
    """The file's channel name for each row of a panel, in the panel's order."""

    names: tuple[str, ...]
    quantified: str
    notes: tuple[str, ...]


def find_channel(aliases: Sequence[str], channels: Sequence[str]) -> str:
    """Return the channel that an alias means, exactly or but for case and punctuation; "" where none does.

    Examples
    --------
    >>> find_channel(["PE-A", "YG585-A"], ["FSC-A", "Yg585 - A"])
    'Yg585 - A'
    """
    for alias in aliases:
        if alias in channels:
            return alias
    folded = {_folded(channel): channel for channel in reversed(channels)}
    return next((folded[_folded(alias)] for alias in aliases if _folded(alias) in folded), "")


def suggestion(channel: PanelChannel, channels: Sequence[str], markers: Sequence[str]) -> str:
    """Return a sentence on which channel of the file was probably meant, or ""."""
    wanted = {_folded(text) for text in (channel.marker, channel.role) if _folded(text) not in {"", "other"}}
    for name, marker in zip(channels, markers, strict=True):
        if any(text in _folded(marker) for text in wanted):
            return f"Did you mean {name} ({marker})? Add it as an alias: {channel.aliases[0]}; {name}"
    near = get_close_matches(channel.aliases[0].casefold(), [name.casefold() for name in channels], n=1)
    named = next((name for name in channels if near and name.casefold() == near[0]), "")
    return f"Did you mean {named}? Add it as an alias: {channel.aliases[0]}; {named}" if named else ""


def matched_channels(
    panel: Panel, channels: Sequence[str], markers: Sequence[str], *, where: str
) -> MatchedChannels:
    """Return the file's name of every channel of the panel.

    Raises
    ------
    ChannelsError
        If one or more are not in the file.
    """
    names = tuple(find_channel(channel.aliases, channels) for channel in panel.channels)
    absent = [channel for channel, name in zip(panel.channels, names, strict=True) if not name]
    if absent:
        listed = ", ".join(f"{'; '.join(c.aliases)} ({c.role})" for c in absent)
        hints = " ".join(filter(None, (suggestion(channel, channels, markers) for channel in absent)))
        raise ChannelsError(
            f"{where}: found no channel {listed} of panel {panel.name}; "
            f"the file has {', '.join(channels)}. {hints}".rstrip()
        )
    notes = tuple(
        f"channel {name} was taken for {channel.aliases[0]}"
        for channel, name in zip(panel.channels, names, strict=True)
        if name not in channel.aliases
    )
    quantified = next(n for c, n in zip(panel.channels, names, strict=True) if c.role == "cd38")
    return MatchedChannels(names, quantified, notes)


def _folded(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()
