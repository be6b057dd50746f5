"""The usual density of CD38 on plasma cells without the drug, as published."""

from __future__ import annotations

from typing import Final

USUAL_PLASMA_CELL_CD38: Final = 150_000.0
"""Molecules per cell without the drug: 153,000 ± 53,000 on plasma cells in AL amyloidosis, 139,000 ± 53,000
in smoldering myeloma (https://pubmed.ncbi.nlm.nih.gov/29577600). docs/method.md. Default of a setting,
middle of the prior of the recovery curve's plateau, and median of simulated patients."""
