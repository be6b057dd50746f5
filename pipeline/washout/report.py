"""All that a study's rows tell about receptor density and washout, and what they do not tell and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pipeline.patients.patient_rd import PatientRd
from pipeline.study.settings import Settings
from pipeline.washout.censored.estimate import Estimate, NotEstimableError, Refusal, Wait
from pipeline.washout.censored.likelihood import LEFT, OBSERVED, RIGHT
from pipeline.washout.choice import Candidate, ModelChoice, choose
from pipeline.washout.line.mixed import MixedFit, fit_random_intercept
from pipeline.washout.line.tobit import WashoutFit, fit_observations
from pipeline.washout.observations.rows import Observations
from pipeline.washout.observations.selection import Given, given_rows, observed
from pipeline.washout.ranks import RankAssociation, rank_observations
from pipeline.washout.recovery.fit import RecoveryFit
from pipeline.washout.total import OccupiedVisit, corrected_rows, occupied_visits, total_estimates
from pipeline.washout.waits import line_waits, recovery_of, recovery_waits

Found = TypeVar("Found")

__all__ = ["WashoutReport", "washout_report"]


@dataclass(frozen=True, slots=True, eq=False)
class WashoutReport:
    """M0 to M3 of a study, all estimates with intervals, every refusal with its reason.

    A model that could not be estimated is None; `not_estimable` says why.

    Attributes
    ----------
    rank, tobit
        M0; M1, with a term per further bead kit.
    adjusted
        M1 with what is known of the patients: an IMiD since, lines of therapy, IgG type.
    mixed
        M1 with a random intercept, where patients repeat.
    recovery, total
        M2; M3, the line of the total.
    waits
        How long until half, and nine of ten, of the patients reach a density.
    choice
        Which of M1, M1 adjusted and M2 describes the rows best, by rule.
    visits
        Every visit with the drug at it.
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
    adjusted: WashoutFit | None = None
    mixed: MixedFit | None = None
    recovery: RecoveryFit | None = None
    total: WashoutFit | None = None
    waits: tuple[Wait, ...] = ()
    choice: ModelChoice | None = None
    visits: tuple[OccupiedVisit, ...] = ()
    assumptions: tuple[str, ...] = ()

    @property
    def curve(self) -> WashoutFit | RecoveryFit | None:
        """What a figure draws: the recovery curve where it is preferred, else the line."""
        if self.recovery and self.choice and self.choice.preferred == "M2":
            return self.recovery
        return self.tobit

    @property
    def curve_name(self) -> str:
        """`M2` or `M1`."""
        return "M2" if isinstance(self.curve, RecoveryFit) else "M1"


def washout_report(rows: Sequence[PatientRd], settings: Settings) -> WashoutReport:
    """Fit M0 to M3 to a study's rows.

    Tissues are never pooled: where rows come from several, the rows of the most frequent one are used and the
    others counted. Bead kits share one line with a term for each further kit that has rows enough; M0, whose
    ranks know no terms, takes the most frequent kit alone. A row `ABOVE_ULOQ` is right-censored at its ULOQ,
    or at `uloq_extrapolation` times it where its estimate lies beyond that.

    Parameters
    ----------
    rows
        One per patient and visit, replicates pooled.
    settings
        `seed`, `uloq_extrapolation`, `rd_cut`, `kd_app_ug_ml`.
    """
    given = given_rows(rows, settings)
    data = given.data
    refused: list[Refusal] = []
    rank = _told("M0", lambda: rank_observations(given.of_reference_kit, seed=settings.seed), refused)
    tobit = _told("M1", lambda: fit_observations(data), refused)
    refused.extend(given.refusals if tobit else ())
    adjusted = _adjusted(given, refused) if tobit else None
    repeats = data.n_patients < data.n
    mixed = _told("M1 random intercept", lambda: fit_random_intercept(data), refused) if repeats else None
    recovery = _told("M2", lambda: recovery_of(given.used, data, settings), refused)
    total, total_notes = _total(given, settings, refused)
    waits = (
        *line_waits(tobit, given.used, settings),
        *recovery_waits(recovery, given.used, settings),
    )
    fits = (rank, tobit, adjusted, recovery)
    notes = [*given.notes, *data.notes, *(note for fit in fits if fit for note in fit.notes), *total_notes]
    return WashoutReport(
        rank=rank,
        tobit=tobit,
        estimates=_estimates(rank, tobit, adjusted, mixed, recovery, total),
        waits=waits,
        not_estimable=tuple(refused),
        n_rows=len(rows),
        n_used=data.n,
        n_patients=data.n_patients,
        n_observed=data.count(OBSERVED),
        n_left_censored=data.count(LEFT),
        n_right_censored=data.count(RIGHT),
        seed=settings.seed,
        notes=tuple(dict.fromkeys(notes)),
        adjusted=adjusted,
        mixed=mixed,
        recovery=recovery,
        total=total,
        choice=choose(_candidates(tobit, adjusted, recovery)),
        visits=occupied_visits(rows),
        assumptions=_assumptions(settings),
    )


def _told(name: str, fit: Callable[[], Found], refused: list[Refusal]) -> Found | None:
    """Return the fit, or None with the reason among the refusals."""
    try:
        return fit()
    except NotEstimableError as reason:
        refused.append(Refusal(name, str(reason)))
        return None


def _adjusted(given: Given, refused: list[Refusal]) -> WashoutFit | None:
    if given.adjusted_data is None:
        return None
    data: Observations = given.adjusted_data
    return _told("M1 adjusted", lambda: fit_observations(data), refused)


def _total(
    given: Given, settings: Settings, refused: list[Refusal]
) -> tuple[WashoutFit | None, tuple[str, ...]]:
    try:
        rows, notes = corrected_rows(given.used)
        data, _ = observed(rows, settings)
        return fit_observations(data), notes
    except NotEstimableError as reason:
        refused.append(Refusal("M3", str(reason)))
        return None, ()


def _estimates(
    rank: RankAssociation | None,
    tobit: WashoutFit | None,
    adjusted: WashoutFit | None,
    mixed: MixedFit | None,
    recovery: RecoveryFit | None,
    total: WashoutFit | None,
) -> tuple[Estimate, ...]:
    return (
        *_rank_estimates(rank),
        *(tobit.estimates() if tobit else ()),
        *(adjusted.renamed("adjusted_") if adjusted else ()),
        *(mixed.estimates() if mixed else ()),
        *(recovery.estimates() if recovery else ()),
        *(total_estimates(total) if total else ()),
    )


def _candidates(
    tobit: WashoutFit | None, adjusted: WashoutFit | None, recovery: RecoveryFit | None
) -> list[Candidate]:
    lines = [("M1", tobit), ("M1 adjusted", adjusted)]
    found = [Candidate(name, fit.aicc, 3 + len(fit.terms)) for name, fit in lines if fit]
    return [*found, *([Candidate("M2", recovery.aicc, recovery.effective_parameters)] if recovery else [])]


def _assumptions(settings: Settings) -> tuple[str, ...]:
    ends = f"{settings.kd_app_low_ug_ml:g} and {settings.kd_app_high_ug_ml:g}"
    return (
        f"Kd,app {settings.kd_app_ug_ml:g} ug/mL, between {ends} (settings)",
        "the marrow has the serum's concentration; an infusion counts as given at once",
        "pharmacokinetics of Xu 2020, doi:10.1007/s12325-020-01247-8",
        "absorption of a subcutaneous dose of Luo 2021, doi:10.1002/jcph.1771",
        "M2 penalises rho around 0.25, T around 15 weeks, Kd around the setting",
    )


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
