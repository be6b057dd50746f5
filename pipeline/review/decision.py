"""What a person decides on a tube: the verdict, the state it leaves the tube in."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """What a person said of a tube."""

    ACCEPT = "accept"
    CHANGE = "change"
    REJECT = "reject"
    ASK = "ask"


class State(StrEnum):
    """Where a tube stands in its review."""

    OPEN = "open"
    DECIDED = "decided"
    ASKED = "asked"
    SIGNED = "signed"
    COUNTERSIGNED = "countersigned"
    UNSIGNED = "unsigned"
    """It was signed; what was signed has changed since."""
