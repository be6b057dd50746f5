"""The fit in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.washout.censored.likelihood import LEFT, OBSERVED, RIGHT

if TYPE_CHECKING:
    from pipeline.washout.line.tobit import WashoutFit


def fit_summary(fit: WashoutFit) -> str:
    """Return the counts, the estimates with intervals, the methods and the notes, a line each."""
    low, high = fit.slope_interval
    fold_low, fold_high = fit.fold_interval
    level = f"{100 * fit.level:g} %"
    p = f", p = {fit.slope_p:.2g}"
    counts = (
        f"{fit.data.count(OBSERVED)} measured, {fit.data.count(LEFT)} below LLOQ, "
        f"{fit.data.count(RIGHT)} above ULOQ"
    )
    lines = [
        "M1: log10 RD = intercept + slope * log2 weeks",
        f"rows        {fit.n} of {fit.data.n_patients} patients: {counts}",
        f"slope       {fit.slope:.4f} ({level}: {low:.4f} to {high:.4f}{p})",
        f"            {fit.most_likely.slope:.4f} of highest likelihood, its bias not taken off",
        f"per doubling of washout  x {fit.fold_per_doubling:.3g} ({fold_low:.3g} to {fold_high:.3g})",
        f"intercept   {fit.intercept:.4f} (median RD at 1 week: {10**fit.intercept:.4g})",
        f"sigma       {fit.sigma:.4f} dex",
        *(f"{term.name}  x {10**term.effect:.3g} ({term.unit})" for term in fit.terms),
        f"method      {fit.method}; interval: {fit.interval_method}",
        *(f"note        {note}" for note in fit.notes),
    ]
    return "\n".join(lines)
