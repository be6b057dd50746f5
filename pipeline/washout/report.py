"""The washout report of a study: all estimates of receptor density against washout, and every refusal."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

from pipeline.patients.patient_rd import PatientRd
from pipeline.running.defects import THE_DATA, CaughtDefects, defect_note
from pipeline.study.settings import Settings
from pipeline.washout.censored.estimate import Estimate, ModelName, NotEstimableError, Refusal, Wait
from pipeline.washout.censored.likelihood import LEFT, OBSERVED, RIGHT
from pipeline.washout.censored.subject import EstimateKind
from pipeline.washout.choice import Candidate, ModelChoice, choose
from pipeline.washout.line.mixed import MixedFit
from pipeline.washout.line.tobit import WashoutFit
from pipeline.washout.models import MODELS, Fit, Model
from pipeline.washout.observations.kept import RowLeftOut
from pipeline.washout.observations.selection import RowSelection, select_rows
from pipeline.washout.ranks import RankAssociation
from pipeline.washout.recovery.fit import RecoveryFit
from pipeline.washout.recovery.prior import prior_words
from pipeline.washout.sensitivity.sensitivity import Sensitivity, sensitivity
from pipeline.washout.total import OccupiedVisit, occupied_visits
from pipeline.washout.within.result import WithinPatients, within_patients

log = logging.getLogger(__name__)

Kind = TypeVar("Kind")

SECTIONS_WITHIN, SECTION_SENSITIVITY = "within patients", "sensitivity"

__all__ = ["WashoutReport", "washout_report", "with_sensitivity"]


@dataclass(frozen=True, slots=True, eq=False)
class WashoutReport:
    """M0 to M3 of a study, all estimates with intervals, every refusal with its reason.

    A model that could not be estimated is None; `not_estimable` says why.

    Attributes
    ----------
    fits
        Every fitted model, by its name in `pipeline.washout.models.MODELS`.
    waits
        The weeks until half of the patients, and nine of ten, reach a density.
    choice
        Which of M1, M1 adjusted and M2 describes the rows best, by rule.
    visits
        Every visit with drug level, occupancy and total CD38.
    left_out
        Rows that a rule leaves out of M0 to M3, and why.
    sensitivity
        The slope of M1 under other choices; None if it was not computed, or there is no line.
    within
        Recovery within patients; None if no patient has two visits.
    defects
        Models that were not fitted because of a defect of cd38rd: name, and kind and text of the exception.
    """

    fits: Mapping[str, Fit]
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
    waits: tuple[Wait, ...] = ()
    choice: ModelChoice | None = None
    visits: tuple[OccupiedVisit, ...] = ()
    assumptions: tuple[str, ...] = ()
    left_out: tuple[RowLeftOut, ...] = ()
    sensitivity: Sensitivity | None = None
    within: WithinPatients | None = None
    defects: Mapping[str, str] = field(default_factory=dict)

    @property
    def rank(self) -> RankAssociation | None:
        """M0, the rank correlation; None if it was not estimated."""
        return self._fit(ModelName.RANKS, RankAssociation)

    @property
    def tobit(self) -> WashoutFit | None:
        """M1, the Tobit line with a term for each further bead kit; None if it was not estimated."""
        return self._fit(ModelName.LINE, WashoutFit)

    @property
    def mixed(self) -> MixedFit | None:
        """M1 with a random intercept, for patients with several samples."""
        return self._fit(ModelName.RANDOM_INTERCEPT, MixedFit)

    @property
    def recovery(self) -> RecoveryFit | None:
        """M2, the recovery curve; None if it was not estimated."""
        return self._fit(ModelName.RECOVERY, RecoveryFit)

    @property
    def total(self) -> WashoutFit | None:
        """M3, the line of total CD38; None if it was not estimated."""
        return self._fit(ModelName.TOTAL, WashoutFit)

    def estimate(self, kind: EstimateKind, model: str) -> Estimate | None:
        """Return a model's estimate of this kind; None if the model was not fitted, or has none."""
        return next((e for e in self.estimates if e.kind is kind and e.model == model), None)

    def term_estimates(self, model: str) -> tuple[Estimate, ...]:
        """Return the folds of the terms of a model's line."""
        return tuple(e for e in self.estimates if e.kind is EstimateKind.TERM and e.model == model)

    def _fit(self, name: str, kind: type[Kind]) -> Kind | None:
        fit = self.fits.get(name)
        return fit if isinstance(fit, kind) else None

    @property
    def methods(self) -> dict[str, str | None]:
        """How each model was fitted, in words; None if it was not fitted."""
        methods = {
            model.name: model.method(self.fits[model.name]) for model in MODELS if model.name in self.fits
        }
        return {model.name: methods.get(model.name) for model in MODELS}

    @property
    def curve(self) -> WashoutFit | RecoveryFit | None:
        """The curve of the figure: the recovery curve if it is reported (it fits better), else the line."""
        return self.recovery or self.tobit

    @property
    def curve_name(self) -> str:
        """The model of the figure's curve: `M2` or `M1`."""
        name = ModelName.RECOVERY if isinstance(self.curve, RecoveryFit) else ModelName.LINE
        return name.value

    @property
    def curve_is_contradicted(self) -> bool:
        """Whether the rows contradict the curve of the figure."""
        candidates = self.choice.candidates if self.choice else ()
        return any(model.is_contradicted for model in candidates if model.name == self.curve_name)


