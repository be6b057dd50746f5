"""What medians of PFS, odds ratios and the split by RD are worth, on patients whose course is known."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from calibration.density.result import RdStatus
from pipeline.patients.exposure import ResponseClock
from pipeline.patients.patient_rd import PatientRd
from pipeline.response.follow_up import Endpoint, FollowUp, follow_up
from pipeline.response.pfs_bounds import pfs_bounds
from pipeline.response.rd_visit import CutSide, rd_visits
from pipeline.response.statistics.counts import contrast, proportion
from pipeline.response.statistics.logistic import odds_ratio
from pipeline.response.statistics.survival import survival_curve
from pipeline.response.statistics.time_to_event import median_survival
from pipeline.study.settings import Settings
from pipeline.study.study import Patient, Study
from validation.markdown import paragraph, percent, table

START = date(2024, 1, 1)
VISIT, END = 28, 730
TRUE_MEDIAN = 182.0
CUT = 150_000.0
Mapper = Callable[..., Iterable]


@dataclass(frozen=True, slots=True)
class Ward:
    """How patients are followed: who stops coming, why, and when nobody is seen any more."""

    name: str
    stops: float
    by_illness: bool = False


WARDS = (
    Ward("everybody is assessed to the end", math.inf),
    Ward("half stop coming by 9 months, whatever their illness", 270.0),
    Ward("a third stop coming when they get worse", math.inf, by_illness=True),
)
PATIENTS = 60


def draw_ward(ward: Ward, rng: np.random.Generator) -> tuple[list[Patient], list[float]]:
    """Return the rows that are typed, and the day on which each progression would be seen at a visit."""
    rows, seen = [], []
    for k in range(PATIENTS):
        worse = rng.exponential(TRUE_MEDIAN / math.log(2))
        found = VISIT * math.ceil(worse / VISIT)
        stops = rng.exponential(ward.stops / math.log(2)) if math.isfinite(ward.stops) else math.inf
        if ward.by_illness and rng.random() < 1 / 3:
            stops = min(stops, worse)
        last = VISIT * int(min(stops, END, found) // VISIT)
        known = found <= min(stops, END)
        rows.append(
            Patient(
                f"P{k}",
                treatment_start=START,
                progressed_on=START + timedelta(found) if known else None,
                last_assessed_on=START + timedelta(found if known else last),
                last_contact_on=START + timedelta(END + 60),
            )
        )
        seen.append(float(found))
    return rows, seen


def medians(job: tuple[Ward, int]) -> tuple[bool, bool, float, float, float, float]:
    """Return of a study: whether the intervals cover, and medians: told, unassessed, its bound, all away worse."""
    ward, seed = job
    rng = np.random.default_rng([seed, WARDS.index(ward), 71])
    rows, _ = draw_ward(ward, rng)
    truth = VISIT * math.ceil(TRUE_MEDIAN / VISIT)
    told = [follow_up(row, START) for row in rows]
    alive = [follow_up(_without(row), START) for row in rows]
    bound = pfs_bounds(alive, 1.0)
    lower = bound[0].median.median if bound else _median(told)
    return (
        _covers(told, truth),
        _covers(alive, truth),
        _median(told),
        _median(alive),
        math.inf if lower is None else lower,
        _worst(told),
    )


def _worst(courses: Sequence[FollowUp]) -> float:
    rules = [
        bound.median.median for bound in pfs_bounds(courses, 1.0) if bound.rule.startswith("progressed on")
    ]
    return _median(courses) if not rules else math.inf if rules[0] is None else rules[0]


def _without(row: Patient) -> Patient:
    return Patient(row.patient_id, treatment_start=START, progressed_on=row.progressed_on,
                   last_contact_on=row.last_contact_on)  # fmt: skip


def _covers(courses: Sequence[FollowUp], truth: float) -> bool:
    found = median_survival(courses, Endpoint.PFS, 1.0)
    return (found.low or math.inf) <= truth <= (math.inf if found.high is None else found.high)


def _median(courses: Sequence[FollowUp]) -> float:
    found = median_survival(courses, Endpoint.PFS, 1.0).median
    return math.inf if found is None else found


def curve_covers(job: tuple[int, float, int]) -> bool:
    """Return whether the interval of a Kaplan–Meier median holds the true one; n, share censored, seed."""
    n, censored, seed = job
    rng = np.random.default_rng([seed, n, round(100 * censored), 72])
    rate = math.log(2) / TRUE_MEDIAN
    times = rng.exponential(1 / rate, n)
    ends = rng.exponential((1 - censored) / (censored * rate), n) if censored else np.full(n, math.inf)
    curve = survival_curve(np.minimum(times, ends), times <= ends)
    low = math.inf if curve.median_low is None else curve.median_low
    return low <= TRUE_MEDIAN <= (math.inf if curve.median_high is None else curve.median_high)


TABLES = (
    (12, 0.5, 14, 0.3),
    (8, 0.8, 9, 0.3),
    (30, 0.5, 30, 0.5),
    (275, 0.16, 275, 0.1),
    (1000, 0.3, 1000, 0.2),
)


def odds_covers(job: tuple[tuple[int, float, int, float], int]) -> tuple[bool, bool]:
    """Return whether the exact interval, and Firth's where there is one, hold the true odds ratio."""
    (n, p, other, q), seed = job
    rng = np.random.default_rng([seed, n, other, 73])
    found = contrast(
        "c", proportion("a", int(rng.binomial(n, p)), n), proportion("b", int(rng.binomial(other, q)), other)
    )
    truth = p / (1 - p) * (1 - q) / q
    exact = (found.odds_ratio_low or 0) <= truth <= (found.odds_ratio_high or math.inf)
    firth = found.firth
    return exact, exact if firth is None else (firth.low or 0) <= truth <= (firth.high or math.inf)


