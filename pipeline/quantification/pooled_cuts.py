"""The cuts of a batch of tubes acquired in the same way: which tubes get them, and which differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gating.batch_cuts import BatchCut, batch_cuts, cuts_to_lend, unlike_batch
from pipeline.checks.flags import CheckFlag
from pipeline.quantification.result import SampleFlag, SampleResult
from pipeline.quantification.task import TubeTask
from pipeline.study.study import Sample
from pipeline.tube.flags import TubeFlag

UNSOUND = {
    TubeFlag.CHANNEL_CONSTANT,
    CheckFlag.MARKER_DIFFERS,
    TubeFlag.VALUES_MISSING,
    SampleFlag.GATES_FROM_FILE,
}
"""Tubes with these flags are not used for the cuts of their batch."""

Alike = tuple[object, ...]


def cuts_of_batches(
    samples: Sequence[Sample], alone: Mapping[str, SampleResult]
) -> dict[str, tuple[BatchCut, ...]]:
    """Return, by sample_id, the cuts on which the tubes of the same batch agree.

    Parameters
    ----------
    samples
        Of the study, in its order.
    alone
        By sample_id: the result of each tube without its batch. Tubes that are missing here are not used.
    """
    batches: dict[Alike, list[SampleResult]] = {}
    gated = [(sample, alone[sample.sample_id]) for sample in samples if sample.sample_id in alone]
    for sample, result in gated:
        if result.steps and not UNSOUND & set(result.flags):
            batches.setdefault(_alike(sample, result), []).append(result)
    cuts = {alike: batch_cuts([result.dye_cuts for result in tubes]) for alike, tubes in batches.items()}
    return {sample.sample_id: cuts.get(_alike(sample, result), ()) for sample, result in gated}


def with_batch_cuts(task: TubeTask, alone: SampleResult, cuts: Sequence[BatchCut]) -> TubeTask:
    """Return the task with the cuts of its batch that the tube needs; none where a file holds the gates."""
    return task if task.sample.gates_file else replace(task, batch_cuts=cuts_to_lend(alone.steps, cuts))


def flagged_against_batch(result: SampleResult, cuts: Sequence[BatchCut]) -> SampleResult:
    """Return a tube's result, flagged if its own clear cut, which it keeps, is not that of its batch."""
    unlike = unlike_batch(result.dye_cuts, cuts)
    if not unlike:
        return result
    notes = (
        f"{cut.step}: the tube's own cut on {cut.channel} is clear at {own.value:g}, that of its batch is "
        f"{cut}: this tube differs and kept its own"
        for own, cut in unlike
    )
    flags = dict.fromkeys((*result.flags, SampleFlag.GATE_UNLIKE_BATCH))
    return replace(result, flags=tuple(flags), note="; ".join(filter(None, (result.note, *notes))))


def _alike(sample: Sample, result: SampleResult) -> Alike:
    """Return the properties that all tubes of a batch have in common."""
    where = result.acquired
    return sample.panel, where.instrument, where.serial, result.detectors, result.spillover_source
