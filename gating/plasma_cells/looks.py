"""Looks at all channels together, each over a certain distance around a group; the surest look is taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gating.anchors.evidence import Group
from gating.anchors.search import Search
from gating.clusters.membership import FEWEST_TO_BEGIN, Neighbourhood

REACHES = (20.0, 40.0)
"""Largest mean square of a cell's standardised distances from the group, for each look. Chosen on the
simulated tubes of docs/validation.md."""
LEFT_OUT = 0.5
"""Least number of likely cells outside the group, relative to the group, for a second search that starts with
all likely cells. Chosen on the simulated tubes of docs/validation.md."""
SURE_AT_A_LOOK = 0.97
"""Least certainty that ends the search without a further look. Chosen on the simulated tubes of
docs/validation.md."""
AS_SURE = 0.01
"""Largest difference between the certainties of two looks that count as equally sure. Chosen on the simulated
tubes of docs/validation.md."""

SURE_OF_MORE, SAME_CELLS, ANOTHER_KIND = 0.9, 0.95, 0.2
"""Conditions for a look to replace the surest look because it finds more cells: least certainty; least share
of the surest look's cells that it contains; least number of additional cells, relative to the surest look.
Chosen on the simulated tubes of docs/validation.md."""


@dataclass(frozen=True, slots=True)
class Look:
    """The wanted cells as one look at all channels shows them.

    Attributes
    ----------
    search
        The search with its refined group, and the confidence in it.
    seed
        The search that the look began with.
    kinds
        The kinds of cells around the group; None if there were too few cells to fit them.
    """

    search: Search
    seed: Search
    kinds: Neighbourhood | None = None

    @property
    def group(self) -> Group:
        """The cells that the look found."""
        return self.search.group

    def at_most(self, most: float) -> Look:
        """Return the look with its confidence limited to `most`."""
        group = replace(self.group, clarity=min(self.group.clarity, most))
        return replace(self, search=replace(self.search, group=group))


def surest_look(beginnings: Sequence[Search], look_at: Callable[[Search, float], Look]) -> Look:
    """Return the surest look; it reaches farther around the group if the first look is not sure.

    If two looks are about equally sure but differ in size, the larger one is taken. Otherwise the last digit
    of a value could decide.
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
    """Return the largest sure look that contains the surest look's cells, else the surest look.

    A near look finds the clone alone, since normal plasma cells lie farther away. A farther look that finds
    the same clone and more cells agrees less with the anchors, with which both looks began. This does not
    make it worse.
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
