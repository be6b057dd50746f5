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


def usual_competition(rows: Sequence[PatientRd]) -> bool | None:
    """Return whether the clones of most rows with a density compete with the drug; None: not known of any.

    If as many rows have a clone of either kind, it is True: free sites are used.
    """
    counts = Counter(row.competes for row in rows if row.competes is not None and takes_part(row))
    return counts[True] >= counts[False] if counts else None


def one_kind_of_sites(
    rows: Sequence[PatientRd], competes: bool | None
) -> tuple[tuple[PatientRd, ...], tuple[str, ...]]:
    """Return the rows of free sites or those of all sites, and a note on the others.

    A row whose clone may or may not compete counts as the usual kind.

    Parameters
    ----------
    competes
        Whether the clones of the wanted rows compete with the drug, as `usual_competition` returns it.
    """
    used = tuple(row for row in rows if competes is None or row.competes in (competes, None))
    if len(used) == len(rows):
        return used, ()
    wanted, others = _WORDS[competes is True], _WORDS[competes is False]
    note = (
        f"{wanted} and {others} share no line: {len(rows) - len(used)} rows of {others} left out of M0 to "
        f"M2, since their clone {'does not compete' if competes else 'competes'} with the drug"
    )
    return used, (note,)
