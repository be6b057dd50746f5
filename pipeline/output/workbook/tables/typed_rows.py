"""The samples sheet as typed, with the results next to each row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

from pipeline.assembly.study_result import StudyResult
from pipeline.output.result_tables import SampleFacts, sample_facts
from pipeline.output.table import Cell, Table
from pipeline.output.workbook.sheet import TYPED_PREFIX
from pipeline.output.workbook.tables.rows import COLUMNS_BESIDE_TYPED_ROWS
from pipeline.study.file_labels import labels_of_sample
from pipeline.study.sheets.columns import column_names
from pipeline.study.sheets.rows import SampleRow
from pipeline.study.sheets.tables.grid import header_name
from pipeline.study.study import Study

FILE_COLUMNS: Final = frozenset({"fcs_file", "fmo_file", "isotype_file", "gates_file"})
"""Columns with file names, which may hold a patient's name. Results name a file by its row instead."""

NEVER_SHOWN: Final = frozenset({"remark"})
"""Columns that no result holds."""


def typed_headers(study_result: StudyResult) -> Mapping[str, str]:
    """Return the headers of the samples sheet as they were typed, by the code of their column.

    Columns of one's own are there where the setting `own_columns` says so.
    """
    study = study_result.study
    header = study.typed_samples.header
    return {f"{TYPED_PREFIX}{index}": _text(header[index]) for index in _shown(study)}


def typed_table(study_result: StudyResult) -> Table:
    """Return the rows of the samples sheet as they were typed, with their results beside them."""
    study = study_result.study
    by_sample = {facts.sample.sample_id: facts for facts in sample_facts(study_result)}
    rows = []
    for row in study.typed_samples.rows:
        files, facts = _files(study, row.sample_id), by_sample.get(row.sample_id)
        cells = cast("tuple[Cell, ...]", row.cells)
        typed = (files.get(index, cells[index]) for index in _shown(study))
        rows.append((*typed, *_results(facts)))
    return Table(
        (*typed_headers(study_result), *(column.name for column in COLUMNS_BESIDE_TYPED_ROWS)), tuple(rows)
    )


def _results(facts: SampleFacts | None) -> tuple[Cell, ...]:
    return tuple(None if facts is None else column.cell(facts) for column in COLUMNS_BESIDE_TYPED_ROWS)


def _shown(study: Study) -> tuple[int, ...]:
    """Return the places of the columns that are given back."""
    sample_columns = frozenset(column_names(SampleRow))
    return tuple(
        index
        for index, code in enumerate(map(_code, study.typed_samples.header))
        if code not in NEVER_SHOWN and (code in sample_columns or study.settings.own_columns)
    )


def _files(study: Study, sample_id: str) -> dict[int, Cell]:
    """Return the replacements for the file names in a row: the names that results use."""
    sample = next((sample for sample in study.samples if sample.sample_id == sample_id), None)
    places = {
        index: code
        for index, code in enumerate(map(_code, study.typed_samples.header))
        if code in FILE_COLUMNS
    }
    if sample is None:
        return dict.fromkeys(places)
    labels = labels_of_sample(study.folder, sample)
    return {index: labels.of(getattr(sample, code)) or None for index, code in places.items()}


def _code(header: object) -> str:
    return header_name(_text(header))


def _text(header: object) -> str:
    return "" if header is None else str(header)
