"""What people read in rd.xlsx: headers in words with units, and what each column means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipeline.output.workbook.words.column import ColumnWords
from pipeline.output.workbook.words.files import BEAD_WORDS, EXPOSURE_WORDS, OTHER_WORDS
from pipeline.output.workbook.words.further import FURTHER_WORDS
from pipeline.output.workbook.words.models import MODEL_WORDS, RESPONSE_WORDS
from pipeline.output.workbook.words.tubes import TUBE_WORDS

__all__ = ["WORDS", "ColumnWords"]

WORDS: Final[Mapping[str, ColumnWords]] = {
    **TUBE_WORDS,
    **BEAD_WORDS,
    **EXPOSURE_WORDS,
    **OTHER_WORDS,
    **FURTHER_WORDS,
    **MODEL_WORDS,
    **RESPONSE_WORDS,
}
"""The words of every column of rd.xlsx, by the code that its table gives it."""
