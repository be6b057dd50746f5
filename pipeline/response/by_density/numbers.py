"""Every number about response and receptor density in one list, with its name and its interval."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.response.by_density.tables import DensityTables, OutcomeByDensity
from pipeline.response.statistics.cuts.best_cut import DensityCut
from pipeline.response.statistics.cuts.roc import wilson
from pipeline.study.quantity_name import MOLECULES, NO_UNIT, RATIO_UNIT, SHARE, Unit


@dataclass(frozen=True, slots=True)
class DensityNumber:
    """A number with its 95 % interval; None = not known, or an open end (`note`).

    Attributes
    ----------
    in_others, in_others_low, in_others_high
        The number and its interval as expected in other patients. A cut looks better in the patients in whom
        it was chosen.
    """

    outcome: str
    measure: str
    n: int
    events: int
    value: float | None = None
    low: float | None = None
    high: float | None = None
    unit: Unit = NO_UNIT
    in_others: float | None = None
    in_others_low: float | None = None
    in_others_high: float | None = None
    p: float | None = None
    strength: str = ""
    method: str = ""
    note: str = ""


def density_numbers(tables: DensityTables) -> Iterator[DensityNumber]:
    """Yield every number of these tables by outcome. The note of a missing number gives the reason."""
    for outcome in tables.outcomes:
        yield from _of_outcome(outcome)
    for ratio in tables.survival:
        yield DensityNumber(
            ratio.name, f"hazard ratio, {ratio.per}", ratio.n, ratio.n_events, ratio.ratio, ratio.low,
            ratio.high, RATIO_UNIT, p=ratio.p, strength=ratio.strength, method=ratio.method, note=ratio.note,
        )  # fmt: skip


def _of_outcome(outcome: OutcomeByDensity) -> Iterator[DensityNumber]:
    name, counts = outcome.outcome, (outcome.n, outcome.n_events)
    if outcome.odds is None or outcome.area is None or outcome.best is None or outcome.fixed is None:
        yield DensityNumber(name, "odds ratio, doubling", *counts, note=outcome.note)
        return
    odds, area = outcome.odds, outcome.area
    yield DensityNumber(
        name, f"odds ratio, {odds.per}", *counts, odds.ratio, odds.low, odds.high, RATIO_UNIT, p=odds.p,
        strength=odds.strength, method=odds.method, note=odds.note,
    )  # fmt: skip
    pairs = f"a limit leaves {area.n_open} pairs open: they count half" if area.n_open else ""
    yield DensityNumber(
        name, "area under the ROC curve", *counts, area.area, area.low, area.high, SHARE, area.corrected,
        method=area.method, note="; ".join(part for part in (area.note, pairs) if part),
    )  # fmt: skip
    for cut in (outcome.best, outcome.fixed):
        yield from _of_cut(name, cut)


def _of_cut(outcome: str, cut: DensityCut) -> Iterator[DensityNumber]:
    counts = (cut.n, cut.n_events)
    open_note = f"a limit leaves the side of {cut.n_open} patients open" if cut.n_open else ""
    note = "; ".join(part for part in (cut.note, open_note) if part)
    yield DensityNumber(
        outcome, cut.name, *counts, cut.cut, cut.low, cut.high, MOLECULES, method=cut.method, note=note
    )
    if cut.sensitivity is None or cut.specificity is None:
        return
    for words, share, n in (
        (f"{cut.name}: sensitivity", cut.sensitivity, cut.n_with),
        (f"{cut.name}: specificity", cut.specificity, cut.n_without),
    ):
        yield DensityNumber(
            outcome, words, *counts, share, *wilson(share, n), SHARE, method="Wilson's interval"
        )
    yield DensityNumber(
        outcome, f"{cut.name}: sensitivity + specificity - 1", *counts, cut.youden, None, None, SHARE,
        cut.corrected, cut.corrected_low, cut.corrected_high, method=cut.method,
    )  # fmt: skip
