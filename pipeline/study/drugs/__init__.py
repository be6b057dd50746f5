"""Names of drugs: the meaning of a typed drug, whether its doses count, and which doses are possible."""

from pipeline.study.drugs.counting import agents_of, covers_cd38, is_drug, listed_names
from pipeline.study.drugs.reading import DrugReading, Meaning, read_drug

__all__ = ["DrugReading", "Meaning", "agents_of", "covers_cd38", "is_drug", "listed_names", "read_drug"]
