"""Are the weeks until a density right, where all rows share errors? Does M0 keep its 5 %? By simulation.

Sections of docs/validation.md (`make validation`); same seed, same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from calibration.density.result import RdStatus
from pipeline.patients.patient_rd import PatientRd, SharedError
from pipeline.study.settings import Settings
from pipeline.washout.censored.estimate import NotEstimableError
from pipeline.washout.line.inverse import weeks_to_reach
from pipeline.washout.line.tobit import fit_observations
from pipeline.washout.observations.pair_order import pair_order
from pipeline.washout.observations.rows import observe
from pipeline.washout.observations.selection import select_rows
from pipeline.washout.ranks import permutation_p
from validation.markdown import paragraph, table

Floats: TypeAlias = NDArray[np.float64]

TRUE_SLOPE: Final = float(np.log10(2.27))
_DENSITY, _HALF_AT, _SCATTER = 150_000.0, 30.0, 0.4
_NINE: Final = 1.2815515655446004
_FIVE_PERCENT: Final = 0.02166
"""SD of log10 of a CV of 5 %, dex."""
_PERMUTATIONS: Final = 199


@dataclass(frozen=True, slots=True)
class Waiting:
    """A truth: patients, SDs (dex) of an error that all rows share, in `parts` sources, and of each row's own."""

    name: str
    n: int
    shared: float = 0.0
    parts: int = 1
    own: float = 0.03
    plateau: float = np.inf
    scatter: float = _SCATTER

    def median(self, doublings: Floats) -> Floats:
        """Return log10 of the median patient; `plateau`: fold of 150,000 that is never exceeded."""
        y = np.log10(_DENSITY) + TRUE_SLOPE * (doublings - np.log2(_HALF_AT))
        if np.isinf(self.plateau):
            return y
        top = np.log10(_DENSITY * self.plateau)
        at_half = 10**top / _DENSITY - 1
        return np.asarray(top - np.log10(1 + at_half * (_HALF_AT / 2**doublings) ** 1.2))

    def truth(self, share: float) -> float:
        """Return the true weeks."""
        if share == 0.5:
            return _HALF_AT
        x = np.linspace(-5, 25, 300_001)
        reached = self.median(x) - _NINE * self.scatter >= np.log10(_DENSITY)
        return float(2 ** x[np.argmax(reached)]) if reached.any() else np.inf

    def rows(self, rng: np.random.Generator) -> list[PatientRd]:
        """Draw a study: values and limits move with what is shared."""
        x = rng.uniform(1, 6.64, self.n)
        off = self.shared * float(rng.standard_normal())
        y = self.median(x) + self.scatter * rng.standard_normal(self.n) + off
        y = y + self.own * rng.standard_normal(self.n)
        low = np.log10(5000) + off
        each = self.shared / np.sqrt(self.parts)
        sources = ("lot", "F:P")[: self.parts]
        told = tuple(SharedError(source, each) for source in sources) if self.shared else ()
        sd = float(np.hypot(self.shared, self.own))
        return [
            PatientRd(
                f"P{i}", "", float(2 ** x[i]), float(10 ** y[i]), RdStatus.OK if y[i] >= low else RdStatus.BELOW_LLOQ, 10**low,
                None, sd, shared=told,
            )
            for i in range(self.n)
        ]  # fmt: skip


_TWO: Final = float(np.hypot(_FIVE_PERCENT, _FIVE_PERCENT))
WAITS: Final = (
    Waiting("nothing shared", 19),
    Waiting("nothing shared", 40),
    Waiting("nothing shared", 100),
    Waiting("lot and F:P shared, 5 % each", 19, _TWO, 2),
    Waiting("lot and F:P shared, 5 % each", 40, _TWO, 2),
    Waiting("lot and F:P shared, 5 % each", 100, _TWO, 2),
    Waiting("lot and F:P shared, 5 % each", 200, _TWO, 2),
    Waiting("15 % shared", 100, 0.065),
    Waiting("15 % shared", 200, 0.065),
    Waiting("own error 0.15 dex, stated", 40, own=0.15),
    Waiting("a plateau at twice the density, scatter 0.5 dex", 100, plateau=2.0, scatter=0.5),
)


@dataclass(frozen=True, slots=True)
class Waited:
    """Per share: how many weeks were told, withheld with a least wait, and refused; and how many were right."""

    waiting: Waiting
    share: float
    studies: int
    told: int
    right: int
    withheld: int
    least_right: int


def examine(waiting: Waiting, studies: int, seed: int) -> list[Waited]:
    """Tell the weeks of simulated studies as the report does."""
    counts = {share: [0, 0, 0, 0] for share in (0.5, 0.9)}
    for study in range(studies):
        rows = waiting.rows(np.random.default_rng([seed, study]))
        try:
            fit = fit_observations(select_rows(rows, Settings()).data)
        except NotEstimableError:
            continue
        for share, count in counts.items():
            true = waiting.truth(share)
            try:
                wait = weeks_to_reach(fit, _DENSITY, share)
            except NotEstimableError:
                continue
            right = (wait.low or 0.0) <= true <= (wait.high or np.inf)
            place = 0 if wait.weeks is not None else 2
            count[place] += 1
            count[place + 1] += right
    return [Waited(waiting, share, studies, *count) for share, count in counts.items()]


