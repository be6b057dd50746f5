"""The key: the original of each pseudonym, and the shift in days of each patient's dates."""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from itertools import count
from pathlib import Path

from pipeline.files.formula import as_before, no_formula
from pipeline.files.whole import write_whole
from pipeline.study.errors import UserError

LEAST_SHIFT_DAYS, MOST_SHIFT_DAYS = 60, 1500
"""Least and greatest shift of a patient's dates into the past, days. Convention: far enough to hide every
date, and not so far that a drug was given before it existed."""

_COLUMNS = ("kind", "original", "copy")


class PseudonymKind(StrEnum):
    """The kind of name that a pseudonym replaces."""

    PATIENT = "patient"
    SAMPLE = "sample"
    PANEL = "panel"
    BEADS = "bead run"
    VISIT = "visit"
    CYTOMETER = "cytometer"
    SERIAL = "serial number"
    COUNTER = "short serial number"
    CHANNEL = "channel"
    DRUG = "drug"
    COUNTED_DRUG = "drug of a setting"
    PERSON = "person"
    GROUP = "group of validation tubes"
    SITE = "site"
    REAGENT = "reagent"
    SHIFT = "days back"


_FORMS = {
    PseudonymKind.PATIENT: "P{:03d}",
    PseudonymKind.SAMPLE: "S{:03d}",
    PseudonymKind.PANEL: "panel_{}",
    PseudonymKind.BEADS: "B{:02d}",
    PseudonymKind.VISIT: "visit_{}",
    PseudonymKind.CYTOMETER: "cytometer {}",
    PseudonymKind.SERIAL: "serial {}",
    PseudonymKind.COUNTER: "{}",
    PseudonymKind.CHANNEL: "channel_{}",
    PseudonymKind.DRUG: "another drug {}",
    PseudonymKind.COUNTED_DRUG: "name in the settings {}",
    PseudonymKind.PERSON: "person {}",
    PseudonymKind.GROUP: "group {}",
    PseudonymKind.SITE: "site {}",
    PseudonymKind.REAGENT: "reagent {}",
}


def _any_shift() -> int:
    return LEAST_SHIFT_DAYS + secrets.randbelow(MOST_SHIFT_DAYS - LEAST_SHIFT_DAYS + 1)


@dataclass(slots=True)
class Key:
    """Pseudonyms by kind and original; a missing pseudonym is made when it is needed.

    Attributes
    ----------
    any_shift
        Draws the shift of a patient's dates; nobody can compute it again.
    """

    names: dict[tuple[PseudonymKind, str], str] = field(default_factory=dict)
    any_shift: Callable[[], int] = _any_shift

    def name(self, kind: PseudonymKind, original: str) -> str:
        """Return the pseudonym of an original; "" for ""."""
        if not original:
            return ""
        if (kind, original) not in self.names:
            taken = {copy for (other_kind, _), copy in self.names.items() if other_kind is kind}
            numbered = (_FORMS[kind].format(number) for number in count(1))
            self.names[kind, original] = next(name for name in numbered if name not in taken)
        return self.names[kind, original]

    def shifted(self, patient: str, day: date) -> date:
        """Return the date in the copy: all dates of a patient have the same shift, so that intervals stay."""
        if (PseudonymKind.SHIFT, patient) not in self.names:
            self.names[PseudonymKind.SHIFT, patient] = str(self.any_shift())
        return day - timedelta(days=int(self.names[PseudonymKind.SHIFT, patient]))


class BadKeyError(Exception):
    """A file that is no key of a copy, or a damaged one; the message says why."""


def read_key(path: Path) -> Key:
    """Return the key of an earlier copy, so that patients keep their pseudonyms; else a new key.

    Raises
    ------
    UserError
        The file exists, but is no such key.
    """
    if not path.exists():
        return Key()
    if not path.is_file():
        raise UserError(
            f"{path}: found a folder, a pipe or a device, expected a key or nothing; name another with --key"
        )
    try:
        return Key(_names(csv.DictReader(io.StringIO(path.read_text("utf-8-sig")))))
    except (OSError, UnicodeDecodeError, csv.Error, BadKeyError) as error:
        raise UserError(
            f"{path}: found no key ({error}), expected the CSV file that an earlier `cd38rd deid` wrote, "
            f"with the columns {', '.join(_COLUMNS)}; name another with --key"
        ) from None


def _names(rows: Iterable[Mapping[str, str]]) -> dict[tuple[PseudonymKind, str], str]:
    """Return the rows of a key. Raises BadKeyError for a pseudonym of two originals or a bad shift."""
    names: dict[tuple[PseudonymKind, str], str] = {}
    copies: set[tuple[PseudonymKind, str]] = set()
    for row in rows:
        lacking = [name for name in _COLUMNS if row.get(name) is None]
        if lacking:
            raise BadKeyError(f"a row without {', '.join(lacking)}")
        kind, copy = _kind(row["kind"]), row["copy"].strip()
        if kind is PseudonymKind.SHIFT:
            _must_be_days(copy)
        elif not copy:
            raise BadKeyError(f"a {kind.value} without a name in the copy")
        elif (kind, copy) in copies:
            raise BadKeyError(f"{kind.value} {copy} stands for two")
        copies.add((kind, copy))
        names[kind, as_before(row["original"])] = copy
    return names


def _kind(word: str) -> PseudonymKind:
    try:
        return PseudonymKind(word)
    except ValueError:
        raise BadKeyError(f"{word!r} is no kind of pseudonym") from None


def _must_be_days(text: str) -> None:
    try:
        int(text)
    except ValueError:
        raise BadKeyError(f"{text!r} is no number of days") from None


def write_key(path: Path, key: Key) -> None:
    """Write the key, for authorised persons only; no name in it can start a formula in Excel."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows((kind.value, no_formula(original), copy) for (kind, original), copy in key.names.items())
    write_whole(path, text.getvalue())
