"""Answers of gating, calibration and models on drawn data, as they are committed, to six digits.

A change of a deciding line changes one of them. `make digests` writes them again, on purpose.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration.beads.peaks import find_bead_peaks
from calibration.beads.singlets import find_bead_singlets
from calibration.curve.standard_curve import StandardCurve, fit_standard_curve
from calibration.density.pooling import pool_receptor_densities
from calibration.density.receptor_density import quantify_receptor_density
from calibration.density.result import ReceptorDensity
from calibration.distribution.cells import cell_distribution
from gating import gate_plasma_cells
from gating.batch_cuts import batch_cuts, dye_cuts
from gating.events import Events
from gating.events.panel import GatingPanel
from gating.sentinels import find_sentinels
from helpers.synthetic_result import whole_study_result
from pipeline.assembly.study_result import StudyResult
from pipeline.patients.pharmacokinetics.decline import SerumCurve, labelled_curve
from pipeline.study.sheets.reading import read_study
from pipeline.tube.reading import Tube, read_tube
from pipeline.washout.censored.estimate import NotEstimableError
from pipeline.washout.recovery.fit import fit_recovery
from validation import along_density, conditions, recovery, waiting
from validation.at_limits import AT_LIMITS
from validation.beads import SABOTAGES, outcome, random_day
from validation.beyond import SHAPES, light
from validation.gating_tubes import PANELS
from validation.hard_numbers import bead_numbers, exact_curves, flat_models
from validation.other_marrow import PANELS as OTHER_PANELS
from validation.other_marrow import VARIANTS, other_tube
from validation.simulated_beads import KITS, bead_run

COMMITTED = Path(__file__).parent / "kept_answers.json"
SAMPLES = Path(__file__).parents[2] / "fcs_samples"
DIGITS, EVENTS, DAYS = 6, 8_000, 8
LACKING = tuple(roles for _, roles in PANELS if roles)
"""Roles that a panel lacks."""


def digest(answer: object) -> str:
    """Return the SHA-256 of an answer, its numbers rounded to so many digits."""
    return hashlib.sha256("\n".join(_words(answer)).encode()).hexdigest()


def _words(value: object) -> Iterator[str]:
    if is_dataclass(value) and not isinstance(value, type):
        yield type(value).__name__
        for field in fields(value):
            if field.compare and not callable(getattr(value, field.name)):
                yield field.name
                yield from _words(getattr(value, field.name))
    elif isinstance(value, np.ndarray):
        yield from _words_of_array(value)
    elif isinstance(value, Mapping):
        for key in value:
            yield str(key)
            yield from _words(value[key])
    elif isinstance(value, (list, tuple)):
        yield f"{len(value)} of"
        for part in value:
            yield from _words(part)
    elif isinstance(value, (float, np.floating)):
        yield f"{float(value):.{DIGITS}g}"
    else:
        yield str(value.value) if isinstance(value, Enum) else str(value)


def _words_of_array(values: NDArray[Any]) -> Iterator[str]:
    if values.dtype == bool:
        yield hashlib.sha256(np.packbits(values).tobytes()).hexdigest()
    else:
        yield from _words(values.ravel().tolist())


def gated(events: Events, panel: GatingPanel) -> object:
    """Return all that the gating says of a tube."""
    found = gate_plasma_cells(events, panel)
    clone = found.jackknife() if found.jackknife is not None else None
    cuts = dye_cuts(events, panel, found)
    return found, found.step_masks, clone, cuts, find_sentinels(events, panel, found)


@cache
def _sample_tubes() -> tuple[Tube, ...]:
    tubes = []
    for name in ("demo", "course"):
        study, _ = read_study(SAMPLES / name)
        assert study is not None
        tubes += [read_tube(study.folder / s.fcs_file, study.panel(s.panel)) for s in study.samples]
    return tuple(tubes)


def sample_tubes() -> object:
    """Return what is gated in the tubes of the sample studies; then with panels that lack their anchors."""
    whole = [gated(tube.events, tube.panel) for tube in _sample_tubes()]
    for roles, tube in zip(cycle(LACKING), _sample_tubes(), strict=False):
        panel = GatingPanel(tuple(channel for channel in tube.panel.channels if channel.role not in roles))
        whole.append(gated(tube.events.only([channel.channel for channel in panel.channels]), panel))
    return whole


def other_tubes() -> object:
    """Return what is gated in tubes of the second generator, every variant and every panel in turn."""
    panels = tuple(OTHER_PANELS)
    named = [(v, panels[n % len(panels)], 73 + n) for n, v in enumerate((*VARIANTS, *VARIANTS))]
    named += [("usual", panel, 91 + n) for n, panel in enumerate(panels)]
    tubes = [other_tube(variant, panel, seed, EVENTS) for variant, panel, seed in named]
    return [gated(tube.events, tube.panel) for tube in tubes]


def pooled_cuts() -> object:
    """Return the cuts that the tubes of the sample studies have in common."""
    found = [(tube, gate_plasma_cells(tube.events, tube.panel)) for tube in _sample_tubes()]
    return batch_cuts([dye_cuts(tube.events, tube.panel, population) for tube, population in found])


def bead_runs() -> object:
    """Return what is read in bead runs: usual, spoilt, on coarse and logarithmic scales."""
    usual = [random_day(seed) for seed in range(DAYS)]
    spoilt = [outcome(kind, seed) for kind in SABOTAGES for seed in (3, 4)]
    return usual, spoilt, [bead_numbers(seed) for seed in range(DAYS)], [exact_curves(s) for s in range(DAYS)]


@cache
def _curve(kit: str) -> StandardCurve:
    levels = np.array(KITS[kit])
    run = bead_run(np.random.default_rng(list(KITS).index(kit)), levels, n=6_000)
    singlets = find_bead_singlets(run.fsc, run.ssc)
    peaks = find_bead_peaks(run.intensity[singlets], levels.size, blank=bool(levels[0] == 0))
    return fit_standard_curve(peaks.medians, levels, rcv=peaks.rcv, n=peaks.n, saturated=peaks.saturated)


def _density(kit: str, shape: str, true: float, n: int, seed: int) -> tuple[ReceptorDensity, object]:
    rng = np.random.default_rng(seed)
    stained, control = light(shape, true, n, rng), light(shape, 0.0, max(n // 2, 30), rng)
    typed = {
        "kit": kit,
        "f_p_ratio": 1.1,
        "lot_cv": 0.05,
        "seed": seed,
        "between_run_cv": (None, 0.1)[seed % 2],
    }
    density = quantify_receptor_density(stained, control, _curve(kit), **typed, n_draws=200)
    return density, cell_distribution(density, stained, control, _curve(kit), **typed, n_draws=50)


def densities() -> object:
    """Return densities, their intervals and cells: dim, usual, above the top bead; few cells and many; pooled."""
    drawn = [
        _density(kit, shape, true, n, 7 * k + seed)
        for k, kit in enumerate(KITS)
        for seed, (shape, true, n) in enumerate(
            [
                (SHAPES[0], 0.0, 300),
                (SHAPES[k % len(SHAPES)], 900.0, 60),
                (SHAPES[1], 20_000.0, 400),
                (SHAPES[2], 600_000.0, 200),
            ]
        )
    ]
    alone = [density for density, _ in drawn]
    return drawn, [pool_receptor_densities(alone[k : k + 2 + k % 2]) for k in range(len(alone) - 2)]


@cache
def _study() -> StudyResult:
    return whole_study_result(4_000)


def washout() -> object:
    """Return the washout models of a made-up study, under every condition of the validation, without washout."""
    known = _study()
    conditioned = [conditions.examine(condition, 1, 5) for condition in conditions.CONDITIONS]
    return (
        known.washout,
        known.occupancies,
        known.visits,
        conditioned,
        [flat_models(True), flat_models(False)],
    )


def waits() -> object:
    """Return the waiting times of one study under each condition of the validation."""
    return [waiting.examine(one, 1, 3) for one in waiting.WAITS]


def recoveries() -> object:
    """Return recovery curves of drawn studies of 60 patients, or why there is none."""
    curve = labelled_curve()
    return [
        _recovery(truth, curve, seed) for truth in recovery.RECOVERIES if truth.n == 60 for seed in (2, 3)
    ]


def _recovery(truth: recovery.Recovery, curve: SerumCurve, seed: int) -> object:
    try:
        return fit_recovery(recovery.simulated(truth, curve, np.random.default_rng(seed)), curve)
    except NotEstimableError as refused:
        return str(refused)


def response() -> object:
    """Return the response tables of a made-up study, and the analyses along density of drawn ones."""
    known = _study()
    along = [along_density.study((ward, n, 11)) for ward in along_density.WARDS for n in (19, 60)]
    return known.response, known.unnumbered, known.courses, known.facts, known.exposures, along


ANSWERS: dict[str, Callable[[], object]] = {
    "gating, sample tubes": sample_tubes,
    "gating, other tubes": other_tubes,
    "gating, batch": pooled_cuts,
    "calibration, beads": bead_runs,
    "calibration, densities": densities,
    "washout": washout,
    "washout, waits": waits,
    "washout, recovery": recoveries,
    "response": response,
    **AT_LIMITS,
}
"""Name of an answer, its room first, and what computes it."""


def committed() -> dict[str, str]:
    """Return the digests as they are committed."""
    return dict(json.loads(COMMITTED.read_text("utf-8")))


def write() -> None:
    """Write the digests anew."""
    found = {name: digest(answer()) for name, answer in ANSWERS.items()}
    COMMITTED.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8", newline="")


if __name__ == "__main__":
    write()
