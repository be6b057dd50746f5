"""The bench: tubes in memory, gates that a person moves, and the result of a run with these gates."""

from pipeline.review.bench.applying import alike, apply_to
from pipeline.review.bench.loaded_study import LoadedStudy, load_study, study_to_look_at
from pipeline.review.bench.tube import Bench, open_bench
from pipeline.review.bench.words import changes_in_words

__all__ = [
    "Bench",
    "LoadedStudy",
    "alike",
    "apply_to",
    "changes_in_words",
    "load_study",
    "open_bench",
    "study_to_look_at",
]
