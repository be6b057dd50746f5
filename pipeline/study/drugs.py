"""Names of drugs: a dose's drug against a setting that lists synonyms."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=4096)
def is_drug(name: str, wanted: str) -> bool:
    """Tell whether a dose's drug is the wanted one, or one of its `;`-separated synonyms.

    Examples
    --------
    >>> is_drug(" Daratumumab", "daratumumab; Darzalex"), is_drug("darzalex faspro", "daratumumab; Darzalex")
    (True, False)
    """
    return name.strip().casefold() in {synonym.strip().casefold() for synonym in wanted.split(";")}