def washout_report(rows: Sequence[PatientRd], settings: Settings) -> WashoutReport:
    """Fit every model of `MODELS` to a study's rows.

    Tissues are never pooled. If rows come from several tissues, the tissue with most densities is used
    (marrow, if blood has as many), and the other rows are counted. Bead kits share a line, with a term for
    each further kit that has enough rows. Ranks cannot have terms, so M0 uses the most frequent kit alone. A
    row `ABOVE_ULOQ` is right-censored at the value that it certainly exceeds
    (`calibration.density.result.known_to_exceed`).

    Parameters
    ----------
    rows
        One row for each patient and visit, replicates pooled.
    settings
        The settings `seed`, `uloq_extrapolation`, `rd_cut` and `kd_app_ug_ml` are used, among others.
    """
    selection, defects = select_rows(rows, settings), CaughtDefects("model ", (NotEstimableError,))
    within = defects.caught(SECTIONS_WITHIN, lambda: within_patients(rows, selection.used, selection.data))
    data = selection.data
    fitted, refused = _fitted(selection, settings, defects)
    notes = [*selection.notes, *data.notes, *(note for part in fitted for note in part.fit.notes)]
    return WashoutReport(
        fits={part.model.name: part.fit for part in fitted},
        estimates=(
            *(estimate for part in fitted for estimate in part.estimates),
            *(within.estimates() if within else ()),
        ),
        waits=tuple(wait for part in fitted for wait in part.waits),
        not_estimable=(*refused, *_refusals(defects)),
        n_rows=len(rows),
        n_used=data.n,
        n_patients=data.n_patients,
        n_observed=data.count(OBSERVED),
        n_left_censored=data.count(LEFT),
        n_right_censored=data.count(RIGHT),
        seed=settings.seed,
        notes=tuple(dict.fromkeys(notes)),
        choice=choose([part.candidate for part in fitted if part.candidate]),
        visits=occupied_visits(rows),
        left_out=selection.left_out,
        within=within,
        assumptions=_assumptions(settings),
        defects=defects.failures,
    )


def with_sensitivity(report: WashoutReport, rows: Sequence[PatientRd], settings: Settings) -> WashoutReport:
    """Return the report with the slope of M1 under other choices; unchanged if it has no line."""
    line, defects = report.tobit, CaughtDefects("model ", (NotEstimableError,))
    if line is None:
        return report
    result = defects.caught(SECTION_SENSITIVITY, lambda: sensitivity(rows, line, settings))
    return replace(
        report,
        sensitivity=result,
        not_estimable=(*report.not_estimable, *_refusals(defects)),
        defects={**report.defects, **defects.failures},
    )


@dataclass(frozen=True, slots=True)
class _Fitted:
    """A fitted model with its estimates, waits and candidate for the choice."""

    model: Model[Any]
    fit: Fit
    estimates: tuple[Estimate, ...]
    waits: tuple[Wait, ...]
    candidate: Candidate | None


def _refusals(defects: CaughtDefects) -> tuple[Refusal, ...]:
    """Return each defect as a model that could not be estimated."""
    return tuple(Refusal(name, defect_note(words, THE_DATA)) for name, words in defects.failures.items())


def _fitted(
    selection: RowSelection, settings: Settings, defects: CaughtDefects
) -> tuple[tuple[_Fitted, ...], tuple[Refusal, ...]]:
    """Return every fitted model, and every refusal with its reason."""
    fitted: list[_Fitted] = []
    refused: list[Refusal] = []
    for model in MODELS:
        if model.after and model.after not in {part.model.name for part in fitted}:
            continue
        try:
            refused.extend(defects.caught(model.name, partial(model.left_out, selection)) or ())
            fit = defects.caught(model.name, partial(_fit_of, model, selection, settings))
        except NotEstimableError as reason:
            log.info("model %s is not estimated: %s", model.name, reason)
            refused.append(Refusal(model.name, str(reason)))
        else:
            fitted += [fit] if fit else []
    return tuple(fitted), tuple(refused)


def _fit_of(model: Model[Any], selection: RowSelection, settings: Settings) -> _Fitted | None:
    fit = model.fit(selection, settings)
    if fit is None:
        return None
    candidate = model.candidate(model.name, fit, settings) if model.candidate else None
    estimates = tuple(
        replace(estimate, model=model.name, interval=model.interval) for estimate in model.estimates(fit)
    )
    waits = tuple(
        replace(wait, interval=model.interval) for wait in model.waits(fit, selection.used, settings)
    )
    return _Fitted(model, fit, estimates, waits, candidate)


def _assumptions(settings: Settings) -> tuple[str, ...]:
    ends = f"{settings.kd_app_low_ug_ml:g} and {settings.kd_app_high_ug_ml:g}"
    return (
        f"Kd,app {settings.kd_app_ug_ml:g} ug/mL, between {ends} (settings)",
        "the marrow has the serum's concentration; an infusion counts as given at once",
        "pharmacokinetics of Xu 2020, doi:10.1007/s12325-020-01247-8: 107 treated patients of MMY1001",
        (
            "in that model the tumour stops clearing the drug for good; in a relapse it may clear it "
            "again, so the lower limit of the drug is low"
        ),
        "absorption of a subcutaneous dose of Luo 2021, doi:10.1002/jcph.1771",
        *prior_words(settings.kd_app_ug_ml, settings.sentinel_plasma_cell_usual),
    )
