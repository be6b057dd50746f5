"""Cells of drugs whose doses count: the setting's drug must be one that is surely understood."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator

from pipeline.study.cells.words import as_identifier, refuse
from pipeline.study.drugs import Meaning, listed_names, read_drug
from pipeline.study.wording import quoted

UNSURE = (Meaning.QUESTION, Meaning.CONTAINS)


def as_counted_drug(value: object) -> str:
    """Return the names of a drug as typed; refused where not one of them is surely a single drug's.

    Further names behind a sure one are synonyms of it, however they are spelled: the person says so.
    """
    text = as_identifier(value)
    readings = [read_drug(name) for name in listed_names(text)]
    if not any(letter.isalpha() for letter in text):
        refuse("the name of a drug")
    if all(reading.meaning in UNSURE for reading in readings):
        refuse("the name of one drug", f"Did you mean {quoted(readings[0].antibody)}?")
    return text


CountedDrug = Annotated[str, BeforeValidator(as_counted_drug)]
