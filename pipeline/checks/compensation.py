"""Checks of compensation: the matrix, channels that it leaves out, and files that are compensated already."""

from __future__ import annotations

from collections.abc import Iterator

from gating.events.compensation import SpilloverMatrix, UnusableSpilloverError
from pipeline.checks.findings import Finding, warning
from pipeline.checks.flags import CheckFlag
from pipeline.checks.headers import Headers, files_of
from pipeline.fcs import FcsFile
from pipeline.study.errors import UserError
from pipeline.study.faults import Fault, Severity
from pipeline.study.locations import location_fault
from pipeline.study.settings import ALL_PANELS
from pipeline.study.sheets.columns import column_names, read_rows
from pipeline.study.sheets.rows import SettingRow
from pipeline.study.sheets.tables import WORKBOOK, read_csv_sheet, read_workbook, tabulate
from pipeline.study.study import Panel, Sample, Study
from pipeline.study.wording import did_you_mean, enumerate_words, quoted
from pipeline.tube.compensation import (
    MixedError,
    compensated_channels,
    incomplete,
    is_compensated,
    unlike_tube,
)
from pipeline.tube.flags import TubeFlag
from pipeline.tube.names.channels import named_channels, named_rows
from pipeline.tube.names.rows import (
    FileRows,
    matrix_for_control,
    on_rows,
    row_named,
    rows_of_file,
    stained_rows,
)
from pipeline.tube.spillover_file import read_spillover

WHAT_IT_MEANS = "What spills into or from them is not compensated."


def named_spillover(study: Study, headers: Headers) -> Iterator[Finding]:
    """Require a spillover matrix that can be read and inverted, and has the channels of the used panels."""
    del headers
    name = study.settings.spillover_file
    if not name:
        return
    where = setting_cell(study, "spillover_file")
    outside = location_fault(where, study.folder, name)
    if outside is not None:
        yield Finding(outside)
        return
    try:
        matrix = read_spillover(study.folder, name)
    except UserError as error:
        yield Finding(Fault(where, str(error), ""))
        return
    for panel in (study.panel(used) for used in dict.fromkeys(sample.panel for sample in study.samples)):
        if not panel.compensated:
            yield from _unlike_panel(matrix, panel, where, name)


def _unlike_panel(matrix: SpilloverMatrix, panel: Panel, where: str, name: str) -> Iterator[Finding]:
    """Compare a matrix with a panel: without any channel of it an error, without some a warning."""
    rows: dict[str, list[str]] = {}
    for channel in matrix.channels:
        rows.setdefault(row_named(panel, channel), []).append(channel)
    twice = [names for names in rows.values() if len(names) > 1]
    if twice:
        problem = f"{quoted(name)}, a matrix with {enumerate_words(map(quoted, twice[0]), 'and')}"
        expected = f"each row of panel {quoted(panel.name)} once: these are names of the same row"
        yield Finding(Fault(where, problem, expected))
    stained = stained_rows(panel)
    lacking = [row for row in stained if row.name not in rows]
    if not lacking:
        return
    if len(lacking) == len(stained):
        listed = named_channels(matrix.channels, matrix.channels)
        problem = f"{quoted(name)}, a matrix of {listed}, none of panel {quoted(panel.name)}"
        yield Finding(Fault(where, problem, f"the panel's channels: {named_rows(stained)}"))
        return
    problem = f"{quoted(name)}, a matrix without {named_rows(lacking)} of panel {quoted(panel.name)}"
    yield warning(problem, "every fluorescence channel of the panel", where=where, hint=WHAT_IT_MEANS)


def own_matrices(study: Study, headers: Headers) -> Iterator[Finding]:
    """Report tubes whose own matrix leaves out stained channels of their panel."""
    for sample in study.samples if not study.settings.spillover_file else ():
        file, panel = headers[sample.fcs_file].file, study.panel(sample.panel)
        matrix = _matrix_of(panel, file, None)
        if file is None or matrix is None:
            continue
        left_out = incomplete(matrix.channels, panel)
        if left_out:
            where = study.at("samples", sample.sample_id, "fcs_file")
            problem = f"{file.path.name}, whose matrix ({matrix.source}) leaves out {left_out}"
            expected = "a matrix with every fluorescence channel of the panel"
            flag = TubeFlag.SPILL_INCOMPLETE
            fault = Fault(where, problem, expected, WHAT_IT_MEANS, Severity.WARNING, flag)
            yield Finding(fault, sample.sample_id)  # a later note of the tube repeats this in its row


def mixed_compensation(study: Study, headers: Headers) -> Iterator[Finding]:
    """Report files that are partly compensated, and controls that are compensated unlike their tube."""
    for sample in study.samples:
        panel, tube = study.panel(sample.panel), headers[sample.fcs_file].file
        for column, name in files_of(sample).items():
            file = headers[name].file
            if file is None or tube is None:
                continue
            problem = _mixed(panel, file) or _unlike(panel, tube, file)
            if problem:
                yield _unusable(study, sample, column, f"{file.path.name} {problem}")


