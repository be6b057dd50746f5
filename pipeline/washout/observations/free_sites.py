"""Free sites or all sites: clones that compete with the drug bind free CD38, other clones all CD38.

Free CD38 rises as the drug leaves; all CD38 need not. A line of both has a slope of neither, and a term for
the clone moves only its level. So M0, M1 and M2 use one kind, and M3, which is a line of totals, uses both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from pipeline.patients.patient_rd import PatientRd
from pipeline.washout.observations.ways import takes_part

_WORDS: Final = {True: "free sites", False: "all sites, free or covered"}


def one_kind_of_sites(rows: Sequence[PatientRd]) -> tuple[tuple[PatientRd, ...], tuple[str, ...]]:
    """Return the rows of free sites or those of all sites, whichever are more, and a note on the others.

    If there are as many of both, the rows of free sites are used. A row whose clone may or may not compete
    counts as the usual kind.
    """
    counts = Counter(row.competes for row in rows if row.competes is not None and takes_part(row))
    if len(counts) < 2:
        return tuple(rows), ()
    free = counts[True] >= counts[False]
    used = tuple(row for row in rows if row.competes in (free, None))
    note = (
        f"{_WORDS[free]} and {_WORDS[not free]} share no line: {counts[not free]} rows of {_WORDS[not free]} "
        f"left out of M0 to M2, since their clone {'does not compete' if free else 'competes'} with the drug"
    )
    return used, (note,)
