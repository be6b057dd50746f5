"""The sheets of a study folder, read in one go: a `Study`, or every fault at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from gating.events.panel import PLASMA_CELL_TARGETS
from pipeline.study.faults import Fault, Severity, in_reading_order, stops_run
from pipeline.study.settings import Settings
from pipeline.study.sheets.columns import Entry, Row, column_names, read_rows
from pipeline.study.sheets.references import reference_faults
from pipeline.study.sheets.rows import (
    SHEETS,
    BeadRow,
    DoseRow,
    GateRow,
    PanelRow,
    PatientRow,
    ReviewRow,
    SampleRow,
    SettingRow,
    StatementRow,
)
from pipeline.study.sheets.settings import contradictions, read_settings
from pipeline.study.sheets.tables import WORKBOOK, RawSheet, Sheet, read_csv_sheet, read_workbook, tabulate
from pipeline.study.sheets.typed import TypedStudy
from pipeline.study.study import (
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
from pipeline.study.wording import did_you_mean, enumerate_words, quoted

REVIEW = "review"
_ROW_PER = {
    "samples": "a row per tube to quantify",
    "panels": "a row per channel of each panel",
    "beads": "a row per bead acquisition",
}
_ROWS: Mapping[str, type[Row]] = {**SHEETS, REVIEW: ReviewRow}
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
        None where a fault stops the run.
    faults
        Every fault of every sheet, in reading order: sheet by sheet, row by row.
    """
    typed, faults = read_typed(folder)
    return (None if typed is None or stops_run(faults) else study_of(typed)), faults


def read_typed(
    folder: Path, only: Collection[str] | None = None
) -> tuple[TypedStudy | None, tuple[Fault, ...]]:
    """Return every row as typed, None where there is nothing to read, and every fault in reading order.

    Parameters
    ----------
    only
        The sheets to read; the others may be empty, faulty or missing. None: all.
    """
    raw, faults = _raw_sheets(folder)
    if raw is None:
        return None, faults
    sheets = {}
    all_faults = list(faults)
    for sheet in (raw_sheet for raw_sheet in raw if only is None or raw_sheet.name in only):
        sheets[sheet.name], misplaced = tabulate(sheet, column_names(_ROWS[sheet.name]))
        all_faults += misplaced
    all_faults += [f for f in _missing_sheets(sheets) if only is None or f.where in only]
    typed, wrong = _typed_study(folder, sheets)
    all_faults += [*wrong, *reference_faults(typed)]
    return typed, in_reading_order(all_faults)


def _raw_sheets(folder: Path) -> tuple[tuple[RawSheet, ...] | None, tuple[Fault, ...]]:
    """Find workbook or CSVs; None where there is nothing to read."""
    try:
        names = {path.name.casefold(): path for path in sorted(folder.iterdir(), reverse=True)}
    except NotADirectoryError:
        return None, (Fault(str(folder), "a file", "a study folder"),)
    except OSError as error:
        hint = "`cd38rd init` makes one."
        return None, (Fault(str(folder), f"no readable folder ({error.strerror})", "a study folder", hint),)
    csvs = {name: names[f"{name}.csv"] for name in SHEETS if f"{name}.csv" in names}
    workbook = names.get(WORKBOOK)
    if workbook and csvs:
        listed = enumerate_words((path.name for path in csvs.values()), "and")
        hint = "Keep what is right and move the other away."
        return None, (Fault(str(folder), f"{workbook.name} and {listed}", "a workbook or CSV files", hint),)
    if not workbook and not csvs:
        return None, (_nothing_typed(folder, names),)
    raw, faults = _workbook_sheets(workbook) if workbook else _csv_sheets(csvs, names)
    if raw is not None and f"{REVIEW}.csv" in names:
        review, wrong = read_csv_sheet(names[f"{REVIEW}.csv"], REVIEW, column_names(ReviewRow))
        return (*raw, review), (*faults, *wrong)
    return raw, faults


def _nothing_typed(folder: Path, names: Mapping[str, Path]) -> Fault:
    other = next(
        (path.name for key, path in names.items() if key in ("study.xls", "study.xlsm", "study.ods")), ""
    )
    problem = (
        f"{other}, but no {WORKBOOK} and no samples.csv" if other else f"no {WORKBOOK} and no samples.csv"
    )
    hint = f"Save it as {WORKBOOK}." if other else "`cd38rd init` writes a workbook to fill in."
    return Fault(str(folder), problem, "a study folder with one of them", hint)


def _workbook_sheets(path: Path) -> tuple[tuple[RawSheet, ...] | None, tuple[Fault, ...]]:
    sheets, faults = read_workbook(path)
    if faults and not sheets:
        return None, faults
    all_faults, known = list(faults), {}
    for sheet in sheets:
        if sheet.name in known:
            all_faults.append(Fault(path.name, f"two sheets named {sheet.name}", "each sheet once"))
        elif sheet.name in SHEETS:
            known[sheet.name] = sheet
        elif not sheet.name.startswith("_") and any(not cell.is_empty for row in sheet.rows for cell in row):
            all_faults.append(_unknown_sheet(path.name, sheet.name, [s.name for s in sheets]))
    return tuple(known.values()), tuple(fault for fault in all_faults if _is_read(fault, known))


def _is_read(fault: Fault, known: Mapping[str, RawSheet]) -> bool:
    """Whether a fault is in a sheet that counts."""
    return "!" not in fault.where or fault.where.split("!")[0] in known


def _unknown_sheet(file_name: str, name: str, present: Sequence[str]) -> Fault:
    hint = did_you_mean(name, [sheet for sheet in SHEETS if sheet not in present])
    severity = Severity.ERROR if hint else Severity.WARNING
    hint = hint or "It is not read; a sheet of your own starts with _."
    return Fault(
        file_name, f"the sheet {quoted(name)}", f"the sheets {enumerate_words(SHEETS)}", hint, severity
    )


