"""Doses of antibodies against CD38 that were given to people, to check a typed dose against them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from pipeline.study.drugs.routes import Route


@dataclass(frozen=True, slots=True)
class Amounts:
    """Doses of an antibody.

    Attributes
    ----------
    first_given
        Year of the first dose in people.
    label_mg_per_kg
        Intravenous doses of the label or of phase 2.
    trial_mg_per_kg
        Intravenous doses of the cohorts of the trials, from 1 mg/kg on; the last is the highest.
    flat_mg
        Subcutaneous flat doses; empty if the drug is not given in that way.
    """

    first_given: int
    label_mg_per_kg: tuple[float, ...] = ()
    trial_mg_per_kg: tuple[float, ...] = ()
    flat_mg: tuple[float, ...] = ()

    @property
    def highest_mg_per_kg(self) -> float | None:
        """The highest intravenous dose of any trial; None if the drug is not given intravenously."""
        return self.trial_mg_per_kg[-1] if self.trial_mg_per_kg else None


LABELLED_AMOUNTS: Final = {
    "daratumumab": Amounts(2008, (16.0,), (1.0, 2.0, 4.0, 8.0, 16.0, 24.0), (1200.0, 1800.0)),
    "isatuximab": Amounts(2010, (10.0, 20.0), (1.0, 3.0, 5.0, 10.0, 20.0), (1000.0, 1400.0)),
    "felzartamab": Amounts(2011, (4.0, 8.0, 16.0), (1.5, 4.0, 8.0, 16.0)),
    "mezagitamab": Amounts(2014, flat_mg=(45.0, 135.0, 300.0, 600.0)),
}
"""First dose in people and doses of the trials. Daratumumab: GEN501 from 2008, up to 24 mg/kg
(doi:10.1056/NEJMoa1506348), 1200 and 1800 mg under the skin (PAVO, doi:10.1182/blood.2019000667). Isatuximab:
NCT01084252 from 2010, up to 20 mg/kg (doi:10.1038/s41408-019-0198-4), 1000 and 1400 mg under the skin
(NCT04045795). Felzartamab: NCT01421186 from 2011, up to 16 mg/kg. Mezagitamab: NCT02219256 from 2014, 45 to
600 mg under the skin (NCT03439280)."""

IMPOSSIBLE_TIMES: Final = 2.0
"""Multiple of the highest dose of any trial above which a typed dose is an error. Chosen on the trials of
`LABELLED_AMOUNTS`."""
LEAST_MG_PER_KG: Final = 1.0
"""Dose below which there is a warning: only the first cohorts of phase 1 got less,
doi:10.1056/NEJMoa1506348."""
LEAST_MG: Final = 100.0
"""Amount in mg below which there is a warning: 1 mg/kg for a heavy person. Convention: a fifth of the least
labelled dose, 10 mg/kg, of a light patient."""
MOST_WEIGHT_KG: Final = 160.0
"""Weight for the check of an amount in mg if no weight is typed: hardly anybody is heavier. Convention: a
body mass index of 50 at 1.80 m."""
NEAR_LABEL: Final = 0.1
"""Relative difference up to which an amount in mg counts as a labelled dose per kg, since vials are rounded.
Vendor: the smallest vial of daratumumab and of isatuximab holds 100 mg, a tenth of a usual dose."""
NEAR_FLAT: Final = 0.05
"""Relative difference up to which an amount counts as a flat dose: syringes are read to a few percent.
Convention: a twentieth is 90 mg of 1,800."""
PARTS_OF_A_DOSE: Final = (1.0, 0.5)
"""Parts of a dose: the whole, or half on each of two days. Vendor: the label of daratumumab has 8 mg/kg on
days 1 and 2."""


@dataclass(frozen=True, slots=True)
class AmountDoubt:
    """Why a typed amount is impossible or unlikely."""

    impossible: bool
    expected: str
    hint: str = ""


PER_KG: Final = "mg/kg"
"""The unit of a dose by weight, as it is typed."""


def dose_in(unit: str, dose: float, typed_unit: str, weight_kg: float | None) -> float | None:
    """Return a dose in mg or in mg/kg.

    None where no unit is typed, or another one and the weight is not known.

    Examples
    --------
    >>> dose_in("mg", 16, "mg/kg", 80), dose_in("mg/kg", 1800, "mg", 90), dose_in("mg", 16, "mg/kg", None)
    (1280, 20.0, None)
    """
    if typed_unit == unit:
        return dose
    if not weight_kg or not typed_unit:
        return None
    return dose / weight_kg if unit == PER_KG else dose * weight_kg


def amount_doubt(
    antibody: str, dose: float, unit: str, route: str, weight_kg: float | None = None
) -> AmountDoubt | None:
    """Return the doubt about an amount of an antibody; None if there is none, or its doses are not known.

    Parameters
    ----------
    antibody
        Its name in the vocabulary.
    dose, unit, route
        As typed; "": not typed. A unit may be missing only where one alone is possible. Another check judges
        a dose of 0.
    weight_kg
        None: not known.

    Examples
    --------
    >>> amount_doubt("daratumumab", 16, "mg/kg", "IV"), amount_doubt("isatuximab", 10, "mg", "IV").impossible
    (None, True)
    """
    amounts = LABELLED_AMOUNTS.get(antibody)
    if amounts is None:
        return None
    if not unit:
        return _without_unit(antibody, dose, route, weight_kg)
    if unit == PER_KG:
        return _per_kg_doubt(antibody, amounts, dose, route)
    if route == Route.SC or amounts.highest_mg_per_kg is None:
        return _flat_doubt(antibody, amounts, dose)
    return _into_a_vein(antibody, amounts, dose, route, weight_kg)


def unit_that_fits(antibody: str, dose: float, route: str, weight_kg: float | None = None) -> str:
    """Return the only unit in which an amount is a dose of an antibody; "" if none fits, or both may.

    >>> unit_that_fits("daratumumab", 16, "IV"), unit_that_fits("daratumumab", 60, "IV")
    ('mg/kg', '')
    """
    doubts = {unit: amount_doubt(antibody, dose, unit, route, weight_kg) for unit in (PER_KG, "mg")}
    fitting = [unit for unit, doubt in doubts.items() if doubt is None]
    is_certain = len(fitting) == 1 and any(doubt and doubt.impossible for doubt in doubts.values())
    return fitting[0] if is_certain else ""


def _without_unit(antibody: str, dose: float, route: str, weight_kg: float | None) -> AmountDoubt | None:
    if unit_that_fits(antibody, dose, route, weight_kg):
        return None
    hint = "Type its unit. Leave the dose empty if the amount is not known."
    return AmountDoubt(True, f"an amount with a unit, such as {usual_amounts(antibody)}", hint)


def bears_out(
    antibody: str, dose: float | None, unit: str, route: str, weight_kg: float | None = None
) -> bool:
    """Return whether an amount certainly is a dose of this antibody; beside a regimen it shows which drug.

    Examples
    --------
    >>> bears_out("daratumumab", 1800, "mg", "SC"), bears_out("daratumumab", 25, "mg", "")
    (True, False)
    """
    amounts = LABELLED_AMOUNTS.get(antibody)
    if amounts is None or not dose or not unit or amount_doubt(antibody, dose, unit, route, weight_kg):
        return False
    if unit == PER_KG:
        return True  # no other drug of a regimen is dosed so
    per_kg = dose_in(PER_KG, dose, unit, weight_kg)
    if per_kg and _near_label(amounts, per_kg):
        return True
    return dose in amounts.flat_mg and route != Route.IV


def usual_amounts(antibody: str) -> str:
    """Return the doses of an antibody in words.

    >>> usual_amounts("daratumumab")
    '16 mg/kg IV, or 1200 or 1800 mg SC'
    """
    amounts = LABELLED_AMOUNTS[antibody]
    per_kg = " or ".join(f"{dose:g}" for dose in amounts.label_mg_per_kg)
    words = [f"{per_kg} mg/kg IV"] if per_kg else []
    flat = " or ".join(f"{dose:g}" for dose in amounts.flat_mg)
    words += [f"{flat} mg SC"] if flat else []
    return ", or ".join(words)


def _per_kg_doubt(antibody: str, amounts: Amounts, dose: float, route: str) -> AmountDoubt | None:
    highest = amounts.highest_mg_per_kg or 1.0
    expected = f"a dose of {antibody} such as {usual_amounts(antibody)}"
    if dose > IMPOSSIBLE_TIMES * highest:
        hint = "Is the unit mg?" if dose >= LEAST_MG else f"Nobody was given more than {highest:g} mg/kg."
        return AmountDoubt(True, expected, hint)
    if dose > highest:
        return AmountDoubt(False, expected, f"No trial gave more than {highest:g} mg/kg.")
    if dose < LEAST_MG_PER_KG and amounts.label_mg_per_kg:
        return AmountDoubt(False, expected, "Is a digit or the decimal point misplaced?")
    if route != Route.SC and amounts.trial_mg_per_kg and not _was_tried(amounts, dose):
        return AmountDoubt(
            False, expected, "No trial gave it: is it another drug's dose, or a digit misplaced?"
        )
    if route == Route.SC:
        return AmountDoubt(False, expected, "Under the skin it is a flat dose in mg: is the route IV?")
    return None


def _flat_doubt(antibody: str, amounts: Amounts, dose: float) -> AmountDoubt | None:
    expected = f"a dose of {antibody} such as {usual_amounts(antibody)}"
    if not amounts.flat_mg:
        return AmountDoubt(False, expected, "It is not given under the skin.")
    if 1000 * dose in amounts.flat_mg:
        return AmountDoubt(True, expected, f"Is it {1000 * dose:g} mg?")
    low, high = min(amounts.flat_mg), max(amounts.flat_mg)
    if dose > IMPOSSIBLE_TIMES * high or (amounts.label_mg_per_kg and dose <= max(amounts.label_mg_per_kg)):
        return AmountDoubt(True, expected, "Is the unit mg/kg, and the route IV?" if dose < low else "")
    usual = any(math.isclose(dose, flat, rel_tol=NEAR_FLAT) for flat in amounts.flat_mg)
    return None if usual else AmountDoubt(False, expected, "Is a digit misplaced?")


def _into_a_vein(
    antibody: str, amounts: Amounts, dose: float, route: str, weight_kg: float | None
) -> AmountDoubt | None:
    highest = amounts.highest_mg_per_kg or math.inf
    expected = f"a dose of {antibody} such as {usual_amounts(antibody)}"
    if dose <= highest:
        return AmountDoubt(
            True, expected, "Is the unit mg/kg? Leave the dose empty if the amount is not known."
        )
    if dose > IMPOSSIBLE_TIMES * highest * (weight_kg or MOST_WEIGHT_KG):
        return AmountDoubt(True, expected, _per_weight(dose, weight_kg))
    if dose in amounts.flat_mg and route != Route.IV:
        return None
    per_kg = dose_in(PER_KG, dose, "mg", weight_kg)
    if dose in amounts.flat_mg and not (per_kg and _near_label(amounts, per_kg)):
        return AmountDoubt(False, expected, "This is the flat dose under the skin: is the route SC?")
    if dose > highest * (weight_kg or MOST_WEIGHT_KG):
        return AmountDoubt(False, expected, _per_weight(dose, weight_kg))
    if dose < LEAST_MG or (per_kg and per_kg < LEAST_MG_PER_KG):
        return AmountDoubt(False, expected, "Is the unit mg/kg, or a digit missing?")
    return None


def _per_weight(dose: float, weight_kg: float | None) -> str:
    per_kg = dose_in(PER_KG, dose, "mg", weight_kg)
    return f"With {weight_kg:g} kg it is {per_kg:.3g} mg/kg." if per_kg else "Is a digit too many?"


def _was_tried(amounts: Amounts, per_kg: float) -> bool:
    return any(math.isclose(per_kg, dose, rel_tol=NEAR_LABEL) for dose in amounts.trial_mg_per_kg)


def _near_label(amounts: Amounts, per_kg: float) -> bool:
    doses = [dose * part for dose in amounts.label_mg_per_kg for part in PARTS_OF_A_DOSE]
    return any(math.isclose(per_kg, dose, rel_tol=NEAR_LABEL) for dose in doses)
