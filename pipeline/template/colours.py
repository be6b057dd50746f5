"""Colours and sheet names of the workbook that init, its update and the checks share."""

from __future__ import annotations

GUESSED = "FFF2CC"
"""Colour of a guess that the user must confirm: yellow. Convention."""

TO_FILL = "F8CBAD"
"""Colour of a cell that the user must fill in or check: orange. Convention."""

FILES_SHEET = "_files"
"""Sheet of the files in the drop-downs. Convention."""

FILES_NOT_USED = "_files_not_used"
"""Sheet of the files that no row names and that need none. Convention."""
