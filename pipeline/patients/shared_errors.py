"""Errors that a visit shares with other visits: those of the bead lot, the conjugate and the bead run."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Final

from calibration.density.budget import BudgetTerm
from calibration.numbers import Z_95
from pipeline.patients.patient_rd import SharedError
from pipeline.quantification.result import SampleResult
from pipeline.study.reagents import reagents_of
from pipeline.study.study import Sample, Study

_RUN_TERMS: Final = frozenset(
    {BudgetTerm.STANDARD_CURVE, BudgetTerm.BEAD_MEDIANS, BudgetTerm.TRANSFER, BudgetTerm.BETWEEN_RUNS}
)


def shared_errors(
    study: Study, samples: Sequence[Sample], results: Sequence[SampleResult]
) -> tuple[SharedError, ...]:
    """Return the parts of the error of a visit's tubes that tubes of other visits share.

    The size of a part is the root mean square over the tubes of the SD of that term, dex, since shared errors
    of replicates do not average out. The sources are: kit and lot; clone, dye and F:P of the panel; the bead
    run, with its curve and the scatter between runs, as in pooling. If the tubes of the visit differ in a
    source, that part is left out. NaN means: as large as in the other rows of the source. A row below its
    LLOQ has no interval of its own, but its limit moves with the lot.
    """
    reagents = reagents_of(study, samples)
    panels = {panel.name: panel.quantified for panel in study.panels}
    ratios = {panels[sample.panel].f_p_ratio for sample in samples if sample.panel in panels}
    dye = f"{reagents.clone} {reagents.fluorochrome} {next(iter(ratios), None)}"
    runs = {sample.bead_run for sample in samples}
    lot = f"{reagents.kit} {reagents.lot}"
    sources = (
        (f"lot {lot}", {BudgetTerm.LOT_ASSIGNMENT}, ";" not in lot),
        (f"F:P {dye}", {BudgetTerm.F_P_RATIO}, len(ratios) == 1 and ";" not in dye),
        (f"run {next(iter(runs), '')}", _RUN_TERMS, len(runs) == 1),
    )
    sizes = ((source, _size(results, terms)) for source, terms, same in sources if same)
    return tuple(SharedError(source, size) for source, size in sizes if size != 0)


def _size(results: Sequence[SampleResult], terms: Collection[BudgetTerm]) -> float:
    """Return the SD of these terms together, dex, over the tubes; NaN if no tube has it."""
    squares = [_variance(tube, terms) for tube in results if tube.receptor.budget]
    summable = [square for square in squares if square is not None]
    return math.sqrt(math.fsum(summable) / len(summable)) if summable else math.nan


def _variance(tube: SampleResult, terms: Collection[BudgetTerm]) -> float | None:
    receptor = tube.receptor
    low, high = receptor.rd_low, receptor.rd_high
    if not low or not high or not 0 < low < high:
        return None
    whole = (math.log10(high / low) / (2 * Z_95)) ** 2
    return whole * math.fsum(term.share for term in receptor.budget if term.name in terms)
