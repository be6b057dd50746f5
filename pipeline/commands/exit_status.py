"""The exit status that a command gives to the shell."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """How a command ended."""

    ALL_QUANTIFIED = 0
    FAULTS = 1
    WRONG_USAGE = 2
    SOME_FAILED = 3
    NOT_WRITTEN = 4
    DEFECT = 70
    INTERRUPTED = 130
