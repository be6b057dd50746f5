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


def setting(default: Any, unit: str, sentence: str, choices: tuple[str, ...] = (), *, bound: str = "") -> Any:
    """Return a pydantic field with the unit and the sentence that `cd38rd init` writes beside it.

    Parameters
    ----------
    bound
        The bound of `CurveLimits` that it sets, such as `r2.accept`; "" for other settings.
    """
    facts: dict[str, Any] = {"unit": unit, "choices": list(choices), "bound": bound}
    return Field(default, description=sentence, json_schema_extra=facts)
