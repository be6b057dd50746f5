"""The folder `results/statistics/`: the same study gives the same bytes."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from pipeline.assembly.study_result import StudyResult
from pipeline.files.whole import remove_older, write_whole
from pipeline.output.statistics.analysis import densities, times_to_event
from pipeline.output.statistics.dataset import Dataset, dictionary
from pipeline.output.statistics.phenotypes import phenotypes
from pipeline.output.statistics.subjects import Subject, subjects_of
from pipeline.output.statistics.tidy import (
    along_density,
    changes,
    comparisons,
    described,
    distributions,
    doses,
    exposure,
    patients,
    proportions,
    sensitivity_rows,
    survival,
    tubes,
    visits,
    without_density,
)
from pipeline.output.table import Cell, write_csv

LONGEST_TEXT: Final = 200
"""Bytes of a text in XPORT version 5; what is longer is cut there, and whole in the CSV."""

_EPOCH: Final = date(1960, 1, 1)
_RECORD: Final = 80
"""Bytes of a record of XPORT version 5 (SAS technical support note TS-140)."""

_DESCRIPTION: Final = 140
"""Bytes of the description of a variable (NAMESTR) in XPORT version 5 (SAS technical support note TS-140)."""

_HEADER: Final = 8 * _RECORD
"""Bytes before the first variable: the records that carry the time of writing."""

_TIME: Final = re.compile(rb"\d\d[A-Z]{3}\d\d:\d\d:\d\d:\d\d")
_NO_TIME: Final = b"01JAN60:00:00:00"


DATASETS: Final[tuple[tuple[str, Callable[[StudyResult, Mapping[str, Subject]], Dataset]], ...]] = (
    ("cp", lambda result, _: phenotypes(result)),
    ("adrd", densities),
    ("adtte", times_to_event),
    ("tubes", lambda result, _: tubes(result)),
    ("visits", lambda result, _: visits(result)),
    ("exposure", lambda result, _: exposure(result)),
    ("patients", lambda _, subjects: patients(subjects)),
    ("doses", lambda result, _: doses(result)),
    ("sensitivity", lambda result, _: sensitivity_rows(result)),
    ("along_density", lambda result, _: along_density(result)),
    ("proportions", lambda result, _: proportions(result)),
    ("comparisons", lambda result, _: comparisons(result)),
    ("survival", lambda result, _: survival(result)),
    ("characteristics", lambda result, _: described(result)),
    ("distribution", lambda result, _: distributions(result)),
    ("changes", lambda result, _: changes(result)),
    ("unnumbered", lambda result, _: without_density(result)),
)
"""Every dataset by its name, in the order of the data dictionary; subjects are by patient_id."""

DATASETS_OF_SOME: Final = (
    "changes",
    "unnumbered",
    "characteristics",
    "proportions",
    "comparisons",
    "survival",
)
"""Datasets that are there only where they have a row."""


def datasets_of(study_result: StudyResult) -> tuple[Dataset, ...]:
    """Return every dataset of `DATASETS`."""
    subjects = subjects_of(study_result)
    every = (data_of(study_result, subjects) for _, data_of in DATASETS)
    return tuple(data for data in every if data.rows or data.name not in DATASETS_OF_SOME)


def write_datasets(folder: Path, study_result: StudyResult) -> None:
    """Write every dataset as CSV, and as SAS XPORT or Parquet, with `data_dictionary.csv`.

    Subjects are named by the pseudonym that was typed as `patient_id`; nothing comes from FCS keywords.
    """
    write_each(folder, datasets_of(study_result))


def write_each(folder: Path, every: Sequence[Dataset]) -> None:
    """Write datasets that are there already, as `write_datasets` does.

    Of `DATASETS_OF_SOME` those of an earlier run that have no row any more are removed.
    """
    written = {data.name for data in every}
    for name in (name for name in DATASETS_OF_SOME if name not in written):
        remove_older(folder / f"{name}.csv")
        remove_older(folder / f"{name}.parquet")
    for data in every:
        write_csv(folder / f"{data.name}.csv", data.table, as_typed=True)
        if data.xport:
            write_xport(folder / f"{data.name}.xpt", data)
        else:
            write_parquet(folder / f"{data.name}.parquet", data)
    write_csv(folder / "data_dictionary.csv", dictionary(every), as_typed=True)


def write_parquet(path: Path, data: Dataset) -> None:
    """Write a dataset with the types of its variables."""
    import pyarrow as pa
    from pyarrow import parquet

    types = {"text": pa.string(), "number": pa.float64(), "whole": pa.int64(), "date": pa.date32()}
    schema = pa.schema([(variable.name, types[variable.kind]) for variable in data.variables])
    arrays = [pa.array(data.column(index), types[v.kind]) for index, v in enumerate(data.variables)]
    table = pa.Table.from_arrays(arrays, schema=schema)
    write_whole(path, lambda unfinished: parquet.write_table(table, unfinished))


def write_xport(path: Path, data: Dataset) -> None:
    """Write a dataset as SAS XPORT version 5, without the time of writing.

    Dates are SAS dates (days since 1960-01-01) with the format DATE9.
    """
    import pandas as pd
    import pyreadstat

    columns: dict[str, Any] = {}
    for index, variable in enumerate(data.variables):
        cells = data.column(index)
        if variable.kind == "text":
            columns[variable.name] = pd.Series([_clipped(cell) for cell in cells], dtype=object)
        else:
            columns[variable.name] = pd.Series([_number(cell) for cell in cells], dtype=float)

    def write(unfinished: Path) -> None:
        pyreadstat.write_xport(
            pd.DataFrame(columns),
            unfinished,
            file_label=data.label[:40],
            column_labels={variable.name: variable.label for variable in data.variables},
            table_name=data.name.upper(),
            file_format_version=5,
            variable_format={v.name: "DATE9" for v in data.variables if v.kind == "date"},
        )
        content = unfinished.read_bytes()
        _must_be_complete(content, len(data.variables), len(data.rows))
        unfinished.write_bytes(timeless(content))

    write_whole(path, write)


def _must_be_complete(xport: bytes, n_variables: int, n_rows: int) -> None:
    """Raise OSError if bytes are missing: on a full disk the library may stop early without an error.

    The length follows from the lengths of the variables, at byte 4 of each description (SAS technical support
    note TS-140).
    """
    ends = _in_records(_HEADER + _DESCRIPTION * n_variables) + _RECORD
    starts = range(_HEADER, _HEADER + _DESCRIPTION * n_variables, _DESCRIPTION)
    row_bytes = sum(int.from_bytes(xport[start + 4 : start + 6], "big") for start in starts)
    if len(xport) < _in_records(ends + row_bytes * n_rows):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _in_records(n_bytes: int) -> int:
    """Return the number of bytes, filled up to whole records."""
    return -(-n_bytes // _RECORD) * _RECORD


def timeless(xport: bytes) -> bytes:
    """Return the same file with 1 January 1960 as the time of writing.

    Examples
    --------
    >>> timeless(b"SASLIB  22NOV26:09:37:34")
    b'SASLIB  01JAN60:00:00:00'
    """
    return _TIME.sub(_NO_TIME, xport[:_HEADER]) + xport[_HEADER:]


def _clipped(cell: Cell) -> str:
    """Return a text of `LONGEST_TEXT` bytes at most, cut between characters."""
    text = "" if cell is None else str(cell)
    return text.encode("utf-8")[:LONGEST_TEXT].decode("utf-8", "ignore")


def _number(cell: Cell) -> float:
    if cell is None:
        return float("nan")
    return float((cell - _EPOCH).days) if isinstance(cell, date) else float(cell)
