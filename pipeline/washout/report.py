"""All that a study's rows tell about receptor density and washout, and what they do not tell and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.settings import Settings
from pipeline.washout.estimate import Estimate, Json, NotEstimableError, Refusal, to_json
from pipeline.washout.inverse import wait_name, weeks_to_reach
from pipeline.washout.likelihood import LEFT, OBSERVED, RIGHT
from pipeline.washout.rank_association import RankAssociation, rank_observations
from pipeline.washout.rows import Observations, PatientRd, observe
from pipeline.washout.tobit import WashoutFit, fit_observations


@dataclass(frozen=True, slots=True, eq=False)
class WashoutReport:
    """M0 and M1 of a study, all estimates with intervals, every refusal with its reason.

    `rank` and `tobit` are None where they could not be estimated; `not_estimable` says why.
    """

    rank: RankAssociation | None
    tobit: WashoutFit | None
    estimates: tuple[Estimate, ...]
    not_estimable: tuple[Refusal, ...]
    n_rows: int
    n_used: int
    n_patients: int
    n_observed: int
    n_left_censored: int
    n_right_censored: int
    seed: int
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Json]:
        """Return what `washout.json` holds."""
        return {
            "question": "free CD38 sites per cell against weeks since the last dose of the washed-out drug",
            "n_rows": self.n_rows,
            "n_used": self.n_used,
            "n_patients": self.n_patients,
            "n_observed": self.n_observed,
            "n_left_censored": self.n_left_censored,
            "n_right_censored": self.n_right_censored,
            "seed": self.seed,
            "methods": {
                "M0": None if self.rank is None else self.rank.method,
                "M1": None if self.tobit is None else f"{self.tobit.method}; {self.tobit.interval_method}",
            },
            "estimates": to_json(self.estimates),
            "not_estimable": to_json(self.not_estimable),
            "notes": list(self.notes),
        }


def washout_report(rows: Sequence[PatientRd], settings: Settings) -> WashoutReport:
    """Fit M0 and M1 to a study's rows.

    Bead kits and tissues are never pooled: where rows come from several, the rows of the most frequent one
    are used and the others counted. A row `ABOVE_ULOQ` is right-censored at its ULOQ, or at
    `uloq_extrapolation` times it where its estimate lies beyond that.

    Parameters
    ----------
    rows
        One per patient and visit, replicates pooled.
    settings
        `seed`, `uloq_extrapolation`.
    """
    one_tissue, tissue_notes = _of_one(rows, "tissues", lambda row: row.tissue)
    alike, kit_notes = _of_one(one_tissue, "bead kits", lambda row: row.beads_kit)
    data = _observe(alike, settings.uloq_extrapolation)
    rank, rank_refusal = _rank(data, settings.seed)
    tobit, tobit_refusal = _tobit(data, settings.seed)
    about_rows = (*tissue_notes, *kit_notes, *_on_study_drug(alike), *data.notes)
    waits, wait_refusals = _waits(tobit, alike, settings)
    notes = (*about_rows, *(rank.notes if rank else ()), *(tobit.notes if tobit else ()))
    return WashoutReport(
        rank=rank,
        tobit=tobit,
        estimates=(*_rank_estimates(rank), *(tobit.estimates() if tobit else ()), *waits),
        not_estimable=(*rank_refusal, *tobit_refusal, *wait_refusals),
        n_rows=len(rows),
        n_used=data.n,
        n_patients=data.n_patients,
        n_observed=data.count(OBSERVED),
        n_left_censored=data.count(LEFT),
        n_right_censored=data.count(RIGHT),
        seed=settings.seed,
        notes=tuple(dict.fromkeys(notes)),
    )


def upper_limit(row: PatientRd, extrapolation: float) -> float | None:
    """Return the density that an `ABOVE_ULOQ` row is known to exceed, molecules per cell."""
    if row.uloq is None or row.rd is None:
        return row.uloq
    beyond = extrapolation * row.uloq
    return beyond if row.rd >= beyond else row.uloq


def _of_one(
    rows: Sequence[PatientRd], what: str, value: Callable[[PatientRd], str]
) -> tuple[tuple[PatientRd, ...], tuple[str, ...]]:
    """Return the rows of the most frequent kit or tissue, and a note of what was left out."""
    counts = Counter(value(row) for row in rows)
    if len(counts) < 2:
        return tuple(rows), ()
    chosen = max(sorted(counts), key=lambda name: counts[name])
    others = ", ".join(f"{counts[name]} of {name or 'unknown'}" for name in sorted(counts) if name != chosen)
    used = f"{counts[chosen]} rows of {chosen or 'unknown'} used"
    note = f"{what} are not pooled: {used}, {others} left out"
    return tuple(row for row in rows if value(row) == chosen), (note,)


def _on_study_drug(rows: Sequence[PatientRd]) -> tuple[str, ...]:
    count = sum("STUDY_DRUG_BEFORE_SAMPLE" in row.flags for row in rows)
    named = "1 row" if count == 1 else f"{count} rows"
    return (f"{named} collected after the first dose of the study drug, used all the same",) if count else ()


def _observe(rows: Sequence[PatientRd], extrapolation: float) -> Observations:
    sd = [_number(row.rd_log_sd) for row in rows]
    return observe(
        [_number(row.weeks) for row in rows],
        [_number(row.rd) for row in rows],
        [row.status for row in rows],
        lloq=[_number(row.lloq) for row in rows],
        uloq=[_number(upper_limit(row, extrapolation)) for row in rows],
        measurement_sd=sd if any(row.rd_log_sd is not None for row in rows) else None,
        patients=[row.patient_id for row in rows],
    )


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _rank(data: Observations, seed: int) -> tuple[RankAssociation | None, tuple[Refusal, ...]]:
    try:
        return rank_observations(data, seed=seed), ()
    except NotEstimableError as reason:
        return None, (Refusal("M0", str(reason)),)


def _tobit(data: Observations, seed: int) -> tuple[WashoutFit | None, tuple[Refusal, ...]]:
    try:
        return fit_observations(data, seed=seed), ()
    except NotEstimableError as reason:
        return None, (Refusal("M1", str(reason)),)


def _waits(
    tobit: WashoutFit | None, rows: Sequence[PatientRd], settings: Settings
) -> tuple[list[Estimate], list[Refusal]]:
    """Return how long half of the patients, and nine of ten, take to the RD cut and to the median LLOQ."""
    if tobit is None:
        return [], []
    limits = sorted(row.lloq for row in rows if row.lloq)
    levels = [settings.rd_cut, *limits[len(limits) // 2 : len(limits) // 2 + 1]]
    told: list[Estimate] = []
    refused: list[Refusal] = []
    for rd, share in ((rd, share) for rd in levels for share in (0.5, 0.9)):
        try:
            told.append(weeks_to_reach(tobit, rd, share))
        except NotEstimableError as reason:
            refused.append(Refusal(wait_name(rd, share), str(reason)))
    return told, refused


def _rank_estimates(rank: RankAssociation | None) -> tuple[Estimate, ...]:
    if rank is None:
        return ()
    found = []
    for name, value, interval, p in (
        ("spearman_rho", rank.spearman, rank.spearman_interval, rank.p),
        ("kendall_tau_b", rank.kendall, rank.kendall_interval, None),
    ):
        low, high = interval or (None, None)
        how = "" if interval is None else "BCa bootstrap of patients"
        found.append(Estimate(name, value, low, high, rank.n, rank.method, how, rank.level, p=p))
    return tuple(found)
