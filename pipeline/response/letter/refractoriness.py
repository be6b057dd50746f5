"""Refractoriness by drug class as typed: double, triple, quad and penta, and to the last line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.response.characteristics import share
from pipeline.response.letter.part import LetterPart, part
from pipeline.response.statistics.counts import Proportion
from pipeline.study.drugs import agents_of, covers_cd38
from pipeline.study.drugs.denials import SEPARATORS, is_denied, without_accents
from pipeline.study.study import Patient

PROTEASOME_INHIBITORS: Final = frozenset({"bortezomib", "carfilzomib", "ixazomib", "marizomib", "oprozomib"})
IMMUNOMODULATORS: Final = frozenset({"thalidomide", "lenalidomide", "pomalidomide"})
"""The drugs of each class (Rajkumar 2022, doi:10.1002/ajh.26590)."""

_NONE: Final = re.compile(
    r"none( known)?|no|0|-|nothing|nil|keine?|aucune?|neant|ningun\w*|nessun\w*|geen"
    r"|(not|non|no|nicht|niet)[ -]?refra[ck]t\w*"
)
_SAYS_NOTHING: Final = re.compile(r"\bn/a\b", re.IGNORECASE)
_CONFIRMED: Final = re.compile(r"[\s:=(]+(yes|ja|oui|si|y|1|x|pos\w*)\W*$")
"""What confirms a name, as in `PI: yes`."""
_HOW_MANY: Final = r"((?P<first>\d)\s*x?\s*)?({names})(\s*\W?\s*x?\s*(?P<last>\d)\W*)?"
_INHIBITOR_CLASS: Final = re.compile(
    _HOW_MANY.format(names="pis?|proteasom[ae]?.?(inhibi\\w*|hemmer)|inhibi\\w* (du|del|de) proteasom\\w*")
)
_IMMUNOMODULATOR_CLASS: Final = re.compile(_HOW_MANY.format(names="imids?|i[mn]+uno?mod\\w*( drugs?)?"))
_CD38_CLASS: Final = re.compile(r"(anti.?)?cd38.*")

REFRACTORINESS_RULE: Final = (
    "Of the patients whose cell refractory_to is typed (none: refractory to nothing). PI: proteasome "
    "inhibitors; IMiD: thalidomide, lenalidomide, pomalidomide. Quad and penta are counted by drugs within "
    "a class, so a class that is typed without its drugs counts once, or as often as its number says "
    "(2 PIs). Triple, quad and penta with an antibody against CD38 as Gandhi 2019 "
    "(doi:10.1038/s41375-019-0435-7) has them."
)


@dataclass(frozen=True, slots=True)
class Refractory:
    """Number of drugs of each class to which a myeloma is refractory; `unknown` holds other names."""

    inhibitors: int
    immunomodulators: int
    anti_cd38: bool
    unknown: tuple[str, ...] = ()

    @property
    def double(self) -> bool:
        """Refractory to a PI and an IMiD."""
        return min(self.inhibitors, self.immunomodulators) >= 1

    @property
    def triple(self) -> bool:
        """Refractory to a PI, an IMiD and an antibody against CD38."""
        return self.double and self.anti_cd38

    @property
    def quad(self) -> bool:
        """Triple-refractory, and refractory to a second PI or a second IMiD."""
        return self.triple and max(self.inhibitors, self.immunomodulators) >= 2

    @property
    def quad_without_cd38(self) -> bool:
        """Refractory to two PIs and two IMiDs."""
        return min(self.inhibitors, self.immunomodulators) >= 2

    @property
    def penta(self) -> bool:
        """Refractory to two PIs, two IMiDs and an antibody against CD38."""
        return self.quad_without_cd38 and self.anti_cd38


def refractory(typed: str) -> Refractory | None:
    """Return the drugs in a cell of `refractory_to` by class; None where it is empty or holds no known drug.

    A negated or doubtful name (`not bortezomib`, `lenalidomide?`) goes into `unknown`.

    Examples
    --------
    >>> refractory("Velcade; Revlimid; dara").triple, refractory("none").double, refractory("") is None
    (True, False, True)
    """
    names = [name.strip() for name in SEPARATORS.split(_SAYS_NOTHING.sub("?", typed)) if name.strip()]
    drugs: set[str] = set()
    inhibitors, immunomodulators, anti_cd38, unknown = 0, 0, False, []
    for name in names:
        word = without_accents(name)
        if _NONE.fullmatch(word):
            continue
        if is_denied(name):
            unknown.append(name)
            continue
        word = _CONFIRMED.sub("", word)
        agents = agents_of(_CONFIRMED.sub("", name))
        is_cd38 = bool(_CD38_CLASS.match(word)) or covers_cd38(name)
        typed_classes = _how_many(_INHIBITOR_CLASS, word), _how_many(_IMMUNOMODULATOR_CLASS, word)
        drugs |= agents
        inhibitors = max(inhibitors, typed_classes[0])
        immunomodulators = max(immunomodulators, typed_classes[1])
        anti_cd38 = anti_cd38 or is_cd38
        if not is_cd38 and not agents and not any(typed_classes):
            unknown.append(name)
    if len(unknown) == len(names):
        return None
    return Refractory(
        max(len(drugs & PROTEASOME_INHIBITORS), inhibitors),
        max(len(drugs & IMMUNOMODULATORS), immunomodulators),
        anti_cd38,
        tuple(unknown),
    )


def _how_many(pattern: re.Pattern[str], word: str) -> int:
    """Return how many drugs of a class a word means: its number, 1 without one; 0: not this class."""
    match = pattern.fullmatch(word)
    return int(match["first"] or match["last"] or 1) if match else 0


def refractoriness(patients: Sequence[Patient]) -> tuple[LetterPart, ...]:
    """Return the share of patients refractory to each class. Patients with an empty cell do not count."""
    histories = [
        history for patient in patients if (history := refractory(patient.refractory_to)) is not None
    ]
    unread = sum(bool(history.unknown) for history in histories)
    n_unknown = sum(bool(patient.refractory_to.strip()) for patient in patients) - len(histories)
    rule = REFRACTORINESS_RULE
    if n_unknown:
        cells = "1 cell in which" if n_unknown == 1 else f"{n_unknown} cells in which"
        rule += f" Left out: {cells} no drug and no class is understood."
    if unread:
        rule += (
            f" In {unread} of {len(histories)} patients a name is of no known drug, or is denied or doubted: "
            "it counts in no class."
        )
    return part("Refractoriness by class", rule, _rows(histories, patients))


def _rows(histories: Sequence[Refractory], patients: Sequence[Patient]) -> Iterator[Proportion]:
    yield from share("refractory to a PI", [history.inhibitors > 0 for history in histories])
    yield from share("refractory to an IMiD", [history.immunomodulators > 0 for history in histories])
    yield from share("refractory to an antibody against CD38", [history.anti_cd38 for history in histories])
    yield from share("double refractory: PI and IMiD", [history.double for history in histories])
    yield from share(
        "triple refractory: PI, IMiD, antibody against CD38", [history.triple for history in histories]
    )
    yield from share(
        "quad refractory: triple, and a second PI or IMiD", [history.quad for history in histories]
    )
    yield from share(
        "quad refractory: two PIs and two IMiDs", [history.quad_without_cd38 for history in histories]
    )
    yield from share(
        "penta refractory: two PIs, two IMiDs, antibody against CD38",
        [history.penta for history in histories],
    )
    yield from share("refractory to the last line", [patient.last_line_refractory for patient in patients])
