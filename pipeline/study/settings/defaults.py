"""What settings hold if nobody types them, each with its source."""

from __future__ import annotations

from typing import Final

MONTH_DAYS: Final = 30.4375
"""Days of a month. Convention: a twelfth of a year of 365.25 days."""

BEADS_FRESH_HOURS, BEADS_OLD_HOURS = 24.0, 72.0
"""Hours between bead run and tube up to which nothing is flagged, and beyond which the run is refused.
Assumptions (docs/method.md, section 1): a day, and a weekend."""

USUAL_NK_CELLS, USUAL_B_PRECURSORS = 12_000.0, 30_000.0
"""Molecules per cell without the drug on NK cells and on B precursors. Assumptions, for studies without tubes
free of the drug (docs/method.md, section 5): type your own laboratory's."""

USUAL_CV_OF_SENTINELS: Final = 0.25
"""CV of a patient's own value about these usual ones. Assumption: patients and laboratories together
(docs/method.md, section 5)."""

LOW_SHARE: Final = 0.33
"""Part of the plasma cells' usual below which CD38 is low. Assumption: a third (docs/method.md, section
5)."""

KD_UG_ML, KD_LOWEST_UG_ML, KD_HIGHEST_UG_ML = 0.25, 0.1, 0.64
"""Apparent dissociation constant of the drug on cells, and its lowest and highest value, µg/mL. Assumptions:
the published range, and its middle on a logarithmic scale (docs/method.md, section 6)."""

CYCLE_DAYS: Final = 28.0
"""Days of a cycle. Convention: daratumumab's labelled schedule is in multiples of 4 weeks."""

LANDMARK_WEEKS: Final = 8.0
"""Weeks from the start of treatment to the landmark of the dexamethasone analysis. Convention: two
cycles of 28 days."""

HEMODILUTION_PERCENT: Final = 0.05
"""Percent of the viable single cells: a marrow with surely fewer B precursors may be diluted with blood.
Convention: a sixtieth of the usual 3 %, at which simulated marrows are told
from undiluted ones (docs/validation.md)."""
