"""Declaration of a setting: its type, its default, its unit and its sentence for the reader."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from calibration.curve.acceptance_limits import CurveLimits
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


def curve_setting(bound: str, unit: str, sentence: str) -> Any:
    """Return the field of a setting that sets a bound of `CurveLimits`; its default is the default there.

    Parameters
    ----------
    bound
        The name of the bound: `error.accept` is the bound `accept` of the limit `error`.
    unit, sentence
        As in `setting`.
    """
    quantity, _, name = bound.partition(".")
    default = getattr(getattr(CurveLimits(), quantity), name)
    extra: dict[str, Any] = {"unit": unit, "choices": [], "bound": bound}
    return Field(default, description=sentence, json_schema_extra=extra)


def with_bound(limits: CurveLimits, bound: str, value: float) -> CurveLimits:
    """Return the limits with one bound changed.

    Examples
    --------
    >>> with_bound(CurveLimits(), "r2.accept", 0.995).r2
    Limit(accept=0.995, reject=0.98)
    """
    quantity, _, name = bound.partition(".")
    limit = replace(getattr(limits, quantity), **{name: value})
    return replace(limits, **{quantity: limit})
