"""How much CD38 a concentration of the drug holds."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

MOST_FOR_TOTAL: Final = 0.9
"""Above this occupancy the total is not computed: a small error of θ would decide it. Convention: from 0.9
on, an error of 0.03 in θ moves the total by 30 %."""


def occupancy(ug_ml: ArrayLike, kd_ug_ml: ArrayLike) -> NDArray[np.float64]:
    """Return θ = C/(C + Kd), the part of CD38 that the drug occupies.

    Parameters
    ----------
    ug_ml
        Concentration, taken to be the marrow's too.
    kd_ug_ml
        Apparent dissociation constant of the drug on cells, an assumption.

    Examples
    --------
    >>> occupancy([0.0, 0.25, 2.25], 0.25).tolist()
    [0.0, 0.5, 0.9]
    """
    level = np.maximum(np.asarray(ug_ml, dtype=np.float64), 0.0)
    return np.asarray(level / (level + kd_ug_ml))
