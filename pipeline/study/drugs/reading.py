"""What a typed drug means: one drug, a regimen, a question, or another drug."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from itertools import pairwise
from typing import Final

from pipeline.study.drugs.routes import Route
from pipeline.study.drugs.spelling import MANY_NAMES, edits, spellings, stem, without_repeats, words
from pipeline.study.drugs.vocabulary import (
    AGENTS,
    ALONE,
    CONNECTORS,
    DARATUMUMAB,
    INTRAVENOUS,
    ISATUXIMAB,
    NO_SUFFIXES,
    OTHER_FORMS,
    STEMS_OF_OTHERS,
    SUBCUTANEOUS,
    TRIALS,
    WITH_BISPECIFICS,
    chemotherapies,
    regimens,
)

_IN_FRONT: Final = (("d", DARATUMUMAB), ("dara", DARATUMUMAB), ("isa", ISATUXIMAB))
_MOST_WORDS: Final = 4
"""Words of the longest name that is tried as one: `J N J 54767414`. Convention: no name of these drugs has
more."""
_STEMS: Final = {
    "darat": DARATUMUMAB, "darz": DARATUMUMAB, "humax": DARATUMUMAB, "isatu": ISATUXIMAB, "izatu": ISATUXIMAB,
    "sarcl": ISATUXIMAB, "sarkl": ISATUXIMAB, "felzar": "felzartamab", "mezagit": "mezagitamab",
}  # fmt: skip
"""Beginnings that no other drug has: what begins so and is not known is a slip."""
_SHORT_REST: Final = 6
"""Letters behind `dara`, `isa` or `D-` that may be a regimen; longer words are other drugs. Convention: names
of regimens are abbreviations of up to six letters."""
_NUMBER: Final = re.compile(r"\d*[1-9]\d*(?:mg|mgkg|ml|g|st|nd|rd|th)?|[cd]\d+(?:[cd]\d+)?")
"""A dose, a cycle and a day; `0 mg` is none of them: it was not given."""
_SUFFIX: Final = re.compile(r"[a-z]{4}")
_UNSURE: Final = re.compile(r"[?¿？؟±]|\+\s*/\s*\W|\(\s*d\s*\)", re.IGNORECASE)
"""`Dara?`, `VRd ± D`, `VRd +/- D`, `(D)VRd`: whoever typed it did not say whether."""
LONG_NAME: Final = 7
"""Letters from which the end of a name tells its kind. Convention: shorter words may end so by chance."""
_LIKE_A_REGIMEN: Final = re.compile(r"d[rvkptcmibexs]{1,5}[dp]?")
"""D and letters of drugs, in an order that nobody lists."""


class Meaning(StrEnum):
    """What a typed drug is."""

    NAMED = "named"
    """An antibody against CD38 by its own name."""
    READ = "read"
    """Surely that antibody, by another name: a brand, a code, another spelling."""
    CONTAINS = "contains"
    """A regimen with the antibody: the row's dose says whether the antibody is meant."""
    QUESTION = "question"
    """Near such an antibody, but not surely one."""
    OTHER = "other"
    """Other drugs that are known, or whose name tells their kind."""
    UNKNOWN = "unknown"
    """Near nothing that is known."""


@dataclass(frozen=True, slots=True)
class DrugReading:
    """What a typed drug means.

    Attributes
    ----------
    agents
        Names of the drugs, as the vocabulary has them; of a question, what was probably meant.
    antibody
        The antibody against CD38 among them; "" where there is none.
    route
        IV or SC where the name tells it.
    """

    meaning: Meaning
    agents: tuple[str, ...] = ()
    antibody: str = ""
    route: str = ""


