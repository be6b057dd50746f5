"""The name of the quantity: "free" CD38 only if the clone competes with the drug; and units of numbers."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from pipeline.study.study import Study


class UnitKind(StrEnum):
    """What kind of number has a unit. It decides how the number is shown, whatever the words of the unit."""

    FOLD = "fold"
    DENSITY = "density"
    WEEKS = "weeks"
    MONTHS = "months"
    PERCENT = "percent"
    BODY = "body"
    LEVEL = "level"
    COEFFICIENT = "coefficient"


class Unit(str):
    """The unit of a number: its words, and the kind of number that has it.

    Attributes
    ----------
    kind
        What decides about the number; the words are for people.

    Examples
    --------
    >>> unit = Unit("fold against kit A", UnitKind.FOLD)
    >>> unit.kind is UnitKind.FOLD, str(unit)
    (True, 'fold against kit A')
    """

    kind: UnitKind

    def __new__(cls, words: str, kind: UnitKind) -> Unit:
        """Return the unit with these words."""
        unit = super().__new__(cls, words)
        unit.kind = kind
        return unit

    def __getnewargs__(self) -> tuple[str, UnitKind]:  # type: ignore[override]
        """Return what a copy or a pickle is made of."""
        return str(self), self.kind


def fold_unit(words: str) -> Unit:
    """Return the unit of a factor on the density, in these words."""
    return Unit(words, UnitKind.FOLD)


NO_UNIT: Final = Unit("", UnitKind.LEVEL)
FOLD: Final = Unit("fold", UnitKind.FOLD)
DEX: Final = Unit("dex", UnitKind.COEFFICIENT)
DEX_PER_DOUBLING: Final = Unit("dex per doubling", UnitKind.COEFFICIENT)
MOLECULES: Final = Unit("molecules per cell", UnitKind.DENSITY)
WEEKS: Final = Unit("weeks", UnitKind.WEEKS)
MONTHS: Final = Unit("months", UnitKind.MONTHS)
PERCENT: Final = Unit("%", UnitKind.PERCENT)
YEARS: Final = Unit("years", UnitKind.BODY)
KILOGRAMS: Final = Unit("kg", UnitKind.BODY)
GRAMS_PER_LITRE: Final = Unit("g/L", UnitKind.BODY)
MICROGRAMS_PER_ML: Final = Unit("µg/mL", UnitKind.LEVEL)
RATIO_UNIT: Final = Unit("ratio", UnitKind.COEFFICIENT)
FRACTION: Final = Unit("fraction", UnitKind.COEFFICIENT)
SHARE: Final = Unit("0 to 1", UnitKind.COEFFICIENT)
TAU: Final = Unit("-1 to 1", UnitKind.COEFFICIENT)


def marker_of(study: Study) -> str:
    """Return the quantified marker as the panels name it."""
    markers = dict.fromkeys(panel.quantified.marker or "CD38" for panel in study.panels)
    return "/".join(markers) or "CD38"


def drug_of(study: Study) -> str:
    """Return the first name of the washed-out drug."""
    return first_drug(study.settings.washed_out_drug)


def study_drug_of(study: Study) -> str:
    """Return the first name of the study drug."""
    return first_drug(study.settings.study_drug)


def first_drug(names: str) -> str:
    """Return the first of the names of a drug, which a `;` parts.

    >>> first_drug("daratumumab; Darzalex")
    'daratumumab'
    """
    return names.split(";", maxsplit=1)[0].strip()


def clones_compete(study: Study) -> bool | None:
    """Return whether every quantified clone competes with the drug; None: not known, or clones differ."""
    answers = {panel.quantified.competes_with_drug for panel in study.panels}
    return answers.pop() if len(answers) == 1 else None


def density_name(study: Study) -> str:
    """Return the name of the quantity: `free CD38`, or `CD38` if it may carry drug."""
    return f"free {marker_of(study)}" if clones_compete(study) else marker_of(study)


def axis_name(study: Study) -> str:
    """Return the axis title for receptor densities."""
    if clones_compete(study):
        return f"free {marker_of(study)} ({drug_of(study)}-competitive), molecules per cell"
    return f"{density_name(study)}, molecules per cell"


def population_name(study: Study) -> str:
    """Return the name of the quantified population in words, e.g. `plasma cells`."""
    return study.settings.population_name.replace("_", " ")