SLOPES = ((20, 0.0), (20, 1.5), (40, 1.0))


def slope_covers(job: tuple[tuple[int, float], int]) -> tuple[bool, bool] | None:
    """Return whether the interval of a logistic slope holds the true one, and whether Firth's penalty came in."""
    (n, slope), seed = job
    rng = np.random.default_rng([seed, n, round(10 * slope), 74])
    x = rng.normal(0, 1, n)
    found = odds_ratio("x", "1", x, rng.random(n) < 1 / (1 + np.exp(-slope * x)))
    if found.ratio is None:
        return None
    return (found.low or 0) <= math.exp(slope) <= (found.high or math.inf), "Firth" in found.method


ERRORS = (0.04, 0.08, 0.15)


def split(job: tuple[float, int]) -> tuple[int, int, int, int]:
    """Return of 20 patients: on the wrong side of the cut, of these with an interval that holds it, such in all."""
    sd, seed = job
    rng = np.random.default_rng([seed, round(1000 * sd), 75])
    true = 10 ** rng.normal(math.log10(90_000), 0.4, 20)
    measured = true * 10 ** rng.normal(0, sd, 20)
    rows = [
        PatientRd(f"P{k}", "v", 20.0, float(rd), RdStatus.OK, rd_log_sd=sd) for k, rd in enumerate(measured)
    ]
    names = [row.patient_id for row in rows]
    study = Study(Path(), (), (), (), (), tuple(Patient(name) for name in names), Settings(rd_cut=CUT))
    found = rd_visits(names, rows, {name: ResponseClock(name) for name in names}, study)
    wrong = [k for k, name in enumerate(names) if (found[name].side is CutSide.ABOVE) != (true[k] >= CUT)]
    said = sum(not found[names[k]].is_sure for k in wrong)
    return len(wrong), said, sum(not visit.is_sure for visit in found.values()), len(names)


def section(n_studies: int, first_seed: int, mapper: Mapper) -> str:
    """Return the section as Markdown."""
    seeds = range(first_seed, first_seed + n_studies)
    return (
        "## Response, PFS and odds\n\n"
        + paragraph(
            f"{n_studies:,} studies a row, so the SE of a coverage near 95 % is {percent(math.sqrt(0.0475 / n_studies), 1)}. "
            "Courses, counts and errors are drawn here, without the program's own models."
        )
        + _pfs(seeds, mapper)
        + _curves(seeds, mapper)
        + _odds(seeds, mapper)
        + _slopes(seeds, mapper)
        + _splits(seeds, mapper)
    )


