"""How a row was measured: bead kit, clone, dye, cytometer. Rows that differ in it need a term in the line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from calibration.density.receptor_density import QUANTIFIED
from pipeline.patients.patient_rd import PatientRd
from pipeline.study.quantity_name import fold_unit
from pipeline.washout.censored.subject import WayDifference, WayPart
from pipeline.washout.observations.terms import Term

_FEWEST_ROWS_OF_A_WAY, _FEWEST_MEASURED = 3, 2
"""Fewest rows, and fewest measured rows, of a further way of measuring. Convention (docs/method.md)."""

_UNKNOWN: Final = "unknown"

_WORDS: Final = {
    WayPart.KIT: "bead kits",
    WayPart.CLONE: "clones",
    WayPart.DYE: "dyes",
    WayPart.CYTOMETER: "cytometers",
}


class Way(NamedTuple):
    """The bead kit, clone, dye and cytometer of a density; an unknown one counts as the usual one."""

    kit: str
    clone: str
    fluorochrome: str
    instrument: str

    def parts(self, reference: Way) -> tuple[WayDifference, ...]:
        """Return the parts that differ from the most frequent way; `unknown` for one that is not known."""
        pairs = zip(WayPart, self, reference, strict=True)
        return tuple(WayDifference(part, own or _UNKNOWN) for part, own, usual in pairs if own != usual)

    def values(self, reference: Way) -> str:
        """Return the values of the parts that differ, in words: `qsc`, or `HB7, B`."""
        return ", ".join(value for _, value in self.parts(reference))

    def nouns(self, reference: Way) -> str:
        """Return the names of the parts that differ, in words: `bead kits`, or `clones and dyes`."""
        return " and ".join(_WORDS[part] for part, _ in self.parts(reference))

    def __str__(self) -> str:
        """Return all parts that are known."""
        return ", ".join(part for part in self if part)


def takes_part(row: PatientRd) -> bool:
    """Return whether a row has a washout, and a measured or censored receptor density."""
    return row.status in QUANTIFIED and row.weeks is not None and row.weeks >= 0


def ways_of(rows: Sequence[PatientRd]) -> list[Way]:
    """Return how each row was measured; an unknown clone, dye or cytometer becomes the most frequent one.

    A row that takes no part in the models gets the most frequent way of the others, so that it decides
    nothing.
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
    """Return a term with values 0 and 1 for every way except the most frequent one, sorted by name."""
    if not ways:
        return ()
    reference = usable_ways(ways, [False] * len(ways))[0]
    return tuple(
        Term(
            "_and_".join(f"{part.value}_{value}" for part, value in way.parts(reference)),
            fold_unit(f"fold against {reference.values(way)}"),
            np.array([of_row == way for of_row in ways], dtype=np.float64),
            subject=way.parts(reference),
        )
        for way in sorted({*ways} - {reference})
    )


def usable_ways(ways: Sequence[Way], measured: Sequence[bool]) -> tuple[Way, tuple[Way, ...]]:
    """Return the most frequent way, and the others that have enough rows for a term of their own."""
    counts = Counter(ways)
    n_measured = Counter(way for way, is_measured in zip(ways, measured, strict=True) if is_measured)
    reference = max(sorted(counts), key=lambda way: counts[way])
    other_ways = tuple(
        way
        for way in sorted(counts)
        if way != reference and counts[way] >= _FEWEST_ROWS_OF_A_WAY and n_measured[way] >= _FEWEST_MEASURED
    )
    return reference, other_ways


def _filled(names: list[str]) -> list[str]:
    """Replace empty names by the most frequent name; spellings that differ in case alone are one name."""
    counts = Counter(name for name in names if name)
    by_count = sorted(counts, key=lambda name: (counts[name], name))
    spelling = {name.casefold(): name for name in by_count}
    folded = Counter(name.casefold() for name in names if name)
    usual = max(sorted(folded), key=lambda name: folded[name]) if folded else ""
    return [spelling.get((name or usual).casefold(), "") for name in names]
