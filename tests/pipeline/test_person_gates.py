"""Gates that a person set or drew, through a whole run: what replaced what, and what is refused."""

from __future__ import annotations

import csv
import io
import shutil
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pyarrow.parquet
import pytest

from calibration.density.receptor_density import RdStatus
from gating.events import Events
from gating.events.compensation import compensate
from gating.gates import RangeGate
from gating.gates.gatingml import to_gatingml
from gating.gates.steps import GateStep
from gating.thresholds.methods import Method
from helpers import workspaces as fj
from helpers.builders import good_study
from pipeline.beads.calibrate import calibrate_bead_run
from pipeline.beads.result import CalibrationResult
from pipeline.checks import check_folder
from pipeline.commands.run import run_study
from pipeline.fcs import read_fcs
from pipeline.output.results_folder import Results
from pipeline.quantification.quantify import quantify_tube
from pipeline.quantification.result import SampleResult, spillover_of
from pipeline.running.options import RunOptions
from pipeline.running.progress import QuietReporter
from pipeline.running.tasks import bead_tasks, tube_digest, tube_tasks
from pipeline.study.sheets.reading import read_study
from pipeline.study.study import Study

pytestmark = pytest.mark.slow

DEMO = Path(__file__).resolve().parents[2] / "fcs_samples" / "demo"
TUBES = ("P02_BM1", "P03_BM1", "P08_BM1")
"""Masked; another masked one; one without a matrix, whose quantified dye's spillover is estimated."""


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def small_demo(folder: Path) -> Path:
    """Three tubes of the demo."""
    shutil.copytree(DEMO, folder, ignore=shutil.ignore_patterns("results"))
    write_rows(
        folder / "samples.csv", [r for r in rows_of(folder / "samples.csv") if r["sample_id"] in TUBES]
    )
    return folder


@dataclass(frozen=True)
class Plain:
    """The three tubes in our own gates, as a run makes them, without its tables and pictures."""

    folder: Path
    study: Study
    results: dict[str, SampleResult]

    @property
    def events(self) -> Path:
        return self.folder / "results" / "events"

    def gates(self, sample_id: str) -> Path:
        return self.folder / "results" / "gates" / f"{sample_id}.xml"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Plain:
    """Our own gates."""
    folder = small_demo(tmp_path_factory.mktemp("plain") / "study")
    study, _ = read_study(folder)
    assert study is not None
    runs = [calibrate_bead_run(task) for task in bead_tasks(study, {})]
    made = Plain(folder, study, {})
    made.events.mkdir(parents=True)
    for task in tube_tasks(study, runs, {}, made.events):
        result = quantify_tube(task)
        made.results[result.sample_id] = result
        made.gates(result.sample_id).parent.mkdir(exist_ok=True)
        made.gates(result.sample_id).write_bytes(to_gatingml(result.steps, spillover_of(result)))
    return made


