"""Gates known tubes, or runs a study, with every label renamed if asked: `renamed_labels.py [study] [renamed]`.

The labels are the values of the enums in `LABELS`. Renaming happens while Python imports their modules, before
any other module of gating can have taken a label over. What is printed names labels by their members.
"""

from __future__ import annotations

import ast
import hashlib
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from enum import Enum
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gating.events import Events
    from gating.events.panel import GatingPanel
    from pipeline.output.table import Table

LABELS = {
    "gating.gates.steps": {"Step", "GateFlag"},
    "gating.thresholds.methods": {"Method"},
    "calibration.flags": {"CalibrationFlag"},
    "calibration.beads.kits": {"KitResult"},
    "calibration.curve.table_rows": {"CheckName"},
    "calibration.curve.acceptance_limits": {"CurveVerdict"},
    "calibration.curve.fit": {"CurveModel"},
    "calibration.curve.drift": {"WestgardRule"},
    "calibration.density.budget": {"BetweenRunSource", "BudgetTerm"},
    "calibration.density.limits": {"LloqSource"},
    "calibration.density.result": {"RdStatus", "ControlKind"},
    "calibration.distribution.result": {"Beyond"},
    "pipeline.review.view": {"HandleKind", "Along"},
    "pipeline.checks.flags": {"CheckFlag", "ExposureFlag"},
    "pipeline.checks.plausibility.events_in_text": {"EventReading"},
    "pipeline.fcs.cross_check": {"ReaderVerdict"},
    "pipeline.fcs.repairs": {"RepairCode"},
    "pipeline.patients.flags": {"OccupancyFlag", "VisitFlag"},
    "pipeline.quantification.result": {"SampleFlag"},
    "pipeline.output.flag_words.entry": {"Weight"},
    "pipeline.output.legend.tube_verdict": {"TubeVerdict"},
    "pipeline.output.report.attention.cause": {"Level"},
    "pipeline.patients.receptor_occupancy.sentinel_reading": {"SentinelReading"},
    "pipeline.patients.receptor_occupancy.theta": {"ThetaFrom"},
    "pipeline.response.follow_up": {"Endpoint", "PfsEnd"},
    "pipeline.response.rd_visit": {"CutSide", "LeftOut"},
    "pipeline.assay.support": {"Support"},
    "pipeline.response.statistics.logistic": {"OddsMethod"},
    "pipeline.study.faults": {"Severity"},
    "pipeline.study.names.file_kinds": {"FileKind"},
    "pipeline.study.quantity_name": {"UnitKind"},
    "pipeline.study.study": {"GateSource"},
    "pipeline.study.validation": {"Experiment"},
    "pipeline.study.detector_names": {"Pulse"},
    "pipeline.study.cells.choices": {"ReviewDecision"},
    "pipeline.study.drugs.reading": {"Meaning"},
    "pipeline.study.drugs.routes": {"Route"},
    "pipeline.study.response": {"Response"},
    "pipeline.fcs.text.commas": {"Mended"},
    "pipeline.tube.compensation": {"Compensation"},
    "pipeline.tube.flags": {"TubeFlag"},
    "pipeline.output.report.attention.items": {"CardKind"},
    "pipeline.washout.censored.estimate": {"ModelName", "IntervalKind"},
    "pipeline.washout.censored.subject": {"EstimateKind", "WayPart", "Covariate"},
    "pipeline.washout.line.doubts": {"Doubt"},
    "pipeline.washout.within.change": {"ChangeKind", "Exceeds"},
}
"""Module → its enums of labels."""
TYPED = {
    "gating.events.panel.Role": "typed in the panels sheet, column role",
    "gating.events.panel.Target": "typed in the panels sheet, column target",
    "pipeline.study.cells.choices.AdaCourse": "typed in the patients sheet, column ada_on_treatment",
    "pipeline.study.cells.choices.RowReason": "typed in the settings sheet, keep_in_models",
    "pipeline.study.cells.choices.Tissue": "typed in the samples sheet, column tissue",
    "pipeline.running.options.OnError": "typed on the command line, after --on-error",
    "pipeline.simulate.validation_study._Pool": "written in the sheets of a simulated study, as a person types them",
    "pipeline.deid.key.PseudonymKind": "written in the key of a de-identified copy",
    "pipeline.audit.row_key.AuditedSheet": "written in audit trails, of which those of earlier versions must stay readable",
    "pipeline.audit.lines.Event": "written in audit trails, of which those of earlier versions must stay readable",
    "pipeline.page.stages.menu.Stage": "written in the addresses of the page, which people keep",
    "pipeline.review.decision.State": "written in the messages to the page, whose scripts and lists read it",
}
"""Enums whose words are a format: typed by people, or written as data. Why each word stays as it is."""
ALSO_OTHER_WORDS = {"Step", "KitResult", "Exceeds", "UnitKind", "GateSource", "OddsMethod", "FileKind"}
"""Enums whose words name other things too: a population (`plasma_cells`), a test of the CP dataset (`ABC`), the
words of a unit (`fold`), a sheet (`gates`), a sex (`other`); or are a sentence, which other cells hold parts of."""
WORDS_ALONE = ("Notes", "About", "Legend")
"""Sheets that hold sentences."""


