"""The kind of a file by its name: a tube, a control, beads. It is a guess, never a fact."""

from __future__ import annotations

import re
from enum import StrEnum

_OTHER = re.compile(
    r"unstained|(?<![a-z])blank(?![a-z])|compensation|comp.?(ctrl|control)|single.?stain|(?<![a-z])cs&?t(?![a-z])",
    re.IGNORECASE,
)
_FMO = re.compile(r"(?<![a-z])fmo(?![a-z])|(?<![a-z])minus(?![a-z])", re.IGNORECASE)
_ISOTYPE = re.compile(r"(?<![a-z])iso(typ[a-z]*)?(?![a-z])|(?<![a-z])igg\d?[ab]?(?![a-z])", re.IGNORECASE)
_BEADS = re.compile(
    r"bead|quanti-?brite|(?<![a-z])q[bsc]{1,2}(?![a-z])|simply.?cellular|qifi|mesf|rainbow|rcp-?30|calibr|sphero"
    r"|8-?peaks?",
    re.IGNORECASE,
)


class FileKind(StrEnum):
    """The probable kind of a file."""

    TUBE = "tube"
    FMO = "FMO"
    ISOTYPE = "isotype"
    BEADS = "beads"
    OTHER = "other"


CONTROL_KINDS = (FileKind.FMO, FileKind.ISOTYPE)

_KIND_PATTERNS = (
    (FileKind.OTHER, _OTHER),
    (FileKind.FMO, _FMO),
    (FileKind.ISOTYPE, _ISOTYPE),
    (FileKind.BEADS, _BEADS),
)


def kind_of_file_name(name: str) -> FileKind | None:
    """Return the kind of file that a name indicates; None if it indicates none.

    >>> kind_of_file_name("P01_BM1_FMO"), kind_of_file_name("QB_2024-05-31"), kind_of_file_name("P01_BM1")
    (<FileKind.FMO: 'FMO'>, <FileKind.BEADS: 'beads'>, None)
    >>> kind_of_file_name("P01 Isotyp"), kind_of_file_name("P01_Isotypkontrolle")
    (<FileKind.ISOTYPE: 'isotype'>, <FileKind.ISOTYPE: 'isotype'>)
    """
    return next((kind for kind, pattern in _KIND_PATTERNS if pattern.search(name)), None)
