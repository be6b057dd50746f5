"""What an estimate is of, as data: its kind, and the way of measuring or the covariate of a term."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple


class EstimateKind(StrEnum):
    """The estimates that the report's sentences ask for; the words are for people alone."""

    SLOPE = "slope per doubling of the washout"
    FOLD = "fold per doubling of the washout"
    TERM = "fold of a term of the line"
    SLOPE_WITH_VARYING_SCATTER = "slope where the scatter may change"
    SLOPE_WITH_RANDOM_INTERCEPT = "slope with a random intercept"
    ALIKE = "part of the scatter between patients"
    PLATEAU = "plateau of the recovery"
    HALF_TIME = "weeks to half of the plateau"
    OTHER = "another number"


class WayPart(StrEnum):
    """A part of how a density was measured, as the names of terms in `washout.json` have it."""

    KIT = "kit"
    CLONE = "clone"
    DYE = "fluorochrome"
    CYTOMETER = "instrument"


class Covariate(StrEnum):
    """What is known of a patient and may go with the density, as terms in `washout.json` are named."""

    IMID_SINCE = "imid_since"
    PRIOR_LINES = "prior_lines"
    IGG = "igg"


class WayDifference(NamedTuple):
    """A part in which a way of measuring differs from the most frequent way, and its value there."""

    part: WayPart
    value: str


TermSubject = Covariate | tuple[WayDifference, ...]
"""What a term is about: a covariate, or the parts in which a way of measuring differs."""

_OTHER_PART: Final[Mapping[WayPart, str]] = {
    WayPart.KIT: "bead kit",
    WayPart.CLONE: "clone",
    WayPart.DYE: "dye",
    WayPart.CYTOMETER: "cytometer",
}
_FOLD_FOR: Final[Mapping[Covariate, str]] = {
    Covariate.IMID_SINCE: "an immunomodulatory drug since the last dose",
    Covariate.PRIOR_LINES: "each prior line of therapy",
    Covariate.IGG: "IgG myeloma",
}
COVARIATE_WORDS: Final[Mapping[Covariate, str]] = {
    Covariate.IMID_SINCE: "an immunomodulatory drug since the last dose",
    Covariate.PRIOR_LINES: "the number of prior lines",
    Covariate.IGG: "the IgG type",
}
"""Each covariate in words, for sentences that say why it is not used."""


def term_words(subject: TermSubject | None, name: str) -> str:
    """Return what the fold of a term is, in words; a term that a caller named himself has that name.

    Examples
    --------
    >>> term_words((WayDifference(WayPart.KIT, "qsc"), WayDifference(WayPart.CLONE, "HB7")), "")
    'Reading of another bead kit and clone: qsc, HB7'
    >>> term_words(Covariate.IGG, "igg"), term_words(None, "lines")
    ('Fold for IgG myeloma', 'Fold for lines')
    """
    if subject is None:
        return f"Fold for {name.replace('_', ' ')}"
    if isinstance(subject, Covariate):
        return f"Fold for {_FOLD_FOR[subject]}"
    parts = " and ".join(_OTHER_PART[part] for part, _ in subject)
    return f"Reading of another {parts}: {', '.join(value for _, value in subject)}"
