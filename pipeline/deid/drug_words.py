"""Names of drugs in a copy, and the words beside them: known words stay, any other may name a person."""

from __future__ import annotations

import re
from typing import Final

from pipeline.deid.key import Key, PseudonymKind
from pipeline.study.drugs import Meaning, agents_of, listed_names, read_drug
from pipeline.study.drugs.denials import SEPARATORS, is_denied, without_accents
from pipeline.study.settings import Settings

_NAME: Final = re.compile(r"\S(?:.*\S)?", re.DOTALL)
_PLAIN: Final = re.compile(
    r"no|not|none|known|non|never|nothing|nil|kein[a-z]{0,2}|nicht|nein|pas|jamais|sans|sin|nunca|senza|mai|geen|niet|zonder"
    r"|aucune?|neant|ningun[oa]?|nessun[oa]?|unknown|unbekannt|inconnu|refra[ck]t[a-z]{0,6}|naiv[ea]?|naive"
    r"|sensitive|sensibel|intoleran[a-z]{1,3}|respon[ds][a-z]{0,4}|exposed|neg|negative?|n|nd|na|a|d"
    r"|yes|ja|oui|si|y|x|pos|positive?|but|except|only|to|all|both|s?cr|vgpr|pr|mr|sd|pd"
    r"|pis?|imids?|proteasome?n?|inhibit[a-z]{0,4}|hemmer|immun?omod[a-z]{0,9}|im[mn]unomod[a-z]{0,9}|drugs?"
    r"|anti|cd38|mabs?|antibod(?:y|ies)|\d"
)
"""Words of `refractory_to` beside the names of drugs. Convention: a word that lacks here makes its name a
pseudonym where it is denied, and is left out where it is not."""


def drug_in_copy(typed: str, settings: Settings, key: Key) -> str:
    """Return the known drugs in a name; an unknown name gets a pseudonym, the same in every sheet.

    The pseudonym of a name that the settings list differs in its words from that of any other name: by its
    number alone, it would look like a slip of the pen.
    """
    reading = read_drug(typed)
    sure = reading.agents if reading.meaning is not Meaning.QUESTION else ()
    original = " ".join(typed.split()).casefold()
    counted = {
        " ".join(name.split()).casefold()
        for drug in (settings.washed_out_drug, settings.study_drug)
        for name in listed_names(drug)
    }
    kind = PseudonymKind.COUNTED_DRUG if original in counted else PseudonymKind.DRUG
    return " + ".join(sure) or key.name(kind, original)


def refractory_in_copy(typed: str, settings: Settings, key: Key) -> str:
    """Return a cell of `refractory_to` that means the same: each name with the words which deny or count it.

    Examples
    --------
    >>> refractory_in_copy("Velcade; not Revlimid; 2 PIs; Dr Maier", Settings(), Key())
    'bortezomib; not Revlimid; 2 PIs; another drug 1'
    """
    parts, separators = SEPARATORS.split(typed), [*(match[0] for match in SEPARATORS.finditer(typed)), ""]
    copied = (_NAME.sub(lambda match: _name(match[0], settings, key), part) for part in parts)
    return "".join(part + separator for part, separator in zip(copied, separators, strict=True))


def _name(part: str, settings: Settings, key: Key) -> str:
    if _is_plain(part):
        return part
    if is_denied(part):
        return key.name(PseudonymKind.DRUG, " ".join(part.split()).casefold())
    if re.match(r"(?:anti\W?)?cd38", without_accents(part)):
        return "anti-CD38"
    return drug_in_copy(part, settings, key)


def _is_plain(part: str) -> bool:
    """Return whether each word is one that the program knows, and a denied drug is no plain drug's name."""
    words = re.findall(r"[^\W_]+", without_accents(part))
    beside = [word for word in words if not _PLAIN.fullmatch(word)]
    if any(not agents_of(word) for word in beside):
        return False
    return is_denied(part) or len(beside) < len(words)
