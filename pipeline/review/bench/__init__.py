"""The bench: tubes in memory, gates that a person moves, and the result of a run with these gates."""

from pipeline.review.bench.applying import alike, apply_to
from pipeline.review.bench.shelf import Shelf, open_shelf, shelf_to_look_at
from pipeline.review.bench.tube import Bench, open_bench
from pipeline.review.bench.words import changes_in_words

__all__ = [
    "Bench",
    "Shelf",
    "alike",
    "apply_to",
    "changes_in_words",
    "open_bench",
    "open_shelf",
    "shelf_to_look_at",
]
