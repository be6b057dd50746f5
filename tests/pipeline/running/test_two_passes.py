"""Two passes over a study's tubes: what is pooled, what is made again, what is reused.

How a tube is gated is not at stake here: a function with the same rule stands in for `quantify_tube`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import pytest

import pipeline.running.two_passes
from calibration.density.receptor_density import RdStatus, ReceptorDensity
from gating.batch_cuts import BatchCut, DyeCut
from gating.gates.steps import GateStep, Step
from gating.thresholds.methods import Method
from pipeline.beads.result import CalibrationResult
from pipeline.fcs.acquisition import Acquired
from pipeline.quantification.pooled_cuts import cuts_of_batches, flagged_against_batch
from pipeline.quantification.quantify import failed
from pipeline.quantification.result import SampleFlag, SampleResult
from pipeline.quantification.task import TubeTask
from pipeline.running.options import RunOptions
from pipeline.running.progress import QuietReporter
from pipeline.running.store import stores_in
from pipeline.running.tasks import tube_digest
from pipeline.running.two_passes import Quantified, quantified_study
from pipeline.study.settings import Settings
from pipeline.study.study import Panel, PanelChannel, Sample
from pipeline.tube.detectors import DetectorSetting

PANEL = Panel("MM", (PanelChannel(("PE-A",), "cd38", f_p_ratio=1.0), PanelChannel(("V",), "viability")))
RUN = CalibrationResult("QB", "fcs/q.fcs", "quantibrite_pe", "1", "PE-A", (638.0, 6930.0), sha256="aa")
UNCLEAR = -1.0


def task(name: str, file: str = "1") -> TubeTask:
    sample = Sample(name, f"P{name}", date(2024, 5, 31), f"{name}.fcs", "MM", "QB")
    return TubeTask(Path("study"), sample, PANEL, RUN, Settings(), files_sha256=((f"{name}.fcs", file),))


def result(name: str, cut: float, *, voltage: float = 500.0) -> SampleResult:
    """A tube with a clear viability cut, or with none."""
    sure = cut != UNCLEAR
    method, confidence, value = (Method.VALLEY, 0.95, cut) if sure else (Method.SPREAD, 0.4, 9_999.0)
    return SampleResult(
        name,
        ReceptorDensity(RdStatus.OK, 100, rd=5_000.0),
        acquired=Acquired("FACSCanto II", "V1"),
        steps=(GateStep(Step.VIABLE, None, ("V",), 9, 9, (method,), (("V", value),), confidence),),
        detectors=(DetectorSetting("V", voltage, 1.0),),
        dye_cuts=(DyeCut(Step.VIABLE, "V", value, method, confidence),),
    )


@dataclass
class Lab:
    """Tubes by name with their own cut; counts what is worked on."""

    cuts: dict[str, float]
    worked: list[str] = field(default_factory=list)
    stop_after: int = 10**6

    def quantify(self, one: TubeTask) -> SampleResult:
        if len(self.worked) >= self.stop_after:
            raise KeyboardInterrupt
        name = one.sample.sample_id
        self.worked.append(name + ("+" if one.batch_cuts else ""))
        found = result(name, self.cuts[name])
        if not one.batch_cuts:
            return found
        (cut,) = one.batch_cuts
        steps = (replace(found.steps[0], methods=(Method.POOLED,), thresholds=(("V", cut.value),)),)
        return replace(found, steps=steps, flags=("GATE_FROM_BATCH",))


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Lab:
    one = Lab({"A": 500, "B": 510, "C": 530, "D": 540, "E": UNCLEAR, "F": 1_700})
    monkeypatch.setattr(pipeline.running.two_passes, "quantify_tube", one.quantify)
    return one


def run(lab: Lab, folder: Path, **options: object) -> Quantified:
    lab.worked.clear()
    tasks = [task(name) for name in lab.cuts]
    return quantified_study(tasks, RunOptions(workers=1, **options), stores_in(folder), QuietReporter())


def cut_of(done: Quantified, name: str) -> float:
    return done.results[name].steps[0].thresholds[0][1]


def test_an_unclear_tube_is_gated_again_with_the_cut_of_its_batch_and_no_other_is(lab: Lab, tmp_path: Path):
    done = run(lab, tmp_path)
    assert lab.worked == ["A", "B", "C", "D", "E", "F", "E+"]
    assert (cut_of(done, "E"), done.results["E"].flags) == (530.0, ("GATE_FROM_BATCH",))
    assert cut_of(done, "A") == 500.0


def test_a_different_tube_keeps_its_own_cut_and_is_flagged(lab: Lab, tmp_path: Path):
    done = run(lab, tmp_path)
    assert cut_of(done, "F") == 1_700.0
    assert SampleFlag.GATE_UNLIKE_BATCH in done.results["F"].flags
    assert "clear at 1700, that of its batch is 530 (5 similar tubes" in done.results["F"].note
    assert [name for name, one in done.results.items() if SampleFlag.GATE_UNLIKE_BATCH in one.flags] == ["F"]


def test_a_second_run_reuses_every_tube_and_finds_the_same(lab: Lab, tmp_path: Path):
    first = run(lab, tmp_path)
    second = run(lab, tmp_path)
    assert (lab.worked, second.n_reused) == ([], 6)
    assert second.results == first.results


def test_a_new_tube_that_moves_the_batch_makes_the_unclear_one_again_and_no_other(lab: Lab, tmp_path: Path):
    run(lab, tmp_path)
    lab.cuts["G"] = 545.0
    done = run(lab, tmp_path, only=("G",))
    assert lab.worked == ["G", "E+"]
    assert cut_of(done, "E") == 535.0
    assert run(lab, tmp_path).n_reused == 7


@pytest.mark.parametrize("stop", range(1, 7))
def test_a_run_that_was_stopped_anywhere_ends_with_the_same_results(lab: Lab, tmp_path: Path, stop: int):
    whole = run(lab, tmp_path / "whole").results
    lab.stop_after = stop
    with pytest.raises(KeyboardInterrupt):
        run(lab, tmp_path / "stopped")
    lab.stop_after = 10**6
    assert run(lab, tmp_path / "stopped").results == whole
    assert len(lab.worked) == 7 - stop


def test_a_batch_that_no_longer_agrees_gives_its_cut_back(lab: Lab, tmp_path: Path):
    run(lab, tmp_path)
    for name in ("A", "B", "C"):
        del lab.cuts[name]
    done = run(lab, tmp_path)
    assert cut_of(done, "E") == 9_999.0
    assert done.results["E"].flags == ()
    assert not stores_in(tmp_path).alone.path("E").exists()


def test_events_that_are_missing_are_written_with_the_batch_s_cut_last(lab: Lab, tmp_path: Path):
    run(lab, tmp_path)
    tasks = [replace(task(name), events_file=tmp_path / f"{name}.parquet") for name in lab.cuts]
    lab.worked.clear()
    quantified_study(tasks, RunOptions(workers=1), stores_in(tmp_path), QuietReporter())
    assert lab.worked[-1] == "E+"
    assert sorted(lab.worked) == ["A", "B", "C", "D", "E", "E+", "F"]


@pytest.mark.parametrize("exported_again", [True, False])
def test_events_of_other_gates_do_not_stay_beside_a_tube_that_is_made_again(
    lab: Lab, tmp_path: Path, exported_again: bool
):
    run(lab, tmp_path)
    events = tmp_path / "events"
    events.mkdir()
    for name in ("A", "B"):
        for ending in (".parquet", ".fcs"):
            (events / f"{name}{ending}").touch()
    tasks = [task("A", file="2"), *(task(name) for name in lab.cuts if name != "A")]
    if exported_again:
        tasks = [replace(one, events_file=events / f"{one.sample.sample_id}.parquet") for one in tasks]
    lab.worked.clear()
    quantified_study(tasks, RunOptions(workers=1), stores_in(tmp_path), QuietReporter(), events)
    assert "A" in lab.worked
    assert "B" not in lab.worked
    assert {path.name for path in events.iterdir()} == {"B.parquet", "B.fcs"}


def test_the_cuts_that_a_tube_was_given_are_in_its_digest():
    one, other = BatchCut(Step.VIABLE, "V", 530.0, 0.03, 5), BatchCut(Step.VIABLE, "V", 531.0, 0.03, 5)
    digests = {tube_digest(replace(task("E"), batch_cuts=cuts)) for cuts in ((), (one,), (other,))}
    assert len(digests) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"detectors": (DetectorSetting("V", 510.0, 1.0),)},
        {"acquired": Acquired("LSRFortessa", "V1")},
        {"spillover_source": "$SPILLOVER"},
        {"flags": ("VALUES_MISSING",)},
        {"steps": ()},
    ],
)
def test_tubes_acquired_otherwise_and_unsound_ones_have_no_say(change: dict[str, object]):
    alone = {name: result(name, 500.0 + i) for i, name in enumerate("ABCD")}
    samples = [task(name).sample for name in "ABCD"]
    assert cuts_of_batches(samples, alone)["A"] != ()
    alone["D"] = replace(alone["D"], **change)
    assert cuts_of_batches(samples, alone)["A"] == ()


def test_a_tube_like_its_batch_is_left_as_it_is():
    one, cut = result("A", 520.0), BatchCut(Step.VIABLE, "V", 500.0, 0.05, 5)
    assert flagged_against_batch(one, (cut,)) is one


def test_a_result_of_other_bytes_than_the_run_began_with_is_a_failure_whoever_made_it():
    from pipeline.running.attempt import Finished
    from pipeline.running.two_passes import _result

    asked = task("E")
    made = replace(failed(asked, ""), receptor=ReceptorDensity(RdStatus.OK, 100, rd=1000.0))
    assert _result(Finished(asked, made)) == made
    other = replace(made, sha256=(("E.fcs", "of other bytes"),))
    found = _result(Finished(asked, other))
    assert (found.receptor.status, found.receptor.rd) == (RdStatus.FAILED, None)
    assert "E.fcs changed while the run read it" in found.note
