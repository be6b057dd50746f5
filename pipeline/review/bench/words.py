"""Further effects of a move, in words."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.output.figures.outlines import threshold
from pipeline.review.view import Changes, StepView, View

MOST_CHANGES_NAMED = 3
"""Most tubes that a sentence names. Convention: nobody reads longer lists."""


def changes_in_words(before: View, after: View) -> Changes:
    """Return in words what differs between two views besides the moves themselves.

    Examples of sentences: `Plasma cells: BV421-A 850 to 912`, `Singlets: as before`.
    """
    steps = {step.step: step for step in before.steps}
    moved = {move.gate.casefold() for move in after.moves} | {move.gate.casefold() for move in before.moves}
    refitted, unchanged = [], []
    for step in after.steps:
        old = steps.get(step.step)
        if old is None or step.step in moved:
            continue
        thresholds = list(_other_thresholds(old, step, moved))
        refitted += [f"{step.title}: {words}" for words in thresholds]
        if not thresholds and (step.gate is not None or old.gate is not None):
            same = step.gate == old.gate
            unchanged += [f"{step.title}: as before"] if same and not _is_moved(step, moved) else []
    if not after.settled:
        return Changes(unchanged=("every other gate is held until you let go", *unchanged))
    refitted += [f"{name}: gated again by the next run, with the batch's new cut" for name in after.others]
    if after.waiting:
        named = ", ".join(after.waiting[:MOST_CHANGES_NAMED]) + (
            " and others" if len(after.waiting) > MOST_CHANGES_NAMED else ""
        )
        unchanged.append(f"what comes from {named}: to be run again, which may move this number")
    return Changes(tuple(refitted), tuple(unchanged))


def _other_thresholds(old: StepView, new: StepView, moved: set[str]) -> Iterator[str]:
    """Yield each changed threshold, or a changed gate without thresholds."""
    if old.gate == new.gate:
        return
    values = {cut.channel: cut.value for cut in old.cuts}
    is_explained = False
    for cut in new.cuts:
        if cut.gate.casefold() in moved:
            is_explained = True
        elif cut.channel in values and values[cut.channel] != cut.value:
            is_explained = True
            numbers = f"{threshold(values[cut.channel])} to {threshold(cut.value)}"
            yield f"{cut.channel} {numbers.replace('-', '−')}"
    if old.gate is None or new.gate is None:
        yield "no gate now" if new.gate is None else "has a gate now"
    elif not is_explained:
        yield "found again"


def _is_moved(step: StepView, moved: set[str]) -> bool:
    return any(cut.gate.casefold() in moved for cut in step.cuts)
