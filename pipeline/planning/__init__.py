"""How many patients and tubes the next study takes, by simulation of studies like this one."""

from pipeline.planning.population import Population, population_of, simulated_population
from pipeline.planning.size import Plan, Size, Target, plan_size

__all__ = [
    "Plan",
    "Population",
    "Size",
    "Target",
    "plan_size",
    "population_of",
    "simulated_population",
]
