"""Words beside a drug's name which say that the myeloma is not refractory to it, or that this is not known.

English, and the usual words of German, French, Spanish, Italian and Dutch.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from pipeline.study.drugs.spelling import MANY_NAMES

SEPARATORS: Final = re.compile(r"[;,/+\n]|\b(?:and|und|et)\b")
"""What stands between two names of a cell."""
_DENIED: Final = re.compile(
    r"\b(no|not|non|never|kein\w*|nicht|nein|pas|jamais|sans|sin|nunca|senza|mai|geen|niet|zonder)\b"
    r"|naiv|sensi[tb]|empfindlich|intol|unvertraglich|respon[ds]|ansprechen|expos|exponiert|\?"
    r"|(->|=>|→)\s*(s?cr|vgpr|pr|mr)\b|\bneg|\bn\.?d\b|[:=(]\s*[0n]\W*$|\s[0n]$|-\W*$"
    r"|\b(but|except\w*|excluding|without|unless|ausser|ohne|sauf|salvo|eccetto)\b"
)


@lru_cache(MANY_NAMES)
def is_denied(name: str) -> bool:
    """Return whether a name of `refractory_to` stands beside a word that denies or doubts it.

    Examples
    --------
    >>> is_denied("not bortezomib"), is_denied("lenalidomide?"), is_denied("Velcade")
    (True, True, False)
    """
    return bool(_DENIED.search(without_accents(name)))


def without_accents(name: str) -> str:
    """Return a name in small letters without accents, with one kind of minus.

    Examples
    --------
    >>> without_accents("Réfractaire")
    'refractaire'
    """
    letters = unicodedata.normalize("NFKD", name.casefold().replace("−", "-"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
