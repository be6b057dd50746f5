"""How a row was measured: kit, clone, dye, cytometer. Rows that differ share a line with a term only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from calibration.density.receptor_density import NUMBERED, RdStatus
from pipeline.patients.patient_rd import PatientRd
from pipeline.washout.observations.terms import Term

_FEWEST_ROWS, _FEWEST_MEASURED = 3, 2
"""Rows, and measured ones, that a further way of measuring needs. Convention (docs/method.md)."""

_DENSITIES: Final = (*NUMBERED, RdStatus.BELOW_LLOQ, RdStatus.ABOVE_ULOQ)

_WORDS: Final = {
    "kit": "bead kits",
    "clone": "clones",
    "fluorochrome": "dyes",
    "instrument": "cytometers",
}


class Way(NamedTuple):
    """What a density was measured with. What a row does not tell is taken as the most frequent."""

    kit: str
    clone: str
    fluorochrome: str
    instrument: str

    def parts(self, reference: Way) -> dict[str, str]:
        """Return what differs from the most frequent way."""
        mine, usual = self._asdict(), reference._asdict()
        return {name: value for name, value in mine.items() if value != usual[name]}

    def against(self, reference: Way) -> str:
        """Return what differs in words: `qsc`, `clone HB7, cytometer B`."""
        return ", ".join(value or "unknown" for value in self.parts(reference).values())

    def what(self, reference: Way) -> str:
        """Return in words what differs: `bead kits`, `clones and dyes`."""
        return " and ".join(_WORDS[name] for name in self.parts(reference))

    def __str__(self) -> str:
        """Return all that is reported."""
        return ", ".join(part for part in self if part)


def takes_part(row: PatientRd) -> bool:
    """Return whether a row has a washout, and a density or a limit that it lies beyond."""
    return row.status in _DENSITIES and row.weeks is not None and row.weeks >= 0


def ways_of(rows: Sequence[PatientRd]) -> list[Way]:
    """Return how each row was measured; a clone, dye or cytometer not known is the most frequent one.

    A row that takes no part in the models was measured in no way: it goes with the most frequent one of the
    others, so that it decides nothing.
    """
    columns = [[row.beads_kit for row in rows]]
    columns += [_filled([getattr(row, name) for row in rows]) for name in Way._fields[1:]]
    ways = [Way(*parts) for parts in zip(*columns, strict=True)]
    of_data = [way for way, row in zip(ways, rows, strict=True) if takes_part(row)]
    if not of_data:
        return ways
    usual = usable_ways(of_data, [False] * len(of_data))[0]
    return [way if takes_part(row) else usual for way, row in zip(ways, rows, strict=True)]


def way_terms(ways: Sequence[Way]) -> tuple[Term, ...]:
    """Return a 0/1 column for every way but the most frequent one, in the order of their names."""
    if not ways:
        return ()
    reference = usable_ways(ways, [False] * len(ways))[0]
    return tuple(
        Term(
            "_and_".join(f"{name}_{value or 'unknown'}" for name, value in way.parts(reference).items()),
            "fold against "
            + ", ".join(getattr(reference, name) or "unknown" for name in way.parts(reference)),
            np.array([one == way for one in ways], dtype=np.float64),
        )
        for way in sorted({*ways} - {reference})
    )


def usable_ways(ways: Sequence[Way], measured: Sequence[bool]) -> tuple[Way, tuple[Way, ...]]:
    """Return the most frequent way, and the others that have enough rows for a term of their own."""
    counts = Counter(ways)
    n_measured = Counter(way for way, is_measured in zip(ways, measured, strict=True) if is_measured)
    reference = max(sorted(counts), key=lambda way: counts[way])
    others = tuple(
        way
        for way in sorted(counts)
        if way != reference and counts[way] >= _FEWEST_ROWS and n_measured[way] >= _FEWEST_MEASURED
    )
    return reference, others


def _filled(names: list[str]) -> list[str]:
    told = Counter(name for name in names if name)
    usual = max(sorted(told), key=lambda name: told[name]) if told else ""
    return [name or usual for name in names]
