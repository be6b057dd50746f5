"""The analyses of a study in words, with sources: only models that were fitted and tests that were made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pipeline.output.report.record import sources as src
from pipeline.output.report.record.sources import Publication, cited
from pipeline.patients.receptor_occupancy.theta import ThetaFrom
from pipeline.response.statistics.logistic import OddsMethod
from pipeline.response.tables import ResponseTables
from pipeline.washout.censored.estimate import ModelName
from pipeline.washout.report import WashoutReport


@dataclass(frozen=True, slots=True)
class _Fitted:
    """What was done for a model, and by whose method."""

    words: str
    sources: tuple[Publication, ...] = ()


_MODELS: Final = {
    ModelName.RANKS: _Fitted(
        "Whether density and washout go together was tested by ranks: Spearman's ρ, with values beyond a "
        "limit ordered against the others only where that is sure, a permutation p, and an interval by "
        "bootstrap of patients",
        (src.PAIRWISE_ORDER, src.PERMUTATION, src.BOOTSTRAP),
    ),
    ModelName.LINE: _Fitted(
        "How fast density rises was read from a Tobit line of log10 density on log2 weeks, which takes "
        "values beyond a limit as censored; its bias of few rows was removed, and its intervals are "
        "profile-likelihood intervals",
        (src.TOBIT, src.LESS_BIAS),
    ),
    ModelName.ADJUSTED: _Fitted(
        "The same line was fitted with what is known of the patients (IMiD since the last dose, lines of "
        "therapy, IgG type)"
    ),
    ModelName.RANDOM_INTERCEPT: _Fitted("The same line was fitted with a random intercept of the patient"),
    ModelName.RECOVERY: _Fitted(
        "A recovery curve with a plateau was fitted with priors on all its parameters, by importance "
        "sampling; its intervals are credible intervals",
        (src.IMPORTANCE, src.SERUM),
    ),
}
"""What was done for each model that can be fitted, but for that of the total."""


def washout_sentences(report: WashoutReport | None) -> Iterator[str]:
    """Yield a sentence for each model of washout that was fitted to these rows."""
    if report is None or not report.fits:
        return
    yield (
        f"Washout is the time from the last dose to the sample; {report.n_used} visits of "
        f"{report.n_patients} patients have a washout and a density or a limit."
    )
    for name, fitted in _MODELS.items():
        if name in report.fits:
            yield f"{fitted.words}{cited(fitted.sources)}."
    if ModelName.TOTAL in report.fits:
        yield _total(report)
    if report.choice and len(report.choice.candidates) > 1:
        yield f"Models were compared by AICc{cited([src.AICC])}."


def _total(report: WashoutReport) -> str:
    """Return how free density became total, from where θ was known."""
    ways = sorted({visit.theta_from for visit in report.visits if visit.theta is not None})
    if ways == [ThetaFrom.NO_COMPETITION.value]:
        return "No clone competes with the drug, so density is total density, and its line is the same."
    modelled = {ThetaFrom.LEVEL.value, ThetaFrom.MODEL.value} & set(ways)
    return (
        "Total density was taken as free density over 1 − θ, θ being the part that the drug holds, from: "
        f"{', '.join(ways)}{cited([src.SERUM] if modelled else [])}."
    )


def response_sentences(tables: ResponseTables | None) -> Iterator[str]:
    """Yield a sentence for each analysis of response and survival that was made."""
    if tables is None:
        return
    if tables.n_evaluable:
        yield f"Proportions have exact intervals{cited([src.EXACT])}."
        yield from _comparisons(tables)
    followed = [row for row in tables.survival if row.n]
    if followed:
        names = " and ".join(row.name for row in followed)
        yield (
            f"{names} are Kaplan–Meier estimates, their medians with Brookmeyer–Crowley intervals"
            f"{cited([src.SURVIVAL, src.MEDIAN_SURVIVAL])}."
        )
    late = tables.dexamethasone
    if late and any(test.log_rank_p is not None for test in late.tests):
        yield (
            f"Dexamethasone was looked at from a landmark of {late.landmark_weeks:g} weeks"
            f"{cited([src.LANDMARK])}."
        )


def _comparisons(tables: ResponseTables) -> Iterator[str]:
    """Yield the tests of disease control against washout and density that gave a result."""
    contrasts = (*tables.washout_contrasts, tables.rd_contrast)
    if any(contrast.fisher_p is not None for contrast in contrasts):
        yield "Groups were compared by Fisher's exact test, with conditional odds ratios and exact intervals."
    if tables.washout_trend.p is not None:
        yield f"The trend along strata of washout was tested by Cochran and Armitage{cited([src.TREND])}."
    estimated = [one for one in tables.odds if one.ratio is not None]
    if estimated:
        yield "Odds of disease control are from logistic regression."
    separated = any(one.method is OddsMethod.PENALISED for one in estimated) or any(
        one.firth for one in contrasts
    )
    if separated:
        yield f"Where data are separated, Firth's penalised likelihood was used{cited([src.LESS_BIAS])}."
