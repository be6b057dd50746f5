"""The causes of a study: failures, bead runs, flags, check findings and notes, each joined with its like."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from calibration.curve.standard_curve import CurveVerdict
from calibration.density.receptor_density import QUANTIFIED, RdStatus
from calibration.flags import CalibrationFlag
from gating.gates.steps import GateFlag
from pipeline.assembly.study_result import Note, StudyResult
from pipeline.beads.result import CalibrationResult
from pipeline.checks.flags import CheckFlag
from pipeline.output.figures.style.palette import STATUS
from pipeline.output.flag_words.all_flags import words_of_flag
from pipeline.output.flag_words.entry import Weight, sentence
from pipeline.output.report.attention.cause import Cause, Level, worst_first
from pipeline.output.result_tables import sample_flags
from pipeline.output.table import as_sentences
from pipeline.patients.flags import VisitFlag
from pipeline.patients.visits import Visit
from pipeline.quantification.result import FAILED, SampleFlag, SampleResult, failure_reason
from pipeline.study.faults import MOST_CELLS_NAMED, Fault, Severity, cause_of, without_values

EXPLAINING: Final[Mapping[RdStatus, tuple[str, ...]]] = {
    RdStatus.LOW_EVENTS: (GateFlag.NO_ANCHOR, GateFlag.NO_CLEAR_POPULATION),
    RdStatus.NO_BACKGROUND: (SampleFlag.CONTROL_BRIGHT, CheckFlag.CONTROL_UNUSABLE),
}
"""Flags that say why a tube of such a status has no density."""

_FAILED, _NO_CURVE, _CONTRADICTING, _FAULTS, _UNRELIABLE = range(5)
_NO_DENSITY, _LOOK = range(2)
_NOTES, _NOTED = range(2)
_LEVEL_OF: Final = {
    Weight.UNRELIABLE: (Level.SEVERE, _UNRELIABLE),
    Weight.LOOK: (Level.WARN, _LOOK),
    Weight.NOTED: (Level.INFO, _NOTED),
}
_ACTION_OF: Final[Mapping[RdStatus, str]] = {
    RdStatus.LOW_EVENTS: "Acquire more events if there is more of the sample.",
    RdStatus.NO_BACKGROUND: "Name a control in study.xlsx, sheet samples, column fmo_file or isotype_file.",
    RdStatus.NOT_QUANTIFIABLE: "Look in the card at what the interval comes from.",
}
_SAMPLE_SHEET, _BEAD_SHEET = "samples", "beads"
"""Sheets whose rows are tubes and bead runs."""

_ROW = re.compile(r"(?<=[A-Z])\d+$")
_ROW_OF = re.compile(r"(?<=!)[A-Z]+(\d+)$")


def causes(study_result: StudyResult) -> tuple[Cause, ...]:
    """Return every cause of a study once, the worst first.

    A tube without a density appears once, under the reason. A check finding joins the flag for the same
    problem, or the failure of its tube.
    """
    study = study_result.study
    collected = _Collected(
        {sample.sample_id: sample.bead_run for sample in study.samples}, _names_of_rows(study.places)
    )
    for run in study_result.calibrations:
        collected.add_bead_run(run)
    for result in study_result.results:
        collected.add_tube(result, sample_flags(result, study_result.exposures.get(result.sample_id)))
    for visit in study_result.visits:
        collected.add_visit(visit)
    for fault in study_result.faults:
        collected.add_fault(fault)
    for note in study_result.notes:
        collected.add_note(note)
    return worst_first(collected.causes())


CauseKey = tuple[str, ...]


@dataclass(slots=True)
class _CollectedCause:
    """A cause while its tubes and messages are collected, without duplicates."""

    cause: Cause
    sample_ids: dict[str, None] = field(default_factory=dict)
    bead_runs: dict[str, None] = field(default_factory=dict)
    messages: dict[str, None] = field(default_factory=dict)
    cells: dict[str, None] = field(default_factory=dict)
    variants: dict[str, None] = field(default_factory=dict)

    def vary(self, text: str) -> None:
        """Add the cause in the words of one tube, bead run or cell."""
        self.messages[text] = self.variants[text] = None


@dataclass(slots=True)
class _Collected:
    """Causes by key; equal keys are joined. `homes`: the cause of each tube without a density."""

    beads_of: Mapping[str, str]
    rows: Mapping[str, tuple[str, str]]
    parts: dict[CauseKey, _CollectedCause] = field(default_factory=dict)
    homes: dict[str, CauseKey] = field(default_factory=dict)
    curves: dict[str, CauseKey] = field(default_factory=dict)

    def causes(self) -> Iterator[Cause]:
        """Yield each cause with its tubes, bead runs and words."""
        for part in self.parts.values():
            messages = [*part.messages, *([_cells(tuple(part.cells))] if len(part.cells) > 1 else [])]
            yield replace(
                part.cause,
                sample_ids=tuple(part.sample_ids),
                bead_runs=tuple(part.bead_runs),
                messages=tuple(messages),
                n_cells=len(part.cells),
                n_variants=len(part.variants),
            )

    def _at(self, key: CauseKey, cause: Cause) -> _CollectedCause:
        return self.parts.setdefault(key, _CollectedCause(cause))

    def add_bead_run(self, run: CalibrationResult) -> None:
        """Join a bead run: by why it has no curve, else by its flags and the warning of its curve."""
        verdict = run.curve.verdict if run.curve else CurveVerdict.REJECT
        if verdict is CurveVerdict.REJECT:
            self._add_rejected(run)
            return
        warned = [CalibrationFlag.CURVE_WARN] if verdict is CurveVerdict.WARN else []
        for flag in dict.fromkeys((*run.flags, *warned)):
            part = self._at(("flag", flag), flag_cause(flag))
            part.bead_runs[run.bead_run] = None
            if flag in warned:
                part.messages |= dict.fromkeys(f"{run.bead_run}: {text}" for text in _doubts(run))

    def _add_rejected(self, run: CalibrationResult) -> None:
        why = as_sentences(_doubts(run)) or run.note or "no curve"
        words = words_of_flag(CalibrationFlag.CURVE_REJECTED if run.curve else CalibrationFlag.NO_CURVE)
        title = f"No usable standard curve: {sentence(why)}"
        key = ("curve", without_values(why))
        cause = Cause(Level.SEVERE, _NO_CURVE, title, sentence(words.effect), sentence(words.action))
        part = self._at(key, cause)
        part.bead_runs[run.bead_run] = None
        part.vary(why)
        self.curves[run.bead_run] = key

    def add_tube(self, result: SampleResult, flags: tuple[str, ...]) -> None:
        """Join a tube: by why it has no density, else by each of its flags."""
        status, name = result.receptor.status, result.sample_id
        if status in QUANTIFIED:
            for flag in flags:
                self._at(("flag", flag), flag_cause(flag)).sample_ids[name] = None
            return
        key = self.curves.get(self.beads_of.get(name, "")) if status is RdStatus.NO_CURVE else None
        if key is None:
            key, cause = _reason_of(result, flags)
            part = self._at(key, cause)
            if status is RdStatus.FAILED:
                part.vary(failure_reason(result))
        self.parts[key].sample_ids[name] = None
        self.homes[name] = key

    def add_visit(self, visit: Visit) -> None:
        """Join the tubes of a visit whose replicates contradict each other or are of different cells."""
        for flag in VisitFlag:
            if flag in visit.flags:
                level, order = _LEVEL_OF[words_of_flag(flag).weight]
                rank = _CONTRADICTING if level is Level.SEVERE else order
                part = self._at(("flag", flag), flag_cause(flag, level, rank))
                part.sample_ids |= dict.fromkeys(visit.sample_ids)

    def add_fault(self, fault: Fault) -> None:
        """Join a check finding to the failure of its tubes, the flag that says the same, or its like."""
        if homes := self._homes_of(fault):
            for home in homes:
                self._tell(self.parts[home], fault)
        elif fault.flag:
            part = self._at(("flag", fault.flag), flag_cause(fault.flag))
            part.sample_ids |= dict.fromkeys(name for name in fault.sample_ids if name not in self.homes)
            self._tell(part, fault)
        else:
            self._add_alone(fault)

    def _homes_of(self, fault: Fault) -> tuple[CauseKey, ...]:
        """Return the causes that already list the tubes or the bead run of a finding as without a density."""
        sheet, name = self._row_of(fault)
        if sheet == _BEAD_SHEET and name in self.curves:
            return (self.curves[name],)
        if not fault.sample_ids or any(sample_id not in self.homes for sample_id in fault.sample_ids):
            return ()
        return tuple(dict.fromkeys(self.homes[sample_id] for sample_id in fault.sample_ids))

    def _row_of(self, fault: Fault) -> tuple[str, str]:
        return self.rows.get(_ROW_OF.sub(r"\1", fault.where), ("", ""))

    def _add_alone(self, fault: Fault) -> None:
        """Join a finding without a flag or failure to similar findings."""
        severe = fault.severity is not Severity.WARNING
        level, order = (Level.SEVERE, _FAULTS) if severe else (Level.WARN, _LOOK)
        key = ("fault", fault.severity, cause_of(fault))
        part = self._at(key, Cause(level, order, sentence(str(fault))))
        sheet, name = self._row_of(fault)
        tube = [name] if sheet == _SAMPLE_SHEET else []
        part.sample_ids |= dict.fromkeys(fault.sample_ids or tube)
        part.bead_runs |= dict.fromkeys([name] if sheet == _BEAD_SHEET else [])
        part.vary(str(fault))
        part.cells[fault.where] = None

    @staticmethod
    def _tell(part: _CollectedCause, fault: Fault) -> None:
        """Add a check finding to a cause, which is then at least a warning."""
        if part.cause.level is Level.INFO:
            part.cause = replace(part.cause, level=Level.WARN, order=_LOOK)
        part.messages[str(fault)] = None
        part.cells[fault.where] = None

    def add_note(self, note: Note) -> None:
        """Join a note about the study."""
        key = ("note", without_values(_ROW.sub("", note.about)), without_values(note.text))
        text = f"{note.about}: {note.text}"
        part = self._at(key, Cause(Level.INFO, _NOTES, sentence(text)))
        part.vary(text)
        part.cells[note.about] = None


def _names_of_rows(places: Mapping[tuple[str, str, str], str]) -> dict[str, tuple[str, str]]:
    """Return the sheet and the name of each row of tubes and bead runs, by sheet and row (`samples!7`)."""
    named = {
        (sheet, name): cell
        for (sheet, name, _), cell in places.items()
        if sheet in (_SAMPLE_SHEET, _BEAD_SHEET)
    }
    return {_ROW_OF.sub(r"\1", cell): sheet_and_name for sheet_and_name, cell in named.items()}


def _cells(cells: tuple[str, ...]) -> str:
    more = f" and {len(cells) - MOST_CELLS_NAMED:,} more" if len(cells) > MOST_CELLS_NAMED else ""
    return f"In {', '.join(cells[:MOST_CELLS_NAMED])}{more}"


def flag_cause(flag: str, level: Level | None = None, order: int = 0) -> Cause:
    """Return the cause that a flag names, without tubes yet."""
    words = words_of_flag(flag)
    level_and_order = _LEVEL_OF[words.weight] if level is None else (level, order)
    title, effect, action = (
        sentence(text) if text else "" for text in (words.says, words.effect, words.action)
    )
    return Cause(*level_and_order, title, effect, action, flag)


def _reason_of(result: SampleResult, flags: tuple[str, ...]) -> tuple[CauseKey, Cause]:
    """Return the key under which a tube without a density is listed, and its cause."""
    status, reason = result.receptor.status, failure_reason(result)
    if SampleFlag.PROGRAM_DEFECT in flags:
        flag = SampleFlag.PROGRAM_DEFECT
        return ("failed", flag), flag_cause(flag, Level.SEVERE, _FAILED)
    if status in FAILED:
        action = "Correct what the reason names and run again: the other tubes are kept as they are."
        cause = Cause(Level.SEVERE, _FAILED, sentence(reason), "Failed: no density.", action)
        return ("failed", without_values(reason)), cause
    explained = next((flag for flag in EXPLAINING.get(status, ()) if flag in flags), "")
    if explained:
        level = Level.SEVERE if explained == SampleFlag.CONTROL_BRIGHT else Level.WARN
        order = _UNRELIABLE if level is Level.SEVERE else _NO_DENSITY
        return ("status", status, explained), flag_cause(explained, level, order)
    title, effect = sentence(STATUS[status].words), "No density is given."
    return ("status", status), Cause(Level.WARN, _NO_DENSITY, title, effect, _ACTION_OF.get(status, ""))


def _doubts(run: CalibrationResult) -> list[str]:
    checks = run.curve.checks if run.curve else ()
    return [check.text for check in checks if check.verdict is not CurveVerdict.ACCEPT]
