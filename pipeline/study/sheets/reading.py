"""Reading of the sheets of a study folder: the result is a `Study`, or all faults at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from gating.events.panel import PLASMA_CELL_TARGETS
from pipeline.study.faults import Fault, Severity, in_reading_order, stops_run
from pipeline.study.names.look import caseless, visible_text
from pipeline.study.settings import Settings
from pipeline.study.sheets.columns import Entry, Row, column_names, read_rows
from pipeline.study.sheets.patient_row import AdverseEventRow, PatientRow
from pipeline.study.sheets.review import REVIEW, typed_decisions_of, typed_overrides
from pipeline.study.sheets.rows import (
    STUDY_SHEETS,
    BeadRow,
    DoseRow,
    GateRow,
    PanelRow,
    ReviewRow,
    SampleRow,
    SettingRow,
    StatementRow,
)
from pipeline.study.sheets.rules.files import with_names_on_disk
from pipeline.study.sheets.rules.lots import with_lots
from pipeline.study.sheets.rules.references import reference_faults
from pipeline.study.sheets.settings import contradictions, read_settings
from pipeline.study.sheets.tables import RawSheet, SheetRow, TypedSheet, raw_sheets, tabulate
from pipeline.study.sheets.typed import TypedStudy, rows_as_typed
from pipeline.study.sheets.validation_row import ValidationRow
from pipeline.study.study import (
    AdverseEvent,
    BeadRun,
    Dose,
    GateOverride,
    Panel,
    PanelChannel,
    Patient,
    Sample,
    Statement,
    Study,
)
from pipeline.study.validation import ValidationTube
from pipeline.study.wording import quoted

_ROW_PER = {
    "samples": "a row per tube to quantify",
    "panels": "a row per channel of each panel",
    "beads": "a row per bead acquisition",
}
_ROWS: Mapping[str, type[Row]] = {**STUDY_SHEETS, REVIEW: ReviewRow}
RowT = TypeVar("RowT", bound=Row)


def read_study(folder: Path) -> tuple[Study | None, tuple[Fault, ...]]:
    """Read the sheets of a study folder: study.xlsx or CSV files, and review.csv.

    Nothing is written, and no FCS file is opened (`pipeline.checks` does that).

    Parameters
    ----------
    folder
        The study folder.

    Returns
    -------
    study
        None if a fault stops the run.
    faults
        Every fault of every sheet, sorted by sheet and row.
    """
    typed, faults = read_typed(folder)
    return (None if typed is None or stops_run(faults) else study_of(typed)), faults


def read_typed(
    folder: Path, only: Collection[str] | None = None
) -> tuple[TypedStudy | None, tuple[Fault, ...]]:
    """Return every row as typed, and every fault, sorted; the first is None if there is nothing to read.

    Parameters
    ----------
    only
        The sheets to read; the others may be empty, faulty or missing. None: all sheets.
    """
    raw, faults = raw_sheets(folder, {name: column_names(row) for name, row in _ROWS.items()}, beside=REVIEW)
    if raw is None:
        return None, faults
    sheets = {}
    all_faults = list(faults)
    for sheet in (raw_sheet for raw_sheet in raw if only is None or raw_sheet.name in only):
        sheets[sheet.name], misplaced = tabulate(sheet, column_names(_ROWS[sheet.name]))
        all_faults += misplaced
    unread = {fault.where.removesuffix(".csv") for fault in faults if fault.severity is Severity.ERROR}
    all_faults += [f for f in _missing_sheets(sheets, unread) if only is None or f.where in only]
    if "beads" in sheets:
        sheets["beads"], unclear = with_lots(sheets["beads"])
        all_faults += unclear
    typed, wrong = _typed_study(folder, sheets)
    all_faults += [*wrong, *reference_faults(typed)]
    return _with_rows_as_typed(typed, raw, sheets), in_reading_order(all_faults)


def _with_rows_as_typed(
    typed: TypedStudy, raw: Sequence[RawSheet], sheets: Mapping[str, TypedSheet]
) -> TypedStudy:
    """Add the samples sheet as typed, so that a results sheet can repeat its rows."""
    samples = next((sheet for sheet in raw if sheet.name == "samples" and sheet.name in sheets), None)
    if samples is None:
        return typed
    return replace(typed, samples_as_typed=rows_as_typed(samples, sheets["samples"].header, typed.samples))


def _missing_sheets(sheets: Mapping[str, TypedSheet], unread: Collection[str]) -> list[Fault]:
    """Return faults for missing or empty sheets; `unread` sheets have a fault of their own already."""
    faults = []
    for name, row_words in _ROW_PER.items():
        if name in unread:
            continue
        if name not in sheets or not sheets[name].columns:
            faults.append(
                Fault(name, "no such sheet" if name not in sheets else "an empty sheet", f"a sheet {name}")
            )
        elif not sheets[name].rows:
            faults.append(Fault(name, "no row below the header", row_words))
    if "doses" not in unread and _has_patients(sheets) and not _rows_of(sheets, "doses"):
        expected = "doses of the washed-out drug"
        hint = "Without them there is no washout time."
        faults.append(Fault("doses", "no dose", expected, hint, Severity.WARNING))
    return faults


def _rows_of(sheets: Mapping[str, TypedSheet], name: str) -> tuple[SheetRow, ...]:
    return sheets[name].rows if name in sheets else ()


def _has_patients(sheets: Mapping[str, TypedSheet]) -> bool:
    """Return whether any tube is a patient's, that is, not in the validation sheet."""
    tubes, of_assay = (
        {row.cells["sample_id"].value for row in _rows_of(sheets, name) if "sample_id" in row.cells}
        for name in ("samples", "validation")
    )
    return not of_assay or bool(tubes - of_assay)


