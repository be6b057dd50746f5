"""Array types, and the statistical constants that several modules of gating share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MAD_TO_SD = 1.4826
"""SD of a normal distribution over its median absolute deviation, 1 / Φ⁻¹(0.75). Arithmetic."""
USUAL_SPREAD = (0.16, 0.5, 0.84)
"""Quantiles of cells: one usual spread below their median, the median, and one spread above. Convention: the
quantiles of a normal distribution at its mean and one SD to either side, to two digits."""
LEAST_DIVISOR = 1e-9
"""Replaces a count, a weight or a width of zero by which is divided. Convention: far below any of them, so
that it changes no other result."""
LEAST_SCATTER = 1e-6
"""Replaces scatter of zero or below where a logarithm is taken or a cofactor is needed, linear units.
Convention: far below any detector's step."""
CHANCES = 2.0**32
"""Number of different tickets of 32 bits: an event is drawn if its ticket is below its share of them.
Arithmetic."""
CONFIDENCE_DIGITS = 4
"""Decimals to which a confidence or an overlap is rounded. Convention: far finer than any decision on it, and
coarser than what processors differ in."""