def control_detectors(study: Study, headers: Headers) -> Iterator[Finding]:
    """Report controls without a detector that the matrix of their tube needs."""
    named = _named_matrix(study)
    for sample in study.samples:
        panel, tube = study.panel(sample.panel), headers[sample.fcs_file].file
        matrix = _matrix_of(panel, tube, named)
        for column, name in files_of(sample).items():
            control = headers[name].file
            rows = _rows(panel, control)
            if matrix is None or column == "fcs_file" or control is None or rows is None:
                continue
            try:
                matrix_for_control(matrix, rows, control.spillover)
            except UserError as error:
                yield _unusable(study, sample, column, f"{control.path.name} {error}")


def _named_matrix(study: Study) -> SpilloverMatrix | None:
    name = study.settings.spillover_file
    try:
        return read_spillover(study.folder, name) if name else None
    except UserError:
        return None  # another check reports it


def _matrix_of(panel: Panel, tube: FcsFile | None, named: SpilloverMatrix | None) -> SpilloverMatrix | None:
    """Return the matrix that compensates a tube, with the panel's channel names; None if there is none."""
    rows = _rows(panel, tube)
    if tube is None or rows is None or _is_compensated(panel, tube) is not False:
        return None
    matrix = named or tube.spillover
    if matrix is None or matrix.is_identity:
        return None
    try:
        on = on_rows(matrix, rows)
    except UnusableSpilloverError:
        return None  # named_spillover reports it
    return on if set(on.channels) <= {rows.row_of(name) for name in rows.channels} else None


def compensated_panels(study: Study, headers: Headers) -> Iterator[Finding]:
    """Require that compensated_panels names panels of the study, and that their files have no matrix."""
    panel_names = [panel.name for panel in study.panels]
    folded = {name.casefold() for name in (*panel_names, ALL_PANELS)}
    for name in study.settings.compensated_names:
        if name.casefold() not in folded:
            hint = did_you_mean(name, panel_names)
            where = setting_cell(study, "compensated_panels")
            yield Finding(Fault(where, quoted(name), f"{ALL_PANELS}, or names of the panels sheet", hint))
    for panel in (panel for panel in study.panels if panel.compensated):
        tubes = (headers[sample.fcs_file].file for sample in study.samples if sample.panel == panel.name)
        raw = [file for file in tubes if file is not None and _carries_matrix(panel, file)]
        if raw:
            more = f" and {len(raw) - 1} more" if len(raw) > 1 else ""
            problem = f"{raw[0].path.name}{more} with a matrix, in panel {quoted(panel.name)}, whose files"
            problem += " the setting compensated_panels says to be compensated already"
            hint = "The matrix is not applied. Right only if these files were exported compensated."
            where = setting_cell(study, "compensated_panels")
            yield warning(problem, "files without a matrix, or the setting empty", where=where, hint=hint)


def _carries_matrix(panel: Panel, file: FcsFile) -> bool:
    """Return whether a file has a matrix, and channel names that do not say that it was applied."""
    done = compensated_channels(panel, file.channels, file.markers)
    return not done and file.spillover is not None and not file.spillover.is_identity


def _rows(panel: Panel, file: FcsFile | None) -> FileRows | None:
    """Return the names of the panel's rows in a file; None if it lacks one, which another check reports."""
    try:
        return (
            None if file is None else rows_of_file(panel, file.channels, file.markers, where=file.path.name)
        )
    except UserError:
        return None


def _is_compensated(panel: Panel, file: FcsFile) -> bool | None:
    """Return whether a file is compensated already; None if only some of its channels are."""
    try:
        return is_compensated(panel, file.channels, file.markers)
    except MixedError:
        return None


def _mixed(panel: Panel, file: FcsFile) -> str:
    try:
        compensated_channels(panel, file.channels, file.markers)
    except MixedError as error:
        return str(error)
    return ""


def _unlike(panel: Panel, tube: FcsFile, file: FcsFile) -> str:
    of_tube, of_file = _is_compensated(panel, tube), _is_compensated(panel, file)
    return "" if of_tube is None or of_file is None else unlike_tube(of_tube, of_file)


def _unusable(study: Study, sample: Sample, column: str, problem: str) -> Finding:
    fault = Fault(study.at("samples", sample.sample_id, column), problem, "", severity=Severity.TUBE)
    if column == "fcs_file":
        return Finding(fault, sample.sample_id, note=problem, fails=True)
    return Finding(
        fault, sample.sample_id, CheckFlag.CONTROL_UNUSABLE, f"the control cannot be used: {problem}"
    )


def setting_cell(study: Study, name: str) -> str:
    """Return the cell of a setting's value; the sheet is read again, since a study does not keep it."""
    workbook, table = study.folder / WORKBOOK, study.folder / "settings.csv"
    columns = column_names(SettingRow)
    sheets = (
        read_workbook(workbook, ("settings",))[0]
        if workbook.is_file()
        else (read_csv_sheet(table, "settings", columns)[0],)
    )
    rows = [
        entry
        for sheet in sheets
        if sheet.name == "settings"
        for entry in read_rows(tabulate(sheet, columns)[0], SettingRow)[0]
    ]
    cells = (entry.at("value") for entry in rows if (entry.row.name or "").casefold() == name)
    return next(cells, study.at("settings", name, "value"))
