"""Trying one tube's moved gates on other tubes, before anything is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.review.bench.loaded_study import LoadedStudy, load_study
from pipeline.review.bench.moving import moves_of, name_of
from pipeline.review.bench.tube import open_bench
from pipeline.review.bench.tube_view import number_of
from pipeline.review.view import Applied, Move
from pipeline.study.errors import UserError


def alike(loaded_study: LoadedStudy, sample_id: str) -> tuple[str, ...]:
    """Return the other tubes of the same panel and day, in the order of the samples sheet."""
    own = loaded_study.sample(sample_id)
    return tuple(
        sample.sample_id
        for sample in loaded_study.study.samples
        if sample.sample_id != sample_id
        and (sample.panel, sample.collected_on) == (own.panel, own.collected_on)
    )


def apply_to(study: Path | LoadedStudy, moves: Sequence[Move], to: Sequence[str]) -> Iterator[Applied]:
    """Yield the result of each tube without and with these moves; nothing is written.

    A tube keeps its own gates of review.csv, except gates that are moved here. If a tube cannot take the
    moves, `fault` gives the reason and `after` is None.

    Parameters
    ----------
    study
        The folder of the study, or the study in memory.
    """
    loaded_study = study if isinstance(study, LoadedStudy) else load_study(study)
    for sample_id in to:
        stored = loaded_study.latest.get(sample_id)
        if stored is None:
            yield Applied(sample_id, None, None, fault="it has no stored result: run it first")
            continue
        as_run = next((r for r in loaded_study.as_run.results if r.sample_id == sample_id), stored)
        before = number_of(as_run)
        try:
            bench = open_bench(loaded_study, sample_id)
            after = bench.settled(_joined(loaded_study, sample_id, moves))
        except UserError as error:
            yield Applied(sample_id, before, None, fault=str(error))
            continue
        yield Applied(sample_id, before, after.number, moves=after.moves)


def _joined(loaded_study: LoadedStudy, sample_id: str, moves: Sequence[Move]) -> tuple[Move, ...]:
    panel = loaded_study.study.panel(loaded_study.sample(sample_id).panel)
    new = {name_of(panel, move) for move in moves}
    own = moves_of(loaded_study.gates_of(sample_id, review=True))
    return (*(move for move in own if name_of(panel, move) not in new), *moves)
