"""Whatever a file calls its detectors, the same numbers come out, through `check` and a run."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from gating.events.compensation import SpilloverMatrix
from helpers.rewritten import add_names, edit_sheet, rewrite, set_setting, spillover_text, without
from pipeline.beads.calibrate import calibrate_bead_run
from pipeline.checks import check_folder
from pipeline.fcs import read_fcs
from pipeline.quantification.quantify import quantify_tube
from pipeline.quantification.result import SampleResult
from pipeline.running.tasks import bead_tasks, input_hashes, tube_tasks
from pipeline.simulate import simulate_study
from pipeline.study.study import Study

SCATTER = {"FSC-A": "Forward A", "FSC-H": "Forward H", "SSC-A": "Side A"}


@dataclass(frozen=True)
class Known:
    """A simulated study of one tube, and what it gives under its own names."""

    folder: Path
    result: SampleResult
    tube: str
    control: str
    bead_file: str
    matrix: SpilloverMatrix

    @property
    def dyes(self) -> tuple[str, ...]:
        return self.matrix.channels

    def copy(self, to: Path) -> Path:
        return Path(shutil.copytree(self.folder, to / "study"))


def study_of(folder: Path) -> tuple[Study, list[str]]:
    study, faults = check_folder(folder)
    assert study is not None, [str(fault) for fault in faults]
    return study, [str(fault) for fault in faults]


def faults_of(folder: Path) -> list[str]:
    return [f"{fault.severity.name} {fault}" for fault in check_folder(folder)[1]]


def quantified(folder: Path, place: int = 0) -> SampleResult:
    study, _ = study_of(folder)
    calibrations = tuple(calibrate_bead_run(one) for one in bead_tasks(study, {}))
    return quantify_tube(tube_tasks(study, calibrations, input_hashes(study))[place])


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    folder = simulate_study(tmp_path_factory.mktemp("names"), patients=2, events=6_000, seed=3)
    first: list[str] = []
    edit_sheet(
        folder, "samples", lambda row: first.append(row["sample_id"]) or (row if len(first) == 1 else None)
    )
    study, faults = study_of(folder)
    assert faults == []
    sample = study.samples[0]
    matrix = read_fcs(folder / sample.fcs_file, channels=()).spillover
    assert matrix is not None
    bead_file = study.bead_run(sample.bead_run).fcs_file
    return Known(folder, quantified(folder), sample.fcs_file, sample.fmo_file, bead_file, matrix)


def same(found: SampleResult, expected: SampleResult) -> None:
    assert found.receptor == expected.receptor
    assert found.flags == expected.flags
    assert [(s.name, s.receptor) for s in found.sentinels] == [
        (s.name, s.receptor) for s in expected.sentinels
    ]
    assert [step.gate for step in found.steps] == [step.gate for step in expected.steps]


def other_names(known: Known, which: str) -> dict[str, str]:
    every = {
        "all dyes": {name: f"{name} marker {n}" for n, name in enumerate(known.dyes)},
        "only CD38": {"PE-A": "PE-A CD38"},
        "only CD138": {"BV421-A": "V450/50-A"},
        "only Time": {"Time": "HDR-T"},
        "only scatter": SCATTER,
        "lower case with blanks": {name: name.replace("-", " ").lower() for name in known.dyes},
        "detectors by number": {name: f"FL{n}-A" for n, name in enumerate(known.dyes, 1)},
        "prefixes of each other": {"PE-Cy7-A": "PE-A-7", "APC-A": "APC-R7-A", "APC-R700-A": "APC-R70-A"},
    }
    return every[which]


WHICH = [
    "all dyes", "only CD38", "only CD138", "only Time", "only scatter", "lower case with blanks",
    "detectors by number", "prefixes of each other",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("which", WHICH)
@pytest.mark.parametrize("renamed", ["control", "tube"])
def test_the_numbers_do_not_depend_on_what_a_file_calls_its_detectors(
    known: Known, tmp_path: Path, which: str, renamed: str
) -> None:
    names, folder = other_names(known, which), known.copy(tmp_path)
    rewrite(folder / (known.control if renamed == "control" else known.tube), names)
    if which != "lower case with blanks":
        add_names(folder, names)
    assert faults_of(folder) == []
    found = quantified(folder)
    same(found, known.result)


def test_the_beads_may_have_their_own_name_for_the_quantified_row(known: Known, tmp_path: Path) -> None:
    folder = known.copy(tmp_path)
    rewrite(folder / known.bead_file, {"PE-A": "PE-A CD38"})
    add_names(folder, {"PE-A": "PE-A CD38"})
    edit_sheet(folder, "beads", lambda row: {**row, "channel": "PE-A CD38"})
    assert faults_of(folder) == []
    same(quantified(folder), known.result)


def test_tube_and_control_may_both_have_other_names_in_another_order(known: Known, tmp_path: Path) -> None:
    folder, names = known.copy(tmp_path), other_names(known, "detectors by number")
    n = len(read_fcs(folder / known.tube, channels=()).channels)
    rewrite(folder / known.tube, names, order=range(n - 1, -1, -1))
    rewrite(folder / known.control, {name: f"{name} (F)" for name in known.dyes})
    add_names(folder, names)
    edit_sheet(
        folder,
        "panels",
        lambda row: (
            {**row, "channel": f"{row['channel']}; {row['channel'].split(';')[0]} (F)"}
            if row["channel"].split(";")[0] in known.dyes
            else row
        ),
    )
    assert faults_of(folder) == []
    same(quantified(folder), known.result)


def test_a_named_matrix_may_use_any_name_of_a_row(known: Known, tmp_path: Path) -> None:
    folder, names = known.copy(tmp_path), other_names(known, "detectors by number")
    own = read_fcs(folder / known.tube, channels=()).spillover
    assert own is not None
    lines = [",".join(names.get(name, name) for name in own.channels)]
    lines += [",".join(map(repr, row)) for row in own.values.tolist()]
    (folder / "m.csv").write_text("\n".join(lines), encoding="utf-8")
    set_setting(folder, "spillover_file", "m.csv")
    add_names(folder, names)
    assert faults_of(folder) == []
    assert quantified(folder).receptor == known.result.receptor


@pytest.mark.slow
@pytest.mark.parametrize("gate", ["BV421-A", "FL9-A", "fl9 a", "cd138", "CD138"])
def test_a_typed_gate_may_use_any_name_of_a_row(known: Known, tmp_path: Path, gate: str) -> None:
    results = []
    for place, typed in enumerate(("BV421-A", gate)):
        folder = known.copy(tmp_path / str(place))
        add_names(folder, {"BV421-A": "FL9-A"})
        if place:
            rewrite(folder / known.control, {"BV421-A": "FL9-A"})
        sample = read_ids(folder)[0]
        (folder / "gates.csv").write_text(
            f"sample_id,gate,value,set_by,reason\n{sample},{typed},3000,AB,seen\n", encoding="utf-8"
        )
        assert faults_of(folder) == []
        results.append(quantified(folder))
    assert results[0].receptor == results[1].receptor
    assert "GATE_SET_BY_PERSON" in results[1].flags


def read_ids(folder: Path) -> list[str]:
    return [sample.sample_id for sample in study_of(folder)[0].samples]


def with_free_detector(path: Path, name: str) -> None:
    """Give a file a detector of no row, whose light the matrix takes into account."""
    file = read_fcs(path)
    own = file.spillover
    assert own is not None
    n = len(own.channels)
    values = np.eye(n + 1)
    values[:n, :n] = own.values
    values[n, :n], values[:n, n] = np.linspace(0.01, 0.05, n), np.linspace(0.06, 0.02, n)
    raw = np.stack([np.asarray(file.raw(channel), np.float64) for channel in file.channels])
    keywords = {
        key: text for key, text in file.keywords.items()
        if key in ("$CYT", "$CYTSN", "$DATE", "$BTIM", "$ETIM", "$TIMESTEP") or (key[:2] == "$P" and key[-1] in "VR"
        and key != "$PAR")
    }  # fmt: skip
    keywords["$SPILLOVER"] = spillover_text(SpilloverMatrix((*own.channels, name), values, ""))
    from pipeline.fcs import write_fcs

    free = np.random.default_rng(1).normal(500, 60, file.n_events)
    write_fcs(
        path, np.vstack([raw, free]), (*file.channels, name), markers=(*file.markers, ""), keywords=keywords
    )


def test_a_detector_of_no_row_may_have_another_name_in_the_control(known: Known, tmp_path: Path) -> None:
    results = []
    for place, name in enumerate(("BV786-A", "BV786-A (empty)")):
        folder = known.copy(tmp_path / str(place))
        with_free_detector(folder / known.tube, "BV786-A")
        with_free_detector(folder / known.control, name)
        assert faults_of(folder) == []
        results.append(quantified(folder))
    same(results[1], results[0])


def test_a_control_without_a_detector_of_the_tubes_matrix_is_named(known: Known, tmp_path: Path) -> None:
    folder = known.copy(tmp_path)
    with_free_detector(folder / known.tube, "BV786-A")
    (fault,) = faults_of(folder)
    assert '_FMO.fcs lacks "BV786-A" of the tube\'s matrix' in fault
    found = quantified(folder)
    assert "CONTROL_UNUSABLE" in found.flags
    assert found.receptor.rd is None


def test_two_names_of_a_row_in_one_file_are_refused_by_name(known: Known, tmp_path: Path) -> None:
    for renamed in (known.tube, known.control):
        folder = known.copy(tmp_path / Path(renamed).stem)
        rewrite(folder / renamed, {"FITC-A": "PE-B"}, matrix=lambda matrix: None)
        add_names(folder, {"PE-A": "PE-B"})
        rewrite(folder / known.tube, {})
        edit_sheet(folder, "panels", lambda row: None if row["channel"] == "FITC-A" else row)
        faults = faults_of(folder)
        assert any('has "PE-A" and "PE-B", which the panel' in fault for fault in faults), faults


def test_exported_cells_are_written_under_the_names_of_rows(known: Known, tmp_path: Path) -> None:
    from dataclasses import replace

    folder, names = known.copy(tmp_path), other_names(known, "detectors by number")
    rewrite(folder / known.tube, names)
    add_names(folder, names)
    study, _ = study_of(folder)
    calibrations = tuple(calibrate_bead_run(one) for one in bead_tasks(study, {}))
    (task,) = tube_tasks(study, calibrations, input_hashes(study))
    quantify_tube(replace(task, events_file=tmp_path / "cells.parquet"))
    found = read_fcs(tmp_path / "cells.fcs")
    before = read_fcs(known.folder / known.tube, channels=())
    assert found.channels == before.channels
    assert found.spillover is not None
    assert before.spillover is not None
    assert found.spillover.channels == before.spillover.channels


def compensated_names(known: Known, prefix: str, suffix: str = "") -> dict[str, str]:
    return {name: f"{prefix}{name}{suffix}" for name in known.dyes}


COMPENSATED: Mapping[str, tuple[str, str]] = {
    "FJComp-": ("FJComp-", ""),
    "Comp-": ("Comp-", ""),
    "brackets": ("<", ">"),
    "Sony": ("", " - Compensated"),
    "lower case": ("comp_", ""),
    "unmixed": ("", " (unmixed)"),
}


@pytest.mark.slow
@pytest.mark.parametrize("matrix", ["raw names", "own names", "none"])
@pytest.mark.parametrize("style", COMPENSATED)
def test_a_file_whose_names_say_compensated_is_not_compensated_again(
    known: Known, tmp_path: Path, style: str, matrix: str
) -> None:
    names, folder = compensated_names(known, *COMPENSATED[style]), known.copy(tmp_path)
    kept = {
        "raw names": lambda m: SpilloverMatrix(known.dyes, m.values, ""),
        "own names": lambda m: m,
        "none": lambda m: None,
    }[matrix]
    for file in (known.tube, known.control):
        rewrite(folder / file, names, compensated=known.matrix, matrix=kept)
    add_names(folder, names)
    assert faults_of(folder) == []
    found = quantified(folder)
    assert found.receptor.rd == pytest.approx(known.result.receptor.rd, rel=2e-3)
    assert found.flags == known.result.flags
    assert [s.receptor.n_cells for s in found.sentinels] == pytest.approx(
        [s.receptor.n_cells for s in known.result.sentinels], abs=2
    )
    assert "compensated or unmixed already, as its channels' names say" in found.note


@pytest.mark.parametrize("where", ["$PnS only", "$PnN, $PnS the detector"])
def test_the_marker_may_say_it(known: Known, tmp_path: Path, where: str) -> None:
    folder, names = known.copy(tmp_path), compensated_names(known, "Comp-")
    for file in (known.tube, known.control):
        if where == "$PnS only":
            rewrite(folder / file, compensated=known.matrix, markers=names)
        else:
            rewrite(
                folder / file, names, compensated=known.matrix, markers={name: name for name in known.dyes}
            )
    add_names(folder, names)
    assert quantified(folder).receptor.rd == pytest.approx(known.result.receptor.rd, rel=2e-3)


@pytest.mark.parametrize("compensated", ["tube", "control"])
def test_a_raw_and_a_compensated_file_are_named_as_such(
    known: Known, tmp_path: Path, compensated: str
) -> None:
    names, folder = compensated_names(known, "FJComp-"), known.copy(tmp_path)
    rewrite(
        folder / (known.tube if compensated == "tube" else known.control), names, compensated=known.matrix
    )
    add_names(folder, names)
    (fault,) = faults_of(folder)
    assert "_FMO.fcs is " in fault
    assert "export both raw, or both compensated" in fault
    found = quantified(folder)
    assert "CONTROL_UNUSABLE" in found.flags
    assert found.receptor.rd is None
    assert "KeyError" not in found.note


def test_compensated_channels_beside_raw_ones_are_refused(known: Known, tmp_path: Path) -> None:
    names, folder = {"BV421-A": "FJComp-BV421-A"}, known.copy(tmp_path)
    rewrite(folder / known.tube, names, compensated=known.matrix)
    add_names(folder, names)
    fault = faults_of(folder)[0]
    assert "has compensated channels (FJComp-BV421-A) beside raw ones (FITC-A, PE-A" in fault
    assert quantified(folder).receptor.status.value == "FAILED"


@pytest.mark.parametrize("scatter", ["VSSC-A", "SSC_B_A", "*FSC1-H"])
def test_scatter_of_another_laser_is_not_raw_fluorescence_beside_compensated_channels(
    known: Known, tmp_path: Path, scatter: str
) -> None:
    names, folder = compensated_names(known, "Comp-"), known.copy(tmp_path)
    for file in (known.tube, known.control):
        rewrite(folder / file, {**names, "FSC-H": scatter}, compensated=known.matrix)
    add_names(folder, names)
    edit_sheet(
        folder,
        "panels",
        lambda row: {**row, "channel": scatter, "role": "other"} if row["channel"] == "FSC-H" else row,
    )
    assert faults_of(folder) == []
    found = quantified(folder)
    assert found.receptor.rd == pytest.approx(known.result.receptor.rd, rel=1e-2)
    assert "SPILL_INCOMPLETE" not in found.flags


def test_a_study_can_say_that_a_panel_is_unmixed(known: Known, tmp_path: Path) -> None:
    folder = known.copy(tmp_path)
    for file in (known.tube, known.control):
        rewrite(folder / file, compensated=known.matrix, matrix=lambda m: None)
    assert "SPILL_MISSING" in quantified(folder).flags
    panel = study_of(folder)[0].panels[0].name
    for value in ("all", panel.upper()):
        set_setting(folder, "compensated_panels", value)
        assert faults_of(folder) == []
        found = quantified(folder)
        assert found.flags == known.result.flags
        assert found.receptor.rd == pytest.approx(known.result.receptor.rd, rel=2e-3)


def test_a_panel_that_is_none_is_asked_for(known: Known, tmp_path: Path) -> None:
    folder = known.copy(tmp_path)
    set_setting(folder, "compensated_panels", "spectrum")
    (fault,) = faults_of(folder)
    assert fault.startswith("ERROR settings.csv!B2" if "settings.csv" in fault else "ERROR settings!B2")
    assert '"spectrum", expected all, or names of the panels sheet' in fault


@pytest.mark.slow
def test_a_setting_against_the_files_own_matrix_warns(known: Known, tmp_path: Path) -> None:
    folder = known.copy(tmp_path)
    set_setting(folder, "compensated_panels", "all")
    (fault,) = faults_of(folder)
    assert fault.startswith("WARNING")
    assert "The matrix is not applied" in fault


def test_events_that_were_compensated_twice_are_flagged(known: Known, tmp_path: Path) -> None:
    folder = known.copy(tmp_path)
    for file in (known.tube, known.control):
        rewrite(folder / file, compensated=known.matrix)
    found = quantified(folder)
    assert "FAR_BELOW_ZERO" in found.flags
    assert "the control has cells far below zero" in found.note
    assert "was it compensated twice, or too much?" in found.note
    assert "HEMODILUTION_POSSIBLE" not in found.flags
    assert "FAR_BELOW_ZERO" not in known.result.flags


def test_a_control_that_alone_was_compensated_before_is_flagged(known: Known, tmp_path: Path) -> None:
    folder = known.copy(tmp_path)
    rewrite(folder / known.control, compensated=known.matrix)
    found = quantified(folder)
    assert "FAR_BELOW_ZERO" in found.flags
    assert "the tube has cells far below zero" not in found.note


LEFT_OUT = ("BV421-A", "V500-C-A", "BV605-A")


def test_a_files_own_matrix_that_leaves_out_stained_channels_warns(known: Known, tmp_path: Path) -> None:
    folder = known.copy(tmp_path)
    for file in (known.tube, known.control):
        rewrite(folder / file, matrix=without(*LEFT_OUT))
    (fault,) = faults_of(folder)
    assert fault.startswith("WARNING samples")
    assert "leaves out BV421-A (cd138), V500-C-A (cd45), BV605-A (cd56)" in fault
    found = quantified(folder)
    assert "SPILL_INCOMPLETE" in found.flags
    assert "HEMODILUTION_POSSIBLE" not in found.flags
    assert "leaves out BV421-A (cd138)" in found.note


def test_a_named_matrix_that_leaves_out_stained_channels_flags_the_row(known: Known, tmp_path: Path) -> None:
    folder = known.copy(tmp_path)
    own = read_fcs(folder / known.tube, channels=()).spillover
    assert own is not None
    fewer = without("BV605-A")(own)
    lines = [",".join(fewer.channels), *(",".join(map(repr, row)) for row in fewer.values.tolist())]
    (folder / "m.csv").write_text("\n".join(lines), encoding="utf-8")
    set_setting(folder, "spillover_file", "m.csv")
    (fault,) = faults_of(folder)
    assert "a matrix without BV605-A (cd56)" in fault
    assert "SPILL_INCOMPLETE" in quantified(folder).flags


@pytest.mark.parametrize(
    "cell",
    [
        "PE-A; PE-H",
        "FL2-A;FL2-H",
        "FL2A; FL2H",
        "PE Area; PE Height",
        "PE-A; FJComp-PE-W",
        "PE.A; pe.h",
        "PEA; PEH",
    ],
)
def test_area_and_height_are_never_names_of_one_row(known: Known, tmp_path: Path, cell: str) -> None:
    folder = known.copy(tmp_path)
    edit_sheet(folder, "panels", lambda row: {**row, "channel": cell} if row["role"] == "cd38" else row)
    faults = [fault for fault in faults_of(folder) if "of a pulse, as names of one channel" in fault]
    assert faults
    assert faults[0].startswith("ERROR panels!B")


def test_beads_on_height_do_not_calibrate_tubes_on_area(known: Known, tmp_path: Path) -> None:
    folder = known.copy(tmp_path)
    edit_sheet(folder, "beads", lambda row: {**row, "channel": "PE-H"})
    fault = next(fault for fault in faults_of(folder) if fault.startswith("ERROR beads!"))
    assert "These are height and area of a pulse, different numbers" in fault
    assert "list both names" not in fault


def drawn_on_files_matrix(folder: Path, channel: str, threshold: float) -> None:
    """A GatingML gate on compensated events, named in the samples sheet."""
    head = (
        'xmlns:gating="http://www.isac-net.org/std/Gating-ML/v2.0/gating" '
        'xmlns:data-type="http://www.isac-net.org/std/Gating-ML/v2.0/datatypes"'
    )
    (folder / "gates.xml").write_text(
        f'<gating:Gating-ML {head}><gating:RectangleGate gating:id="PC">'
        f'<gating:dimension gating:compensation-ref="FCS" gating:min="{threshold}">'
        f'<data-type:fcs-dimension data-type:name="{channel}"/></gating:dimension>'
        "</gating:RectangleGate></gating:Gating-ML>",
        encoding="utf-8",
    )
    edit_sheet(folder, "samples", lambda row: {**row, "gates_file": "gates.xml", "population": "PC"})


@pytest.mark.slow
@pytest.mark.parametrize("which", ["tube", "control", "both", "compensated"])
def test_gates_drawn_on_one_name_fit_files_with_another(known: Known, tmp_path: Path, which: str) -> None:
    results = []
    for place in range(2):
        folder = known.copy(tmp_path / str(place))
        names = compensated_names(known, "FJComp-" if which == "compensated" else "new ")
        for file in (known.tube, known.control) if place else ():
            if which == "compensated":
                rewrite(folder / file, names, compensated=known.matrix)
            elif which in ("both", "tube" if file == known.tube else "control"):
                rewrite(folder / file, names)
        add_names(folder, names)
        drawn_on_files_matrix(folder, "BV421-A", 5000)
        assert faults_of(folder) == []
        results.append(quantified(folder))
    before, after = results
    assert "GATES_FROM_FILE" in after.flags
    assert after.n_plasma_cells == before.n_plasma_cells > 0
    if which == "compensated":
        assert after.receptor.rd == pytest.approx(before.receptor.rd, rel=2e-3)
    else:
        assert after.receptor == before.receptor
        assert [p.x_axis for p in after.pictures] == [p.x_axis for p in before.pictures]


def test_gates_drawn_on_another_name_of_the_quantified_row_are_refused(known: Known, tmp_path: Path) -> None:
    folder = known.copy(tmp_path)
    add_names(folder, {"PE-A": "PE-A CD38"})
    drawn_on_files_matrix(folder, "PE-A CD38", 5000)
    (fault,) = faults_of(folder)
    assert "look at PE-A CD38, the quantified channel" in fault


def test_gates_with_a_matrix_of_their_own_do_not_compensate_a_second_time(
    known: Known, tmp_path: Path
) -> None:
    counts = []
    for place in range(2):
        folder, names = known.copy(tmp_path / str(place)), compensated_names(known, "FJComp-")
        for file in (known.tube, known.control) if place else ():
            rewrite(folder / file, names, compensated=known.matrix)
        add_names(folder, names)
        drawn_on_files_matrix(folder, "PE-Cy7-A", 1500)
        gates = (folder / "gates.xml").read_text("utf-8")
        own = gates.replace('compensation-ref="FCS"', 'compensation-ref="own"')
        own = own.replace(
            "><gating:RectangleGate", f">{matrix_in_gatingml(known.matrix)}<gating:RectangleGate"
        )
        (folder / "gates.xml").write_text(
            own.replace("xmlns:gating", TRANSFORMS + " xmlns:gating", 1), "utf-8"
        )
        assert faults_of(folder) == []
        counts.append(quantified(folder).n_plasma_cells)
    assert counts[0] == pytest.approx(counts[1], abs=1)
    assert counts[0] > 100


TRANSFORMS = 'xmlns:transforms="http://www.isac-net.org/std/Gating-ML/v2.0/transformations"'


def matrix_in_gatingml(matrix: SpilloverMatrix) -> str:
    def named(kind: str) -> str:
        each = (f'<data-type:fcs-dimension data-type:name="{name}"/>' for name in matrix.channels)
        return f"<transforms:{kind}>{''.join(each)}</transforms:{kind}>"

    rows = (
        "<transforms:spectrum>"
        + "".join(f'<transforms:coefficient transforms:value="{value!r}"/>' for value in row)
        + "</transforms:spectrum>"
        for row in matrix.values.tolist()
    )
    body = named("fluorochromes") + named("detectors") + "".join(rows)
    return f'<transforms:spectrumMatrix transforms:id="own">{body}</transforms:spectrumMatrix>'


def test_a_named_matrix_does_not_touch_files_whose_names_say_compensated(
    known: Known, tmp_path: Path
) -> None:
    folder, names = known.copy(tmp_path), compensated_names(known, "Comp-")
    for file in (known.tube, known.control):
        rewrite(folder / file, names, compensated=known.matrix)
    lines = [",".join(known.dyes), *(",".join(map(repr, row)) for row in known.matrix.values.tolist())]
    (folder / "m.csv").write_text("\n".join(lines), encoding="utf-8")
    set_setting(folder, "spillover_file", "m.csv")
    add_names(folder, names)
    assert faults_of(folder) == []
    assert quantified(folder).receptor.rd == pytest.approx(known.result.receptor.rd, rel=2e-3)


def test_a_bead_name_of_another_row_does_not_calibrate(known: Known, tmp_path: Path) -> None:
    folder = known.copy(tmp_path)
    rewrite(folder / known.bead_file, {"PE-A": "PE-X"})
    edit_sheet(folder, "beads", lambda row: {**row, "channel": "PE-A; APC-A"})
    assert any('found "PE-A; APC-A", but panel' in fault for fault in faults_of(folder))
