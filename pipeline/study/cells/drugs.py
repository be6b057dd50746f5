"""Cells of the settings that name a drug: its meaning must be certain, since its doses are counted."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator

from pipeline.study.cells.words import as_identifier, refuse
from pipeline.study.drugs import Meaning, listed_names, read_drug
from pipeline.study.wording import quoted

UNSURE = (Meaning.QUESTION, Meaning.CONTAINS)


def as_counted_drug(value: object) -> str:
    """Return the names of a drug as typed; refuse them if none of them certainly means a single drug.

    Further names beside a certain one are synonyms of it, in any spelling, since the person lists them so.
    """
    text = as_identifier(value)
    readings = [read_drug(name) for name in listed_names(text)]
    if not any(letter.isalpha() for letter in text):
        refuse("the name of a drug")
    if all(reading.meaning in UNSURE for reading in readings):
        refuse("the name of one drug", f"Did you mean {quoted(readings[0].antibody)}?")
    return text


CountedDrug = Annotated[str, BeforeValidator(as_counted_drug)]