@lru_cache(MANY_NAMES)
def read_drug(name: str) -> DrugReading:
    """Return what a typed drug means, any case, script, dash and trade mark.

    Examples
    --------
    >>> read_drug("Darzalex-Faspro").agents, read_drug("D-VMP").meaning, read_drug("IRd").meaning
    (('daratumumab',), <Meaning.CONTAINS: 'contains'>, <Meaning.OTHER: 'other'>)
    """
    tried = [_read(spelling) for spelling in spellings(name)]
    found = min(tried, key=lambda reading: list(Meaning).index(reading.meaning))
    if found.antibody and _UNSURE.search(name):
        return DrugReading(Meaning.QUESTION, found.agents, found.antibody)
    if found.meaning is Meaning.READ and name.strip().casefold() == found.antibody.casefold():
        return DrugReading(Meaning.NAMED, found.agents, found.antibody, found.route)
    return found


def _read(spelling: str) -> DrugReading:
    typed = _tokens(spelling)
    agents, strange = _parsed(typed)
    antibodies = [agent for agent in agents if agent in _against_cd38()]
    route = _route(typed)
    if len(antibodies) > 1 or (antibodies and strange):
        return DrugReading(Meaning.QUESTION, agents, antibodies[0])
    if antibodies:
        meaning = Meaning.READ if len(agents) == 1 else Meaning.CONTAINS
        return DrugReading(meaning, agents, antibodies[0], route)
    meant = _nearest("".join(typed), strange, alone=not agents)
    if meant:
        return DrugReading(Meaning.QUESTION, (meant,), meant)
    is_other = bool(agents) or (bool(strange) and all(map(_has_stem_of_others, strange)))
    return DrugReading(Meaning.OTHER if is_other else Meaning.UNKNOWN, agents)


def _has_stem_of_others(word: str) -> bool:
    return len(word) >= LONG_NAME and stem(word).endswith(tuple(map(stem, STEMS_OF_OTHERS)))


def _tokens(spelling: str) -> tuple[str, ...]:
    """Return the words of a spelling, the route split off where it was typed onto the drug: `DaraSC`."""
    found: list[str] = []
    for word in words(spelling):
        glued = word[-2:] in ("sc", "iv") and word not in _index() and bool(_known(word[:-2]))
        found += (word[:-2], word[-2:]) if glued else (word,)
    return tuple(found)


