"""How the gating of EuroFlow LST tubes generalises: hybrids of five real tubes, with the label of every event.

Each hybrid puts the plasma cells of one tube among the other cells of another, and then changes something: how
many cells of a kind there are, the instrument, the plasma cells, or the panel. CD38 is an anchor here, as there is
no CD138 and nothing is quantified. Choose on the hybrids `chosen`; test on those `aside`.

    python -m validation.lst_hybrids FOLDER_OF_REAL_FILES [chosen | aside] [KIND ...]
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gating import gate_plasma_cells
from gating.events import Events, Mask
from gating.events.panel import GatingPanel, Role
from helpers.known_marrow import f1
from helpers.lst_tubes import LST, LST_PANEL, lst_labels

TUBES = {
    "12": "marrow/euroflow_simulated/Cytometry12", "35": "marrow/euroflow_simulated/Cytometry35",
    "14": "found/euroflow_Cytometry14", "30": "found/euroflow_Cytometry30", "23": "found/euroflow_Cytometry23",
}  # fmt: skip
DONORS = ("12", "35", "14", "30")
SEEDS = {"chosen": range(20), "aside": range(20, 40)}
"""Each half has every donor with every recipient once, and draws of its own."""
DECADE = 2000.0
"""Stored units of a tenfold brightness on the files' logicle axis."""
USUAL_EVENTS, FEWEST_COUNTED = 50_000, 25
CHANNELS = tuple(name for name, _, _ in LST)
CD19, CD38, CD45, FSC, SSC = (CHANNELS.index(c) for c in ("CD19", "CD38", "CD45", "FSC-A", "SSC-A"))
KAPPA, LAMBDA = CHANNELS.index("CD56+IgK"), CHANNELS.index("CD8+IgL")
SCATTER = (FSC, SSC)
SMOOTHED, FEWEST_ALIKE = 0.6, 12
"""Spread of drawn cells around real ones, in spreads of their kind; fewest cells whose spread is known."""
COMMON = {
    "plasma": ("plasma cells", "pc "), "debris": ("debris", "doublets", "events"), "abnormal": ("abnormal",),
    "basophil": ("basophil",), "monocyte": ("monocytes",), "b_cell": ("mature sig", "b cells"),
    "granulocyte": ("neutrophil", "eosinophil"), "erythroid": ("nucleated red",), "t_cell": ("cd4", "cd8", "tcr"),
}  # fmt: skip
"""Kinds of cells by the words in the tubes' labels; the first that fits."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells of a tube: `values` of shape (n_channels, n), and the kind of each."""

    values: NDArray[np.float64]
    kinds: NDArray[np.str_]

    def of(self, rows: NDArray[np.intp] | Mask) -> Cells:
        return Cells(self.values[:, rows], self.kinds[rows])

    def of_kind(self, kind: str) -> Cells:
        return self.of(self.kinds == kind)

    def joined(self, other: Cells) -> Cells:
        return Cells(np.hstack([self.values, other.values]), np.concatenate([self.kinds, other.kinds]))


