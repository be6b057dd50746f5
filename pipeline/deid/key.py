"""The key: which pseudonym stands for what, and by how many days each patient's days are shifted."""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path

from pipeline.files.whole import write_whole
from pipeline.study.errors import UserError

LEAST_SHIFT_DAYS, MOST_SHIFT_DAYS = 60, 1500
"""By how many days a patient's days go back at least and at most. Convention: far enough to tell no day, and
not so far that a drug was given before it existed."""

_COLUMNS = ("kind", "original", "copy")


class Kind(StrEnum):
    """What a pseudonym stands for."""

    PATIENT = "patient"
    SAMPLE = "sample"
    PANEL = "panel"
    BEADS = "bead run"
    VISIT = "visit"
    CYTOMETER = "cytometer"
    SERIAL = "serial number"
    CHANNEL = "channel"
    DRUG = "drug"
    PERSON = "person"
    SHIFT = "days back"


_FORMS = {
    Kind.PATIENT: "P{:03d}",
    Kind.SAMPLE: "S{:03d}",
    Kind.PANEL: "panel_{}",
    Kind.BEADS: "B{:02d}",
    Kind.VISIT: "visit_{}",
    Kind.CYTOMETER: "cytometer {}",
    Kind.SERIAL: "{}",
    Kind.CHANNEL: "channel_{}",
    Kind.DRUG: "another drug {}",
    Kind.PERSON: "person {}",
}


def _any_shift() -> int:
    return LEAST_SHIFT_DAYS + secrets.randbelow(MOST_SHIFT_DAYS - LEAST_SHIFT_DAYS + 1)


@dataclass(slots=True)
class Key:
    """Pseudonyms by kind and original; a new one is made where there is none yet.

    Attributes
    ----------
    any_shift
        Draws by how many days a patient's days go back; nobody can work it out again.
    """

    names: dict[tuple[Kind, str], str] = field(default_factory=dict)
    any_shift: Callable[[], int] = _any_shift

    def name(self, kind: Kind, original: str) -> str:
        """Return the pseudonym of an original; "" for ""."""
        if not original:
            return ""
        if (kind, original) not in self.names:
            number = 1 + sum(one is kind for one, _ in self.names)
            self.names[kind, original] = _FORMS[kind].format(number)
        return self.names[kind, original]

    def shifted(self, patient: str, day: date) -> date:
        """Return the day in the copy: all of a patient's days are shifted alike, so that every wait stays."""
        if (Kind.SHIFT, patient) not in self.names:
            self.names[Kind.SHIFT, patient] = str(self.any_shift())
        return day - timedelta(days=int(self.names[Kind.SHIFT, patient]))


def read_key(path: Path) -> Key:
    """Return the key of an earlier copy, so that the next one names the same patients alike; else a new one.

    Raises
    ------
    UserError
        There is a file, and it is no such key.
    """
    if not path.exists():
        return Key()
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
        return Key({(Kind(row["kind"]), row["original"]): row["copy"] for row in rows})
    except (OSError, UnicodeDecodeError, ValueError, KeyError) as error:
        raise UserError(
            f"{path}: found no key ({error}), expected the CSV file that an earlier `cd38rd deid` wrote, "
            f"with the columns {', '.join(_COLUMNS)}; name another file with --key"
        ) from None


def write_key(path: Path, key: Key) -> None:
    """Write the key, for those who may know."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows((kind.value, original, copy) for (kind, original), copy in key.names.items())
    write_whole(path, text.getvalue())