def _typed_study(folder: Path, sheets: Mapping[str, TypedSheet]) -> tuple[TypedStudy, list[Fault]]:
    faults: list[Fault] = []

    def entries(name: str, model: type[RowT]) -> tuple[Entry[RowT], ...]:
        rows, wrong = read_rows(sheets.get(name, TypedSheet(name, {}, ())), model)
        faults.extend(wrong)
        return rows

    settings, wrong = _settings(entries("settings", SettingRow))
    faults.extend(wrong)
    typed = TypedStudy(
        folder=folder,
        samples=entries("samples", SampleRow),
        panels=entries("panels", PanelRow),
        bead_runs=entries("beads", BeadRow),
        doses=entries("doses", DoseRow),
        patients=entries("patients", PatientRow),
        gates=entries("gates", GateRow),
        review=entries(REVIEW, ReviewRow),
        statements=entries("statements", StatementRow),
        validation=entries("validation", ValidationRow),
        adverse_events=entries("adverse_events", AdverseEventRow),
        settings=settings,
    )
    return with_names_on_disk(typed), faults


def _settings(entries: Sequence[Entry[SettingRow]]) -> tuple[Settings, list[Fault]]:
    named: dict[str, Entry[SettingRow]] = {}
    faults = []
    for entry in entries:
        name = (entry.row.name or "").casefold()
        if name in named:
            problem = f"{quoted(name)} again (already in {named[name].at('name')})"
            faults.append(Fault(entry.at("name"), problem, "each setting once"))
        elif name:
            named[name] = entry
    settings, wrong = read_settings({name: entry.row.value for name, entry in named.items()})
    for name, (expected, hint) in wrong.items():
        column = "value" if name in Settings.model_fields else "name"
        problem = quoted(getattr(named[name].row, column))
        faults.append(Fault(named[name].at(column), problem, expected, hint))
    faults += contradictions(settings, {name: entry.at("value") for name, entry in named.items()})
    return settings, faults


def study_of(typed: TypedStudy) -> Study:
    """Return the study that is made from rows without a fault."""
    panels: dict[str, list[PanelChannel]] = {}
    visits: dict[str, str] = {}
    for entry in typed.panels:
        panels.setdefault(entry.row.panel, []).append(_channel(entry.row))
    return Study(
        folder=typed.folder,
        samples=tuple(_sample(entry.row, visits) for entry in typed.samples),
        panels=tuple(
            Panel(name, tuple(channels), typed.settings.says_compensated(name))
            for name, channels in panels.items()
        ),
        bead_runs=tuple(BeadRun(**_fields(entry.row)) for entry in typed.bead_runs),
        doses=tuple(Dose(**_fields(entry.row)) for entry in typed.doses),
        patients=tuple(Patient(**_fields(entry.row)) for entry in typed.patients),
        settings=typed.settings,
        gates=(
            *(GateOverride(**_fields(entry.row)) for entry in typed.gates),
            *typed_overrides(typed.review),
        ),
        statements=tuple(
            Statement(**_fields(entry.row), cell=entry.at("statement")) for entry in typed.statements
        ),
        validation=tuple(ValidationTube(**_fields(entry.row)) for entry in typed.validation),
        typed_decisions=typed_decisions_of(typed.review),
        adverse_events=tuple(AdverseEvent(**_fields(entry.row)) for entry in typed.adverse_events),
        places=_cells(typed),
        typed_samples=typed.samples_as_typed,
    )


def _cells(typed: TypedStudy) -> dict[tuple[str, str, str], str]:
    """Return the cell of each (sheet, name, column), for the messages of later checks."""
    named: list[tuple[str, str, Entry[Any]]] = [
        *(("samples", entry.row.sample_id, entry) for entry in typed.samples),
        *(("panels", f"{entry.row.panel}/{entry.row.channel[0]}", entry) for entry in typed.panels),
        *(("beads", entry.row.name, entry) for entry in typed.bead_runs),
        *(("doses", str(number), entry) for number, entry in enumerate(typed.doses)),
        *(("patients", entry.row.patient_id, entry) for entry in typed.patients),
        *(("adverse_events", str(number), entry) for number, entry in enumerate(typed.adverse_events)),
        *(("gates", f"{entry.row.sample_id}/{entry.row.gate}", entry) for entry in typed.gates),
        *((REVIEW, f"{entry.row.sample_id}/{entry.row.gate}", entry) for entry in typed.review),
    ]
    return {
        (sheet, name, column): entry.at(column)
        for sheet, name, entry in named
        for column in column_names(_ROWS[sheet])
    }


def _fields(row: Row) -> dict[str, Any]:
    """Return the fields of a row; its dataclass has the same fields."""
    return {name: getattr(row, name) for name in type(row).model_fields}


def _sample(row: SampleRow, visits: dict[str, str]) -> Sample:
    """Return a tube; `visits` collects the first spelling of each visit, which all tubes of the visit get."""
    sample = Sample(**_fields(row))
    return replace(sample, visit=visits.setdefault(caseless(sample.visit), visible_text(sample.visit)))


def _channel(row: PanelRow) -> PanelChannel:
    """Return a channel of a panel; if the target is empty, the role gives it."""
    fields = _fields(row)
    del fields["panel"]
    aliases = fields.pop("channel")
    target = fields.pop("target") or PLASMA_CELL_TARGETS.get(row.role, "any")
    return PanelChannel(aliases=aliases, target=str(target), **fields)