class RenamingLoader(SourceFileLoader):
    """Imports a module with other words in its enums."""

    def get_code(self, fullname: str) -> CodeType:
        tree = ast.parse(Path(self.path).read_text("utf-8"))
        enums = [n for n in tree.body if isinstance(n, ast.ClassDef) and n.name in LABELS[fullname]]
        assert {enum.name for enum in enums} == LABELS[fullname]
        for enum in enums:
            for number, member in enumerate(n for n in enum.body if isinstance(n, ast.Assign)):
                member.value = ast.copy_location(ast.Constant(f"{enum.name} no {number}"), member.value)
        return compile(tree, self.path, "exec", dont_inherit=True)


class RenamingFinder(MetaPathFinder):
    """Finds the modules that have labels."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path, target) if fullname in LABELS else None
        if spec is not None:
            assert spec.origin is not None, fullname
            spec.loader = RenamingLoader(fullname, spec.origin)
        return spec


def gated_tubes() -> list[object]:
    """Return what the gates give of some tubes: a row of numbers per tube."""
    from helpers.known_marrow import marrow, panel

    usual = marrow(19, n=12_000, percent=1.0, normal_percent=1.0)
    empty = marrow(1, n=12_000, percent=0, normal_percent=0)
    by_person = {"cd138": 3_000.0, "Viability": 900.0, "FSC-A": 9_000.0, "time": 1.0}
    return [
        row_of(usual.events, panel()),
        row_of(usual.events, panel(), overrides=by_person),
        row_of(usual.events, panel(), pooled={"cd138": 3_000.0, "Viability": 700.0}),
        row_of(empty.events, panel()),
        row_of(empty.events, panel(), pooled={"cd138": 3_000.0}),
        row_of(marrow(7, n=12_000).events, panel(without=("Viability", "CD45", "Time", "FSC-H"))),
        row_of(marrow(20, n=12_000, percent=0, normal_percent=1.0).events, panel()),
    ]


def row_of(
    events: Events,
    panel: GatingPanel,
    *,
    overrides: Mapping[str, float] | None = None,
    pooled: Mapping[str, float] | None = None,
) -> list[object]:
    """Return a tube's numbers; labels by the names of their members."""
    from gating import gate_plasma_cells
    from gating.batch_cuts import BatchCut, cuts_to_lend, dye_cuts
    from gating.sentinels import find_sentinels

    gated = gate_plasma_cells(events, panel, overrides=overrides, pooled=pooled)
    dyes = dye_cuts(events, panel, gated)
    lent = cuts_to_lend(gated.steps, [BatchCut(cut.step, cut.channel, 500.0, 0.1, 5) for cut in dyes])
    return [
        hashlib.sha256(b"".join(mask.tobytes() for mask in gated.step_masks)).hexdigest(),
        None if gated.aberrant is None else hashlib.sha256(gated.aberrant.tobytes()).hexdigest(),
        gated.confidence,
        [member_of(flag) for flag in gated.flags],
        [
            [
                member_of(step.name),
                [method.name for method in step.methods],
                step.is_set_by_person,
                step.overrides,
                step.thresholds,
                step.confidence,
            ]
            for step in gated.steps
        ],
        [[member_of(cut.step), cut.method.name, cut.value, cut.confidence, cut.is_clear] for cut in dyes],
        [[member_of(cut.step), cut.channel] for cut in lent],
        [[s.name, s.confidence, int(s.mask.sum())] for s in find_sentinels(events, panel, gated)],
    ]