def _csv_sheets(
    csvs: Mapping[str, Path], names: Mapping[str, Path]
) -> tuple[tuple[RawSheet, ...], tuple[Fault, ...]]:
    sheets: list[RawSheet] = []
    faults: list[Fault] = []
    for name, path in csvs.items():
        sheet, wrong = read_csv_sheet(path, name, column_names(SHEETS[name]))
        sheets.append(sheet)
        faults += wrong
    for key, path in sorted(names.items()):
        stem = key.removesuffix(".csv")
        hint = did_you_mean(stem, [name for name in SHEETS if name not in csvs])
        if stem != key and stem not in _ROWS and hint and not stem.startswith("_"):
            expected = f"{enumerate_words(f'{sheet}.csv' for sheet in SHEETS)}"
            faults.append(Fault(path.name, "a CSV that is not read", expected, hint, Severity.WARNING))
    return tuple(sheets), tuple(faults)


def _missing_sheets(sheets: Mapping[str, Sheet]) -> list[Fault]:
    faults = []
    for name, row_words in _ROW_PER.items():
        if name not in sheets or not sheets[name].columns:
            faults.append(
                Fault(name, "no such sheet" if name not in sheets else "an empty sheet", f"a sheet {name}")
            )
        elif not sheets[name].rows:
            faults.append(Fault(name, "no row below the header", row_words))
    if "doses" not in sheets or not sheets["doses"].rows:
        expected = "doses of the washed-out drug"
        hint = "Without them there is no washout time."
        faults.append(Fault("doses", "no dose", expected, hint, Severity.WARNING))
    return faults


def _typed_study(folder: Path, sheets: Mapping[str, Sheet]) -> tuple[TypedStudy, list[Fault]]:
    faults: list[Fault] = []

    def entries(name: str, model: type[RowT]) -> tuple[Entry[RowT], ...]:
        rows, wrong = read_rows(sheets.get(name, Sheet(name, {}, ())), model)
        faults.extend(wrong)
        return rows

    settings, wrong = _settings(entries("settings", SettingRow))
    faults.extend(wrong)
    typed = TypedStudy(
        folder=folder,
        samples=entries("samples", SampleRow),
        panels=entries("panels", PanelRow),
        beads=entries("beads", BeadRow),
        doses=entries("doses", DoseRow),
        patients=entries("patients", PatientRow),
        gates=entries("gates", GateRow),
        review=entries(REVIEW, ReviewRow),
        statements=entries("statements", StatementRow),
        settings=settings,
    )
    return typed, faults


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
    faults += [Fault("settings", problem, expected) for problem, expected in contradictions(settings)]
    return settings, faults


def study_of(typed: TypedStudy) -> Study:
    """Turn rows without a fault into the study."""
    panels: dict[str, list[PanelChannel]] = {}
    for entry in typed.panels:
        panels.setdefault(entry.row.panel, []).append(_channel(entry.row))
    return Study(
        folder=typed.folder,
        samples=tuple(Sample(**_fields(entry.row)) for entry in typed.samples),
        panels=tuple(
            Panel(name, tuple(channels), typed.settings.says_compensated(name))
            for name, channels in panels.items()
        ),
        beads=tuple(BeadRun(**_fields(entry.row)) for entry in typed.beads),
        doses=tuple(Dose(**_fields(entry.row)) for entry in typed.doses),
        patients=tuple(Patient(**_fields(entry.row)) for entry in typed.patients),
        settings=typed.settings,
        gates=(*(GateOverride(**_fields(entry.row)) for entry in typed.gates), *_moved_gates(typed.review)),
        statements=tuple(
            Statement(**_fields(entry.row), cell=entry.at("statement")) for entry in typed.statements
        ),
        places=_places(typed),
    )


def _places(typed: TypedStudy) -> dict[tuple[str, str, str], str]:
    """Return where the rows stand that later checks talk about."""
    named: list[tuple[str, str, Entry[Any]]] = [
        *(("samples", entry.row.sample_id, entry) for entry in typed.samples),
        *(("panels", f"{entry.row.panel}/{entry.row.channel[0]}", entry) for entry in typed.panels),
        *(("beads", entry.row.beads, entry) for entry in typed.beads),
        *(("gates", f"{entry.row.sample_id}/{entry.row.gate}", entry) for entry in typed.gates),
        *((REVIEW, f"{entry.row.sample_id}/{entry.row.gate}", entry) for entry in typed.review),
    ]
    return {
        (sheet, name, column): entry.at(column)
        for sheet, name, entry in named
        for column in column_names(_ROWS[sheet])
    }


def _fields(row: Row) -> dict[str, Any]:
    """Return a row's fields, which are those of its dataclass."""
    return {name: getattr(row, name) for name in column_names(type(row))}


def _channel(row: PanelRow) -> PanelChannel:
    """Return a panel's channel, its target resolved from the role where the sheet leaves it empty."""
    fields = _fields(row)
    del fields["panel"]
    aliases = fields.pop("channel")
    target = fields.pop("target") or PLASMA_CELL_TARGETS.get(row.role, "any")
    return PanelChannel(aliases=aliases, target=str(target), **fields)


def _moved_gates(review: Sequence[Entry[ReviewRow]]) -> tuple[GateOverride, ...]:
    return tuple(
        GateOverride(
            row.sample_id, row.gate, row.value, row.set_by, row.reason, row.set_at, source="review.csv"
        )
        for row in (entry.row for entry in review)
        if row.gate and row.value is not None
    )
