"""A second opinion: marrow built differently from the project's simulator, so that nothing is tuned to one.

No molecules and no optics: each kind of cell is a cloud of Student's t, its levels on each marker drawn anew for every
tube around what is written down here, on other scales, with other brightnesses, mixes and autofluorescence.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gating.events import Events
from gating.events.panel import PLASMA_CELL_TARGETS, GatingChannel, GatingPanel, Target
from validation.gating_tubes import KnownTube, Wanted

Floats = NDArray[np.float64]
MARKERS = (
    "cd138", "cd45", "cd319", "cd54", "cd19", "cd56", "cd117", "cd81", "cd27", "kappa", "lambda", "viability",
)  # fmt: skip
# percent, FSC, SSC (in lymphocytes), glow, then each marker's level in MARKERS' order: 0 none, 1 dim, 2, 3 bright
KINDS: dict[str, tuple[float, float, float, float, tuple[float, ...]]] = {
    "neutrophil": (42, 1.7, 5.5, 1.3, (0, 1.8, 0, 1, 0, 0, 0, 0.5, 0, 0.2, 0.2, 0)),
    "eosinophil": (3, 1.5, 8.0, 4.0, (0, 2.0, 0, 1, 0, 0, 0, 0.6, 0, 0.2, 0.2, 0)),
    "myeloid precursor": (7, 2.2, 4.0, 1.8, (0, 1.4, 0, 0.8, 0, 0, 1.0, 0.8, 0, 0, 0, 0)),
    "monocyte": (6, 1.8, 2.2, 1.6, (0.2, 2.3, 0.5, 1.6, 0, 0.3, 0, 1.3, 0, 0.5, 0.5, 0)),
    "t cell": (15, 1.0, 1.0, 0.7, (0, 2.7, 0.4, 0.6, 0, 0.1, 0, 1.6, 1.7, 0, 0, 0)),
    "nk cell": (3, 1.05, 1.1, 0.7, (0, 2.6, 0.9, 0.5, 0, 1.8, 0, 1.5, 0.3, 0, 0, 0)),
    "b cell": (4, 0.98, 0.95, 0.7, (0, 2.5, 0.5, 0.7, 2.0, 0, 0, 1.9, 0.5, 1.5, 0.8, 0)),
    "b precursor": (3, 0.9, 0.9, 0.7, (0, 1.6, 0.1, 0.4, 1.8, 0, 0, 2.2, 0, 0.1, 0.1, 0)),
    "erythroid": (14, 0.75, 0.8, 0.5, (0, 0.3, 0, 0, 0, 0, 0.2, 0.1, 0, 0, 0, 0)),
    "progenitor": (1.5, 1.5, 1.6, 0.9, (0, 1.5, 0.1, 1.0, 0, 0, 1.7, 1.4, 0.1, 0, 0, 0)),
    "stroma": (0.03, 2.6, 4.5, 3.0, (0.8, 0.0, 0, 1.6, 0, 0.8, 0, 1.5, 0, 0, 0, 0)),
    "normal plasma cell": (0, 1.6, 2.1, 1.3, (2.4, 1.4, 1.9, 2.0, 1.5, 0.2, 0, 1.5, 1.9, 1.6, 0.2, 0)),
    "clone": (0, 1.8, 2.4, 1.4, (2.5, 0.5, 1.9, 2.1, 0, 2.0, 0.2, 0.4, 0.4, 2.0, 0.0, 0)),
}
PANELS: dict[str, tuple[str, ...]] = {
    "twelve": MARKERS,
    "no second anchor": tuple(m for m in MARKERS if m not in ("cd319", "cd54")),
    "six": ("cd138", "cd45", "cd19", "cd56", "viability"),
    "no viability": ("cd138", "cd45", "cd319", "cd19", "cd56", "cd117", "cd81"),
    "no CD138": ("cd45", "cd319", "cd54", "cd19", "cd56", "viability"),
}
SCALES = ("float", "clipped integers", "ten bits, log-amplified")
VARIANTS = ("usual", "stripped", "CD45 positive", "rare", "many dead", "none")
DECADES_PER_LEVEL = 0.95
TOP = 262_144.0
SCATTER = ("fsc_area", "fsc_height", "ssc_area")


def other_tube(variant: str, panel: str, seed: int, n_events: int = 30_000) -> KnownTube:
    """Draw a tube: `variant` of VARIANTS, `panel` of PANELS; scale and all else come from the seed."""
    rng = np.random.default_rng([seed, *variant.encode(), *panel.encode()])
    names, shares = list(KINDS), _shares(variant, rng)
    which = rng.choice(len(names), n_events, p=shares)
    levels = _levels(variant, rng)
    scatter, glow = _bodies(rng, which)
    stained = _stain(rng, which, levels, glow)
    cd38 = _cd38(rng, which)
    whole = _spoil(rng, variant, which, scatter, stained, cd38)
    scale = SCALES[seed % len(SCALES)]
    noisy = np.stack([_recorded(rng, row, scale) for row in stained])
    plasma = np.isin(which, [names.index("clone"), names.index("normal plasma cell")]) & whole
    return _known(
        Wanted(variant, scale, panel, seed, n_events),
        scatter,
        noisy,
        cd38,
        plasma,
        (which == names.index("clone")) & whole,
    )


def other_tubes(seeds: range) -> list[tuple[str, str, int]]:
    """Return every variant with every panel, a seed each."""
    return [(variant, panel, seed) for seed in seeds for variant in VARIANTS for panel in PANELS]


def _shares(variant: str, rng: np.random.Generator) -> Floats:
    shares = np.array([row[0] for row in KINDS.values()]) * np.exp(0.4 * rng.standard_normal(len(KINDS)))
    low, high = {"rare": (0.05, 0.3), "none": (0.0, 0.0)}.get(variant, (0.5, 15.0))
    clone = np.exp(rng.uniform(np.log(low), np.log(high))) if high else 0.0
    rest = shares.sum()
    shares[list(KINDS).index("clone")] = clone * rest / (100 - clone)
    shares[list(KINDS).index("normal plasma cell")] = (
        0.0 if variant == "none" else rng.uniform(0.0005, 0.003) * rest
    )
    return np.asarray(shares / shares.sum(), np.float64)


def _levels(variant: str, rng: np.random.Generator) -> Floats:
    """Levels of each marker (row) on each kind (column), as this tube and this patient have them."""
    levels = np.array([row[4] for row in KINDS.values()], float).T
    levels += 0.12 * rng.standard_normal(levels.shape) * (levels > 0)
    clone = list(KINDS).index("clone")
    at = {marker: row for row, marker in enumerate(MARKERS)}
    if rng.random() < 0.3:
        levels[at["cd56"], clone] = 0.1
    levels[at["cd117"], clone] = 1.8 if rng.random() < 0.3 else 0.0
    levels[at["cd45"], clone] = {"CD45 positive": 2.1}.get(variant, rng.uniform(0.1, 0.9))
    if rng.random() < 0.5:
        levels[[at["kappa"], at["lambda"]], clone] = levels[[at["lambda"], at["kappa"]], clone]
    if variant == "stripped":
        plasma = [clone, list(KINDS).index("normal plasma cell")]
        levels[at["cd138"], plasma] = rng.uniform(0.5, 1.3)
    return np.maximum(levels, 0.0)


def _bodies(rng: np.random.Generator, which: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """FSC area, FSC height, SSC area (rows), and each cell's glow."""
    rows = np.array([row[1:4] for row in KINDS.values()]) * np.exp(
        0.06 * rng.standard_normal((len(KINDS), 3))
    )
    unit = 48e3 * np.exp(0.2 * rng.standard_normal())
    fsc = unit * rows[which, 0] * np.exp(0.15 * _t(rng, which.size))
    ssc = 0.3 * unit * rows[which, 1] * np.exp(0.2 * _t(rng, which.size))
    height = 0.85 * fsc * np.exp(0.03 * rng.standard_normal(which.size))
    return np.stack([fsc, height, ssc]), rows[which, 2] * np.exp(0.3 * rng.standard_normal(which.size))


