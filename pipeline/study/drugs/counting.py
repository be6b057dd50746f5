"""Which typed drugs count as the drug of a setting."""

from __future__ import annotations

from functools import lru_cache

from pipeline.study.drugs.reading import Meaning, read_drug
from pipeline.study.drugs.spelling import MANY_NAMES
from pipeline.study.drugs.vocabulary import AGENTS


@lru_cache(MANY_NAMES)
def is_drug(name: str, drug: str) -> bool:
    """Return whether a dose's drug is the wanted one, under any of its names, or a regimen that contains it.

    Parameters
    ----------
    name
        As typed. A regimen counts by its name alone; the rules of the sheet have checked its dose.
    drug
        The drug of a setting, or several split by `;`. A name in this list counts in its own spelling.

    Examples
    --------
    >>> is_drug("Darzalex®", "daratumumab"), is_drug("DRd", "Darzalex"), is_drug("IRd", "isatuximab")
    (True, True, False)
    """
    if name.strip().casefold() in {listed.casefold() for listed in listed_names(drug)}:
        return True
    return bool(agents_of(name) & _wanted_agents(drug))


@lru_cache(MANY_NAMES)
def covers_cd38(name: str) -> bool:
    """Return whether a dose's drug, under any of its names, or a drug of a regimen, binds CD38.

    Examples
    --------
    >>> covers_cd38("Sarclisa"), covers_cd38("DRd"), covers_cd38("KRd")
    (True, True, False)
    """
    return any(agent.against_cd38 for agent in AGENTS if agent.name in agents_of(name))


def listed_names(setting: str) -> tuple[str, ...]:
    """Return the names that a setting lists with `;`."""
    return tuple(name.strip() for name in setting.split(";") if name.strip())


def agents_of(name: str) -> frozenset[str]:
    """Return the drugs that a typed name certainly means or contains; none if it is unclear or unknown."""
    reading = read_drug(name)
    return frozenset() if reading.meaning is Meaning.QUESTION else frozenset(reading.agents)


@lru_cache(MANY_NAMES)
def _wanted_agents(setting: str) -> frozenset[str]:
    """Return the drugs that the names of a setting mean; a regimen does not count as a drug."""
    sure = (Meaning.NAMED, Meaning.READ, Meaning.OTHER)
    readings = [read_drug(name) for name in listed_names(setting)]
    return frozenset(r.agents[0] for r in readings if r.meaning in sure and len(r.agents) == 1)
