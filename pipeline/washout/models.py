"""The models of washout, one entry each: its fit, its estimates, and whether it can be preferred.

A new model needs its module and one entry in `MODELS`. The report with its glossary and Methods,
`rd.xlsx` and `washout.json` take names, words and sources from that entry and from its estimates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, Protocol, TypeVar

from pipeline.patients.patient_rd import PatientRd
from pipeline.study.settings import Settings
from pipeline.washout.censored.estimate import Estimate, IntervalKind, ModelName, Refusal, Wait
from pipeline.washout.choice import Candidate
from pipeline.washout.goodness import trend_p
from pipeline.washout.line.mixed import MixedFit, fit_random_intercept
from pipeline.washout.line.tobit import WashoutFit, fit_observations
from pipeline.washout.observations.selection import RowSelection
from pipeline.washout.publications import (
    BOOTSTRAP,
    IMPORTANCE,
    LESS_BIAS,
    PAIRWISE_ORDER,
    PERMUTATION,
    SERUM,
    TOBIT,
    Publication,
)
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


def nothing_left_out(_: RowSelection) -> tuple[Refusal, ...]:
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
        Returns every number of a fit, under names that no other model uses, each with its words.
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
    plain
        What people read instead of the name, for example `the line`.
    methods
        What was done, as a sentence of the report's Methods without its full stop; "" where the report makes
        the sentence from the rows.
    glossary
        What the name stands for, and what the model is, in the glossary of the report; empty for a variant of
        another model.
    sources
        The publications that the sentence of the Methods cites.
    interval
        What the ends of its intervals mean, for the report's sentences.
    """

    name: str
    fit: Callable[[RowSelection, Settings], FitT | None]
    estimates: Callable[[FitT], tuple[Estimate, ...]]
    method: Callable[[FitT], str]
    candidate: Callable[[str, FitT, Settings], Candidate] | None = None
    waits: Callable[[FitT, Sequence[PatientRd], Settings], list[Wait]] = no_waits
    after: str = ""
    left_out: Callable[[RowSelection], tuple[Refusal, ...]] = nothing_left_out
    plain: str = field(kw_only=True)
    methods: str = field(kw_only=True)
    glossary: tuple[str, str] | tuple[()] = field(kw_only=True)
    sources: tuple[Publication, ...] = field(default=(), kw_only=True)
    interval: IntervalKind = field(default=IntervalKind.CONFIDENCE, kw_only=True)


def _ranks(selection: RowSelection, settings: Settings) -> RankAssociation:
    """Fit M0; leave out the notes on its rows, since the report prints the notes on all rows once."""
    rows = selection.of_reference
    fit = rank_observations(rows, seed=settings.seed)
    return replace(fit, notes=tuple(note for note in fit.notes if note not in rows.notes))


def _adjusted(selection: RowSelection, _: Settings) -> WashoutFit | None:
    return None if selection.adjusted_data is None else fit_observations(selection.adjusted_data)


def _with_left_out(selection: RowSelection, _: Settings) -> WashoutFit | None:
    return (
        None
        if selection.with_left_out is None
        else replace(fit_observations(selection.with_left_out), notes=())
    )


def _random_intercept(selection: RowSelection, _: Settings) -> MixedFit | None:
    repeats = selection.data.n_patients < selection.data.n
    return fit_random_intercept(selection.data) if repeats else None


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
    Model(
        ModelName.RANKS,
        _ranks,
        RankAssociation.estimates,
        lambda fit: fit.method,
        plain="the rank test",
        methods="Whether density and washout go together was tested by ranks: Spearman's ρ, with values "
        "beyond a limit ordered against the others only where that is sure, a permutation p, and an interval "
        "by bootstrap of patients",
        glossary=(
            "model 0: ranks",
            (
                "Tests only whether density and washout rise together, whatever the shape of the rise "
                "(Spearman's ρ, permutation p)."
            ),
        ),
        sources=(PAIRWISE_ORDER, PERMUTATION, BOOTSTRAP),
    ),
    Model(
        ModelName.LINE,
        lambda selection, _: fit_observations(selection.data),
        WashoutFit.estimates,
        _line_method,
        _line_candidate,
        line_waits,
        plain="the line",
        methods="How fast density rises was read from a Tobit line of log10 density on log2 weeks, which "
        "takes values beyond a limit as censored; its bias of few rows was removed, and its intervals are "
        "profile-likelihood intervals",
        glossary=(
            "model 1: line",
            (
                "A straight line of log density on log weeks (Tobit): by what factor the density rises when "
                "the washout doubles."
            ),
        ),
        sources=(TOBIT, LESS_BIAS),
    ),
    Model(
        ModelName.ADJUSTED,
        _adjusted,
        lambda fit: fit.renamed("adjusted_", "Adjusted for what is known of the patients"),
        _line_method,
        _line_candidate,
        after=ModelName.LINE,
        left_out=lambda selection: selection.refusals,
        plain="the line adjusted for what is known of the patients",
        methods="The same line was fitted with what is known of the patients (IMiD since the last dose, "
        "lines of therapy, IgG type)",
        glossary=(),
    ),
    Model(
        ModelName.WITH_LEFT_OUT,
        _with_left_out,
        lambda fit: fit.renamed("with_left_out_", "With the rows left out"),
        _line_method,
        plain="the line with the rows left out",
        methods="",
        glossary=(),
    ),
    Model(
        ModelName.RANDOM_INTERCEPT,
        _random_intercept,
        MixedFit.estimates,
        _first_method,
        plain="the line with a random intercept of the patient",
        methods="The same line was fitted with a random intercept of the patient",
        glossary=(),
    ),
    Model(
        ModelName.RECOVERY,
        lambda selection, settings: recovery_of(selection.used, selection.data, settings),
        RecoveryFit.estimates,
        _first_method,
        _recovery_candidate,
        recovery_waits,
        plain="the recovery curve",
        methods="A recovery curve with a plateau was fitted with priors on all its parameters, by importance "
        "sampling; its intervals are credible intervals",
        glossary=(
            "model 2: recovery",
            "A recovery curve: free CD38 comes back as the drug leaves, to a plateau.",
        ),
        sources=(IMPORTANCE, SERUM),
        interval=IntervalKind.CREDIBLE,
    ),
    Model(
        ModelName.TOTAL,
        lambda selection, settings: fit_total(selection.of_totals, settings),
        total_estimates,
        _line_method,
        plain="the line of the total",
        methods="",
        glossary=(
            "model 3: total",
            (
                "The line against washout, on total CD38, free or occupied by the drug, where the sentinels "
                "show how much the drug occupies."
            ),
        ),
    ),
)
"""The models in the order in which they are fitted and reported."""
