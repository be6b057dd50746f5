"""Simulated studies that several sections measure: each is made once in a run."""

from __future__ import annotations

from pathlib import Path

from pipeline.simulate import simulate_study

SEED = 4
MOST = 10_000_000
"""Events of the largest tube that is measured; it takes 4 GB and more than a minute to simulate."""


def one_tube(work: Path, n_events: int) -> Path:
    """Return a study of one patient with a tube, its control and its beads."""
    return simulated(work, patients=1, events=n_events)


def simulated(work: Path, *, patients: int, events: int) -> Path:
    """Return a simulated study, made where it is not there yet."""
    folder = work / f"{patients} of {events}"
    if not (folder / "study" / "samples.csv").exists():
        simulate_study(folder, patients=patients, events=events, seed=SEED)
    return folder / "study"