@dataclass(frozen=True, slots=True)
class Hybrid:
    """A tube made of two, and the panel with which it is gated."""

    cells: Cells
    panel: GatingPanel = LST_PANEL


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a hybrid: number of plasma cells, F1 of the gate, its confidence, its number of cells."""

    kind: str
    seed: int
    n: int
    right: float
    confidence: float
    gated: int


@cache
def tube(folder: Path, name: str) -> Cells:
    """Return the cells of a real tube."""
    values, labels = lst_labels(folder / f"{TUBES[name]}.csv.gz")
    words = {label: _common(label) for label in labels.unique()}
    return Cells(values.astype(np.float64), labels.map(words).to_numpy().astype(np.str_))


def _common(label: str) -> str:
    fit = (kind for kind, words in COMMON.items() if any(word in label.lower() for word in words))
    return next(fit, "other")


def hybrid(folder: Path, kind: str, seed: int) -> Hybrid:
    """Return the hybrid of a kind: donor and recipient by the seed's place, all other draws by the seed."""
    rng = np.random.default_rng([seed, *kind.encode()])
    donor, recipient = tube(folder, DONORS[seed % 4]), tube(folder, list(TUBES)[seed // 4 % 5])
    return KINDS[kind](rng, donor, recipient)


def outcome(folder: Path, kind: str, seed: int) -> Outcome:
    """Gate a hybrid and compare the gate with the labels."""
    made = hybrid(folder, kind, seed)
    events = Events(np.ascontiguousarray(made.cells.values, np.float32), CHANNELS)
    truth = made.cells.kinds == "plasma"
    gated = gate_plasma_cells(events.only([c.channel for c in made.panel.channels]), made.panel)
    n = int(np.count_nonzero(gated.mask))
    used = n if "NO_CLEAR_POPULATION" not in gated.flags else 0
    return Outcome(kind, seed, int(truth.sum()), f1(gated.mask, truth), gated.confidence, used)


def mixed(
    rng: np.random.Generator,
    donor: Cells,
    recipient: Cells,
    n: int,
    events: int = USUAL_EVENTS,
    **factors: float,
) -> Cells:
    """Return n plasma cells of the donor among the recipient's other cells, kinds multiplied by `factors`."""
    others = recipient.of(recipient.kinds != "plasma")
    for kind, factor in factors.items():
        some = others.of_kind(kind)
        others = others.of(others.kinds != kind).joined(_drawn(rng, some, round(factor * some.kinds.size)))
    if others.kinds.size > events:
        others = others.of(np.sort(rng.choice(others.kinds.size, events, replace=False)))
    plasma = _drawn(rng, _on_scale_of(recipient, donor).of_kind("plasma"), n)
    both = others.joined(plasma)
    return both.of(rng.permutation(both.kinds.size))


def _drawn(rng: np.random.Generator, cells: Cells, n: int) -> Cells:
    """Return n of the cells; more than there are by a smoothed bootstrap among those of one light chain.

    Silverman and Young 1987, doi:10.1093/biomet/74.3.469."""
    if not cells.kinds.size or n <= cells.kinds.size:
        return cells.of(rng.choice(cells.kinds.size, n if cells.kinds.size else 0, replace=False))
    has_kappa = cells.values[KAPPA] > cells.values[LAMBDA]
    more = cells.of(rng.choice(cells.kinds.size, n - cells.kinds.size))
    values = more.values.copy()
    for chain in (True, False):
        alike, rows = cells.values[:, has_kappa == chain], (more.values[KAPPA] > more.values[LAMBDA]) == chain
        if alike.shape[1] < FEWEST_ALIKE:
            continue
        middle = alike.mean(axis=1)[:, None]
        noise = rng.multivariate_normal(np.zeros(len(CHANNELS)), np.cov(alike), int(rows.sum())).T
        values[:, rows] = middle + (values[:, rows] - middle + SMOOTHED * noise) / np.hypot(1, SMOOTHED)
    return cells.joined(replace(more, values=values))


def _on_scale_of(recipient: Cells, donor: Cells) -> Cells:
    """Return the donor's cells with scatter and CD45 of its T cells as in the recipient."""
    values = donor.values.copy()
    there, here = (np.median(t.of_kind("t_cell").values, axis=1) for t in (donor, recipient))
    for row in SCATTER:
        values[row] *= here[row] / there[row]
    values[CD45] += here[CD45] - there[CD45]
    return replace(donor, values=values)


Maker = Callable[[np.random.Generator, Cells, Cells], Hybrid]


def _counts(*counts: int) -> Maker:
    return lambda rng, donor, recipient: Hybrid(mixed(rng, donor, recipient, int(rng.choice(counts))))


def _share(kind: str) -> Maker:
    def made(rng: np.random.Generator, donor: Cells, recipient: Cells) -> Hybrid:
        n, factor = int(rng.choice([50, 100, 300])), float(rng.choice([0.0, 1 / 3, 3.0, 10.0]))
        return Hybrid(mixed(rng, donor, recipient, n, **{kind: factor}))

    return made


def _events(events: int) -> Maker:
    return lambda rng, donor, recipient: Hybrid(mixed(rng, donor, recipient, 100, events))


def _changed(change: Callable[[np.random.Generator, Cells], NDArray[np.float64]]) -> Maker:
    def made(rng: np.random.Generator, donor: Cells, recipient: Cells) -> Hybrid:
        cells = mixed(rng, donor, recipient, int(rng.choice([50, 100, 300])))
        return Hybrid(replace(cells, values=change(rng, cells)))

    return made


def _moved(row: int, decades: float, kind: str = "plasma") -> Maker:
    def change(rng: np.random.Generator, cells: Cells) -> NDArray[np.float64]:
        values = cells.values.copy()
        values[row, cells.kinds == kind] += decades * DECADE
        return values

    return _changed(change)


def _gain(rng: np.random.Generator, cells: Cells) -> NDArray[np.float64]:
    """Each detector half to twice as bright, for all cells."""
    factors = 2 ** rng.uniform(-1, 1, len(CHANNELS))
    values = cells.values + DECADE * np.log10(factors)[:, None]
    values[list(SCATTER)] = cells.values[list(SCATTER)] * factors[list(SCATTER), None]
    return values


def _units(rng: np.random.Generator, cells: Cells) -> NDArray[np.float64]:
    """The stored numbers of each channel half to twice as large, as another program writes them."""
    return np.asarray(cells.values * 2 ** rng.uniform(-1, 1, (len(CHANNELS), 1)))


def _spread(rng: np.random.Generator, cells: Cells) -> NDArray[np.float64]:
    """Each kind of cells 20 % wider around its own median."""
    values = cells.values.copy()
    for kind in np.unique(cells.kinds):
        rows = cells.kinds == kind
        middle = np.median(values[:, rows], axis=1)[:, None]
        values[:, rows] = middle + 1.2 * (values[:, rows] - middle)
    return values


def _cd19(level: float) -> Callable[[np.random.Generator, Cells], NDArray[np.float64]]:
    """All plasma cells with CD19 around this stored position, as wide as NK and T cells are negative."""

    def change(rng: np.random.Generator, cells: Cells) -> NDArray[np.float64]:
        values, plasma = cells.values.copy(), cells.kinds == "plasma"
        values[CD19, plasma] = level + 300 * rng.standard_normal(int(plasma.sum()))
        return values

    return change


def _without(role: Role) -> Maker:
    panel = GatingPanel(tuple(c for c in LST_PANEL.channels if c.role != role))
    return lambda rng, donor, recipient: Hybrid(mixed(rng, donor, recipient, 100), panel)


def _no_plasma_cells(rng: np.random.Generator, donor: Cells, recipient: Cells) -> Hybrid:
    kind = str(rng.choice(["basophil", "monocyte", "b_cell", "granulocyte", "debris"]))
    return Hybrid(mixed(rng, donor, recipient, 0, **{kind: float(rng.choice([0.0, 1 / 3, 3.0, 10.0]))}))


def _bright_lymphoma(n: int) -> Maker:
    """Lymphoma cells, or the recipient's own B cells, nearly as bright in CD38 as plasma cells."""

    def made(rng: np.random.Generator, donor: Cells, recipient: Cells) -> Hybrid:
        cells = mixed(rng, donor, recipient, n, b_cell=float(rng.choice([1.0, 3.0])))
        kind = "abnormal" if np.any(cells.kinds == "abnormal") else "b_cell"
        values = cells.values.copy()
        values[CD38, cells.kinds == kind] += float(rng.uniform(1500, 2800))
        return Hybrid(replace(cells, values=values))

    return made


KINDS: dict[str, Maker] = {
    "25 or 50 plasma cells": _counts(25, 50),
    "100 or 300 plasma cells": _counts(100, 300),
    "1000 plasma cells": _counts(1000),
    **{
        f"share of {k}": _share(k)
        for k in ("basophil", "monocyte", "b_cell", "granulocyte", "erythroid", "debris")
    },
    "20,000 events": _events(20_000),
    "200,000 events": _events(200_000),
    "gain": _changed(_gain),
    "units": _changed(_units),
    "spread": _changed(_spread),
    **{f"CD38 dimmer by {d} decades": _moved(CD38, -d) for d in (0.2, 0.4, 0.6)},
    "CD45 brighter": _moved(CD45, 0.25),
    "CD19 positive": _changed(_cd19(5500)),
    "CD19 negative": _changed(_cd19(2400)),
    **{f"without {role}": _without(role) for role in (Role.CD45, Role.FSC_AREA, Role.SSC_AREA)},
    "no plasma cells": _no_plasma_cells,
    "bright lymphoma": _bright_lymphoma(100),
    "bright lymphoma alone": _bright_lymphoma(0),
}


def table(folder: Path, half: str, kinds: Sequence[str]) -> Iterator[str]:
    """Yield a line per kind: tubes, share right and wrong, the largest confidence of a wrong one."""
    yield "kind; n; F1 >= 0.9; F1 < 0.5; largest confidence of these; median confidence where F1 >= 0.9"
    for kind in kinds:
        outcomes = [outcome(folder, kind, seed) for seed in SEEDS[half]]
        counted = [o for o in outcomes if o.n >= FEWEST_COUNTED]
        right, wrong = [o for o in counted if o.right >= 0.9], [o for o in outcomes if o.right < 0.5]
        share = f"{len(right) / len(counted):.0%}" if counted else "-"
        most = f"{max(o.confidence for o in wrong):.2f}" if wrong else "-"
        middle = f"{np.median([o.confidence for o in right]):.2f}" if right else "-"
        yield f"{kind}; {len(outcomes)}; {share}; {len(wrong) / len(outcomes):.0%}; {most}; {middle}"


if __name__ == "__main__":
    for line in table(Path(sys.argv[1]), (sys.argv[2:] or ["aside"])[0], sys.argv[3:] or list(KINDS)):
        print(line)