def _stain(rng: np.random.Generator, which: NDArray[np.intp], levels: Floats, glow: Floats) -> Floats:
    """Linear light per marker (row): glow and background of the channel, and the marker's level on a dye of its own."""
    n = len(MARKERS)
    background, shine = np.exp(rng.uniform(2.5, 5.0, n)), np.exp(rng.uniform(2.0, 5.5, n))
    bright = np.exp(rng.uniform(3.8, 5.2, n))
    cells = 10 ** (DECADES_PER_LEVEL * levels[:, which]) - 1
    cells *= np.exp(rng.uniform(0.3, 0.55, (n, len(KINDS)))[:, which] * _t(rng, (n, which.size)))
    return np.asarray(bright[:, None] * cells + shine[:, None] * glow + background[:, None] * 0.3, np.float64)


def _cd38(rng: np.random.Generator, which: NDArray[np.intp]) -> Floats:
    """CD38 light: free receptors on plasma cells, some on all others."""
    middle = np.full(len(KINDS), 700.0) * np.exp(0.7 * rng.standard_normal(len(KINDS)))
    middle[list(KINDS).index("clone")] = np.exp(rng.uniform(np.log(3e3), np.log(6e4)))
    middle[list(KINDS).index("normal plasma cell")] = 5e4
    return middle[which] * np.exp(0.45 * _t(rng, which.size))


