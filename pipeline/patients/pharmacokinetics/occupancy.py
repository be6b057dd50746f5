"""Receptor occupancy: the part of CD38 that the drug covers."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

MOST_FOR_TOTAL: Final = 0.9
"""Above this occupancy θ, no total CD38 is computed: a small error of θ would decide it. Convention: from 0.9
on, an error of 0.03 in θ moves the total by 30 %."""


def occupancy(ug_ml: ArrayLike, kd_ug_ml: ArrayLike) -> NDArray[np.float64]:
    """Return the occupancy θ = C/(C + Kd), the part of CD38 that the drug covers, from 0 to 1.

    Parameters
    ----------
    ug_ml
        Serum concentration C, µg/mL. The marrow is assumed to have the same. A negative one counts as 0.
    kd_ug_ml
        Apparent dissociation constant Kd of the drug on cells, µg/mL: an assumption.

    Returns
    -------
    The common shape of both.

    Examples
    --------
    >>> occupancy([0.0, 0.25, 2.25], 0.25).tolist()
    [0.0, 0.5, 0.9]
    """
    level = np.maximum(np.asarray(ug_ml, dtype=np.float64), 0.0)
    return np.asarray(level / (level + kd_ug_ml))
