"""Looks at all channels together, each so far around a group: of several the surest is taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gating.anchors.evidence import Group
from gating.anchors.search import Search
from gating.clusters.membership import FEWEST_TO_BEGIN, Neighbourhood

REACHES = (20.0, 40.0)
"""Mean square of standardised distances from the group up to which a look reaches, look by look. Chosen on
the simulated tubes of docs/validation.md."""
LEFT_OUT = 0.5
"""Likely cells that the group leaves out, relative to it, from which they are tried as a beginning too.
Chosen on the simulated tubes of docs/validation.md."""
SURE_AT_A_LOOK = 0.97
"""Certainty from which no further look is taken. Chosen on the simulated tubes of docs/validation.md."""
AS_SURE = 0.01
"""Difference of two looks' certainty up to which neither is surer. Chosen on the simulated tubes of
docs/validation.md."""

SURE_OF_MORE, SAME_CELLS, ANOTHER_KIND = 0.9, 0.95, 0.2
"""Certainty of a look from which it is taken for finding more than the surest one; the share of that one's
cells that it must find too; and how many more, relative to them. Chosen on the simulated tubes of
docs/validation.md."""


@dataclass(frozen=True, slots=True)
class Look:
    """The wanted cells as one look at all channels shows them.

    Attributes
    ----------
    search
        With its group refined, and the confidence in it.
    seed
        The search that the look began with.
    kinds
        The kinds of cells around the group; None where there were too few cells to learn them.
    """

    search: Search
    seed: Search
    kinds: Neighbourhood | None = None

    @property
    def group(self) -> Group:
        """The cells that it found."""
        return self.search.group

    def at_most(self, most: float) -> Look:
        """Return the look with a confidence of at most so much."""
        group = replace(self.group, clarity=min(self.group.clarity, most))
        return replace(self, search=replace(self.search, group=group))


def surest_look(beginnings: Sequence[Search], look_at: Callable[[Search, float], Look]) -> Look:
    """Return the search with the members that are surest, looking farther around where they are not sure.

    Of two that are as good as equally sure, and unlike in size, the larger one is taken: else the last digit
    of a value could choose.
    """
    looks: list[Look] = []
    for begin in beginnings:
        enough = np.count_nonzero(begin.group.mask) >= FEWEST_TO_BEGIN
        for reach in REACHES if enough else REACHES[:1]:  # without members every look is the same
            looks.append(look_at(begin, reach))
            if looks[-1].group.clarity >= SURE_AT_A_LOOK:
                return looks[-1]
    surest = max(looks, key=lambda look: look.group.clarity)
    nearly = [look for look in looks if look.group.clarity >= surest.group.clarity - AS_SURE]
    most = max(nearly, key=lambda look: int(np.count_nonzero(look.group.mask)))
    n, n_most = (int(np.count_nonzero(look.group.mask)) for look in (surest, most))
    if n_most >= (1 + LEFT_OUT) * n:
        return most
    return _with_another_kind(surest, looks)


def _with_another_kind(surest: Look, looks: Sequence[Look]) -> Look:
    """Return the largest look that is sure and holds the surest one's cells, else the surest one.

    A near look sees the clone alone: normal plasma cells lie farther off. A farther look that finds the same
    clone and more beside it agrees less with the anchors that both began with, and is no worse for that.
    """
    cells = surest.group.mask
    n = np.count_nonzero(cells)
    wider = [
        look
        for look in looks
        if look.group.clarity >= SURE_OF_MORE
        and np.count_nonzero(look.group.mask & cells) >= SAME_CELLS * n
        and np.count_nonzero(look.group.mask) >= (1 + ANOTHER_KIND) * n
    ]
    return max(wider, key=lambda look: int(np.count_nonzero(look.group.mask)), default=surest)
