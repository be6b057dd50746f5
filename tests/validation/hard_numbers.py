"""Beads and models where a last bit could decide, printed as JSON: `python -m validation.hard_numbers`.

Run as other processors by validation.processors: beads that overlap, on integer, coarse and logarithmic scales; curves
that two or three beads determine exactly; singular matrices; slopes that are zero.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from calibration.beads.peaks import BeadPeaks, find_bead_peaks
from calibration.curve.brighter_channel import compare_channels
from calibration.curve.standard_curve import StandardCurve, fit_standard_curve
from calibration.density.result import RdStatus
from calibration.errors import CalibrationError
from gating.events.compensation import SpilloverMatrix, UnusableSpilloverError
from pipeline.output.json_files import json_text, washout_json
from pipeline.patients.patient_rd import PatientRd
from pipeline.study.settings import Settings
from pipeline.washout.report import washout_report
from validation.simulated_beads import KITS, Detector, bead_run

Floats = NDArray[np.float64]
N_RUNS, N_CURVES, N_MATRICES = 24, 40, 10
MODELS = ("autofluorescence", "loglog", "slope1")


@dataclass(frozen=True, slots=True)
class Acquired:
    """Beads on two channels of the same scale."""

    named: Floats
    other: Floats
    top: float


def acquired(seed: int) -> tuple[tuple[float, ...], Acquired]:
    """Return the levels of a kit and its beads on a detector that this seed draws."""
    rng = np.random.default_rng(seed)
    levels = tuple(KITS[list(KITS)[seed % len(KITS)]])
    photons = float(np.exp(rng.uniform(np.log(0.0005), np.log(0.05))))
    noise = float(np.exp(rng.uniform(np.log(3), np.log(300))))
    gain = float(rng.uniform(0.05, 8)) * 0.05 / photons
    named, other = (Detector(photons=share * photons, gain=gain, noise=noise) for share in (1.0, 0.3))
    run = bead_run(
        rng,
        levels,
        detector=named,
        n=int(rng.choice([1000, 3000])),
        bead_cv=float(rng.choice([0.03, 0.1, 0.2])),
        others=(other,),
    )
    return levels, _scaled(run.intensity, run.others[0], (seed // 4) % 4)


def _scaled(named: Floats, other: Floats, form: int) -> Acquired:
    """Return the values as float, ten bits, ten bits on a logarithmic scale, or integers."""
    if form == 0:
        return Acquired(named, other, 262_143.0)
    if form == 1:
        return Acquired(_bits(named / 256), _bits(other / 256), 1023.0)
    if form == 2:
        return Acquired(_decades(named), _decades(other), 1e4)
    return Acquired(np.maximum(np.rint(named / 16), 0), np.maximum(np.rint(other / 16), 0), 16_383.0)


def _bits(values: Floats) -> Floats:
    """Return the values as ten bits hold them."""
    return np.clip(np.rint(values), 0, 1023)


def _decades(values: Floats) -> Floats:
    """Return the values as ten bits of a logarithmic amplifier hold them."""
    steps = _bits(256 * np.log10(np.maximum(values, 26.2) / 26.2))
    return np.exp2(steps / 77).astype(np.float32).astype(np.float64)


def bead_numbers(seed: int) -> object:
    """Return populations, curves and the comparison of channels of one run, or why there are none."""
    levels, beads = acquired(seed)
    try:
        peaks = find_bead_peaks(beads.named, len(levels), blank=levels[0] == 0, scale_top=beads.top)
    except CalibrationError as error:
        return str(error)
    compared = compare_channels(beads.named, beads.other, peaks, one_dye=True, other_top=beads.top)
    curves = [_curve(peaks.medians, levels, model, peaks) for model in MODELS]
    return TypeAdapter(BeadPeaks).dump_python(peaks), curves, None if compared is None else asdict(compared)


def _curve(
    medians: tuple[float, ...], levels: tuple[float, ...], model: str, peaks: BeadPeaks | None
) -> object:
    known = {} if peaks is None else {"rcv": peaks.rcv, "n": peaks.n, "saturated": peaks.saturated}
    try:
        curve = fit_standard_curve(medians, levels, model=model, **known)
    except CalibrationError as error:
        return str(error)
    return TypeAdapter(StandardCurve).dump_python(curve)


def exact_curves(seed: int) -> object:
    """Return curves of two and three beads: what is left between bead and line is rounding alone."""
    rng = np.random.default_rng(seed)
    levels = np.sort(rng.uniform(1_000, 70_000, 3))
    medians = levels * rng.uniform(0.3, 3) * np.exp(rng.normal(0, 0.05, 3))
    three, pair = (tuple(medians.tolist()), tuple(levels.tolist())), slice(0, 3, 2)
    two = three[0][pair], three[1][pair]
    return _curve(*two, "loglog", None), _curve(*three, "autofluorescence", None)


def singular(seed: int) -> str:
    """Return what is said of a matrix in which two detectors carry the same signal."""
    rng = np.random.default_rng(seed)
    matrix = np.round(np.eye(6) + np.where(np.eye(6) > 0, 0, rng.uniform(0, 0.1, (6, 6))), 3)
    matrix[1] = matrix[0]
    matrix[:2, :2] = 1
    try:
        SpilloverMatrix(tuple("ABCDEF"), matrix, "a test").inverse()
    except UnusableSpilloverError as error:
        return str(error)
    return "inverted"


def flat_models(repeats: bool) -> object:
    """Return the models of densities that washout does not change."""
    rows = [
        PatientRd(f"P{p if repeats else f'{p}{v}'}", f"V{v}", weeks, density, RdStatus.OK, 300.0, 3e5, 0.08)
        for p, density in enumerate((1000.0, 5000.0, 12_000.0, 12_000.0, 5000.0, 700.0))
        for v, weeks in enumerate((4.0, 26.0))
    ]
    return washout_json(washout_report(rows, Settings()))


if __name__ == "__main__":
    print(
        json_text(
            {
                "beads": [repr(bead_numbers(seed)) for seed in range(N_RUNS)],
                "exact curves": [repr(exact_curves(seed)) for seed in range(N_CURVES)],
                "singular matrices": [singular(seed) for seed in range(N_MATRICES)],
                "flat models": [flat_models(repeats) for repeats in (False, True)],
            }
        )
    )
