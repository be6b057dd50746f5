"""Daratumumab in serum from the patient's own doses, and the part of CD38 that it covers."""

from pipeline.patients.pharmacokinetics.integration import PaddedDoses, concentrations
from pipeline.patients.pharmacokinetics.levels import DrugLevel, drug_levels
from pipeline.patients.pharmacokinetics.occupancy import occupancy
from pipeline.patients.pharmacokinetics.parameters import Body, Disposition, typical_disposition, varied

__all__ = [
    "Body",
    "Disposition",
    "DrugLevel",
    "PaddedDoses",
    "concentrations",
    "drug_levels",
    "occupancy",
    "typical_disposition",
    "varied",
]