@pytest.fixture(scope="module")
def by_hand(plain: Plain, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with P02 and P08 in the gates that ours were written as, and two thresholds of P03 by hand."""
    folder = small_demo(tmp_path_factory.mktemp("by_hand") / "study")
    samples = rows_of(folder / "samples.csv")
    for row in samples:
        drawn = row["sample_id"] != "P03_BM1"
        row["gates_file"] = f"drawn/{row['sample_id']}.xml" if drawn else ""
        row["population"] = "second_anchor" if drawn else ""
    write_rows(folder / "samples.csv", samples)
    shutil.copytree(plain.folder / "results" / "gates", folder / "drawn")
    gate = {"sample_id": "P03_BM1", "gate": "cd138", "value": "900", "set_by": "AB", "reason": "debris"}
    write_rows(folder / "gates.csv", [gate])
    moved = {**gate, "gate": "viable", "value": "2500", "set_by": "CD", "verdict": "", "set_at": ""}
    write_rows(folder / "review.csv", [moved])
    summary = run_study(folder, RunOptions(workers=1, export_events=True, figures=False), QuietReporter())
    assert summary.exit_status == 0, summary.faults
    return folder


def result_of(folder: Path, sample_id: str) -> dict[str, str]:
    return next(r for r in rows_of(folder / "results" / "rd_samples.csv") if r["sample_id"] == sample_id)


def events_of(folder: Path, sample_id: str) -> dict[str, np.ndarray]:
    table = pyarrow.parquet.read_table(folder / f"{sample_id}.parquet")
    return {name: table[name].to_numpy() for name in table.column_names}


@pytest.mark.parametrize("sample_id", TUBES)
def test_flowkit_finds_the_cells_of_the_parquet_with_the_gates_of_a_run(plain: Plain, sample_id: str):
    import flowkit

    row = next(r for r in rows_of(plain.folder / "samples.csv") if r["sample_id"] == sample_id)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        strategy = flowkit.parse_gating_xml(str(plain.gates(sample_id)))
        theirs = strategy.gate_sample(flowkit.Sample(str(plain.folder / row["fcs_file"])))
        ours = events_of(plain.events, sample_id)
        gates = [name.removeprefix("gate_") for name in ours if name.startswith("gate_")]
        written = [name for name in gates if name in {one for one, _ in strategy.get_gate_ids()}]
        assert {"debris", "singlets", "viable", "plasma_cells"} <= set(written)
        for name in written:
            differ = np.count_nonzero(theirs.get_gate_membership(name) != ours[f"gate_{name}"])
            assert differ <= 1e-4 * len(ours["event"]), name


@pytest.mark.parametrize("sample_id", TUBES)
def test_no_gate_that_is_handed_on_has_cd38_as_an_axis(plain: Plain, sample_id: str):
    document = ElementTree.fromstring(plain.gates(sample_id).read_bytes())
    named = [one for axis in document.iter() if axis.tag.endswith("}dimension") for one in axis.iter()]
    axes = {text for one in named for name, text in one.attrib.items() if name.endswith("}name")}
    assert "BV421-A" in axes
    assert "PE-A" not in axes


def test_every_tube_of_the_demo_hands_on_the_same_cells_as_gates_and_as_fcs(tmp_path: Path):
    """All twelve: FlowKit applies each tube's GatingML to its file, and opens the FCS of its gated cells."""
    import flowkit

    study, _ = read_study(DEMO)
    assert study is not None
    runs = [calibrate_bead_run(task) for task in bead_tasks(study, {})]
    tasks = tube_tasks(study, runs, {}, tmp_path)
    assert len(tasks) == 12
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for task in tasks:
            name = task.sample.sample_id
            result = quantify_tube(replace(task, extras=False))
            document = io.BytesIO(to_gatingml(result.steps, spillover_of(result)))
            strategy = flowkit.parse_gating_xml(document)
            theirs = strategy.gate_sample(flowkit.Sample(str(DEMO / task.sample.fcs_file)))
            ours = events_of(tmp_path, name)
            last = [step.name for step in result.steps if step.gate and step.name != "aberrant"][-1]
            differ = np.count_nonzero(theirs.get_gate_membership(last) != ours["plasma_cell"])
            assert differ <= 1, name
            cells = tmp_path / f"{name}.fcs"
            assert cells.exists() is bool(ours["plasma_cell"].any())
            if cells.exists():
                handed = flowkit.Sample(str(cells))
                assert handed.event_count == int(ours["plasma_cell"].sum()), name
                raw = read_fcs(DEMO / task.sample.fcs_file).events()[:, ours["plasma_cell"]]
                assert np.allclose(handed.get_events("raw").T, raw, rtol=1e-6), name


@pytest.mark.parametrize("sample_id", ["P02_BM1", "P08_BM1"])
def test_gates_of_a_file_give_tube_and_control_the_same_cells(plain: Plain, by_hand: Path, sample_id: str):
    ours, theirs = events_of(plain.events, sample_id), events_of(by_hand / "results" / "events", sample_id)
    assert np.count_nonzero(ours["plasma_cell"] != theirs["plasma_cell"]) <= 1
    row = result_of(by_hand, sample_id)
    assert "GATES_FROM_FILE" in row["flags"].split(";")
    assert row["reviewed_by"] == f"{sample_id} gates.xml"
    assert row["population"] == "plasma_cells"
    assert f"gates of {sample_id} gates.xml, population " in row["note"]
    assert "replaced the automatic ones" in row["note"]
    written = (by_hand / "results" / "gates" / f"{sample_id}.xml").read_text("utf-8")
    assert 'id="second_anchor"' in written
    stored = Results(by_hand / "results").stores.samples.load(sample_id)
    assert stored is not None
    shown = {picture.step: picture.gate for picture in stored[1].pictures}
    own = {step.name: step.gate for step in plain.results[sample_id].steps}
    assert isinstance(own["viable"], RangeGate)
    assert isinstance(shown["viable"], RangeGate)
    assert shown["viable"].upper == pytest.approx(own["viable"].upper, rel=1e-5)
    assert float(row["background_mfi"]) == pytest.approx(
        plain.results[sample_id].receptor.background_mfi, rel=0.2
    )


@pytest.mark.parametrize(("population", "differs"), [("second_anchor", False), ("singlets", True)])
def test_gates_of_a_file_that_keep_mostly_other_cells_than_ours_are_flagged(
    plain: Plain, population: str, differs: bool
):
    runs = [calibrate_bead_run(task) for task in bead_tasks(plain.study, {})]
    task = next(t for t in tube_tasks(plain.study, runs, {}) if t.sample.sample_id == "P02_BM1")
    gates = {"gates_file": "results/gates/P02_BM1.xml", "population": population}
    result = quantify_tube(replace(task, sample=replace(task.sample, **gates)))
    assert ("FILE_GATES_DIFFER" in result.flags) is differs
    assert "GATES_FROM_FILE" in result.flags


def test_a_threshold_that_a_person_set_replaces_one_cut_and_the_row_says_which(plain: Plain, by_hand: Path):
    row, before = result_of(by_hand, "P03_BM1"), plain.results["P03_BM1"]
    assert row["reviewed_by"] == "AB;CD"
    assert "GATE_SET_BY_PERSON" in row["flags"].split(";")
    assert "gate cd138 set by AB (debris): BV421-A 900, in place of automatic " in row["note"]
    assert "gate viable set by CD (debris): APC-H7-A 2500, in place of automatic " in row["note"]
    assert "GATE_SET_BY_PERSON" not in before.flags
    later = [part for part in row["note"].split("; ") if part.startswith("automatic cuts were found again")]
    automatic = {(s.name, c): v for s in before.steps for c, v in s.thresholds}
    assert len(later) == 1
    for change in later[0].partition(": ")[2].split(", "):
        step, channel, usual, _, now = change.split(" ")
        assert float(usual) == pytest.approx(automatic[step, channel], rel=1e-5)
        assert usual != now
    assert 'min="900.0"' in (by_hand / "results" / "gates" / "P03_BM1.xml").read_text("utf-8")


def test_the_fcs_of_gated_cells_holds_their_raw_values_and_nothing_of_the_patient(plain: Plain):
    for sample_id in TUBES:
        cells = read_fcs(plain.events / f"{sample_id}.fcs")
        row = next(r for r in rows_of(plain.folder / "samples.csv") if r["sample_id"] == sample_id)
        tube = read_fcs(plain.folder / row["fcs_file"])
        chosen = events_of(plain.events, sample_id)["plasma_cell"]
        assert (cells.version, cells.channels, cells.markers) == ("3.1", tube.channels, tube.markers)
        assert np.array_equal(cells.events(), tube.events()[:, chosen])
        assert [cells.scale_top(n) for n in cells.channels] == [tube.scale_top(n) for n in tube.channels]
        assert cells.keywords["CD38RD SAMPLE"] == sample_id
        assert not {"$SRC", "$OP", "$DATE", "$BTIM", "$CYTSN", "$SMNO"} & set(cells.keywords)
        assert not cells.repairs
        assert cells.spillover is not None
        assert tube.spillover is None or np.allclose(cells.spillover.values, tube.spillover.values)


@pytest.mark.parametrize("change", [{"population": "viable"}, {"gates_file": "other.xml"}])
def test_gates_of_a_file_are_part_of_what_decides_a_result(by_hand: Path, change: dict[str, str]):
    study, _ = read_study(by_hand)
    assert study is not None
    runs = [
        CalibrationResult(run.name, run.fcs_file, run.kit, run.lot, run.channel, run.levels)
        for run in study.bead_runs
    ]
    task = tube_tasks(study, runs, {})[0]
    assert tube_digest(replace(task, sample=replace(task.sample, **change))) != tube_digest(task)


def drawn_on(channel: str) -> bytes:
    steps = [
        GateStep("bright", RangeGate(channel, 1.0, None), (), 0, 0, (Method.FILE,)),
        GateStep("wanted", RangeGate("FSC-A", 1.0, None), (), 0, 0, (Method.FILE,)),
    ]
    return to_gatingml(steps, None)


def faults_of(folder: Path, cells: dict[str, object], **files: bytes) -> list[str]:
    study = good_study(folder, {"samples!I1": "gates_file", "samples!J1": "population", **cells})
    (study / "drawn").mkdir()
    for name, document in files.items():
        (study / "drawn" / f"{name}.xml").write_bytes(document)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [str(fault) for fault in check_folder(study)[1] if "!I" in fault.where or "!J" in fault.where]


@pytest.mark.parametrize(
    ("file", "population", "said"),
    [
        ("drawn/b.xml", "wanted", 'samples!I2: found "drawn/b.xml", which is not there, expected a file'),
        (
            "drawn/right.xml",
            "wonted",
            "no population 'wonted'; there are bright, bright/wanted. Did you mean 'wanted'",
        ),
        ("drawn/right.xml", None, "samples!J2: found nothing, expected the population of drawn/right.xml"),
        (None, "wanted", "samples!I2: found nothing, expected the FlowJo workspace or GatingML file"),
        ("drawn/broken.xml", "wanted", "drawn/broken.xml: not readable as XML"),
        (
            "drawn/cd38.xml",
            "wanted",
            "look at PE-A, the quantified channel: a gate on it would select the cells",
        ),
        ("drawn/absent.xml", "wanted", "look at BV711-A, which the FCS file lacks; it has FSC-A"),
        ("../right.xml", "wanted", "samples!I2"),
    ],
)
def test_gates_that_cannot_be_used_stop_the_run_with_one_sentence(
    tmp_path: Path, file: str | None, population: str | None, said: str
):
    documents = {
        "right": drawn_on("BV421-A"),
        "broken": b"<Workspace>",
        "cd38": drawn_on("PE-A"),
        "absent": drawn_on("BV711-A"),
    }
    found = faults_of(tmp_path / "study", {"samples!I2": file, "samples!J2": population}, **documents)
    assert len(found) == 1
    assert said in found[0]
    assert "\n" not in found[0]


def test_sound_gates_of_a_file_are_no_fault(tmp_path: Path):
    cells = {"samples!I2": "drawn/right.xml", "samples!J2": "wanted"}
    assert faults_of(tmp_path / "study", cells, right=drawn_on("BV421-A")) == []


def gate_faults(folder: Path, gate: str, **more: object) -> list[str]:
    study = good_study(folder, {**{f"samples!{k}": v for k, v in more.items()}})
    header, row = "sample_id,gate,value,set_by,reason\n", f"S1,{gate},100,AB,why\n"
    (study / "gates.csv").write_text(header + row, encoding="utf-8")
    summary = run_study(study, RunOptions(workers=1), QuietReporter())
    assert summary.exit_status == 1
    return [line for line in summary.faults.splitlines() if "gates!B2" in line]


def test_a_gate_that_the_tube_does_not_have_is_a_fault_that_lists_those_it_has(tmp_path: Path):
    (found,) = gate_faults(tmp_path / "study", "cd319")
    assert 'gates!B2: found "cd319", expected a gate of the tube' in found
    assert "bv421-a" in found
    assert "cd138" in found


@pytest.mark.parametrize("gate", ["CD38", "PE-A", "YG585-A", "CD38 PE"])
def test_a_threshold_on_the_quantified_channel_is_refused_under_every_name(tmp_path: Path, gate: str):
    found = gate_faults(tmp_path / "study", gate)
    assert len(found) == 1
    assert f'found "{gate}", expected a gate on another channel. CD38 never gates' in found[0]


def test_one_gate_set_twice_under_two_names_is_a_fault_that_names_the_first(tmp_path: Path):
    study = good_study(tmp_path / "study", {})
    rows = "S1,BV421-A,100,AB,why\nS1,apc-h7-a,90,AB,why\nS1,cd138,120,AB,why\nS2,cd138,120,AB,why\n"
    (study / "gates.csv").write_text("sample_id,gate,value,set_by,reason\n" + rows, encoding="utf-8")
    found = [fault for fault in check_folder(study)[1] if fault.where.startswith("gates!")]
    assert [fault.where for fault in found] == ["gates!B4"]
    assert "it is the one on BV421-A, which is set in gates!B2 already" in str(found[0])


WORKSPACE = """<Workspace version="20.0" flowJoVersion="10.8.1"
 xmlns:gating="http://www.isac-net.org/std/Gating-ML/v2.0/gating"
 xmlns:transforms="http://www.isac-net.org/std/Gating-ML/v2.0/transformations"
 xmlns:data-type="http://www.isac-net.org/std/Gating-ML/v2.0/datatypes"><Groups/><SampleList><Sample>
 <DataSet uri="file:/C:/lab/P02_BM1.fcs"/><Transformations/><Keywords/>
 <SampleNode name="marrow 2" sampleID="1"><Subpopulations>
  <Population name="CD138+" owningGroup=""><Gate gating:id="ID1">
   <gating:RectangleGate><gating:dimension gating:min="3000">
    <data-type:fcs-dimension data-type:name="BV421-A"/></gating:dimension></gating:RectangleGate>
  </Gate></Population></Subpopulations></SampleNode></Sample></SampleList></Workspace>"""


def test_a_flowjo_workspace_of_a_pseudonymous_study_replaces_our_gates(plain: Plain):
    (plain.folder / "lab.wsp").write_text(WORKSPACE, encoding="utf-8")
    runs = [calibrate_bead_run(task) for task in bead_tasks(plain.study, {})]
    task = tube_tasks(plain.study, runs, {})[0]
    sample = replace(task.sample, gates_file="lab.wsp", population="CD138+")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = quantify_tube(replace(task, sample=sample))
    bright = read_fcs(plain.folder / task.sample.fcs_file).column("BV421-A") >= 3000
    assert found.n_plasma_cells == int(bright.sum()) > 100
    assert [(step.name, step.methods, step.n_out) for step in found.steps] == [
        ("CD138+", (Method.FILE,), int(bright.sum()))
    ]
    assert found.gating_confidence == 1.0
    assert [picture.gate for picture in found.pictures] == [None]  # drawn on events as they are, not as shown
    assert "C:" not in found.note + found.gates_document


def test_a_drawn_gate_without_cells_has_no_confidence_and_the_row_says_why(plain: Plain):
    nothing = WORKSPACE.replace('gating:min="3000"', 'gating:min="90000000"')
    (plain.folder / "lab.wsp").write_text(nothing, encoding="utf-8")
    runs = [calibrate_bead_run(task) for task in bead_tasks(plain.study, {})]
    task = tube_tasks(plain.study, runs, {})[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = quantify_tube(
            replace(task, sample=replace(task.sample, gates_file="lab.wsp", population="CD138+"))
        )
    assert found.n_plasma_cells == 0
    assert found.receptor.rd is None
    assert found.gating_confidence == 0.0
    assert "LOW_GATE_CONFIDENCE" in found.flags
    assert "no cell lies inside all gates: the confidence is 0" in found.note


def test_a_workspace_without_the_tube_fails_that_tube_alone_where_the_check_was_not_asked(plain: Plain):
    (plain.folder / "lab.wsp").write_text(WORKSPACE, encoding="utf-8")
    runs = [calibrate_bead_run(task) for task in bead_tasks(plain.study, {})]
    task = tube_tasks(plain.study, runs, {})[1]
    found = quantify_tube(
        replace(task, sample=replace(task.sample, gates_file="lab.wsp", population="CD138+"))
    )
    assert found.receptor.status is RdStatus.FAILED
    assert "the workspace does not have P03_BM1.fcs; it has marrow 2" in found.note


def test_the_background_is_of_the_control_s_cells_in_the_drawn_gates(plain: Plain, by_hand: Path):
    """Recomputed here from the files: FlowKit's own reading, our compensation, the median."""
    import flowkit

    row = next(r for r in rows_of(plain.folder / "samples.csv") if r["sample_id"] == "P02_BM1")
    control = plain.folder / row["fmo_file"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        document = (by_hand / "drawn" / "P02_BM1.xml").read_bytes()
        theirs = flowkit.parse_gating_xml(io.BytesIO(document)).gate_sample(flowkit.Sample(str(control)))
        cells = theirs.get_gate_membership("second_anchor")
    file, matrix = read_fcs(control), read_fcs(plain.folder / row["fcs_file"]).spillover
    assert matrix is not None
    values = compensate(Events(file.events(), file.channels), matrix).column("PE-A")[cells]
    assert float(result_of(by_hand, "P02_BM1")["background_mfi"]) == pytest.approx(
        float(np.median(values)), rel=1e-4
    )


def with_gates(plain: Plain, document: bytes, population: str, **tube: object):
    """Return what the study's first tube gives with a workspace's gates, and its file."""
    (plain.folder / "lab.wsp").write_bytes(document)
    runs = [calibrate_bead_run(task) for task in bead_tasks(plain.study, {})]
    task = tube_tasks(plain.study, runs, {})[0]
    sample = replace(task.sample, gates_file="lab.wsp", population=population, **tube)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = quantify_tube(replace(task, sample=sample))
    return found, read_fcs(plain.folder / sample.fcs_file)


def test_a_gate_on_a_raw_axis_beside_a_matrix_with_a_prefix_keeps_the_cells_that_are_bright_uncompensated(
    plain: Plain,
):
    file = read_fcs(plain.folder / plain.study.samples[0].fcs_file)
    matrix = file.spillover
    assert matrix is not None
    gates = [
        fj.population("raw", fj.rectangle({"BV421-A": {"min": 3_000.0}})),
        fj.population("compensated", fj.rectangle({"Comp-BV421-A": {"min": 3_000.0}})),
    ]
    name = Path(plain.study.samples[0].fcs_file).name
    axes = fj.matrix(matrix.channels, matrix.values)
    shared = {"$FIL": "Specimen_001_Tube_001.fcs"}
    document = fj.workspace(
        fj.sample(*gates, shown=name, uri=f"file:/C:/lab/{name}", axes=axes, keywords=shared),
        fj.sample(*gates[:1], shown="other.fcs", uri="file:/C:/lab/other.fcs", keywords=shared, number=2),
    )
    compensated = compensate(Events(file.events(), file.channels), matrix).column("BV421-A")
    raw = file.column("BV421-A")
    assert abs(int((raw >= 3_000).sum()) - int((compensated >= 3_000).sum())) > 10
    for population, values in (("raw", raw), ("compensated", compensated)):
        found, _ = with_gates(plain, document, population)
        assert found.n_plasma_cells == int((values >= 3_000).sum())


def test_flowjo_s_gates_see_values_that_the_gain_has_not_divided(plain: Plain):
    sample = plain.study.samples[0]
    content = (plain.folder / sample.fcs_file).read_bytes()
    first = read_fcs(plain.folder / sample.fcs_file).channels.index("FSC-A") + 1
    before, after = (f"$P{first}{said}|".encode() for said in ("E|0,0", "G|4.0"))
    assert before in content
    amplified = content.replace(before, after, 1)
    (plain.folder / "fcs" / "amplified.fcs").write_bytes(amplified)
    gate = fj.population("large", fj.rectangle({"FSC-A": {"min": 80_000.0}}))
    for setting, divisor in (("0", 1.0), ("1", 4.0)):
        document = fj.workspace(
            fj.sample(gate, shown="amplified.fcs", uri="file:/C:/lab/amplified.fcs"), uses_gain=setting
        )
        found, file = with_gates(plain, document, "large", fcs_file="fcs/amplified.fcs")
        assert file.parameters[first - 1].divisor == 4
        assert found.steps[0].n_out == int((file.raw("FSC-A") / divisor >= 80_000).sum())
