"""How many patients and tubes the next study needs, by simulation of studies like this one."""

from pipeline.planning.population import StudyPopulation, population_of, simulated_population
from pipeline.planning.size import Plan, Size, WantedWidth, plan_size

__all__ = [
    "Plan",
    "Size",
    "StudyPopulation",
    "WantedWidth",
    "plan_size",
    "population_of",
    "simulated_population",
]
