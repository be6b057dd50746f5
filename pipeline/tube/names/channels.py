"""The channel of a file that a panel row means, and messages for rows that a file lacks."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from difflib import get_close_matches
from functools import lru_cache

from gating.events.panel import UNSTAINED_ROLES, Role
from pipeline.study.detector_names import unlike_pulses
from pipeline.study.errors import UserError
from pipeline.study.names.look import folded_name
from pipeline.study.study import Panel, PanelChannel
from pipeline.study.wording import first_words, quoted
from pipeline.tube.names.markers import scatter_role

MOST_ROWS_LISTED, MOST_CHANNELS_LISTED = 8, 16
"""Most rows and channels that a message lists. Convention: a few lines of text."""

MOST_SUGGESTIONS = 3
"""Most suggestions in a message: a panel may have forty channels. Convention: more would not help to
choose."""

_MARKER = re.compile(
    r"\bCD[ -]?\d{1,3}[a-z]{0,2}\b|\bHLA-?DR\b|\bkappa\b|\blambda\b|\bBCMA\b|\bGPRC5D\b|\bFcRH5\b|\bSLAMF7\b"
    r"|\bviability\b|\blive.?dead\b|\b7-?AAD\b|\bDAPI\b|\bzombie\b"
    r"|\b(?:BV|BUV|BB|SB|RB|RY|AF|V)[ -]?\d{3}\b|\bAlexa ?Fluor ?\d{3}\b|\bFITC\b|\bECD\b"
    r"|\bPacific (?:Blue|Orange)\b"
    r"|\bPE(?:[ -]?(?:Cy ?5\.5|Cy ?[57]|CF594|Dazzle ?594))?\b"
    r"|\bAPC(?:[ -]?(?:H7|Cy ?7|R700|Fire ?\d{3}|C750))?\b"
    r"|\bPerCP(?:[ -]?Cy ?5\.5)?\b|\bKrome ?Orange\b",
    re.IGNORECASE,
)

"""Roles of channels without a dye."""


class ChannelsError(UserError):
    """The channels of a file do not fit its panel; the text names the rows and the channels of the file."""


def find_channel(aliases: Sequence[str], channels: Sequence[str]) -> str:
    """Return the channel with this alias, exactly or up to case and punctuation; "" if there is none.

    Examples
    --------
    >>> find_channel(["PE-A", "YG585-A"], ["FSC-A", "Yg585 - A"])
    'Yg585 - A'
    """
    return next(iter(channels_meant(aliases, channels)), "")


def channels_meant(aliases: Sequence[str], channels: Sequence[str]) -> tuple[str, ...]:
    """Return all channels with one of the aliases, exactly or else up to case and punctuation.

    Examples
    --------
    >>> channels_meant(["PE-A", "YG585-A"], ["PE-A", "pe_a", "yg585-a"])
    ('PE-A', 'yg585-a')
    """
    return _meant(tuple(aliases), tuple(channels))


@lru_cache(4_096)  # every file of a study has the same channels
def _meant(aliases: tuple[str, ...], channels: tuple[str, ...]) -> tuple[str, ...]:
    folded: dict[str, list[str]] = {}
    for channel in channels:
        folded.setdefault(folded_name(channel), []).append(channel)
    exact = [alias for alias in aliases if alias in channels]
    similar = (
        name for alias in aliases if alias not in channels for name in folded.get(folded_name(alias), ())
    )
    spelt_so = {folded_name(name) for name in exact}
    return tuple(dict.fromkeys((*exact, *(name for name in similar if folded_name(name) not in spelt_so))))


def suggestion(
    channel: PanelChannel, channels: Sequence[str], markers: Sequence[str], taken: Collection[str] = ()
) -> str:
    """Return a sentence on which channel of the file was probably meant, or "".

    Parameters
    ----------
    channel
        The channel that the file lacks.
    channels, markers
        $PnN and $PnS of the file.
    taken
        Channels of the file that belong to other rows of the panel.
    """
    aliases = {folded_name(alias) for alias in channel.aliases}
    free = {
        name: marker
        for name, marker in zip(channels, markers, strict=True)
        if name not in taken
        and folded_name(name) not in aliases
        and scatter_role(name) == _scatter(channel)
        and unlike_pulses([channel.aliases[0], name]) is None
    }
    stains = [text for text in (channel.marker, channel.role) if folded_name(text) not in {"", Role.OTHER}]
    for name, marker in free.items():
        if any(_names(marker, text) for text in stains):
            shown = f" ({usual_name})" if (usual_name := known_marker(marker)) else ""
            return f"Did you mean {name}{shown}? Add it as an alias: {channel.aliases[0]}; {name}"
    near = {name.casefold(): name for name in free if _near(channel.aliases[0], name)}
    best = get_close_matches(channel.aliases[0].casefold(), near, n=1)
    named = near[best[0]] if best else ""
    return f"Did you mean {named}? Add it as an alias: {channel.aliases[0]}; {named}" if named else ""


def is_scatter_or_time(channel: PanelChannel) -> bool:
    """Whether a panel row is light scatter or time, not fluorescence."""
    return bool(_scatter(channel))


def missing_channels(panel: Panel, channels: Sequence[str]) -> tuple[PanelChannel, ...]:
    """Return the rows of a panel that have no channel in a file."""
    return tuple(channel for channel in panel.channels if not find_channel(channel.aliases, channels))


def suggestions(
    panel: Panel, missing: Sequence[PanelChannel], channels: Sequence[str], markers: Sequence[str]
) -> str:
    """Return suggestions for the first missing channels of a panel that have one."""
    taken = {find_channel(channel.aliases, channels) for channel in panel.channels}
    hints = (suggestion(channel, channels, markers, taken) for channel in missing)
    return " ".join([hint for hint in hints if hint][:MOST_SUGGESTIONS])


def lacking_channels(panel: Panel, file: str, channels: Sequence[str], markers: Sequence[str]) -> str:
    """Return a short sentence on a file that lacks channels of its panel: which, and what it has."""
    missing = missing_channels(panel, channels)
    n = len(panel.channels)
    return (
        f"{file} has {n - len(missing)} of the {n} channels of panel {quoted(panel.name)}; "
        f"missing: {named_rows(missing)}; the file has {named_channels(channels, markers)}"
    )


def named_rows(rows: Sequence[PanelChannel]) -> str:
    """Return the first rows of a panel by alias and role, and how many more there are."""
    return first_words([f"{' or '.join(row.aliases)} ({row.role})" for row in rows], MOST_ROWS_LISTED)


def named_channels(channels: Sequence[str], markers: Sequence[str]) -> str:
    """Return the first channels of a file by name and marker, and how many more there are."""
    pairs = zip(channels, markers, strict=True)
    words = ((name, known_marker(marker)) for name, marker in pairs)
    return first_words(
        [f"{name} ({m})" if m and m != name else name for name, m in words], MOST_CHANNELS_LISTED
    )


def known_marker(text: str) -> str:
    """Return the markers and dyes in $PnS; the rest may be any text and is not repeated.

    Examples
    --------
    >>> known_marker("CD138 PE, tube of A. Smith"), known_marker("HLA-DR/kappa"), known_marker("Smith")
    ('CD138 PE', 'HLA-DR kappa', '')
    """
    return " ".join(dict.fromkeys(_MARKER.findall(text)))


def _scatter(channel: PanelChannel) -> str:
    """Return the kind of scatter, or time, that a row means; "" for fluorescence."""
    if channel.role in UNSTAINED_ROLES:
        return channel.role
    return scatter_role(channel.aliases[0]) if channel.role == Role.OTHER else ""


def _names(marker: str, stain: str) -> bool:
    """Whether a marker names a stain; CD38 does not name CD3, nor CD45RA CD45."""
    return re.search(rf"{re.escape(folded_name(stain))}(?!\d|r[abo])", folded_name(marker)) is not None


def _near(alias: str, name: str) -> bool:
    """Whether two names can be one detector: the same numbers, and alike without `-A`, `-H` or `-W`."""
    if re.findall(r"\d+", alias) != re.findall(r"\d+", name):
        return False
    plain_alias, plain_name = (re.sub(r"[-_ ][ahw]$", "", text.casefold()) for text in (alias, name))
    return plain_alias in re.split(r"[-_ ]", plain_name) or bool(get_close_matches(plain_alias, [plain_name]))
