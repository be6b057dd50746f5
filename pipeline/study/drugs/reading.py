"""The meaning of a typed drug: an antibody against CD38, a regimen, an unclear name, or another drug."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from itertools import pairwise
from typing import Final

from pipeline.study.drugs.routes import Route
from pipeline.study.drugs.spelling import (
    MANY_NAMES,
    edits,
    has_no_blanks,
    spellings,
    spelt,
    split_off,
    stem,
    without_repeats,
    words,
)
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
    TWO_INHIBITORS,
    WITH_BISPECIFICS,
    chemotherapies,
    regimens,
)

_IN_FRONT: Final = (("d", DARATUMUMAB), ("dara", DARATUMUMAB), ("isa", ISATUXIMAB))
_MOST_WORDS: Final = 4
"""Most words that are tried as a single name: `J N J 54767414`. Convention: no name of these drugs has
more."""
_STEMS: Final = {
    "darat": DARATUMUMAB, "darz": DARATUMUMAB, "humax": DARATUMUMAB, "isatu": ISATUXIMAB, "izatu": ISATUXIMAB,
    "sarcl": ISATUXIMAB, "sarkl": ISATUXIMAB, "felzar": "felzartamab", "mezagit": "mezagitamab",
}  # fmt: skip
"""Beginnings of names that no other drug has: an unknown word with such a beginning is a misspelling."""
_SHORT_REST: Final = 6
"""Most letters of a regimen behind `dara`, `isa` or `D-`; longer words are other drugs. Convention: names of
regimens are abbreviations of up to six letters."""
_NUMBER: Final = re.compile(r"\d*[1-9]\d*(?:mg|mgkg|ml|g|st|nd|rd|th)?|[cd]\d+(?:[cd]\d+)?")
"""A dose, a cycle or a day; `0 mg` is not a dose, since nothing was given."""
_SUFFIX: Final = re.compile(r"[a-z]{4}")
_UNSURE: Final = re.compile(r"[?¿？؟±]|\+\s*/\s*\W|\(\s*d\s*\)", re.IGNORECASE)
"""`Dara?`, `VRd ± D`, `VRd +/- D`, `(D)VRd`: it is open whether the drug was given."""
LONG_NAME: Final = 7
"""Fewest letters of a name whose ending shows the kind of drug. Convention: shorter words may have that
ending by chance."""
_LIKE_A_REGIMEN: Final = re.compile(r"d[rvkptcmibexs]{1,5}[dp]?")
"""D and letters of drugs in an order that is not in the list of regimens."""


class Meaning(StrEnum):
    """The kind of meaning of a typed drug, from the most certain on."""

    NAMED = "named"
    """An antibody against CD38 by its own name."""
    READ = "read"
    """Certainly that antibody, under another name: a brand, a code, another spelling."""
    CONTAINS = "contains"
    """A regimen with the antibody; the dose in the row shows whether the antibody is meant."""
    QUESTION = "question"
    """Similar to such an antibody, but not certain."""
    OTHER = "other"
    """Other drugs that are known, or whose name shows the kind of drug."""
    UNKNOWN = "unknown"
    """Not similar to any known name."""


@dataclass(frozen=True, slots=True)
class DrugReading:
    """The meaning of a typed drug.

    Attributes
    ----------
    agents
        The drugs, by their names in the vocabulary; for an unclear name the drug that was probably meant.
    antibody
        The antibody against CD38 among them; "" if there is none.
    route
        IV or SC if the name says it, else "".
    """

    meaning: Meaning
    agents: tuple[str, ...] = ()
    antibody: str = ""
    route: str = ""


@lru_cache(MANY_NAMES)
def read_drug(name: str) -> DrugReading:
    """Return the meaning of a typed drug; case, script, dashes and trade marks do not matter.

    Examples
    --------
    >>> read_drug("Darzalex-Faspro").agents, read_drug("D-VMP").meaning, read_drug("IRd").meaning
    (('daratumumab',), <Meaning.CONTAINS: 'contains'>, <Meaning.OTHER: 'other'>)
    """
    readings = [_read(spelling) for spelling in spellings(name)]
    surest = min(readings, key=lambda reading: list(Meaning).index(reading.meaning))
    if surest.antibody and _UNSURE.search(name):
        return DrugReading(Meaning.QUESTION, surest.agents, surest.antibody)
    if surest.meaning is Meaning.READ and name.strip().casefold() == surest.antibody.casefold():
        return DrugReading(Meaning.NAMED, surest.agents, surest.antibody, surest.route)
    return surest


def _read(spelling: str) -> DrugReading:
    typed = _tokens(spelling)
    agents, unknown = _parsed(typed)
    antibodies = [agent for agent in agents if agent in _against_cd38()]
    route = _route(typed)
    if len(antibodies) > 1 or (antibodies and unknown):
        return DrugReading(Meaning.QUESTION, agents, antibodies[0])
    if antibodies:
        meaning = Meaning.READ if len(agents) == 1 else Meaning.CONTAINS
        return DrugReading(meaning, agents, antibodies[0], route)
    meant = _nearest("".join(typed), unknown, alone=not agents)
    if meant:
        return DrugReading(Meaning.QUESTION, (meant,), meant)
    is_other = bool(agents) or (bool(unknown) and all(map(_has_stem_of_others, unknown)))
    return DrugReading(Meaning.OTHER if is_other else Meaning.UNKNOWN, agents)


def _has_stem_of_others(word: str) -> bool:
    return len(word) >= LONG_NAME and stem(word).endswith(tuple(map(stem, STEMS_OF_OTHERS)))


def _tokens(spelling: str) -> tuple[str, ...]:
    """Return the words of a spelling; a route without a blank before it is split off, as in `DaraSC`.

    Chinese, Japanese and Korean have no blanks: a known name within a longer word is split off, too.
    """
    tokens: list[str] = []
    for word in (part for whole in words(spelling) for part in split_off(whole, _names_without_blanks())):
        glued = word[-2:] in ("sc", "iv") and word not in _index() and bool(_known(word[:-2]))
        tokens += (word[:-2], word[-2:]) if glued else (word,)
    return tuple(tokens)


def _parsed(typed: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the drugs that the words name, each once, and the unknown words."""
    agents: list[str] = []
    unknown: list[str] = []
    start = 0
    while start < len(typed):
        for n in range(min(_MOST_WORDS, len(typed) - start), 0, -1):
            parsed = _known("".join(typed[start : start + n]))
            if parsed:
                agents += parsed
                start += n
                break
        else:
            unknown += [] if _is_form(typed, start, agents) else [typed[start]]
            start += 1
    if unknown and unknown[-1] == typed[-1] == "d" and agents and agents[-1] not in _against_cd38():
        unknown.pop()  # `len-d`: the d behind another drug is dexamethasone
        agents.append("dexamethasone")
    return tuple(dict.fromkeys(agents)), tuple(unknown)