def _pfs(seeds: Sequence[int], mapper: Mapper) -> str:
    rows = []
    for ward in WARDS:
        found = list(mapper(medians, [(ward, seed) for seed in seeds]))
        told, alive, bound = (_months(np.median([study[part] for study in found])) for part in (2, 3, 4))
        cover = [percent(float(np.mean([study[part] for study in found])), 1) for part in (0, 1)]
        worse = _months(float(np.median([study[5] for study in found])))
        rows.append((ward.name, told, cover[0], worse, alive, cover[1], bound))
    truth = _months(VISIT * math.ceil(TRUE_MEDIAN / VISIT))
    head = (
        "ward", "median PFS with `last_assessed_on`", "covered", "had those away progressed", "without it", "covered",
        "its bound, day 0",
    )  # fmt: skip
    return (
        "### Median PFS by what is typed\n\n"
        + paragraph(
            f"{PATIENTS} patients, a visit every {VISIT} days; the median day on which progression is seen is "
            f"{truth} months. All patients are known to be alive after two years. The table gives the middle of the studies' medians, and how "
            "often the 95 % interval contains the true one. Without assessments the median is too long if patients "
            "stop coming, and the report says so with its bound. Patients who stop coming because of the illness make any "
            "median too long: no rule of censoring knows why a patient stayed away. So the report counts the patients known to be "
            "alive long after the last assessment, and gives the median as if each of them had progressed. Medians lie on "
            "days of visits, so some intervals cover more than 95 %."
        )
        + table(head, rows)
        + "\n"
    )


def _months(days: float) -> str:
    return f"{days / 30.4375:.1f}" if math.isfinite(days) else "not reached"


def _curves(seeds: Sequence[int], mapper: Mapper) -> str:
    rows = []
    for n in (10, 20, 40, 100):
        cover = [
            np.mean(list(mapper(curve_covers, [(n, share, seed) for seed in seeds]))) for share in (0.0, 0.3)
        ]
        rows.append((n, *(percent(float(part), 1) for part in cover)))
    return (
        "### Interval of a Kaplan–Meier median\n\n"
        + table(("patients", "nobody censored, covered", "30 % censored, covered"), rows)
        + "\n"
    )


def _odds(seeds: Sequence[int], mapper: Mapper) -> str:
    rows = []
    for case in TABLES:
        n, p, other, q = case
        found = np.array(list(mapper(odds_covers, [(case, seed) for seed in seeds])))
        exact, firth = (percent(float(part), 1) for part in found.mean(axis=0))
        rows.append((f"{n} at {percent(p, 0)} v {other} at {percent(q, 0)}", exact, firth))
    return (
        "### Odds ratio of two groups\n\n"
        + paragraph(
            "The exact interval covers 95 % or more by its construction, so in small groups it is wider than "
            "necessary. Last column: Firth's interval where a cell is 0, the exact one elsewhere."
        )
        + table(("groups", "exact, covered", "Firth's where reported, covered"), rows)
        + "\n"
    )


def _slopes(seeds: Sequence[int], mapper: Mapper) -> str:
    rows = []
    for case in SLOPES:
        found = [one for one in mapper(slope_covers, [(case, seed) for seed in seeds]) if one is not None]
        cover, firth = np.mean(found, axis=0)
        rows.append((case[0], f"{math.exp(case[1]):.2f}", len(found), percent(cover, 1), percent(firth, 1)))
    return (
        "### Odds along a covariate\n\n"
        + table(
            (
                "patients",
                "true odds ratio per SD",
                "studies with an estimate",
                "covered",
                "of them by Firth's penalty",
            ),
            rows,
        )
        + "\n"
    )


def _splits(seeds: Sequence[int], mapper: Mapper) -> str:
    rows = []
    for sd in ERRORS:
        found = np.array(list(mapper(split, [(sd, seed) for seed in seeds]))).sum(axis=0)
        wrong, said, open_sides, n = (int(part) for part in found)
        shares = percent(wrong / n, 1), percent(said / max(wrong, 1), 1), percent(open_sides / n, 1)
        rows.append((f"{sd:g} dex (×/÷ {10 ** (1.96 * sd):.2f})", *shares))
    return (
        "### Patients on the wrong side of the cut\n\n"
        + paragraph(
            f"20 patients whose true densities are log-normal around 90,000 with 0.4 dex; cut {CUT:,.0f}. A patient on "
            "the wrong side should have an interval that contains the cut, so that the table's range contains the truth."
        )
        + table(
            (
                "error of a density, SD",
                "on the wrong side",
                "of these reported",
                "interval contains the cut, of all",
            ),
            rows,
        )
    )
