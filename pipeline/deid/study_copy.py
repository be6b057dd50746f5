"""A de-identified copy of a whole study: sheets and FCS files; the key is written elsewhere."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from pipeline.deid.fcs_copy import fcs_copy
from pipeline.deid.key import Key, PseudonymKind, write_key
from pipeline.deid.rows import (
    SheetRows,
    adverse_event_rows,
    bead_rows,
    columns_of,
    dose_rows,
    gate_rows,
    is_abnormalities_alone,
    panel_rows,
    patient_rows,
    sample_rows,
    setting_rows,
    validation_rows,
)
from pipeline.fcs import FcsError, FcsFile, TruncatedError, read_fcs
from pipeline.fcs.acquisition import UNTELLING_SERIAL
from pipeline.fcs.paths import split_data_set
from pipeline.files.content import Content
from pipeline.files.whole import NotWrittenError, write_whole
from pipeline.study.errors import UsageError
from pipeline.study.names.look import folded_name
from pipeline.study.study import Study
from pipeline.tube.spillover_file import read_spillover

FILE_ENDINGS = {"fcs_file": "", "fmo_file": "_FMO", "isotype_file": "_isotype"}
"""Column → how the name of its file ends in the copy."""

_TECHNICAL = re.compile(r"(?:fsc|ssc|time|width)\b.*", re.IGNORECASE)
_SPILLOVER = "spillover.csv"


@dataclass(frozen=True, slots=True)
class DeidentifiedCopy:
    """The summary of a copy.

    Attributes
    ----------
    n_files
        FCS files.
    left_out
        In words, the facts that the copy lacks.
    """

    n_files: int
    left_out: tuple[str, ...]


def copy_study(study: Study, folder: Path, key: Key, key_file: Path) -> DeidentifiedCopy:
    """Write a de-identified copy of a study, with the same washouts and densities as the study.

    Parameters
    ----------
    folder
        The folder of the copy; it must be empty or must not exist.
    key
        The key of an earlier copy, or an empty key; new pseudonyms are added to it.
    key_file
        The file for the key; it must be outside the copy.

    Raises
    ------
    UsageError
        The folder is not empty or is inside the study, or the key would be inside the copy. Also if a file
        cannot be read; then nothing is written.
    NoCopyError
        A file cannot be written; nothing is left of the copy.
    """
    _must_be_apart(study.folder, folder, key_file)
    _must_be_readable(study)
    was_there = folder.exists()
    try:
        return _written_copy(study, folder, key, key_file)
    except OSError as error:
        _remove_part(folder, keep=was_there)
        if isinstance(error, NotWrittenError):
            raise NoCopyError(error.path, error.reason, error.in_use) from error
        raise


class NoCopyError(NotWrittenError):
    """A file of a copy could not be written; nothing is left of the copy."""

    def __str__(self) -> str:
        return (
            f"{self.path}: cannot be written ({self.reason}); nothing is left of the copy. Make room, or "
            "name another place, and run the same command again"
        )


def _remove_part(folder: Path, *, keep: bool) -> None:
    """Remove the files of a copy that is not complete; the folder stays if it was there before."""
    for path in list(folder.iterdir()) if folder.is_dir() else ():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)


def _written_copy(study: Study, folder: Path, key: Key, key_file: Path) -> DeidentifiedCopy:
    folder.mkdir(parents=True, exist_ok=True)
    files = _Files(study, folder, key)
    named = {
        (sample.sample_id, column): files.tube(sample.patient_id, name, sample.sample_id, ending)
        for sample in study.samples
        for column, ending in FILE_ENDINGS.items()
        if (name := getattr(sample, column))
    }
    bead_files = {run.name: files.bead_run(run.fcs_file, run.name) for run in study.bead_runs}
    spillover = _copy_spillover(study, folder, files.rename)
    sheets: dict[str, SheetRows] = {
        "samples": sample_rows(study, key, named),
        "panels": panel_rows(study, key),
        "beads": bead_rows(study, key, bead_files),
        "doses": dose_rows(study, key),
        "patients": patient_rows(study, key),
        "gates": gate_rows(study, key),
        "validation": validation_rows(study, key),
        "adverse_events": adverse_event_rows(study, key),
        "settings": setting_rows(study, key, spillover),
    }
    for name, rows in sheets.items():
        if rows:
            _write_sheet(folder / f"{name}.csv", rows)
    write_key(key_file, key)
    return DeidentifiedCopy(files.n_files, _left_out(study))


class _Files:
    """The FCS files of a copy: each is written once, under a name that does not identify a patient."""

    def __init__(self, study: Study, folder: Path, key: Key) -> None:
        self._study, self._folder, self._key = study, folder, key
        self._written: dict[str, str] = {}
        typed = [alias for panel in study.panels for row in panel.channels for alias in row.aliases]
        named = (*typed, *(run.channel for run in study.bead_runs))
        self._known = {fold(name) for name in named for fold in (_stem, folded_name)}
        self._shared = _shared_files(study)

    @property
    def n_files(self) -> int:
        """Number of written files."""
        return len(self._written)

    def tube(self, patient: str, name: str, sample_id: str, ending: str) -> str:
        """Copy a tube or a control of a patient; return its name in the copy.

        The copy of a control of several patients has no date.
        """
        copy = f"fcs/{self._key.name(PseudonymKind.SAMPLE, sample_id)}{ending}.fcs"
        shifted = None if name in self._shared else lambda day: self._key.shifted(patient, day)
        return self._copied(name, copy, shifted)

    def bead_run(self, name: str, run: str) -> str:
        """Copy the file of a bead run, without its date; return its name in the copy."""
        return self._copied(name, f"fcs/{self._key.name(PseudonymKind.BEADS, run)}.fcs", None)

    def rename(self, channel: str) -> str:
        """Return the name of a channel in the copy: names in the sheets, scatter and time stay."""
        names_nobody = {_stem(channel), folded_name(channel)} & self._known or _TECHNICAL.fullmatch(channel)
        return channel if names_nobody else self._key.name(PseudonymKind.CHANNEL, channel)

    def _copied(self, name: str, copy: str, shifted: Callable[[date], date] | None) -> str:
        if name in self._written:
            return self._written[name]
        path, data_set = split_data_set(self._study.folder / name, 1)
        data = path.read_bytes()
        file, cut_short = _read(path, data_set, data)
        facts = file.acquisition
        day = facts.acquired_at.date() if facts.acquired_at else facts.acquired_on
        written = fcs_copy(
            file,
            data,
            day=shifted(day) if day and shifted else None,
            rename=self.rename,
            instrument=self._key.name(PseudonymKind.CYTOMETER, folded_name(facts.instrument)),
            serial=self._serial(folded_name(facts.serial)),
            cut_short=cut_short,
        )
        write_whole(self._folder / copy, written)
        self._written[name] = copy
        return copy

    def _serial(self, serial: str) -> str:
        """Return the pseudonym of a serial number; a short one, which is only a counter, stays short."""
        return self._key.name(
            PseudonymKind.SERIAL if len(serial) > UNTELLING_SERIAL else PseudonymKind.COUNTER, serial
        )


def _read(path: Path, data_set: int, data: bytes) -> tuple[FcsFile, bool]:
    """Return a file without its events, and whether it ends before its declared number of events."""
    read = partial(read_fcs, path, channels=(), data_set=data_set, content=Content(path, data))
    try:
        return read(), False
    except TruncatedError:
        return read(allow_truncated=True), True


def _stem(channel: str) -> str:
    """Return a channel without its pulse letter: area, height and width are of the same detector."""
    return folded_name(re.sub(r"[\W_]+[AHW]$", "", channel.strip(), flags=re.IGNORECASE))


def _shared_files(study: Study) -> frozenset[str]:
    """Return the files that rows of several patients name."""
    users: dict[str, set[str]] = {}
    for sample in study.samples:
        for name in sample.fcs_files:
            users.setdefault(name, set()).add(sample.patient_id)
    return frozenset(name for name, patients in users.items() if len(patients) > 1)


def _copy_spillover(study: Study, folder: Path, rename: Callable[[str], str]) -> str:
    if not study.settings.spillover_file:
        return ""
    matrix = read_spillover(study.folder, study.settings.spillover_file)
    rows = [
        [rename(name) for name in matrix.channels],
        *([repr(v) for v in row] for row in matrix.values.tolist()),
    ]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    write_whole(folder / _SPILLOVER, text.getvalue())
    return _SPILLOVER


def _write_sheet(path: Path, rows: SheetRows) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns_of(rows), lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    write_whole(path, text.getvalue())


def _must_be_apart(study: Path, folder: Path, key_file: Path) -> None:
    inside, study, whole_key = folder.resolve(), study.resolve(), key_file.resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder}: found something there, expected an empty folder or none for the copy")
    if inside == study or study in inside.parents:
        raise UsageError(f"{folder}: found a folder in the study itself, expected one apart from it")
    if inside in whole_key.parents:
        raise UsageError(
            f"--key {key_file}: found a place in the copy, expected one apart from it: the key shows who the "
            "patients are"
        )


def _must_be_readable(study: Study) -> None:
    """Refuse a study with a file that cannot be read, before anything is written."""
    rows = [(study.at("beads", run.name, "fcs_file"), run.fcs_file) for run in study.bead_runs]
    rows += [
        (study.at("samples", sample.sample_id, column), name)
        for sample in study.samples
        for column in FILE_ENDINGS
        if (name := getattr(sample, column))
    ]
    for where, name in rows:
        try:
            read_fcs(study.folder / name, channels=(), allow_truncated=True)
        except FcsError as error:
            raise UsageError(
                f"{where}: {error}. Nothing was written: copy the study, take that row out, try again"
            ) from None


def _left_out(study: Study) -> tuple[str, ...]:
    """Return the missing facts of the copy that change or explain results."""
    drawn = [sample for sample in study.samples if sample.gates_file]
    n_odd = sum(not is_abnormalities_alone(patient.cytogenetics) for patient in study.patients)
    sentences = [
        f"gates drawn in FlowJo or GatingML ({len(drawn)} tubes): such files name samples; the copy has the "
        "automatic gates" if drawn else "",
        "days of bead runs: each tube is flagged BEAD_AGE_UNKNOWN in the copy" if study.bead_runs else "",
        f"{len(study.statements)} statements" if study.statements else "",
        f"cytogenetics of {n_odd} patients: their cells hold other words than abnormalities" if n_odd else "",
    ]  # fmt: skip
    return tuple(text for text in sentences if text)
