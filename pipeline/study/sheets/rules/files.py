"""Rules between the rows of a study and the files that they name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, TypeVar

from pipeline.study.faults import Fault, Severity
from pipeline.study.locations import file_key, location_fault, on_disk, study_files
from pipeline.study.names.ids import ids_in, is_telling, known_ids
from pipeline.study.sheets.columns import Entry, Row
from pipeline.study.sheets.rows import SampleRow
from pipeline.study.sheets.typed import TypedStudy, typed_values
from pipeline.study.wording import quoted

MOST_GUESSES = 50
"""Most missing files for which a similar name is searched. Convention: comparing thousands with thousands
takes minutes."""

SAMPLE_FILES = ("fcs_file", "fmo_file", "isotype_file")
_FILES = (*SAMPLE_FILES, "gates_file")
RowT = TypeVar("RowT", bound=Row)


def with_names_on_disk(study: TypedStudy) -> TypedStudy:
    """Return the rows with the file names of the folder, where a typed name only differs invisibly."""

    def named_on_disk(entry: Entry[RowT]) -> Entry[RowT]:
        named = {column: getattr(entry.row, column, None) for column in _FILES}
        disk = {column: on_disk(study.folder, name) for column, name in named.items() if name}
        changed = {column: name for column, name in disk.items() if name != named[column]}
        return Entry(entry.row.model_copy(update=changed), entry.sheet, entry.typed) if changed else entry

    samples = tuple(map(named_on_disk, study.samples))
    bead_runs = tuple(map(named_on_disk, study.bead_runs))
    return replace(study, samples=samples, bead_runs=bead_runs)


def misplaced_files(study: TypedStudy) -> Iterator[Fault]:
    """Report files that do not exist, or are not in the study folder."""
    missing = 0
    unused = cache(lambda: unused_files(study))
    ids = cache(lambda: known_ids(_telling_ids(study)))
    for entry, column in _file_cells(study):
        name, own = getattr(entry.row, column), _own_ids(entry)
        fault = location_fault(entry.at(column), study.folder, name)
        if fault and missing < MOST_GUESSES:

            def free(own: frozenset[str] = own) -> list[str]:
                return [file for file in unused() if not (named := ids_in(file, ids())) or named & own]

            fault = location_fault(entry.at(column), study.folder, name, free, unused=unused)
        if fault:
            missing += 1
            yield fault


def unused_files(study: TypedStudy) -> tuple[str, ...]:
    """Return the FCS files of the folder that no row names."""
    used = {file_key(study.folder, getattr(entry.row, column))[0] for entry, column in _file_cells(study)}
    return tuple(name for name in study_files(study.folder) if file_key(study.folder, name)[0] not in used)


def _telling_ids(study: TypedStudy) -> list[str]:
    names = [
        name for column in ("patient_id", "sample_id") for _, name in typed_values(study.samples, column)
    ]
    return [name for name in names if is_telling(name)]


def _own_ids(entry: Entry[Any]) -> frozenset[str]:
    ids = (getattr(entry.row, column, None) for column in ("sample_id", "patient_id"))
    return frozenset(name for name in ids if name)


def _file_cells(study: TypedStudy) -> Iterator[tuple[Entry[Any], str]]:
    cells: tuple[tuple[Sequence[Entry[Any]], tuple[str, ...]], ...] = (
        (study.samples, SAMPLE_FILES),
        (study.bead_runs, ("fcs_file",)),
    )
    for entries, columns in cells:
        yield from ((entry, column) for entry in entries for column in columns if getattr(entry.row, column))


def repeated_files(study: TypedStudy) -> Iterator[Fault]:
    """Report a file that is used twice: for two tubes, for a tube and a control, for a tube and beads."""
    stains: dict[tuple[str, int], str] = {}
    bead_cells = {
        file_key(study.folder, name): where for where, name in typed_values(study.bead_runs, "fcs_file")
    }
    for where, name in typed_values(study.samples, "fcs_file"):
        key = file_key(study.folder, name)
        if key in stains:
            yield Fault(
                where, f"{quoted(name)} again (already in {stains[key]})", "a file of its own per tube"
            )
        stains.setdefault(key, where)
        if key in bead_cells:
            problem = f"{quoted(name)}, which {bead_cells[key]} lists as beads"
            yield Fault(where, problem, "a tube's own file")
    for entry, column in _file_cells(study):
        if entry.sheet == "samples" and column != "fcs_file":
            yield from _control_twice(study, entry, column, stains, bead_cells)


def _control_twice(
    study: TypedStudy,
    entry: Entry[SampleRow],
    column: str,
    stains: dict[tuple[str, int], str],
    bead_cells: dict[tuple[str, int], str],
) -> Iterator[Fault]:
    name, where = getattr(entry.row, column), entry.at(column)
    key = file_key(study.folder, name)
    if key in bead_cells:
        yield Fault(where, f"{quoted(name)}, which {bead_cells[key]} lists as beads", "a control tube's file")
    elif stains.get(key) == entry.at("fcs_file"):
        yield Fault(where, f"{quoted(name)}, the stained tube itself", "the file of the control tube")
    elif key in stains:
        problem = f"{quoted(name)}, which is the stained tube of {stains[key]}"
        yield Fault(where, problem, "a tube without the quantified antibody", severity=Severity.WARNING)
