"""Bounds on disease control by RD if marrows without a density lay on either side of the cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from calibration.density.receptor_density import QUANTIFIED, RdStatus
from pipeline.patients.patient_rd import PatientRd
from pipeline.response.patient_facts import PatientFacts, supposed_rd_visits
from pipeline.response.patients import BETWEEN
from pipeline.response.rd_visit import CutSide, reference_kit
from pipeline.response.statistics.counts import Contrast, contrast, proportion
from pipeline.response.tables import ResponseTables
from pipeline.study.study import Study

FAR_FROM_CUT = 10.0
"""Fold of the cut at which a missing density is placed, above it and below it. Convention: any fold above 1
gives the same side."""


def side_bounds(
    study: Study, rows: Sequence[PatientRd], facts: PatientFacts, response: ResponseTables | None
) -> tuple[Contrast, ...]:
    """Return the contrast by RD with patients whose side is missing first for a high RD, then against it.

    These are the patients without a density that counts, and those for whom an earlier marrow stands because
    a later one has no density: it might lie on the other side of the cut.

    Returns
    -------
    tuple of Contrast
        Empty if there are no RD groups or no such patients.
    """
    if response is None or not response.by_rd:
        return ()
    missing = {
        name for group in response.rd_left_out if group.reason != BETWEEN for name in group.patients
    } | _could_change(study, rows, facts)
    free = [facts.controlled[name] for name in facts.controlled if name in missing]
    if not free:
        return ()
    well, ill = sum(free), len(free) - sum(free)
    above, below = (
        [
            controlled
            for name, controlled in facts.controlled.items()
            if name not in missing and facts.rd_visits[name].side is side
        ]
        for side in (CutSide.ABOVE, CutSide.BELOW)
    )
    names = [group.name for group in response.by_rd]
    title = "RD at or above the cut v below, patients without a density placed {} a high RD"
    return (
        contrast(
            title.format("for"),
            proportion(names[0], sum(above) + well, len(above) + well),
            proportion(names[1], sum(below), len(below) + ill),
        ),
        contrast(
            title.format("against"),
            proportion(names[0], sum(above), len(above) + ill),
            proportion(names[1], sum(below) + well, len(below) + well),
        ),
    )


def _could_change(study: Study, rows: Sequence[PatientRd], facts: PatientFacts) -> set[str]:
    """Return the patients who would be on another side if each visit without a density had one."""
    kit, cut = reference_kit(rows), study.settings.rd_cut
    changed: set[str] = set()
    for rd in (cut / FAR_FROM_CUT, cut * FAR_FROM_CUT):
        placed = [_with_density(row, rd, kit) for row in rows]
        supposed = supposed_rd_visits(study, placed, facts)
        changed |= {name for name, visit in supposed.items() if visit.side is not facts.rd_visits[name].side}
    return changed


def _with_density(row: PatientRd, rd: float, kit: str) -> PatientRd:
    if row.status in QUANTIFIED:
        return row
    return replace(
        row, status=RdStatus.OK, rd=rd, rd_low=None, rd_log_sd=None, beads_kit=row.beads_kit or kit
    )