def _parsed(typed: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the drugs that words name, each once, and the words that nobody knows."""
    agents: list[str] = []
    strange: list[str] = []
    at = 0
    while at < len(typed):
        for n in range(min(_MOST_WORDS, len(typed) - at), 0, -1):
            known = _known("".join(typed[at : at + n]))
            if known:
                agents += known
                at += n
                break
        else:
            strange += [] if _is_form(typed, at, agents) else [typed[at]]
            at += 1
    if strange and strange[-1] == typed[-1] == "d" and agents and agents[-1] not in _against_cd38():
        strange.pop()  # `len-d`: the d behind another drug is dexamethasone
        agents.append("dexamethasone")
    return tuple(dict.fromkeys(agents)), tuple(strange)


def _known(key: str) -> tuple[str, ...]:
    """Return the drugs of a name or regimen that was typed without blanks; empty where it is not known."""
    found = _index().get(key) or _index().get(stem(key))
    if found:
        return found
    for antibody in (*(name for name, _ in _IN_FRONT[1:]), DARATUMUMAB, ISATUXIMAB, "darzalex", "sarclisa"):
        rest = key.removeprefix(antibody) if key.startswith(antibody) else key.removesuffix(antibody)
        others = _index().get(rest) or _short_backbones().get(rest) if rest != key else None
        if others:
            return (*_index()[antibody], *others)
    return ()


def _is_form(typed: Sequence[str], at: int, agents: Sequence[str]) -> bool:
    """Whether a word says only how a drug was given, joins two, or is the suffix of a biosimilar."""
    word = typed[at]
    if word in SUBCUTANEOUS | INTRAVENOUS | OTHER_FORMS | CONNECTORS or _NUMBER.fullmatch(word):
        return True
    if "".join(typed[at : at + 2]) in ("sc", "iv") or "".join(typed[max(at - 1, 0) : at + 1]) in ("sc", "iv"):
        return True
    behind = bool(agents) and at > 0 and typed[at - 1] in (*agents, "hyaluronidase")
    return behind and bool(_SUFFIX.fullmatch(word)) and word not in NO_SUFFIXES


def _route(typed: Sequence[str]) -> str:
    joined = {*typed, *("".join(pair) for pair in pairwise(typed))}
    under, into = bool(joined & SUBCUTANEOUS), bool(joined & INTRAVENOUS)
    return "" if under == into else Route.SC if under else Route.IV


def _nearest(whole: str, strange: Sequence[str], *, alone: bool) -> str:
    """Return the antibody against CD38 that strange words were probably meant to be; "" for none.

    `alone`: no other word is a known drug. `D-` and a few letters may be a regimen; a longer word is none.
    """
    if "cd38" in whole:
        return DARATUMUMAB
    begins = strange[:1] == ("d",) and (not alone or len(whole) <= _SHORT_REST)
    if begins or (alone and _LIKE_A_REGIMEN.fullmatch(whole)):
        return DARATUMUMAB
    for word in dict.fromkeys((whole, *strange)):
        meant = TRIALS.get(word) or next((m for s, m in _STEMS.items() if s in word), "") or _slip(word)
        if meant and not _index().get(word):
            return meant
    return ""


def _slip(word: str) -> str:
    """Return the antibody whose name a word misspells, or whose short name it begins with; "" for none."""
    for name, antibody in _names_near():
        short = len(name) < len("isatu")
        if short and word.startswith(name) and len(word) <= len(name) + _SHORT_REST:
            return antibody
        most = 0 if len(name) < len("dara") else 1 if len(name) < len("sarclis") else 2
        spelled = [w for w in (word, without_repeats(word)) if abs(len(w) - len(name)) <= most]
        same_start = word[:1] == name[:1] or (name.isalpha() and len(name) >= len("darzalex"))
        if same_start and any(edits(w, name) <= most for w in spelled):
            return antibody
    return ""


@cache
def _against_cd38() -> frozenset[str]:
    return frozenset(agent.name for agent in AGENTS if agent.against_cd38)


@cache
def _names_near() -> tuple[tuple[str, str], ...]:
    """Return (name without blanks, antibody) of every antibody against CD38, long names first."""
    pairs = [(key, agents[0]) for key, agents in _index().items() if len(agents) == 1]
    near = [(key, name) for key, name in pairs if name in _against_cd38()]
    return tuple(sorted(near, key=lambda pair: (-len(pair[0]), pair[0])))


@cache
def _short_backbones() -> Mapping[str, tuple[str, ...]]:
    return {name.casefold(): drugs for name, drugs in regimens().items()}


@cache
def _index() -> Mapping[str, tuple[str, ...]]:
    """Return every name and regimen, without blanks → its drugs."""
    index: dict[str, tuple[str, ...]] = dict(_regimen_keys())
    for agent in AGENTS:
        for name in (agent.name, *agent.names.split(";")):
            for spelling in spellings(name):
                key = "".join(words(spelling))
                index |= {key: (agent.name,), stem(key): (agent.name,)} if key else {}
    return index


def _regimen_keys() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield regimens with an antibody first: a regimen without one that is written alike wins."""
    known = regimens()
    for name, drugs in known.items():
        for front, antibody in _IN_FRONT:
            yield f"{front}{name.casefold()}", (antibody, *drugs)
            if name not in ALONE:
                yield f"{name.casefold()}{front}", (*drugs, antibody)
    yield from ((name.casefold(), drugs) for name, drugs in known.items() if name not in ALONE)
    yield from ((name.casefold(), drugs) for name, drugs in WITH_BISPECIFICS.items())
    yield from ((name.casefold(), ("chemotherapy",)) for name in chemotherapies())
