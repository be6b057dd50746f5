"""A person's thresholds and settings: on the scale of the channel, and within the range of the beads."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from calibration.beads.kits import BeadKitError, abc_divisor, bead_kit
from pipeline.checks.compensation import setting_cell
from pipeline.checks.findings import Finding, warning
from pipeline.checks.gates import gate_cell, rows_of_threshold
from pipeline.checks.headers import Headers
from pipeline.checks.plausibility.plausible_ranges import MOST_SCALE
from pipeline.checks.plausibility.reagents import doubtful_cv, off_scale
from pipeline.fcs import FcsFile
from pipeline.study.drugs import is_drug, listed_names
from pipeline.study.faults import Fault
from pipeline.study.polygon import TypedPolygon
from pipeline.study.settings import Settings
from pipeline.study.study import GateOverride, Panel, Study
from pipeline.study.wording import quoted
from pipeline.tube.names.channels import find_channel
from pipeline.tube.names.typed_gates import choices_of, polygon_on_rows

CVS: Final = ("lot_assignment_cv", "f_p_cv", "transfer_cv", "between_run_cv")


def gate_values(study: Study, headers: Headers) -> Iterator[Finding]:
    """Require that thresholds and polygons are on the scale of their channels."""
    samples = {sample.sample_id: sample for sample in study.samples}
    for override in study.gates:
        sample = samples[override.sample_id]
        file = headers[sample.fcs_file].file
        panel = study.panel(sample.panel)
        if override.polygon is not None:
            yield from _polygon_off_scale(study, override, override.polygon, panel, file)
        elif override.value is not None:
            where = gate_cell(study, override, "value")
            problem = f"{override.value:g} for the gate {quoted(override.gate)}"
            yield from off_scale(
                override.value, _scale_end(rows_of_threshold(override, panel), panel, file), where, problem
            )


def _polygon_off_scale(
    study: Study, override: GateOverride, polygon: TypedPolygon, panel: Panel, file: FcsFile | None
) -> Iterator[Finding]:
    """Require that a polygon reaches onto both scales; vertices beyond an end of scale leave a side open."""
    where = gate_cell(study, override, "polygon")
    gate = polygon_on_rows(panel, polygon)
    choices = choices_of(panel, [override])
    for index, axis in enumerate((gate.x_channel, gate.y_channel)):
        channel = choices.named(axis)
        end = _scale_end((channel.channel,) if channel else (), panel, file)
        nearest = min((vertex[index] for vertex in gate.vertices), key=abs)
        problem = f"a polygon for the gate {quoted(override.gate)} "
        problem += f"whose corners on {axis} begin at {nearest:g}"
        low, high = (f(vertex[index] for vertex in gate.vertices) for f in (min, max))
        if not low <= 0 <= high:
            yield from off_scale(nearest, end, where, problem)


def _scale_end(rows: Collection[str], panel: Panel, file: FcsFile | None) -> float:
    """Return the largest end of scale among these channels; `MOST_SCALE` if no file says it."""
    chosen = [row for row in panel.channels if row.name in rows]
    names = [find_channel(row.aliases, file.channels) for row in chosen] if file else []
    return max((file.scale_top(name) for name in names if file and name), default=MOST_SCALE)


def lab_limit(study: Study, headers: Headers) -> Iterator[Finding]:
    """Require that the lab's LLOQ is below the brightest bead, since nothing is measured above that bead."""
    del headers
    limit = study.settings.lab_lloq
    if limit is None:
        return
    highest = [top for sample in study.samples if (top := _top_abc(study, sample.bead_run, sample.panel))]
    if highest and limit >= min(highest):
        expected = f"a limit below the brightest bead, {min(highest):,.6g} molecules per cell"
        hint = "No density lies between the lower and the upper limit otherwise. Leave it empty if not known."
        yield Finding(Fault(setting_cell(study, "lab_lloq"), f"{limit:g}", expected, hint))


def _top_abc(study: Study, bead_run: str, panel: str) -> float | None:
    """Return the brightest bead in molecules per cell; None if the kit gives no ABC."""
    run = study.unit_run(bead_run)
    try:
        return max(run.levels) / abc_divisor(bead_kit(run.kit), study.panel(panel).quantified.f_p_ratio)
    except BeadKitError:
        return None


def typed_cvs(study: Study, headers: Headers) -> Iterator[Finding]:
    """Compare the CVs of the settings sheet with the usual range of a CV."""
    del headers
    for name in CVS:
        cv = getattr(study.settings, name)
        if cv != Settings.model_fields[name].default:
            yield from doubtful_cv(cv, setting_cell(study, name), name)


def two_drugs(study: Study, headers: Headers) -> Iterator[Finding]:
    """Report washed-out drug and study drug that are the same: the response clock would have no meaning."""
    del headers
    washed_out, study_drug = study.settings.washed_out_drug, study.settings.study_drug
    if any(is_drug(name, washed_out) for name in listed_names(study_drug)):
        problem = f"washed_out_drug {quoted(washed_out)} and study_drug {quoted(study_drug)}"
        hint = "The clock of the response strata would end with the first dose of the washed-out drug."
        typed = "study_drug" if study_drug != Settings().study_drug else "washed_out_drug"
        yield warning(problem, "two drugs", where=setting_cell(study, typed), hint=hint)
