"""Names of drugs: what a typed drug means, whether it is the one that counts, and what doses of it can be."""

from pipeline.study.drugs.counting import agents_of, covers_cd38, is_drug, listed_names
from pipeline.study.drugs.reading import DrugReading, Meaning, read_drug

__all__ = ["DrugReading", "Meaning", "agents_of", "covers_cd38", "is_drug", "listed_names", "read_drug"]
