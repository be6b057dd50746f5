"""The models of washout, one entry each: its fit, its estimates, and whether it can be preferred.

A new model needs its module and one entry in `MODELS`; the report and `washout.json` read that list.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, Protocol, TypeVar

from pipeline.patients.patient_rd import PatientRd
from pipeline.study.settings import Settings
from pipeline.washout.censored.estimate import Estimate, ModelName, Refusal, Wait
from pipeline.washout.choice import Candidate
from pipeline.washout.goodness import trend_p
from pipeline.washout.line.mixed import MixedFit, fit_random_intercept
from pipeline.washout.line.tobit import WashoutFit, fit_observations
from pipeline.washout.observations.selection import Given
from pipeline.washout.ranks import RankAssociation, rank_observations
from pipeline.washout.recovery.fit import RecoveryFit
from pipeline.washout.recovery.rivals import line_law
from pipeline.washout.total import fit_total, total_estimates
from pipeline.washout.waits import line_waits, recovery_of, recovery_waits


class Fit(Protocol):
    """A fitted model; its notes go into the report."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences that a reader of the fit must know."""


class EstimatedFit(Fit, Protocol):
    """A fit that returns its own estimates."""

    def estimates(self) -> tuple[Estimate, ...]:
        """Return every number with its interval."""


FitT = TypeVar("FitT", bound=Fit)


def nothing_left_out(_: Given) -> tuple[Refusal, ...]:
    """Return no refusals: for a model no part of which is refused on its own."""
    return ()


def no_waits(_fit: Fit, _rows: Sequence[PatientRd], _settings: Settings) -> list[Wait]:
    """Return no waits: for a model that does not estimate any."""
    return []


@dataclass(frozen=True, slots=True)
class Model(Generic[FitT]):
    """A model of washout.

    Attributes
    ----------
    name
        The name in `washout.json`, for example `M1 adjusted`.
    fit
        Fits the rows. Raises `NotEstimableError` with the reason; returns None if these rows do not need it.
    estimates
        Returns every number of a fit, under names that no other model uses.
    method
        Returns in words how the numbers were made.
    candidate
        Returns what the choice of the preferred model needs; None: the model does not take part.
    waits
        Returns the weeks until a share of the patients has a density.
    after
        Name of an earlier model that must have been fitted before this one is tried; "": none.
    left_out
        Returns the parts of the model that these rows do not allow, and why.
    """

    name: str
    fit: Callable[[Given, Settings], FitT | None]
    estimates: Callable[[FitT], tuple[Estimate, ...]]
    method: Callable[[FitT], str]
    candidate: Callable[[str, FitT, Settings], Candidate] | None = None
    waits: Callable[[FitT, Sequence[PatientRd], Settings], list[Wait]] = no_waits
    after: str = ""
    left_out: Callable[[Given], tuple[Refusal, ...]] = nothing_left_out


def _ranks(given: Given, settings: Settings) -> RankAssociation:
    """Fit M0; leave out the notes on its rows, since the report prints the notes on all rows once."""
    rows = given.of_reference
    fit = rank_observations(rows, seed=settings.seed)
    return replace(fit, notes=tuple(note for note in fit.notes if note not in rows.notes))


def _adjusted(given: Given, _: Settings) -> WashoutFit | None:
    return None if given.adjusted_data is None else fit_observations(given.adjusted_data)


def _with_left_out(given: Given, _: Settings) -> WashoutFit | None:
    return None if given.with_left_out is None else replace(fit_observations(given.with_left_out), notes=())


def _random_intercept(given: Given, _: Settings) -> MixedFit | None:
    repeats = given.data.n_patients < given.data.n
    return fit_random_intercept(given.data) if repeats else None


def _line_method(fit: WashoutFit) -> str:
    return f"{fit.method}; {fit.interval_method}"


def _first_method(fit: EstimatedFit) -> str:
    return fit.estimates()[0].method


def _line_candidate(name: str, fit: WashoutFit, settings: Settings) -> Candidate:
    law = line_law(fit.data)
    return Candidate(name, fit.aicc, fit.n_parameters, None if law is None else trend_p(law, settings.seed))


def _recovery_candidate(name: str, fit: RecoveryFit, _: Settings) -> Candidate:
    return Candidate(name, fit.aicc, fit.effective_parameters, fit.misfit_p)


MODELS: Final[tuple[Model[Any], ...]] = (
    Model(ModelName.RANKS, _ranks, RankAssociation.estimates, lambda fit: fit.method),
    Model(
        ModelName.LINE,
        lambda given, _: fit_observations(given.data),
        WashoutFit.estimates,
        _line_method,
        _line_candidate,
        line_waits,
    ),
    Model(
        ModelName.ADJUSTED,
        _adjusted,
        lambda fit: fit.renamed("adjusted_"),
        _line_method,
        _line_candidate,
        after=ModelName.LINE,
        left_out=lambda given: given.refusals,
    ),
    Model(
        ModelName.WITH_LEFT_OUT,
        _with_left_out,
        lambda fit: fit.renamed("with_left_out_"),
        _line_method,
    ),
    Model(ModelName.RANDOM_INTERCEPT, _random_intercept, MixedFit.estimates, _first_method),
    Model(
        ModelName.RECOVERY,
        lambda given, settings: recovery_of(given.used, given.data, settings),
        RecoveryFit.estimates,
        _first_method,
        _recovery_candidate,
        recovery_waits,
    ),
    Model(
        ModelName.TOTAL,
        lambda given, settings: fit_total(given.used, settings),
        total_estimates,
        _line_method,
    ),
)
"""The models in the order in which they are fitted and reported."""
