"""What the bench shows of a moved gate is what `cd38rd run` then gives from review.csv, to the last digit."""

from __future__ import annotations

import csv
import shutil
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.path import Path as Outline

from gating.gates import PolygonGate, channels_of
from pipeline.commands.run import run_study
from pipeline.output.figures.outlines import axes_of, outlines
from pipeline.output.table import as_sentences
from pipeline.quantification.result import SampleResult
from pipeline.review.bench import (
    Bench,
    LoadedStudy,
    alike,
    apply_to,
    changes_in_words,
    load_study,
    open_bench,
)
from pipeline.review.bench.chain import Chain
from pipeline.review.view import Along, HandleKind, Move, View
from pipeline.running.options import RunOptions
from pipeline.running.progress import QuietReporter
from pipeline.study.errors import UserError
from pipeline.study.polygon import TypedPolygon
from pipeline.study.study import GateOverride
from pipeline.tube.histograms import density_counts

pytestmark = pytest.mark.slow

DEMO = Path(__file__).resolve().parents[4] / "fcs_samples" / "demo"
TUBES = ("P02_BM1", "P03_BM1", "P08_BM1", "P10_BM1")
"""With a matrix; another of the same panel; without a matrix, so that its split counts for nothing; another panel."""


def box(x: str, y: str, left: float, low: float, right: float, high: float) -> TypedPolygon:
    return TypedPolygon(x, y, ((left, low), (right, low), (right, high), (left, high)))


@dataclass(frozen=True)
class Tried:
    """A study that was run, what the bench gave for moves of each tube, and a copy run with them as review.csv."""

    loaded_study: LoadedStudy
    moves: dict[str, tuple[Move, ...]]
    settled: dict[str, View]
    held: dict[str, View]
    again: LoadedStudy


def moves_for(bench: Bench) -> dict[str, tuple[Move, ...]]:
    """Every kind of move: a threshold of each sort, and a polygon of each sort of step, made or converted."""
    steps = {step.step: step for step in bench.start().steps}
    converted = steps["plasma_cells"].polygon
    assert converted is not None
    (x, y), *others = converted.vertices
    dragged = replace(converted, vertices=((1.2 * x, y), *others))
    assert dragged.cofactors != (None, None), "its edges are straight on the picture's axes"
    return {
        "P02_BM1": (Move("debris", 26_000.0), Move("cd138", 1234.5678901), Move("cd56", 20_000.0)),
        "P03_BM1": (
            Move("singlets", polygon=box("FSC-A", "FSC-H", 30_000, 20_000, 250_000, 250_000)),
            Move("plasma_cells", polygon=dragged),
            Move("viable", 700.0),
        ),
        "P08_BM1": (
            Move("aberrant", polygon=box("cd19", "cd56", -9_000, 2_000.25, 600, 900_000)),
            Move("singlets", 1.25),
        ),
        "P10_BM1": (
            Move("debris", polygon=box("fsc_area", "ssc_area", 30_000, -100, 4e6, 200_000)),
            Move("plasma_cell_size", 90_000.0),
            Move("time", polygon=box("time", "ssc_area", 0.5, -1e5, 4.25, 5e6)),
        ),
    }


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Tried:
    folder = tmp_path_factory.mktemp("bench") / "study"
    shutil.copytree(DEMO, folder, ignore=shutil.ignore_patterns("results", "audit.jsonl"))
    keep(folder / "samples.csv", TUBES)
    keep(folder / "doses.csv", ("P02",), "patient_id")
    assert run_study(folder, RunOptions(workers=1, figures=False), QuietReporter()).exit_status == 0
    loaded_study = load_study(folder)
    assert loaded_study.stale() == ()
    wanted = moves_for(open_bench(loaded_study, "P02_BM1"))
    held, settled = {}, {}
    for name, moves in wanted.items():
        bench = open_bench(loaded_study, name)
        held[name] = bench.dragged(moves)
        settled[name] = bench.settled(moves, who="AB", reason="seen")
    other = folder.parent / "reviewed"
    shutil.copytree(folder, other)
    write_review(other, wanted)
    summary = run_study(other, RunOptions(workers=1, figures=False), QuietReporter())
    assert summary.exit_status == 0, summary.faults
    return Tried(loaded_study, wanted, settled, held, load_study(other))


