"""Routes by which a drug is given."""

from __future__ import annotations

from enum import StrEnum


class Route(StrEnum):
    """Into a vein, or under the skin."""

    IV = "IV"
    SC = "SC"
