"""Checks of a person's gates: files of gates; thresholds and polygons in the gates sheet and review.csv."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from gating.drawn.gate_file import GateFileError
from gating.gates.person_gates import UnknownGateError
from pipeline.checks.findings import Finding
from pipeline.checks.headers import Headers
from pipeline.fcs import FcsFile
from pipeline.study.faults import Fault
from pipeline.study.locations import location_fault
from pipeline.study.names.look import caseless
from pipeline.study.polygon import TypedPolygon
from pipeline.study.study import GateOverride, GateSource, Panel, Sample, Study
from pipeline.study.wording import quoted
from pipeline.tube.names.channels import ChannelsError
from pipeline.tube.names.rows import rows_of_file
from pipeline.tube.names.typed_gates import choices_of

GATE_FILES = (".wsp", ".xml", ".gml")
WHY_NOT = "a gate on it would select the cells by the value that is to be measured"


def gate_files(study: Study, headers: Headers) -> Iterator[Finding]:
    """Require readable files of gates that contain the tube and the population, and do not gate on CD38."""
    for sample in study.samples:
        if not sample.gates_file and not sample.population:
            continue
        faults = [_half_named(study, sample), _misplaced(study, sample)]
        file = headers[sample.fcs_file].file
        if not any(faults) and file is not None:
            faults = [_unusable(study, sample, file)]
        yield from (Finding(fault) for fault in faults if fault is not None)


def _misplaced(study: Study, sample: Sample) -> Fault | None:
    if not sample.gates_file:
        return None
    where = study.at("samples", sample.sample_id, "gates_file")
    return location_fault(where, study.folder, sample.gates_file, lambda: _gate_files(study.folder))


def _half_named(study: Study, sample: Sample) -> Fault | None:
    if not sample.population:
        expected = f"the population of {sample.gates_file} to quantify"
        return Fault(study.at("samples", sample.sample_id, "population"), "nothing", expected)
    if not sample.gates_file:
        expected = (
            f"the FlowJo workspace or GatingML file that has the population {quoted(sample.population)}"
        )
        return Fault(study.at("samples", sample.sample_id, "gates_file"), "nothing", expected)
    return None


def _gate_files(folder: Path) -> list[str]:
    paths = (path for path in folder.rglob("*") if path.suffix.casefold() in GATE_FILES and path.is_file())
    return sorted(
        name for path in paths if not (name := path.relative_to(folder).as_posix()).startswith("results/")
    )


def _unusable(study: Study, sample: Sample, file: FcsFile) -> Fault | None:
    from pipeline.tube.drawn_file import called_by_gates, read_drawn

    where = study.at("samples", sample.sample_id, "population")
    try:
        rows = rows_of_file(study.panel(sample.panel), file.channels, file.markers, where=file.path.name)
    except ChannelsError:
        return None  # the tube fails, and its row gives this reason
    try:
        drawn = read_drawn(study.folder, sample, file)
        channels = called_by_gates(drawn, rows)
        drawn.gating_channels(channels, file.markers)
        drawn.refuse(channels[file.channels.index(rows.quantified)], channels, file.markers)
    except GateFileError as error:
        return Fault(where, str(error), "")
    return None


def gate_names(study: Study, headers: Headers) -> Iterator[Finding]:
    """Require that a person's gates exist in the tube's panel, and are not on the quantified channel."""
    samples = {sample.sample_id: sample for sample in study.samples}
    taken: dict[tuple[str, str], str] = {}
    for override in study.gates:
        sample = samples[override.sample_id]
        file = headers[sample.fcs_file].file
        where = gate_cell(study, override, "gate")
        if sample.gates_file:
            problem = f"gate {quoted(override.gate)} of {quoted(sample.sample_id)}"
            expected = f"no threshold: all its gates come from {sample.gates_file}"
            yield Finding(Fault(where, problem, expected))
        elif file is not None:
            panel = study.panel(sample.panel)
            fault = _not_a_gate(study, override, panel, file) or _same_gate(where, override, panel, taken)
            if fault is not None:
                yield Finding(fault)


def gate_cell(study: Study, override: GateOverride, column: str) -> str:
    """Return the cell of a person's gate, in the sheet gates or in review.csv."""
    sheet = "review" if override.source is GateSource.REVIEW else "gates"
    return study.at(sheet, f"{override.sample_id}/{override.gate}", column)


