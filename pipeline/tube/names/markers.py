"""The role that the name and marker of a channel suggest: a guess, never a fact."""

from __future__ import annotations

import re

from gating.events.panel import QUANTIFIED_ROLE, ROLES_THAT_GATE, Role

_TIME = re.compile(
    r"^(hdr[-_ ]?t|tlsw|tmsw|((event|computed)[-_ ]?)?time([-_ ]?(\d|[lm]sw|stamp))?"
    r"([-_ ]*[(\[]?(m?s|µs|us|msec|sec|seconds|min|minutes|ticks)[)\]]?)?)$",
    re.IGNORECASE,
)
_LASER = re.compile(r"^\*?(uv|ir|yg|violet|blue|green|yellow|red|[vbygr])?[-_ ]?(?=[fsb]sc)", re.IGNORECASE)
"""What some cytometers put before scatter: the laser (`VSSC-A`, `Violet SSC-A`), or a star."""
_SCATTER = re.compile(
    r"^(?P<side>fsc|fs|fals|forward|ssc|bsc|ss|side)(?:\d(?=[-_. ]|$))?(?![a-z0-9])"
    r"|^(?P<short>fsc|ssc)(?=[ahw](?![a-z0-9]))",
    re.IGNORECASE,
)
_PULSES = (
    ("width", re.compile(r"([-_ ]|^|(?<=sc))(w|width|tof)(lin|log)?(?![a-z0-9])", re.IGNORECASE)),
    ("height", re.compile(r"([-_ ]|^|(?<=sc))(h|height|peak)(lin|log)?(?![a-z0-9])", re.IGNORECASE)),
    ("area", re.compile(r"", re.IGNORECASE)),
)
_VIABILITY = re.compile(
    r"viab|live|dead|\bl/?d\b|7-?aad|\bdapi\b|\bpi\b|propidium|zombie|\bfvs|\bfvd|fixable|ghost|sytox|draq7|vivid"
    r"|amine|\bvd\b|aqua\b",
    re.IGNORECASE,
)
_DUMP = re.compile(r"\bdump\b|\blin(eage)?\b|\bexcl", re.IGNORECASE)
_CLUSTER = re.compile(r"cd[\s_-]?(\d+)([a-z]*)", re.IGNORECASE)
_OTHER_NAMES = (
    (Role.CD138, re.compile(r"syndecan", re.IGNORECASE)),
    (Role.CD319, re.compile(r"slam-?f7|\bcs1\b|\bcracc\b", re.IGNORECASE)),
    (Role.CD229, re.compile(r"\bly-?9\b", re.IGNORECASE)),
    (Role.CD54, re.compile(r"icam-?1\b", re.IGNORECASE)),
    (Role.CD56, re.compile(r"\bncam\b", re.IGNORECASE)),
    (Role.CD117, re.compile(r"c-?kit\b", re.IGNORECASE)),
    (Role.KAPPA, re.compile(r"kappa|κ|\big-?k\b", re.IGNORECASE)),
    (Role.LAMBDA, re.compile(r"lambda|λ|\big-?l\b", re.IGNORECASE)),
)
_CLUSTER_ROLES = frozenset(role for role in (*ROLES_THAT_GATE, QUANTIFIED_ROLE) if role.startswith("cd"))
_LINEAGE = frozenset(
    (
        "cd2",
        "cd3",
        "cd7",
        "cd11b",
        "cd13",
        "cd14",
        "cd15",
        "cd16",
        "cd33",
        "cd61",
        "cd64",
        "cd66b",
        "cd235a",
        "cd235",
    )
)
_DUMPED_ALONE = frozenset(("cd3", "cd14", "cd235a", "cd235"))
_DYES = re.compile(
    r"(?<![a-z0-9])(bv\s?\d{3}|buv\s?\d{3}|bb\s?\d{3}|ry\s?\d{3}|v4[05]0|v500(-c)?"
    r"|percp-?\s?cy(anine)?-?5[-. ]?5|percp"
    r"|pe-?\s?cy(anine)?-?\s?(5[-. ]?5|5|7)|pe-?(cf594|texas\s?red|efluor\s?610|dazzle\s?594)|pe-?tr|pe"
    r"|apc-?(h7|r700|a750|alexa\s?700|alexa\s?750|cy(anine)?-?\s?7|fire\s?\d+|efluor\s?780|c750)|apc"
    r"|fitc|(alexa\s?(fluor)?|af|ax)\s?-?\d{3}|pac(ific)?\s?-?(blue|orange)|pacblu|pacb|efluor\s?\d{3}|krome\s?orange|ecd)"
    r"(?![a-z0-9])",
    re.IGNORECASE,
)


def f_p_keyword(number: int) -> str:
    """Return the keyword in which a file may give the F:P ratio of channel `number` (from 1).

    FCS does not define such a keyword; software that knows the reagents' lots can write it, and simulated
    files have it.

    Examples
    --------
    >>> f_p_keyword(7)
    'P7F:P RATIO'
    """
    return f"P{number}F:P RATIO"


