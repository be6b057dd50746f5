"""Side by side with FlowCal 1.3 (Castillo-Hair et al. 2016, doi:10.1021/acssynbio.5b00284) in one run.

The same events, the same autofluorescence model. FlowCal's mixture starts from populations of equal size and
draws labels at random, so that unequal weights or debris put its populations in the wrong places, in silence.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from calibration import StandardCurve, find_bead_peaks, find_bead_singlets, fit_standard_curve
from pipeline.fcs import read_fcs, write_fcs
from validation.simulated_beads import BeadRun, Detector, bead_run

pytestmark = [pytest.mark.benchmark, pytest.mark.filterwarnings("ignore")]

LEVELS = (638.0, 6930.0, 31008.0, 67601.0)
REPEATS = 3


@pytest.fixture(scope="module", autouse=True)
def installed():
    """Import it here, not where tests are collected: it takes seconds and warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("FlowCal", reason="FlowCal is not installed (dependency group dev)")


@dataclass(frozen=True)
class Answer:
    """Medians, worst error of the curve over the beads' range, all repeats alike?, seconds of processor of the fastest."""

    medians: np.ndarray
    error: float
    repeatable: bool
    seconds: float


@dataclass(frozen=True)
class Case:
    """Simulated beads as a file, their truth, whether both programs gate on scatter."""

    path: str
    run: BeadRun
    detector: Detector
    gated: bool

    def error(self, to_level: Callable) -> float:
        at = np.geomspace(LEVELS[0], LEVELS[-1], 9)
        return float(np.max(np.abs(to_level(at * self.detector.per_molecule) / at - 1)))


@pytest.fixture
def case(request, tmp_path):
    weights, debris, gated = request.param
    detector = Detector(photons=0.3, gain=200000 / LEVELS[-1] / 0.3, noise=15.0)
    run = bead_run(
        np.random.default_rng(5), LEVELS, detector=detector, n=20_000, weights=weights, debris=debris,
        autofluorescence=2.0,
    )  # fmt: skip
    path = tmp_path / "beads.fcs"
    values = np.stack([run.fsc, run.ssc, run.intensity]).astype(np.float32)
    write_fcs(path, values, ("FSC-A", "SSC-A", "PE-A"))
    return Case(str(path), run, detector, gated)


def cd38rd(case: Case) -> tuple[np.ndarray, StandardCurve]:
    file = read_fcs(case.path)
    x = file.column("PE-A")
    if case.gated:
        x = x[find_bead_singlets(file.column("FSC-A"), file.column("SSC-A"))]
    peaks = find_bead_peaks(x, len(LEVELS))
    curve = fit_standard_curve(peaks.medians, LEVELS, model="autofluorescence", rcv=peaks.rcv, n=peaks.n)
    return np.array(peaks.medians), curve


def flowcal(case: Case) -> tuple[np.ndarray, Callable]:
    import FlowCal

    beads = FlowCal.transform.to_rfi(FlowCal.io.FCSData(case.path))
    beads = FlowCal.gate.start_end(beads, num_start=250, num_end=100)
    if case.gated:
        beads = FlowCal.gate.high_low(beads, channels=["FSC-A", "SSC-A"])
        beads = FlowCal.gate.density2d(beads, channels=["FSC-A", "SSC-A"], gate_fraction=0.3)
    found = FlowCal.mef.get_transform_fxn(
        beads, np.array(LEVELS), mef_channels="PE-A", clustering_channels=["PE-A"], full_output=True
    )
    return np.array(found.statistic["values"][0]), found.fitting["std_crv"][0]


def refusal(case: Case) -> str:
    """Return why FlowCal gives no answer, "" where it gives one."""
    np.random.seed(0)  # noqa: NPY002
    try:
        flowcal(case)
    except ValueError as error:
        return str(error)
    return ""


def repeated(case: Case, work: Callable) -> Answer:
    medians, seconds = [], []
    for seed in range(REPEATS):
        np.random.seed(seed)  # noqa: NPY002 - FlowCal draws from the global generator
        started = time.process_time()
        values, curve = work(case)
        seconds.append(time.process_time() - started)
        medians.append(values)
    alike = all(np.array_equal(values, medians[0]) for values in medians)
    to_level = curve.to_abc if isinstance(curve, StandardCurve) else curve
    error = case.error(lambda mfi: to_level(mfi) - getattr(curve, "autofluorescence", 0.0))
    return Answer(medians[0], error, alike, min(seconds))


def side_by_side(case: Case, name: str) -> tuple[Answer, Answer]:
    ours, theirs = repeated(case, cd38rd), repeated(case, flowcal)
    print(
        f"\n{name}: worst error cd38rd {ours.error:.2%}, FlowCal {theirs.error:.2%}; "
        f"repeats alike: {ours.repeatable}, {theirs.repeatable}; {theirs.seconds / ours.seconds:.0f} times as fast"
    )
    assert ours.repeatable
    assert theirs.seconds / ours.seconds >= 20
    return ours, theirs


@pytest.mark.parametrize("case", [(None, 0.03, True)], indirect=True, ids=["clean"])
def test_clean_beads_give_the_same_answers(case):
    ours, theirs = side_by_side(case, "clean beads")
    assert ours.medians == pytest.approx(theirs.medians, rel=0.01)
    assert max(ours.error, theirs.error) <= 0.015