def _known(key: str) -> tuple[str, ...]:
    """Return the drugs of a name or regimen without blanks; empty if it is not known."""
    drugs = _index().get(key) or _index().get(stem(key))
    if drugs:
        return drugs
    for antibody in (*(name for name, _ in _IN_FRONT[1:]), DARATUMUMAB, ISATUXIMAB, "darzalex", "sarclisa"):
        backbone = key.removeprefix(antibody) if key.startswith(antibody) else key.removesuffix(antibody)
        backbone_drugs = (
            _index().get(backbone) or _short_backbones().get(backbone) if backbone != key else None
        )
        if backbone_drugs:
            return (*_index()[antibody], *backbone_drugs)
    return ()


def _is_form(typed: Sequence[str], index: int, agents: Sequence[str]) -> bool:
    """Return whether a word only says how a drug was given, joins two, or is the suffix of a biosimilar."""
    word = typed[index]
    if word in CONNECTORS or word in _forms() or _NUMBER.fullmatch(word):
        return True
    if "".join(typed[index : index + 2]) in ("sc", "iv") or "".join(typed[max(index - 1, 0) : index + 1]) in (
        "sc",
        "iv",
    ):
        return True
    behind = bool(agents) and index > 0 and typed[index - 1] in (*agents, "hyaluronidase")
    return behind and bool(_SUFFIX.fullmatch(word)) and word not in NO_SUFFIXES


def _route(typed: Sequence[str]) -> str:
    joined = {*typed, *("".join(pair) for pair in pairwise(typed))}
    under, into = bool(joined & spelt(SUBCUTANEOUS)), bool(joined & spelt(INTRAVENOUS))
    return "" if under == into else Route.SC if under else Route.IV


def _nearest(whole: str, unknown: Sequence[str], *, alone: bool) -> str:
    """Return the antibody against CD38 that is probably meant by unknown words; "" for none.

    `alone`: no other word is a known drug. Then `D-` and a few letters may be a regimen; a longer word is
    not.
    """
    if "cd38" in whole:
        return DARATUMUMAB
    begins = unknown[:1] == ("d",) and (not alone or len(whole) <= _SHORT_REST)
    if begins or (alone and _LIKE_A_REGIMEN.fullmatch(whole)):
        return DARATUMUMAB
    for word in dict.fromkeys((whole, *unknown)):
        meant = (
            (TRIALS | TWO_INHIBITORS).get(word)
            or next((m for s, m in _STEMS.items() if s in word), "")
            or _slip(word)
        )
        if meant and not _index().get(word):
            return meant
    return ""


def _slip(word: str) -> str:
    """Return the antibody whose name a word misspells, or whose short name begins the word; "" for none."""
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
def _names_without_blanks() -> tuple[str, ...]:
    """Return the names in Chinese, Japanese and Korean, long ones first."""
    names = (key for key in _index() if has_no_blanks(key))
    return tuple(sorted(names, key=lambda name: (-len(name), name)))


@cache
def _forms() -> frozenset[str]:
    return spelt(SUBCUTANEOUS | INTRAVENOUS | OTHER_FORMS)


@cache
def _short_backbones() -> Mapping[str, tuple[str, ...]]:
    return {name.casefold(): drugs for name, drugs in regimens().items()}


@cache
def _index() -> Mapping[str, tuple[str, ...]]:
    """Return the drugs of every name and regimen; the names are without blanks."""
    index: dict[str, tuple[str, ...]] = dict(_regimen_keys())
    for agent in AGENTS:
        for name in (agent.name, *agent.names.split(";")):
            for spelling in spellings(name):
                key = "".join(words(spelling))
                index |= {key: (agent.name,), stem(key): (agent.name,)} if key else {}
    return index


def _regimen_keys() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield regimens with an antibody first, so that regimens without one win if the spelling is the same."""
    drugs_of = regimens()
    for name, drugs in drugs_of.items():
        for front, antibody in _IN_FRONT:
            yield f"{front}{name.casefold()}", (antibody, *drugs)
            if name not in ALONE:
                yield f"{name.casefold()}{front}", (*drugs, antibody)
    yield from ((name.casefold(), drugs) for name, drugs in drugs_of.items() if name not in ALONE)
    yield from ((name.casefold(), drugs) for name, drugs in WITH_BISPECIFICS.items())
    yield from ((name.casefold(), ("chemotherapy",)) for name in chemotherapies())
