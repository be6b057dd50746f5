"""The analyses of a study in words, with sources: only models that were fitted and tests that were made."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.output.report.record import sources as src
from pipeline.output.report.record.sources import cited
from pipeline.patients.receptor_occupancy.theta import ThetaFrom
from pipeline.response.statistics.logistic import OddsMethod
from pipeline.response.tables import ResponseTables
from pipeline.washout.censored.estimate import ModelName
from pipeline.washout.models import MODELS
from pipeline.washout.publications import LESS_BIAS, SERUM
from pipeline.washout.report import WashoutReport


def washout_sentences(report: WashoutReport | None) -> Iterator[str]:
    """Yield a sentence for each model of washout that was fitted to these rows."""
    if report is None or not report.fits:
        return
    yield (
        f"Washout is the time from the last dose to the sample; {report.n_used} visits of "
        f"{report.n_patients} patients have a washout and a density or a limit."
    )
    for model in MODELS:
        if model.methods and model.name in report.fits:
            yield f"{model.methods}{cited(model.sources)}."
    if ModelName.TOTAL in report.fits:
        yield _total(report)
    if report.choice and len(report.choice.candidates) > 1:
        yield f"Models were compared by AICc{cited([src.AICC])}."


def _total(report: WashoutReport) -> str:
    """Return how free density became total, from where θ was known."""
    ways = sorted({visit.theta_from for visit in report.visits if visit.theta is not None})
    if ways == [ThetaFrom.NO_COMPETITION]:
        return "No clone competes with the drug, so density is total density, and its line is the same."
    modelled = {ThetaFrom.LEVEL, ThetaFrom.MODEL} & set(ways)
    return (
        "Total density was taken as free density over 1 − θ, θ being the part that the drug occupies, from: "
        f"{', '.join(ways)}{cited([SERUM] if modelled else [])}."
    )


def response_sentences(tables: ResponseTables | None) -> Iterator[str]:
    """Yield a sentence for each analysis of response and survival that was made."""
    if tables is None:
        return
    if tables.n_evaluable:
        yield f"Proportions have exact intervals{cited([src.EXACT_INTERVAL])}."
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
    estimated = [odds for odds in tables.odds if odds.ratio is not None]
    if estimated:
        yield "Odds of disease control are from logistic regression."
    separated = any(odds.method is OddsMethod.PENALISED for odds in estimated) or any(
        contrast.firth for contrast in contrasts
    )
    if separated:
        yield f"Where data are separated, Firth's penalised likelihood was used{cited([LESS_BIAS])}."