def _not_a_gate(study: Study, override: GateOverride, panel: Panel, file: FcsFile) -> Fault | None:
    try:
        rows = rows_of_file(panel, file.channels, file.markers, where=file.path.name)
    except ChannelsError:
        return None  # the tube fails, and its row gives this reason
    marker = file.markers[file.channels.index(rows.quantified)]
    names = {*panel.quantified.aliases, rows.quantified, panel.quantified.marker, marker, "cd38", "rd"}
    refused = {caseless(name) for name in names if name}
    if caseless(override.gate) in refused:
        where, expected = gate_cell(study, override, "gate"), "a gate on another channel"
        return Fault(where, quoted(override.gate), expected, f"CD38 never gates: {WHY_NOT}.")
    if override.polygon is not None:
        return _no_polygon(study, override, override.polygon, panel, refused)
    try:
        choices_of(panel, [override]).check()
    except UnknownGateError as error:
        return Fault(
            gate_cell(study, override, "gate"), quoted(override.gate), f"a gate of the tube ({error})"
        )
    return None


def _no_polygon(
    study: Study, override: GateOverride, polygon: TypedPolygon, panel: Panel, refused: Collection[str]
) -> Fault | None:
    """Require a polygon of a step that can have one, on channels that may gate, without a threshold."""
    where = gate_cell(study, override, "polygon")
    for axis in (polygon.x, polygon.y):
        if caseless(axis) in refused:
            problem = f"{quoted(axis)} as an axis of a polygon"
            return Fault(where, problem, "two other channels", f"CD38 never gates: {WHY_NOT}.")
    beside = [g for g in study.gates if g.sample_id == override.sample_id and g.value is not None]
    try:
        choices_of(panel, [override]).check()
        _with_sound(panel, override, beside)
    except UnknownGateError as error:
        problem = f"a polygon for gate {quoted(override.gate)}"
        return Fault(where, problem, f"a polygon in place of a step's gate ({error})")
    return None


def _with_sound(panel: Panel, override: GateOverride, beside: Sequence[GateOverride]) -> None:
    """Raise UnknownGateError if a threshold of the tube belongs to the step that has the polygon."""
    for threshold in beside:
        try:
            choices_of(panel, [threshold]).check()
        except UnknownGateError:
            continue  # this threshold has a fault of its own
        choices_of(panel, [override, threshold]).check()


def _same_gate(
    where: str, override: GateOverride, panel: Panel, taken: dict[tuple[str, str], str]
) -> Fault | None:
    """Require one threshold for each gate, under any name: a channel, its role, its marker or its step."""
    if override.polygon is not None:
        return None  # a polygon has one name only, and the rules of the sheets have checked it
    for channel in rows_of_threshold(override, panel):
        before = taken.setdefault((override.sample_id, channel), where)
        if before != where:
            problem = f"gate {quoted(override.gate)} of {quoted(override.sample_id)}"
            expected = (
                f"each gate of a tube once: it is the one on {channel}, which is set in {before} already"
            )
            return Fault(where, problem, expected)
    return None


def rows_of_threshold(override: GateOverride, panel: Panel) -> tuple[str, ...]:
    """Return the channels of a threshold; its step if it has no channel of its own."""
    choices = choices_of(panel, [override])
    named = [row.channel for row in choices.panel.channels if choices.person(row) is not None]
    return tuple(named) or (override.gate.casefold(),)
