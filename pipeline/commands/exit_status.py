"""What a command gives to the shell: its exit status and its text."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class RunSummary:
    """The output of a command: exit status, text, and the standard error text before and after it."""

    exit_status: ExitStatus
    text: str = ""
    faults: str = ""
    failures: str = ""
