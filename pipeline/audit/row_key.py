"""The key of a typed row in the audit trail: its sheet, the names in it, and its number among rows alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class AuditedSheet(StrEnum):
    """A sheet whose cells the trail records."""

    SAMPLES = "samples"
    PANELS = "panels"
    BEADS = "beads"
    DOSES = "doses"
    PATIENTS = "patients"
    GATES = "gates"
    VALIDATION = "validation"
    ADVERSE_EVENTS = "adverse_events"
    REVIEW = "review"
    SETTINGS = "settings"


_OF_A_TUBE: Final = frozenset(
    (AuditedSheet.SAMPLES, AuditedSheet.GATES, AuditedSheet.VALIDATION, AuditedSheet.REVIEW)
)
"""Sheets whose rows begin with the name of a tube."""

_SECOND: Final[Mapping[str, str]] = {
    AuditedSheet.DOSES: "day",
    AuditedSheet.GATES: "gate",
    AuditedSheet.VALIDATION: "experiment",
}
"""What the second name of a row is, in the sheets whose rows have one."""

SHEETS_WITH_ROWS_ALIKE: Final = frozenset(
    (AuditedSheet.DOSES, AuditedSheet.VALIDATION, AuditedSheet.ADVERSE_EVENTS, AuditedSheet.REVIEW)
)
"""Sheets in which several rows may have the same names, as two doses on one day."""


@dataclass(frozen=True, slots=True)
class RowKey:
    """The key of a row; its text, as the trail holds it, is `gates P01_BM1/cd138`.

    Attributes
    ----------
    sheet
        An `AuditedSheet`; of a trail that another version wrote, any word.
    name
        The tube, patient, bead run or setting of the row. Of a panel, its name and the channel's as one text,
        since both may hold a slash.
    second
        The gate, the day of a dose or the experiment; "" in other sheets.
    number
        From 1, among rows with the same names.

    Examples
    --------
    >>> RowKey.of_text("doses P01/2026-01-05/2")
    RowKey(sheet='doses', name='P01', second='2026-01-05', number=2)
    >>> str(RowKey("gates", "P01_BM1", "cd138")), str(RowKey("review", "P01_BM1", number=2))
    ('gates P01_BM1/cd138', 'review P01_BM1/2')
    """

    sheet: str
    name: str
    second: str = ""
    number: int = 1

    @classmethod
    def of_text(cls, text: str) -> RowKey:
        """Return the key that a line of the trail holds."""
        sheet, _, names = text.partition(" ")
        number = 1
        if sheet in SHEETS_WITH_ROWS_ALIKE:
            before, _, last = names.rpartition("/")
            if before.count("/") == (sheet in _SECOND) and before and last.isdecimal():
                names, number = before, int(last)
        name, _, second = names.partition("/") if sheet in _SECOND else (names, "", "")
        return cls(sheet, name, second, number)

    def is_of_tube(self, sample_id: str) -> bool:
        """Return whether the row is one of this tube."""
        return self.sheet in _OF_A_TUBE and self.name == sample_id

    def __str__(self) -> str:
        parts = (self.name, self.second, str(self.number) if self.number > 1 else "")
        return f"{self.sheet} {'/'.join(filter(None, parts))}"