def study_of(folder: Path) -> dict[str, object]:
    """Simulate and run a study; return its numbers, and its labels by the names of their members."""
    from calibration.density.result import RdStatus
    from pipeline.assembly.assemble import assembled
    from pipeline.checks import check_folder
    from pipeline.commands.run import _calibrations
    from pipeline.output.json_files import response_json, washout_json
    from pipeline.output.statistics import datasets_of
    from pipeline.output.workbook import workbook_sheets
    from pipeline.running.options import RunOptions
    from pipeline.running.progress import QuietReporter
    from pipeline.running.store import stores_in
    from pipeline.running.tasks import input_hashes, tube_tasks
    from pipeline.running.two_passes import quantified_study
    from pipeline.simulate import simulate_study
    from pipeline.study.cells.choices import ReviewDecision
    from pipeline.study.faults import stops_run
    from pipeline.template.guesses import guessed_rows
    from pipeline.template.inventory import take_inventory

    typed = simulate_study(folder, scenario="demo", events=4_000)
    guesses = guessed_rows(take_inventory(typed, typed))
    tube, control = (next(iter(sorted(typed.rglob(pattern)))) for pattern in ("*BM1.fcs", "*FMO*.fcs"))
    tube.write_bytes(tube.read_bytes()[:20_000])
    control.write_bytes(b"no FCS file")
    rejected, asked = sorted(path.stem for path in typed.rglob("*BM1.fcs"))[1:3]
    (typed / "review.csv").write_text(
        f"sample_id,set_by,reason,verdict\n{rejected},AB,clots,{ReviewDecision.REJECT.value}\n"
        f"{asked},AB,one clone?,{ReviewDecision.ASK.value}\n",
        "utf-8",
    )
    study, faults = check_folder(typed)
    assert study is not None
    assert not stops_run(faults), faults
    stores, hashes = stores_in(folder / "store"), input_hashes(study)
    runs = _calibrations(study, hashes, stores.bead_runs, QuietReporter())
    tasks = tube_tasks(study, runs, hashes)
    done = quantified_study(tasks, RunOptions(workers=1), stores, QuietReporter())
    result = assembled(study, done.results, runs, faults)
    names = names_of_words()
    tables = {
        sheet.name: cells_of(sheet.table, names)
        for sheet in workbook_sheets(result)
        if sheet.name not in WORDS_ALONE
    }
    sets = {data.name: cells_of(data.table, names) for data in datasets_of(result)}
    washout = numbers_in(washout_json(result.washout)) if result.washout else []
    return {
        "init": {
            sheet: [[str(value) for value in row.values.values()] for row in rows]
            for sheet, rows in guesses.items()
        },
        "failed": sum(tube.receptor.status is RdStatus.FAILED for tube in result.results),
        **tables,
        **sets,
        "washout.json": washout,
        "response.json": numbers_in(response_json(result.response)),
    }


def names_of_words() -> dict[str, str]:
    """Return every word of a label → the name of its member."""
    from pipeline.study.cells.choices import AdaCourse

    named = [(module, name) for module in LABELS for name in sorted(LABELS[module] - ALSO_OTHER_WORDS)]
    enums = [getattr(import_module(module), name) for module, name in named]
    typed = {course.value for course in AdaCourse}  # a person's words in the patients sheet are no labels
    return {
        member.value: member.name for enum in enums for member in enum if member.value not in {"", *typed}
    }


def cells_of(table: Table, names: Mapping[str, str]) -> list[object]:
    """Return a table's numbers and labels, row by row; other text is for people."""
    return [[cell_of(cell, names) for cell in row] for row in table.rows]


def cell_of(cell: object, names: Mapping[str, str]) -> object:
    if isinstance(cell, str):
        return [names[word] for word in cell.split(";") if word in names]
    return cell if isinstance(cell, int | float | None) else str(cell)


def numbers_in(value: object) -> list[float]:
    """Return every number of a document in its order."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [number for part in value for number in numbers_in(part)]
    return [value] if isinstance(value, int | float) else []


def member_of(label: str) -> str:
    assert isinstance(label, Enum), label
    return label.name


def main() -> None:
    if "renamed" in sys.argv[1:]:
        sys.meta_path.insert(0, RenamingFinder())
    if "study" in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(study_of(Path(folder))))
        return
    from gating.gates.steps import Step

    print(json.dumps({"word": Step.PLASMA_CELLS.value, "tubes": gated_tubes()}))


if __name__ == "__main__":
    main()