@dataclass(frozen=True, slots=True)
class NoAssociation:
    """A truth without association between washout and density."""

    name: str
    n: int
    below: float = 0.0
    above: float = 0.0
    limits: str = ""
    samples: tuple[int, ...] = ()
    growing: float = 1.0
    months: bool = False

    def p(self, rng: np.random.Generator) -> float | None:
        """Return M0's p of one study; None where it is refused."""
        counts = np.array(self.samples or [1] * self.n)
        patient = np.repeat(np.arange(len(counts)), counts)
        m = len(patient)
        x = rng.uniform(1, 6.5, len(counts))[patient] + rng.uniform(0, 0.5, m)
        x = np.log2(4 * np.ceil(2**x / 4)) if self.months else x
        level = np.sqrt(0.6) * rng.standard_normal(len(counts))[patient] if self.samples else np.zeros(m)
        y = level + (np.sqrt(0.4) if self.samples else 1.0) * rng.standard_normal(m)
        y = y * self.growing ** (x - 4)
        low = np.full(m, _quantile(self.below)) + 0.5 * rng.standard_normal(m) * (self.limits == "differ")
        low = low - 0.25 * (x - 4) * (self.limits == "fall")
        high = np.full(m, _quantile(1 - self.above))
        status = np.select([y < low, y > high], ["BELOW_LLOQ", "ABOVE_ULOQ"], "OK")
        rows = observe(2**x, 10**y, status.tolist(), lloq=10**low, uloq=10**high, patients=patient.tolist())
        order = pair_order(rows)
        return None if order.is_tied else permutation_p(rows.weeks, order, rows.patients, _PERMUTATIONS, rng)


def _quantile(share: float) -> float:
    from scipy.special import ndtri

    return float(np.clip(ndtri(share), -30, 30))


NONE: Final = (
    NoAssociation("30 % below", 10, 0.3),
    NoAssociation("58 % below", 19, 0.58),
    NoAssociation("80 % below", 19, 0.8),
    NoAssociation("40 % below, 20 % above", 19, 0.4, 0.2),
    NoAssociation("nothing censored", 6),
    NoAssociation("58 % below, LLOQ differs per row", 19, 0.58, limits="differ"),
    NoAssociation("58 % below, LLOQ falls with weeks", 19, 0.58, limits="fall"),
    NoAssociation("10 patients with 1 to 5 samples, alike 0.6", 30, 0.3, samples=(1, 2, 3, 4, 5) * 2),
    NoAssociation("9 single samples and one patient with 10", 19, 0.3, samples=(*[1] * 9, 10)),
    NoAssociation("60 % below, spread grows × 1.3 per doubling", 60, 0.6, growing=1.3),
    NoAssociation("58 % below, washouts tied: whole months", 19, 0.58, months=True),
)


def type_one(truth: NoAssociation, studies: int, seed: int) -> tuple[NoAssociation, int, float, int]:
    """Return how often M0's p is at most 0.05, in percent, and how many studies were refused."""
    rng = np.random.default_rng(seed)
    found = [truth.p(rng) for _ in range(studies)]
    told = np.array([p for p in found if p is not None])
    return truth, studies, 100 * float(np.mean(told <= 0.05)), studies - len(told)


def section(studies: int, seed: int, mapper: Callable[..., Iterable] = map) -> str:
    """Simulate, examine, tell: the weeks, and M0."""
    found = mapper(examine, WAITS, [studies] * len(WAITS), [seed] * len(WAITS))
    text = "## Weeks until a density\n\n" + paragraph(
        f"Seed {seed}, {studies} studies a row; sampling error of a coverage of 95 %: "
        f"{100 * np.sqrt(0.95 * 0.05 / studies):.1f} %. Weeks until RD is 150,000 or more, by the line of M1; half of the "
        "patients have it at 30 weeks. Shared: one error of the whole study, stated as part of each row's error. Reported: a "
        "number with an interval. Withheld: later than the observed washouts, or contradicted by the late rows; the lower "
        "limit is reported. Right: the truth lies in the interval, or above the lower limit. If the rise slows, the "
        "line is too low in the middle: the time for half is too late, for nine of ten too early. From 19 patients a time for "
        "nine of ten is reported in about half of the studies, those with the earlier answers. Where such an interval misses, "
        "it is too early, and the note of the wait says so."
    )
    columns = ("truth", "n", "patients", "reported", "right", "withheld", "right", "together")
    text += table(columns, [_waited(row) for rows in found for row in rows])
    more = 10 * studies
    tests = mapper(type_one, NONE, [more] * len(NONE), range(seed, seed + len(NONE)))
    text += "\n### M0 where there is no association\n\n" + paragraph(
        f"{more} studies a row, sampling error {100 * np.sqrt(0.05 * 0.95 / more):.1f} %. How often the p is at most "
        "0.05. M0 tests independence. A spread that grows with weeks, without a trend of the median, is not "
        "independent of weeks. With more than half of the rows below the LLOQ it looks like a rise. M1's tests of doubts report "
        "this where the rows show it."
    )
    return text + table(
        ("truth", "n", "p at most 0.05", "refused: all tied"),
        [(t.name, str(t.n), f"{found_:.1f} %", str(refused)) for t, _, found_, refused in tests],
    )


def _waited(row: Waited) -> tuple[str, ...]:
    whole = row.told + row.withheld
    return (
        row.waiting.name, str(row.waiting.n), "half" if row.share == 0.5 else "nine of ten",
        f"{row.told}/{row.studies}", _percent(row.right, row.told), str(row.withheld),
        _percent(row.least_right, row.withheld), _percent(row.right + row.least_right, whole),
    )  # fmt: skip


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"