def keep(path: Path, names: tuple[str, ...], column: str = "sample_id") -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(row for row in rows if row[column] in names)


def write_review(folder: Path, wanted: dict[str, tuple[Move, ...]]) -> None:
    with (folder / "review.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["sample_id", "gate", "value", "polygon", "set_by", "reason"])
        for name, moves in wanted.items():
            for move in moves:
                value = "" if move.value is None else repr(move.value)
                writer.writerow([name, move.gate, value, move.polygon or "", "AB", "seen"])


def result_of(loaded_study: LoadedStudy, sample_id: str) -> SampleResult:
    return next(result for result in loaded_study.as_run.results if result.sample_id == sample_id)


@pytest.mark.parametrize("sample_id", TUBES)
def test_a_settled_view_is_what_a_run_gives_from_review_csv_to_all_digits(tried: Tried, sample_id: str):
    told, run = tried.settled[sample_id].result, result_of(tried.again, sample_id)
    assert told is not None
    for field in fields(SampleResult):
        assert getattr(told, field.name) == getattr(run, field.name), field.name
    before = result_of(tried.loaded_study, sample_id)
    assert [step.n_out for step in run.steps] != [step.n_out for step in before.steps]


@pytest.mark.parametrize("sample_id", TUBES)
def test_the_numbers_of_a_view_are_those_of_the_table(tried: Tried, sample_id: str):
    path = tried.again.study.folder / "results" / "rd_samples.csv"
    with path.open(encoding="utf-8", newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["sample_id"] == sample_id)
    view = tried.settled[sample_id]
    assert view.number.status.value == row["status"]
    for name in ("rd", "rd_low", "rd_high", "lloq", "median_mfi", "background_mfi"):
        value = getattr(view.number, name)
        assert ("" if value is None else f"{value:.6g}") == row[name], name
    assert ";".join(view.flags) == row["flags"]
    assert as_sentences(view.notes) == row["note"]
    assert row["reviewed_by"] == "AB"


def test_the_row_says_what_a_polygon_replaced(tried: Tried):
    note = result_of(tried.again, "P03_BM1").note
    assert "gate singlets set by AB (seen): a polygon of 4 vertices on FSC-A × FSC-H, in place of the" in note
    assert "gate viable set by AB (seen): APC-H7-A 700, in place of automatic" in note
    assert "automatic cuts were found again with that" in note


def test_the_control_is_gated_by_the_same_polygon(tried: Tried):
    """Of the control only cells inside the polygon count; matplotlib says who is inside."""
    bench = open_bench(tried.loaded_study, "P03_BM1")
    polygon = tried.moves["P03_BM1"][1].polygon
    control = bench.ready.control.tube
    assert polygon is not None
    assert control is not None
    view = bench.settled((Move("plasma_cells", polygon=polygon),))
    held = bench._base.drag
    assert held is not None
    assert held.control is not None
    entered, passed = held.control.masks[5], held.control.masks[6]
    points = np.column_stack([control.events.column(name) for name in (polygon.x, polygon.y)])
    inside = Outline(np.arcsinh(np.array(polygon.vertices) / polygon.cofactors))
    assert (passed == (entered & inside.contains_points(np.arcsinh(points / polygon.cofactors)))).all()
    cells = control.quantified[held.control.masks[-1]]
    assert view.number.background_mfi == pytest.approx(float(np.median(cells)), rel=1e-6)


def test_a_polygon_of_a_run_is_handed_on_as_gatingml(tried: Tried):
    """FlowKit finds the same cells of the file with the gates that the run wrote."""
    import flowkit

    folder, result = tried.again.study.folder, result_of(tried.again, "P10_BM1")
    sample = tried.again.sample("P10_BM1")
    strategy = flowkit.parse_gating_xml(str(folder / "results" / "gates" / "P10_BM1.xml"))
    theirs = strategy.gate_sample(flowkit.Sample(str(folder / sample.fcs_file)))
    step = next(step for step in result.steps if step.name == "debris")
    assert isinstance(step.gate, PolygonGate)
    assert int(theirs.get_gate_membership("debris").sum()) == pytest.approx(step.n_out, abs=2)


@pytest.mark.parametrize("sample_id", TUBES)
def test_a_held_view_is_exact_for_the_gates_that_it_shows(tried: Tried, sample_id: str):
    """Every gate of it, put on all events anew, gives the counts that the crossing events gave."""
    bench = open_bench(tried.loaded_study, sample_id)
    moves = tried.moves[sample_id]
    bench.dragged(moves[:1])
    view = bench.dragged(moves)
    held = bench._base.drag
    assert held is not None
    assert view.settled is (sample_id == "P10_BM1"), "no step of its panel has a cut on size"
    afresh = type(held.chain)(bench.ready.tube.events, [step.gate for step in view.steps])
    assert [int(mask.sum()) for mask in afresh.masks] == [step.n_out for step in view.steps]
    assert [step.n_in for step in view.steps][1:] == [step.n_out for step in view.steps][:-1]
    for step, entered in zip(view.steps[1:], afresh.masks, strict=False):
        if step.density is not None:
            assert int(density_counts(step.density).sum()) == int(entered.sum()), step.step


def test_a_held_view_is_the_settled_one_where_nothing_is_found_again(tried: Tried):
    bench = open_bench(tried.loaded_study, "P02_BM1")
    moves = (Move("cd56", 20_000.0),)
    bench.start()
    held, settled = bench.dragged(moves), bench.settled(moves)
    assert not held.settled
    assert held.number.median_mfi == settled.number.median_mfi
    assert [step.n_out for step in held.steps] == [step.n_out for step in settled.steps]
    assert bench.dragged(moves).number == settled.number


def test_moving_back_and_forth_ends_where_it_began(tried: Tried):
    bench = open_bench(tried.loaded_study, "P02_BM1")
    first = bench.dragged((Move("cd138", 1500.0),))
    for value in (900.0, 4000.0, 20.0, 1500.0):
        last = bench.dragged((Move("cd138", value),))
    assert (last.number, last.steps) == (first.number, first.steps)


def test_each_handle_names_a_gate_that_moves_what_it_stands_at(tried: Tried):
    for sample_id in ("P02_BM1", "P10_BM1"):
        bench = open_bench(tried.loaded_study, sample_id)
        view = bench.start()
        moves: tuple[Move, ...] = ()
        for step in view.steps:
            for cut in step.cuts:
                moves = (*moves, Move(cut.gate, cut.value * 1.01))
                assert bench.fault(moves) == "", cut
                moved = bench.dragged(moves)
                assert not moved.settled
                now = {c.channel: c.value for one in moved.steps if one.step == step.step for c in one.cuts}
                assert now[cut.channel] == pytest.approx(cut.value * 1.01, rel=1e-4), cut
            for handle in step.handles:
                assert handle.gate in {cut.gate for cut in step.cuts}
                assert handle.kind is HandleKind.LINE


def test_a_polygon_has_a_handle_at_each_vertex(tried: Tried):
    step = next(step for step in tried.settled["P03_BM1"].steps if step.step == "singlets")
    assert step.is_polygon
    assert [handle.at for handle in step.handles] == [(3e4, 2e4), (2.5e5, 2e4), (2.5e5, 2.5e5), (3e4, 2.5e5)]
    assert {(handle.kind, handle.along) for handle in step.handles} == {(HandleKind.VERTEX, Along.BOTH)}


def test_a_gate_that_becomes_a_polygon_keeps_the_same_cells_and_one_that_cannot_says_why(tried: Tried):
    made, refused = set(), set()
    for sample_id in TUBES:
        bench = open_bench(tried.loaded_study, sample_id)
        for step in bench.start().steps:
            if step.no_polygon:
                refused.add(step.step)
                assert step.polygon is None
                shown = {step.density.x_channel, step.density.y_channel}
                assert any(name in step.no_polygon for name in set(channels_of(step.gate)) - shown)
            if step.polygon is None:
                continue
            held = bench.dragged((Move(step.step, polygon=step.polygon),))
            after = next(one for one in held.steps if one.step == step.step)
            assert after.n_out == step.n_out
            made.add(step.step)
    assert {"time", "singlets", "plasma_cells", "dump"} <= made
    assert {"plasma_cells", "aberrant"} <= refused, "of three channels, and of four"


def test_an_edge_is_cut_where_it_is_drawn(tried: Tried):
    """A polygon of the display scale keeps what lies within its outline on the picture, event by event."""
    bench = open_bench(tried.loaded_study, "P02_BM1")
    number = [step.step for step in bench.start().steps].index("plasma_cells")
    drawn = bench.start().steps[number].polygon
    (x, y), *others = drawn.vertices
    slanted = replace(drawn, vertices=((3 * x, y), *others))
    view = bench.settled((Move("plasma_cells", polygon=slanted),))
    step = view.steps[number]
    (line,) = outlines(step.density)
    assert len(line) == len(step.gate.vertices) + 1, "straight on the picture"
    events = bench.ready.tube.events
    gated = Chain(events, [one.gate for one in view.steps])
    columns = (step.density.x_channel, step.density.y_channel)
    shown = [
        axis.position(events.column(name)) for axis, name in zip(axes_of(step.density), columns, strict=True)
    ]
    inside = Outline(line).contains_points(np.column_stack(shown))
    assert (inside & gated.masks[number - 1]).sum() == gated.masks[number].sum() == step.n_out > 0


def test_a_gate_of_the_sheet_has_no_handle_and_says_where_it_is_changed(tried: Tried):
    typed = (
        GateOverride("P02_BM1", "CD138", 900.0, "Zoë", "seen"),
        GateOverride("P02_BM1", "singlets", None, "Zoë", "", polygon=tried.moves["P03_BM1"][0].polygon),
    )
    loaded_study = replace(tried.loaded_study, study=replace(tried.loaded_study.study, gates=typed))
    bench = open_bench(loaded_study, "P02_BM1")
    steps = {step.step: step for step in bench.start().steps}
    cells, singlets = steps["plasma_cells"], steps["singlets"]
    assert cells.fixed == "CD138 is set in the sheet gates by Zoë (seen): change or empty its row there"
    assert [handle.gate for handle in cells.handles] == ["cd45"]
    assert (cells.polygon, singlets.polygon, singlets.handles) == (None, None, ())
    assert "singlets is set in the sheet gates by Zoë" in singlets.fixed
    assert steps["viable"].fixed == ""
    for step in steps.values():
        for handle in step.handles:
            assert bench.fault((Move(handle.gate, 1.3),)) == ""


def test_cells_of_gates_that_were_drawn_elsewhere_are_seen_too(tried: Tried):
    folder = tried.again.study.folder
    shutil.copyfile(folder / "results" / "gates" / "P10_BM1.xml", folder / "drawn.xml")
    samples = tuple(
        replace(one, gates_file="drawn.xml", population="plasma_cells") if one.sample_id == "P10_BM1" else one
        for one in tried.again.study.samples
    )
    loaded_study = replace(tried.again, study=replace(tried.again.study, samples=samples, gates=()))
    bench = open_bench(loaded_study, "P10_BM1")
    view = bench.start()
    seen = bench.backgate("cd38", "ssc_area")
    assert seen.n_cells == view.number.n_cells > 0
    assert all(step.handles == () for step in view.steps)


@pytest.mark.parametrize(
    ("move", "said"),
    [
        (Move("cd38", 5.0), "CD38 never gates"),
        (Move("PE-A", 5.0), "CD38 never gates"),
        (Move("plasma_cells", polygon=box("PE-A", "cd45", 0, 0, 9, 9)), "CD38 never gates"),
        (Move("plasma_cells", polygon=box("cd45", "CD38", 0, 0, 9, 9)), "CD38 never gates"),
        (Move("aberrant", polygon=box("CD38 PE", "cd45", 0, 0, 9, 9)), "no channel"),
        (Move("margins", polygon=box("FSC-A", "SSC-A", 0, 0, 9, 9)), "no step that takes a polygon"),
        (Move("cd999", 5.0), "no gate"),
        (Move("debris", float("nan")), "not a possible threshold"),
        (Move("singlets", -1.0), "above 0"),
        (Move("viable", polygon=TypedPolygon("FSC-A", "SSC-A", ((0, 0), (1, 1)))), "at least 3"),
    ],
)
def test_a_move_that_check_refuses_is_refused_with_its_words(tried: Tried, move: Move, said: str):
    bench = open_bench(tried.loaded_study, "P02_BM1")
    assert said in bench.fault((move,))
    for view in (bench.dragged, bench.settled):
        with pytest.raises(UserError, match=said):
            view((move,))


def test_two_moves_of_one_gate_are_refused(tried: Tried):
    bench = open_bench(tried.loaded_study, "P02_BM1")
    assert "again" in bench.fault((Move("cd138", 5.0), Move("CD138", 6.0)))
    assert "set in" in bench.fault((Move("cd138", 5.0), Move("BV421-A", 6.0)))
    polygon = Move("plasma_cells", polygon=box("cd138", "cd45", 0, 0, 9, 9))
    assert "replaces the whole step" in bench.fault((polygon, Move("cd138", 5.0)))


def test_what_was_found_again_is_said_and_what_was_held_too(tried: Tried):
    bench = open_bench(tried.loaded_study, "P03_BM1")
    before = bench.start()
    moves = (Move("viable", 700.0),)
    held = changes_in_words(before, bench.dragged(moves))
    assert held.refitted == ()
    assert held.unchanged[0] == "every other gate is held until you let go"
    settled = changes_in_words(before, bench.settled(moves))
    assert any(line.startswith("Dump-negative: PerCP-Cy5-5-A ") for line in settled.refitted)
    assert "Singlets: as before" in settled.unchanged
    assert not any(line.startswith("Viable") for line in (*settled.refitted, *settled.unchanged))


def test_the_quantified_cells_are_seen_on_any_two_channels_cd38_among_them(tried: Tried):
    bench = open_bench(tried.loaded_study, "P02_BM1")
    seen = bench.backgate("cd38", "ssc_area")
    assert (seen.x.channel, seen.y.channel) == ("PE-A", "SSC-A")
    assert seen.n_cells == bench.start().number.n_cells
    values = bench.ready.tube.quantified
    assert {x for x, _ in seen.cells} <= set(values.astype(float).tolist())
    with pytest.raises(UserError, match="no channel 'CD999'"):
        bench.backgate("CD999", "ssc_area")


def test_moves_are_tried_on_other_tubes_and_nothing_is_written(tried: Tried):
    files = {path: path.stat().st_mtime_ns for path in tried.loaded_study.study.folder.rglob("*")}
    moves = (Move("cd138", 2000.0),)
    told = list(apply_to(tried.loaded_study, moves, ["P03_BM1", "P10_BM1"]))
    assert [one.sample_id for one in told] == ["P03_BM1", "P10_BM1"]
    assert told[0].before.rd == result_of(tried.loaded_study, "P03_BM1").receptor.rd
    assert told[0].after == open_bench(tried.loaded_study, "P03_BM1").settled(moves).number
    other = list(apply_to(tried.loaded_study, (Move("cd319", 500.0),), ["P10_BM1"]))
    assert other[0].after is None
    assert "no gate 'cd319'" in other[0].fault
    assert {path: path.stat().st_mtime_ns for path in tried.loaded_study.study.folder.rglob("*")} == files
    assert set(alike(tried.loaded_study, "P02_BM1")) <= set(TUBES)


def test_an_applied_move_leaves_other_gates_of_that_tube(tried: Tried):
    (told,) = apply_to(tried.again, (Move("cd138", 2000.0),), ["P02_BM1"])
    assert [move.gate for move in told.moves] == ["debris", "cd56", "cd138"]


def test_a_study_that_was_not_run_is_told_what_to_do(tmp_path: Path):
    folder = tmp_path / "study"
    shutil.copytree(DEMO, folder, ignore=shutil.ignore_patterns("results", "audit.jsonl"))
    with pytest.raises(UserError, match="run it first"):
        load_study(folder)


def test_a_tube_with_moved_gates_is_stale_until_it_is_run(tried: Tried, tmp_path: Path):
    folder = tmp_path / "study"
    shutil.copytree(tried.loaded_study.study.folder, folder)
    write_review(folder, {"P02_BM1": tried.moves["P02_BM1"]})
    assert load_study(folder).stale() == ("P02_BM1",)
