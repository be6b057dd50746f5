"""Cells of a sheet: pydantic types that read a typed value, or refuse it and say what is expected."""

from pipeline.study.cells.bead_values import Levels, Ranges, as_levels, as_ranges
from pipeline.study.cells.dates import Day, as_date
from pipeline.study.cells.drugs import CountedDrug, as_counted_drug
from pipeline.study.cells.numbers import as_number, number, whole_number
from pipeline.study.cells.times import TimeOfDay, as_time
from pipeline.study.cells.words import (
    Aliases,
    FileName,
    FileSafeId,
    Identifier,
    Text,
    YesNo,
    as_file_name,
    as_file_safe_id,
    as_identifier,
    as_text,
    as_yes_no,
    list_of,
    one_of,
    refuse,
)

__all__ = [
    "Aliases",
    "CountedDrug",
    "Day",
    "FileName",
    "FileSafeId",
    "Identifier",
    "Levels",
    "Ranges",
    "Text",
    "TimeOfDay",
    "YesNo",
    "as_counted_drug",
    "as_date",
    "as_file_name",
    "as_file_safe_id",
    "as_identifier",
    "as_levels",
    "as_number",
    "as_ranges",
    "as_text",
    "as_time",
    "as_yes_no",
    "list_of",
    "number",
    "one_of",
    "refuse",
    "whole_number",
]
