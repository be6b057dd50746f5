"""Routes by which a drug is given."""

from __future__ import annotations

from enum import StrEnum


class Route(StrEnum):
    """The route of a drug: intravenous (IV) or subcutaneous (SC)."""

    IV = "IV"
    SC = "SC"
