"""Colours and sheets of the workbook by which init, its update and the checks know each other's work."""

from __future__ import annotations

GUESSED = "FFF2CC"
"""Colour of a guess to confirm: yellow. Convention."""

TO_FILL = "F8CBAD"
"""Colour of a cell to fill in or check: orange. Convention."""

FILES = "_files"
"""Sheet of the files that drop-downs offer. Convention."""

LEFT_OUT = "_files_not_used"
"""Sheet of the files that are in no row, and need none. Convention."""