def _spoil(
    rng: np.random.Generator,
    variant: str,
    which: NDArray[np.intp],
    scatter: Floats,
    stained: Floats,
    cd38: Floats,
) -> NDArray[np.bool_]:
    """Make dead cells, fragments and doublets of some; return which are left whole."""
    n = which.size
    dead = rng.random(n) < (0.2 if variant == "many dead" else 0.05)
    pieces = ~dead & (rng.random(n) < 0.07)
    pairs = np.flatnonzero(~dead & ~pieces & (rng.random(n) < 0.04))
    stained[MARKERS.index("viability"), dead] += 2e4 * np.exp(0.5 * rng.standard_normal(dead.sum()))
    stained[:-1, dead] += 120 * np.exp(0.6 * rng.standard_normal((len(MARKERS) - 1, dead.sum())))
    scatter[:2, dead] *= 0.65
    shrunk = np.exp(-rng.uniform(1.5, 3.0, pieces.sum()))
    scatter[:, pieces] *= shrunk
    stained[:, pieces] *= shrunk
    cd38[pieces] *= shrunk
    others = rng.integers(0, n, pairs.size)
    scatter[:, pairs] += scatter[:, others]
    scatter[1, pairs] *= rng.uniform(0.5, 0.72, pairs.size)
    stained[:, pairs] += stained[:, others]
    cd38[pairs] += cd38[others]
    whole = ~(dead | pieces)
    whole[pairs] = False
    return whole


def _recorded(rng: np.random.Generator, light: Floats, scale: str) -> Floats:
    if scale == SCALES[2]:
        channel = np.floor(
            256 * np.log10(np.maximum(light * np.exp(0.05 * rng.standard_normal(light.size)), 1e-9) / 26)
        )
        return np.asarray(10 ** (np.clip(channel, 0, 1023) / 256), np.float64)
    noise = 15 + 1.5 * np.sqrt(light)
    noisy = light + noise * rng.standard_normal(light.size)
    if scale == SCALES[1]:
        return np.clip(np.floor(noisy), 0, TOP - 1)
    return np.minimum(noisy, TOP - 1)


def _known(
    wanted: Wanted,
    scatter: Floats,
    stained: Floats,
    cd38: Floats,
    plasma: NDArray[np.bool_],
    clone: NDArray[np.bool_],
) -> KnownTube:
    roles = PANELS[wanted.panel]
    rows = [np.clip(np.floor(row), 0, TOP - 1) for row in scatter] + [
        stained[MARKERS.index(role)] for role in roles
    ]
    names = (*SCATTER, *roles)
    channels = tuple(
        GatingChannel(f"ch{i}", role, PLASMA_CELL_TARGETS.get(role, Target.ANY))
        for i, role in enumerate(names)
    )
    top = float("inf") if wanted.instrument == SCALES[2] else TOP - 1
    tops = tuple(TOP - 1 if role in SCATTER else top for role in names)
    events = Events(np.array(rows, np.float32), tuple(channel.channel for channel in channels), tops)
    return KnownTube(
        wanted, events, GatingPanel(channels), cd38.astype(np.float32), plasma, clone, 500.0, 1 + len(roles)
    )


def _t(rng: np.random.Generator, size: int | tuple[int, ...]) -> Floats:
    """Student's t with 8 degrees of freedom, of variance 1: tails heavier than normal."""
    return np.asarray(rng.standard_t(8, size) * np.sqrt(6 / 8), np.float64)