def scatter_role(channel: str) -> Role | None:
    """Return the role of a time or scatter channel by its $PnN, or None.

    >>> [str(scatter_role(name)) for name in ("FSC-A", "FS PEAK LIN", "SSC-W", "PE-A", "FSC")]
    ['fsc_area', 'fsc_height', 'other', 'None', 'fsc_area']
    >>> [str(scatter_role(name)) for name in ("Time", "HDR-T", "TIME_LSW", "Time (sec)", "Timer-A")]
    ['time', 'time', 'time', 'time', 'None']
    >>> [str(scatter_role(name)) for name in ("FSC_A", "VSSC-A", "*FSC1-H", "Forward Scatter (FSC-HLin)")]
    ['fsc_area', 'ssc_area', 'fsc_height', 'fsc_height']
    >>> str(scatter_role("BSC-A"))
    'ssc_area'
    """
    if _TIME.match(channel.strip()):
        return Role.TIME
    plain = _LASER.sub("", channel.strip())
    match = _SCATTER.match(plain)
    if match is None:
        return None
    word = (match["side"] or match["short"]).casefold()
    kind = "fsc" if word.startswith("f") else "ssc"
    suffix = plain[match.end() :]
    pulse = next(name for name, pattern in _PULSES if pattern.search(suffix))
    return Role.OTHER if (kind, pulse) == ("ssc", "width") else Role(f"{kind}_{pulse}")


def marker_role(marker: str) -> Role | None:
    """Return the role that a marker ($PnS) suggests; `other` for a stain without a role, None for none.

    >>> [str(marker_role(name)) for name in ("CD138 BV421", "CD45RA", "Zombie NIR", "CD3+CD14", "SLAMF7", "")]
    ['cd138', 'other', 'viability', 'dump', 'cd319', 'None']
    """
    text = marker.strip()
    if not text:
        return None
    clusters = [f"cd{number}{letters}".casefold() for number, letters in _CLUSTER.findall(text)]
    named = [role for role, pattern in _OTHER_NAMES if pattern.search(text)]
    roles = dict.fromkeys([*(name for name in clusters if name in _CLUSTER_ROLES), *named])
    if len(roles) == 1 and all(name in roles for name in clusters):
        return Role(next(iter(roles)))
    if _DUMP.search(text) or (
        clusters and all(name in _LINEAGE for name in clusters) and _excludes(clusters)
    ):
        return Role.DUMP
    if not clusters and _VIABILITY.search(text):
        return Role.VIABILITY
    return Role.DUMP if _VIABILITY.search(text) and all(name in _LINEAGE for name in clusters) else Role.OTHER


def _excludes(clusters: list[str]) -> bool:
    """Whether lineage markers mean exclusion: several of them, or one that plasma cells never have."""
    return len(clusters) > 1 or clusters[0] in _DUMPED_ALONE


def guess_role(channel: str, marker: str) -> Role | None:
    """Return the role that name and marker of a channel suggest, or None where nothing is stained.

    >>> guess_role("PE-A", "CD38 PE"), guess_role("FSC-H", ""), guess_role("PE-A", "")
    (<Role.CD38: 'cd38'>, <Role.FSC_HEIGHT: 'fsc_height'>, None)
    """
    return scatter_role(channel) or marker_role("" if marker == channel else marker) or _named_in(channel)


def _named_in(channel: str) -> Role | None:
    """Return the role of a marker in $PnN (`CD138 BV421-A`); detectors may be named after a viability dye."""
    role = marker_role(channel)
    return None if role in (Role.OTHER, Role.VIABILITY, Role.DUMP) else role


def fluorochrome(channel: str, marker: str) -> str:
    """Return the fluorochrome that marker or channel name, or "".

    >>> fluorochrome("PE-A", "CD38"), fluorochrome("FL2-A", "CD138 BV421"), fluorochrome("FL1-H", "CD20")
    ('PE', 'BV421', '')
    """
    for text in (marker, re.sub(r"[-_ ](A|H|W)$", "", channel)):
        match = _DYES.search(text)
        if match:
            return match[0]
    return ""


def antigen(marker: str) -> str:
    """Return a marker without its fluorochrome.

    >>> antigen("CD138 BV421"), antigen("CD45-APC-H7"), antigen("PE")
    ('CD138', 'CD45', 'PE')
    """
    bare = _DYES.sub("", marker).strip(" -_/:,")
    return bare or marker.strip()


def contradicts(role: str, channel: str, marker: str) -> Role | None:
    """Return the role that a file names for a channel where it contradicts the panel's, or None.

    Only a clear contradiction counts; `other` and `dump` may be any marker.
    """
    named_role = scatter_role(channel) or marker_role(marker)
    if (
        named_role in (None, Role.OTHER, Role.DUMP)
        or role in ("", Role.OTHER, Role.DUMP)
        or named_role == role
    ):
        return None
    return named_role
