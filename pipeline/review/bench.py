"""The bench: one tube's events, control, curve and settings in memory, and what a moved gate gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.review.view import Applied, BackGate, Changes, Move, View


@dataclass
class Bench:
    """A tube in memory. Not safe for two threads at a time: a caller lets one request in after the other."""

    sample_id: str

    def start(self) -> View:
        """Return the tube with the gates of the study, as it is in the results."""
        raise NotImplementedError

    def held(self, moves: Sequence[Move]) -> View:
        """Return the tube with these moves and every other gate held: for while a gate is dragged."""
        raise NotImplementedError

    def settled(self, moves: Sequence[Move]) -> View:
        """Return the tube exactly as `cd38rd run` gives it from a review.csv with these moves."""
        raise NotImplementedError

    def backgate(self, x: str, y: str) -> BackGate:
        """Return the quantified cells of the last view on any two channels; CD38 can be looked at."""
        raise NotImplementedError

    def fault(self, moves: Sequence[Move]) -> str:
        """Return why these moves cannot be made, as `cd38rd check` would say it; "" where they can."""
        raise NotImplementedError


def open_bench(study: Path, sample_id: str) -> Bench:
    """Read one tube of a study into memory: `study` is its folder."""
    raise NotImplementedError


def changes(before: View, after: View) -> Changes:
    """Say in words what differs between two views besides the moves themselves."""
    raise NotImplementedError


def apply_to(study: Path, moves: Sequence[Move], to: Sequence[str]) -> tuple[Applied, ...]:
    """Return for each tube what these moves would give; nothing is written."""
    raise NotImplementedError
