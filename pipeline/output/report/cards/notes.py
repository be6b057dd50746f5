"""Notes of tubes: a note that applies to every tube appears once for the study, others on each card."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from calibration.density.budget import BudgetTerm
from calibration.density.receptor_density import QUANTIFIED, RdStatus
from gating.gates.steps import LOW_CONFIDENCE, GateStep, Step
from gating.thresholds.methods import Method
from pipeline.output.figures.gating import step_title
from pipeline.output.result_tables import sample_flags
from pipeline.patients.exposure import Exposure
from pipeline.quantification.result import SampleResult, failure_reason
from pipeline.study.faults import without_values

_BETWEEN = re.compile("; (?!accepted)")


@dataclass(frozen=True, slots=True)
class Shared:
    """What every tube of a study has: flags, and the kinds of notes with the sentence that says them."""

    flags: tuple[str, ...] = ()
    kinds: frozenset[str] = frozenset()
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TubeNotes:
    """The notes of one tube: why it has no density, its own notes, and those of its gating steps."""

    reason: str
    notes: tuple[str, ...]
    of_gates: tuple[str, ...]


def shared_notes(results: Sequence[SampleResult], exposures: Mapping[str, Exposure], wanted: str) -> Shared:
    """Return the notes of every tube (of failed tubes only if all failed); no note for a single tube."""
    tubes = [result for result in results if result.receptor.status is not RdStatus.FAILED] or list(results)
    if len(tubes) <= 1:
        return Shared()
    notes_by_tube = [(*_of_tube(tube), *_of_gates(tube, wanted)) for tube in tubes]
    kinds = frozenset.intersection(*(frozenset(map(without_values, notes)) for notes in notes_by_tube))
    flags = [sample_flags(tube, exposures.get(tube.sample_id)) for tube in tubes]
    common = tuple(flag for flag in flags[0] if all(flag in tube_flags for tube_flags in flags))
    return Shared(common, kinds, tuple(_sentences(notes_by_tube, kinds)))


def _sentences(notes_by_tube: Sequence[Sequence[str]], kinds: frozenset[str]) -> Iterable[str]:
    """Yield each shared note; where only its values differ, one tube's stands for all and says so."""
    for first in notes_by_tube[0]:
        kind = without_values(first)
        if kind in kinds:
            texts = {note for notes in notes_by_tube for note in notes if without_values(note) == kind}
            yield first if len(texts) == 1 else f"{first.rstrip('.')} (of the first tube; the others alike)"


def tube_notes(result: SampleResult, exposure: Exposure | None, wanted: str, shared: Shared) -> TubeNotes:
    """Return the notes for the card of a tube, without those that apply to every tube."""
    reason = "" if result.receptor.status in QUANTIFIED else failure_reason(result)
    of_density = (note for note in result.receptor.notes if note != reason)
    notes = (*of_density, *_of_tube(result), *(exposure.notes if exposure else ()))
    return TubeNotes(
        reason,
        tuple(note for note in dict.fromkeys(notes) if note != reason and _is_own(note, shared)),
        (*(note for note in _of_gates(result, wanted) if _is_own(note, shared)), *_of_split(result, wanted)),
    )


def _is_own(note: str, shared: Shared) -> bool:
    return bool(note.strip()) and without_values(note) not in shared.kinds


def _of_tube(result: SampleResult) -> tuple[str, ...]:
    """Return the notes of the row, without the reason of a failure and those of its gating steps."""
    if result.receptor.status is RdStatus.FAILED:
        return result.receptor.notes
    text = result.note
    for step in result.steps:
        if step.note:
            text = text.replace(f"{step.name}: {step.note}", "")
    return tuple(part.strip("; ") for part in _BETWEEN.split(text) if part.strip("; "))


def _of_gates(result: SampleResult, wanted: str) -> tuple[str, ...]:
    """Return the notes of the gating steps, but for what every steady tube says and what a picture says."""
    pictured = {picture.step for picture in result.pictures}
    worded = (step for step in result.steps if step.gate is not None or step.name not in pictured)
    noted = (step for step in worded if step.note and Method.STEADY not in step.methods)
    return tuple(f"{step_title(step.name, wanted)}: {step.note}" for step in noted)


def _of_split(result: SampleResult, wanted: str) -> tuple[str, ...]:
    """Return what a low confidence of the split into aberrant and other cells means, and what it does not."""
    split = next((step for step in result.steps if step.name == Step.ABERRANT), None)
    if split is None or split.gate is None or split.confidence >= LOW_CONFIDENCE:
        return ()
    return (_split_words(result, split, wanted),)


def _split_words(result: SampleResult, split: GateStep, wanted: str) -> str:
    only = (
        f"how sure it is which {wanted} are aberrant. It does not count in the gating confidence of the tube"
    )
    if not result.is_of_clone:
        then = f"the density is of all {wanted}, so the split does not affect it"
    elif any(term.name is BudgetTerm.CLONE_SPLIT for term in result.receptor.budget):
        then = "the density is of the aberrant cells, and the interval includes the uncertainty of the split"
    else:
        then = "the density is of the aberrant cells: look at where the split cuts"
    return f"{step_title(split.name, wanted)}: the {split.confidence:.2f} says {only}; {then}"
