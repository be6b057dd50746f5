"""Marrow whose every cell is known: a second, simpler model than the simulator, so that nothing is tuned to one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gating.events import Events, Mask
from gating.events.panel import PLASMA_CELL_TARGETS, GatingChannel, GatingPanel, Role, Target

Floats = NDArray[np.float64]
Cells = tuple[NDArray[np.intp], Floats, Floats, Floats, Floats]
"""What each cell is (a place in the list of kinds), its FSC, SSC, a row per fluorescence, CD38."""
ROLES = {
    "FSC-A": "fsc_area", "FSC-H": "fsc_height", "SSC-A": "ssc_area", "Time": "time", "Viability": "viability",
    "Dump": "dump", "CD138": "cd138", "CD45": "cd45", "CD319": "cd319", "CD19": "cd19", "CD56": "cd56",
}  # fmt: skip
FLUORESCENCE = ("Viability", "Dump", "CD138", "CD45", "CD319", "CD19", "CD56")

# percent, FSC, SSC, then medians in FLUORESCENCE's order (linear units of a 262,144 scale)
KINDS: Mapping[str, tuple[float, float, float, tuple[float, ...]]] = {
    "granulocyte": (55, 100e3, 95e3, (150, 350, 250, 8e3, 120, 60, 60)),
    "t_cell": (18, 55e3, 18e3, (80, 20e3, 60, 40e3, 300, 40, 60)),
    "b_cell": (6, 52e3, 16e3, (80, 60, 80, 35e3, 400, 9e3, 50)),
    "erythroid": (12, 38e3, 12e3, (70, 50, 50, 250, 30, 30, 40)),
    "monocyte": (7, 105e3, 45e3, (180, 15e3, 400, 30e3, 900, 90, 200)),
    "nk_cell": (2, 58e3, 19e3, (80, 100, 70, 38e3, 1.2e3, 40, 6e3)),
    "plasma_cell": (0, 92e3, 36e3, (120, 120, 20e3, 1.5e3, 9e3, 60, 12e3)),
    "normal_plasma_cell": (0, 85e3, 33e3, (120, 120, 14e3, 6e3, 9e3, 3e3, 120)),
}


@dataclass(frozen=True)
class Marrow:
    """Events without CD38, what each is, and CD38 (for the error that gating adds)."""

    events: Events
    kind: NDArray[np.str_]
    whole: Mask
    cd38: Floats

    @property
    def plasma_cells(self) -> Mask:
        return np.isin(self.kind, ("plasma_cell", "normal_plasma_cell")) & self.whole

    @property
    def aberrant(self) -> Mask:
        of_the_clone: Mask = self.kind == "plasma_cell"
        return of_the_clone & self.whole


def marrow(
    seed: int = 1,
    *,
    n: int = 30_000,
    percent: float = 2.0,
    normal_percent: float = 0.2,
    dim_cd138: float = 1.0,
    debris: float = 0.06,
    doublets: float = 0.04,
    dead: float = 0.04,
    gains: Mapping[str, float] | None = None,
    top: float = 262_144.0,
    log_amplified: bool = False,
    clog: tuple[float, float] | None = None,
    kinds: Mapping[str, tuple[float, float, float, tuple[float, ...]]] = KINDS,
) -> Marrow:
    rng = np.random.default_rng(seed)
    names = list(kinds)
    shares = np.array([kinds[k][0] for k in names], float)
    shares *= (100 - percent - normal_percent) / shares.sum()
    shares[names.index("plasma_cell")] = percent
    shares[names.index("normal_plasma_cell")] = normal_percent

    def draw(size: int) -> Cells:
        return _cells(rng, rng.choice(len(names), size, p=shares / shares.sum()), kinds, dim_cd138)

    which, fsc, ssc, light, cd38 = draw(n)
    is_debris, is_doublet, is_dead = (rng.random(n) < p for p in (debris, doublets, dead))
    fsc[is_debris] = 9e3 * np.exp(0.35 * rng.standard_normal(is_debris.sum()))
    ssc[is_debris] *= 0.2
    light[:, is_debris] *= 0.12
    _, fsc2, ssc2, light2, _ = draw(n)
    pulse = np.where(is_doublet & ~is_debris, rng.uniform(1.3, 1.9, n), 1.0)
    both = is_doublet & ~is_debris
    fsc[both] += fsc2[both]
    ssc[both] += ssc2[both]
    light[:, both] += light2[:, both]
    light[0, is_dead] = 8e3 * np.exp(0.5 * rng.standard_normal(is_dead.sum()))
    time, share = _time(rng, n, clog)
    light *= share
    light += rng.standard_normal(light.shape) * (25 + 0.8 * np.sqrt(np.abs(light)))
    height = 0.9 * fsc / pulse * np.exp(0.03 * rng.standard_normal(n))
    columns = {"FSC-A": fsc * share, "FSC-H": height * share, "SSC-A": ssc * share, "Time": time}
    columns |= dict(zip(FLUORESCENCE, light, strict=True))
    events = _recorded(columns, gains or {}, top, log_amplified)
    whole = ~(is_debris | both | is_dead)
    return Marrow(events, np.array(names)[which], whole, cd38)


def panel(*, without: tuple[str, ...] = ()) -> GatingPanel:
    return GatingPanel(
        tuple(
            GatingChannel(c, role, PLASMA_CELL_TARGETS.get(role, Target.ANY))
            for c, role in ((channel, Role(word)) for channel, word in ROLES.items())
            if c not in without
        )
    )


def f1(found: Mask, true: Mask) -> float:
    return 2 * float((found & true).sum()) / max(1.0, float(found.sum() + true.sum()))


def _cells(
    rng: np.random.Generator,
    which: NDArray[np.intp],
    kinds: Mapping[str, tuple[float, float, float, tuple[float, ...]]],
    dim_cd138: float,
) -> Cells:
    spread, names = 0.18 * np.log(10), list(kinds)
    medians = np.array([kinds[k][3] for k in names]).T[:, which]
    light = medians * np.exp(spread * rng.standard_normal(medians.shape))
    plasma = np.isin(which, [names.index("plasma_cell"), names.index("normal_plasma_cell")])
    light[FLUORESCENCE.index("CD138"), plasma] *= dim_cd138
    fsc = np.array([kinds[k][1] for k in names])[which] * np.exp(0.15 * rng.standard_normal(which.size))
    ssc = np.array([kinds[k][2] for k in names])[which] * np.exp(0.16 * rng.standard_normal(which.size))
    cd38 = np.where(plasma, 40e3, 2e3) * np.exp(0.5 * rng.standard_normal(which.size))
    return which, fsc, ssc, light, cd38


def _time(rng: np.random.Generator, n: int, clog: tuple[float, float] | None) -> tuple[Floats, Floats]:
    gaps, share = rng.exponential(1 / 1_000, n), np.ones(n)
    if clog is not None:
        rows = slice(int(clog[0] * n), int(clog[1] * n))
        gaps[rows] *= 4
        share[rows] = 0.6
    return np.floor(np.cumsum(gaps) * 100) / 100, share


def _recorded(
    columns: Mapping[str, Floats], gains: Mapping[str, float], top: float, log_amplified: bool
) -> Events:
    rows, tops = [], []
    for name, values in columns.items():
        scaled = values * gains.get(name, 1.0) * (1.0 if name == "Time" else top / 262_144.0)
        if log_amplified and name in FLUORESCENCE:
            channel = np.clip(np.floor(256 * np.log10(np.maximum(scaled, 1e-9) / 26)), 0, 1023)
            scaled = 10 ** (channel / 256)
        rows.append(scaled if name == "Time" else np.minimum(scaled, top - 1))
        tops.append(np.inf if name == "Time" else top)
    return Events(np.array(rows, np.float32), tuple(columns), tuple(tops))


def smeared(share: float, seed: int = 21, percent: float = 4.0) -> tuple[Marrow, Mask, Events]:
    """Marrow in which the given share of the plasma cells, the brightest in CD38, shine into the dump channel."""
    sample = marrow(seed, n=20_000, percent=percent)
    bright = sample.plasma_cells & (sample.cd38 > np.quantile(sample.cd38[sample.plasma_cells], 1 - share))
    values = sample.events.values.copy()
    row = sample.events.channels.index("Dump")
    rng = np.random.default_rng(seed)
    values[row, bright] = rng.lognormal(np.log(20e3), 0.5, int(bright.sum())).astype(np.float32)
    return sample, bright, Events(values, sample.events.channels, sample.events.scale_tops)
