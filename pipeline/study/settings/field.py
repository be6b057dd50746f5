"""Declaration of a setting: its type, its default, its unit and its sentence for the reader."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from pipeline.study.cells import as_text, number, refuse

_NO_REASON = {"yes", "no", "y", "n", "true", "false", "1", "0", "ok", "x"}


def as_reason(value: object) -> str:
    """Return a reason in words; refuse `yes` and the like."""
    text = as_text(value)
    if text.casefold() in _NO_REASON:
        refuse("the reason in words, or an empty cell where it is not accepted")
    return text


Reason = Annotated[str, BeforeValidator(as_reason)]
Fraction = Annotated[float, number(0, 1)]


def setting(default: Any, unit: str, sentence: str, choices: tuple[str, ...] = ()) -> Any:
    """Return a pydantic field with the unit and the sentence that `cd38rd init` writes beside it."""
    return Field(default, description=sentence, json_schema_extra={"unit": unit, "choices": list(choices)})