@pytest.mark.parametrize(
    "case",
    [((0.4, 0.3, 0.2, 0.1), 0.03, True), ((0.1, 0.2, 0.3, 0.4), 0.03, True)],
    indirect=True,
    ids=["weights .4 .3 .2 .1", "weights .1 .2 .3 .4"],
)
def test_unequal_weights_are_right_here_and_far_off_there(case, request):
    ours, theirs = side_by_side(case, request.node.name)
    assert ours.error <= 0.01
    assert theirs.error > 0.5
    assert not theirs.repeatable


@pytest.mark.parametrize("case", [(None, 0.20, False)], indirect=True, ids=["no scatter gate"])
def test_debris_of_a_fifth_is_right_here_and_refused_or_far_off_there(case):
    ours = repeated(case, cd38rd)
    assert ours.error <= 0.01
    why = refusal(case)
    print(f"\n20 % debris: worst error cd38rd {ours.error:.2%}; FlowCal {why or 'answers'}")
    assert why or repeated(case, flowcal).error > 0.5


RCP30 = (0, 792, 2079, 6588, 16471, 47497, 137049, 271647)
"""Lot AJ01 of Spherotech's RCP-30-5A, MEFL."""


@dataclass(frozen=True)
class Rainbow:
    """Rainbow beads and cells of a real file: FL1 medians on the scale, m and b of the model, median MEFL of the cells."""

    medians: np.ndarray
    m: float
    b: float
    mefl: float
    seconds: float


def rainbow_of_flowcal(folder) -> Rainbow:
    import FlowCal

    np.random.seed(0)  # noqa: NPY002
    started = time.process_time()
    beads, cells = (
        FlowCal.gate.density2d(
            FlowCal.gate.high_low(
                FlowCal.gate.start_end(
                    FlowCal.transform.to_rfi(FlowCal.io.FCSData(str(folder / name))),
                    num_start=250,
                    num_end=100,
                ),
                channels=["FSC", "SSC"],
            ),
            channels=["FSC", "SSC"],
            gate_fraction=0.85,
        )
        for name in ("B0001.fcs", "sample010.fcs")
    )
    found = FlowCal.mef.get_transform_fxn(
        beads,
        np.array(RCP30),
        mef_channels="FL1",
        clustering_channels=["FL1", "FL2", "FL3"],
        full_output=True,
    )
    seconds = time.process_time() - started
    m, b, _ = found.fitting["beads_params"][0]
    mefl = float(np.median(found.transform_fxn(cells, "FL1")[:, "FL1"]))
    return Rainbow(np.array(found.statistic["values"][0]), m, b, mefl, seconds)


def rainbow_of_cd38rd(folder, cells: np.ndarray) -> Rainbow:
    started = time.process_time()
    file = read_fcs(folder / "B0001.fcs")
    top = {name: file.scale_top(name) for name in ("FSC", "SSC", "FL1")}
    mask = find_bead_singlets(file.column("FSC"), file.column("SSC"), fsc_top=top["FSC"], ssc_top=top["SSC"])
    peaks = find_bead_peaks(file.column("FL1")[mask], len(RCP30), blank=True, scale_top=top["FL1"])
    curve = fit_standard_curve(
        peaks.medians, RCP30, model="autofluorescence", rcv=peaks.rcv, n=peaks.n, saturated=peaks.saturated
    )
    mefl = curve.to_abc(float(np.median(read_fcs(folder / "sample010.fcs").column("FL1")[cells])))
    seconds = time.process_time() - started
    return Rainbow(np.array(peaks.medians), curve.slope, curve.intercept * np.log(10), mefl, seconds)


def cells_in_flowcals_gate(folder) -> np.ndarray:
    """Return which events of the cells FlowCal's gate keeps, so that both programs look at the same cells."""
    import FlowCal

    cells = FlowCal.transform.to_rfi(FlowCal.io.FCSData(str(folder / "sample010.fcs")))
    inner = FlowCal.gate.start_end(cells, num_start=250, num_end=100, full_output=True)
    scale = FlowCal.gate.high_low(inner.gated_data, channels=["FSC", "SSC"], full_output=True)
    dense = FlowCal.gate.density2d(
        scale.gated_data, channels=["FSC", "SSC"], gate_fraction=0.85, full_output=True
    )
    return np.flatnonzero(inner.mask)[scale.mask][dense.mask]


@pytest.mark.real
def test_real_rainbow_beads_and_cells_are_within_one_percent_of_flowcal(real_data):
    folder = real_data / "beads" / "rcp30"
    cells = cells_in_flowcals_gate(folder)
    theirs = rainbow_of_flowcal(folder)
    ours = [rainbow_of_cd38rd(folder, cells) for _ in range(REPEATS)]
    first, seconds = ours[0], min(one.seconds for one in ours)
    off = first.medians[:7] / theirs.medians[:7] - 1
    print(
        f"\nRCP-30-5A, lot AJ01, FL1: medians off by {np.max(np.abs(off)):.2%} at most, m {first.m:.4f} and {theirs.m:.4f}, "
        f"b {first.b:.4f} and {theirs.b:.4f}, cells {first.mefl:.1f} and {theirs.mefl:.1f} MEFL; "
        f"{theirs.seconds / seconds:.0f} times as fast"
    )
    assert all(np.array_equal(one.medians, first.medians) and one.mefl == first.mefl for one in ours)
    assert np.max(np.abs(off)) <= 0.01
    assert (first.m, first.b) == pytest.approx((theirs.m, theirs.b), rel=0.01)
    assert first.mefl == pytest.approx(theirs.mefl, rel=0.01)
    assert first.mefl == pytest.approx(956.8, rel=0.01)
    assert theirs.seconds / seconds >= 20
