"""What does M2 tell where its curve is wrong: no plateau, a fall, a step, or a drug long gone? By simulation.

Densities are drawn around laws that M2 cannot be. Its plateau is held against the true median four years after
the last dose. A section of docs/validation.md, after that of the recovery curve.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from calibration.density.result import RdStatus
from pipeline.patients.patient_rd import PatientRd
from pipeline.study.settings import Settings
from pipeline.washout.censored.estimate import ModelName
from pipeline.washout.report import washout_report

Floats = NDArray[np.float64]

FOUR_YEARS: Final = 208.0
SCATTER, LLOQ, ULOQ = 0.35, 5_000.0, 1e6
_FIRST_WEEK: Final = 2.0


def _line(weeks: Floats) -> Floats:
    return 2.85 + 0.36 * np.log2(weeks)


def _steep(weeks: Floats) -> Floats:
    return 2.155 + 0.5 * np.log2(weeks)


def _flat(weeks: Floats) -> Floats:
    return np.full(np.shape(weeks), 4.6)


def _plateau_by_week_10(weeks: Floats) -> Floats:
    return np.log10(60_000 * (1 - 2.0 ** (-weeks / 2.7)))


def _rise_and_fall(weeks: Floats) -> Floats:
    return 4.79 - 0.36 * np.abs(np.log2(weeks / 40))


def _step(weeks: Floats) -> Floats:
    return np.where(weeks < 45, np.log10(8_000.0), 5.0)


@dataclass(frozen=True, slots=True)
class WrongCurve:
    """A law of the median log10 RD that M2 cannot be: washouts log-uniform from 2 weeks to the last."""

    name: str
    law: Callable[[Floats], Floats]
    n: int
    last_week: float = 100.0

    @property
    def at_four_years(self) -> float:
        """True median RD 208 weeks after the last dose."""
        return float(10 ** self.law(np.array(FOUR_YEARS)))


WRONG_CURVES: Final = (
    WrongCurve("straight line, no plateau", _line, 40),
    WrongCurve("straight line, no plateau", _line, 100),
    WrongCurve("straight line, no plateau", _line, 40, 45.0),
    WrongCurve("steep line", _steep, 40),
    WrongCurve("flat at 39,800", _flat, 40),
    WrongCurve("plateau 60,000 by week 10, drug gone", _plateau_by_week_10, 40),
    WrongCurve("plateau 60,000 by week 10, drug gone", _plateau_by_week_10, 40, 45.0),
    WrongCurve("rise to week 40, then fall", _rise_and_fall, 100),
    WrongCurve("rise to week 40, then fall", _rise_and_fall, 40),
    WrongCurve("step at 45 weeks", _step, 40),
)


@dataclass(frozen=True, slots=True)
class WrongFound:
    """Counts of studies: M2 told, its plateau's interval holds the truth, M2 preferred, the line contradicted."""

    truth: WrongCurve
    studies: int
    told: int
    covered: int
    preferred: int
    line_contradicted: int


def study_of(truth: WrongCurve, rng: np.random.Generator) -> list[PatientRd]:
    """Return one study's rows, a patient each; no drug levels are known."""
    weeks = np.exp(rng.uniform(np.log(_FIRST_WEEK), np.log(truth.last_week), truth.n))
    rd = 10 ** (truth.law(weeks) + SCATTER * rng.standard_normal(truth.n))
    return [
        PatientRd(
            f"P{i}",
            "V1",
            float(weeks[i]),
            float(rd[i]),
            RdStatus.OK if rd[i] >= LLOQ else RdStatus.BELOW_LLOQ,
            LLOQ,
            ULOQ,
        )
        for i in range(truth.n)
    ]


def examine_wrong(truth: WrongCurve, studies: int, seed: int) -> WrongFound:
    """Fit all models to simulated studies and count what is told of M2."""
    told = covered = preferred = contradicted = 0
    for study in range(studies):
        report = washout_report(study_of(truth, np.random.default_rng([seed, study])), Settings())
        if report.recovery:
            low, high = report.recovery.plateau_interval
            told += 1
            covered += low <= truth.at_four_years <= high
        preferred += bool(report.choice and report.choice.preferred == ModelName.RECOVERY)
        candidates = report.choice.candidates if report.choice else ()
        contradicted += any(one.is_contradicted for one in candidates if one.name == ModelName.LINE)
    return WrongFound(truth, studies, told, covered, preferred, contradicted)


_HEAD: Final = """### Where the recovery curve is wrong

{studies} studies a row, seed {seed}; scatter 0.35 dex, LLOQ 5,000, no drug levels. M2's plateau is compared with the true
median at 208 weeks. Goal: reported and wrong in at most 10 % of the studies. With {studies} studies a share of 5 % is
known to ± {error:.0f} % (one standard error). The last column: how often the rows contradict the straight line.

| truth | n | last week | true median at 208 weeks | M2 refused | reported, right | reported, wrong | M2 preferred | line contradicted |
|---|---|---|---|---|---|---|---|---|
"""


def section(studies: int, seed: int, mapper: Callable[..., Iterable[WrongFound]] = map) -> str:
    """Simulate, examine, tell."""
    n = len(WRONG_CURVES)
    found = mapper(examine_wrong, WRONG_CURVES, [studies] * n, [seed] * n)
    error = 100 * np.sqrt(0.05 * 0.95 / studies)
    return _HEAD.format(studies=studies, seed=seed, error=error) + "".join(_row(row) for row in found)


def _row(found: WrongFound) -> str:
    counts = (
        found.studies - found.told,
        found.covered,
        found.told - found.covered,
        found.preferred,
        found.line_contradicted,
    )
    truth = found.truth
    known = [truth.name, str(truth.n), f"{truth.last_week:g}", f"{truth.at_four_years:,.0f}"]
    return "| " + " | ".join([*known, *(f"{100 * k / found.studies:.0f} %" for k in counts)]) + " |\n"
