"""Calls of FlowKit on a document: what FlowKit raises is a fault of the document, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from gating.drawn.gate_file import GateFileError

Made = TypeVar("Made")

_LONGEST = 200
"""Most characters of another program's error text that a message repeats. Convention: two lines, enough to
state the error."""


def by_flowkit(fault: str, call: Callable[..., Made], *arguments: Any) -> Made:
    """Return what FlowKit makes of a document.

    FlowKit documents no errors of its own for a damaged document: any exception may come out of it, and of
    the XML and array libraries below it. Only FlowKit's own functions may be given here. An exception in code
    of this program is a defect, not a bad file.

    Parameters
    ----------
    fault
        The file and what is wrong with it, as the error says it if FlowKit raises.
    call, arguments
        FlowKit's function and what it is called with.

    Raises
    ------
    GateFileError
        If FlowKit raises anything.
    """
    try:
        return call(*arguments)
    except Exception as error:  # the call is FlowKit's alone
        text = str(error)[:_LONGEST] or type(error).__name__
        raise GateFileError(f"{fault} ({text})") from None
