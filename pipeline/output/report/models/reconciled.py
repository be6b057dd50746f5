"""Two models that seem to contradict each other: one sentence that says why, and which one counts."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.output.report.models.names import PLAIN_NAMES
from pipeline.output.report.models.words import LIKELY_P, three_digits
from pipeline.washout.censored.estimate import ModelName, Wait
from pipeline.washout.line.tobit import WashoutFit
from pipeline.washout.ranks import RankAssociation
from pipeline.washout.report import WashoutReport


def reconciled(report: WashoutReport | None, name: str) -> tuple[str, ...]:
    """Return a sentence for each pair of models that a reader would take for a contradiction.

    Parameters
    ----------
    report
        The models; None: none.
    name
        Of the density: `free CD38`.
    """
    if report is None:
        return ()
    ranks_and_line = (
        [_ranks_and_line(report.rank, report.tobit, name)] if report.rank and report.tobit else []
    )
    return tuple(sentence for sentence in (*ranks_and_line, *_waits(report)) if sentence)


def _ranks_and_line(rank: RankAssociation, line: WashoutFit, name: str) -> str:
    """Return why ranks and line read otherwise; "" where they agree."""
    if line.slope_p is None:
        return ""
    by_rank, by_line = rank.p < LIKELY_P, line.slope_p < LIKELY_P
    ranks = f"p = {rank.p:.2g}, {rank.n} visits"
    lines = f"p = {line.slope_p:.2g}, {line.n} visits"
    if by_rank and by_line and (rank.spearman > 0) != (line.slope > 0):
        return (
            f"The rank test ({ranks}) and the line ({lines}) point in opposite directions: the relation is "
            "not straight, or a few rows decide the line. Do not rely on either before you have looked at "
            "the plot."
        )
    if by_line and not by_rank:
        return (
            f"The line shows a change of {name} ({lines}), the rank test alone does not ({ranks}): ranks use "
            "only the order of the visits. The line also uses how far apart they lie, but it needs a "
            "straight relation. So the change is likely, but not shown."
        )
    if by_rank and not by_line:
        return (
            f"The rank test shows a change of {name} ({ranks}), the line alone does not ({lines}): the order "
            "of the visits is clear, but a straight line does not describe it. So a change is shown, but not "
            "how fast it is."
        )
    return ""


def _waits(report: WashoutReport) -> Iterator[str]:
    """Yield a sentence where line and recovery curve give waits whose intervals do not overlap."""
    known_waits = {
        (wait.model, wait.density, wait.share): wait for wait in report.waits if wait.weeks is not None
    }
    for (model, density, share), line in known_waits.items():
        curve = known_waits.get((ModelName.RECOVERY.value, density, share))
        if model == ModelName.LINE and curve is not None and _apart(line, curve):
            preferred = report.choice.preferred if report.choice else ""
            counts = PLAIN_NAMES.get(preferred, "")
            which = f"the rows fit {counts} better, so its weeks count" if counts else "neither is preferred"
            yield (
                f"Until {100 * share:g} % of the patients have {three_digits(density)}, the line gives "
                f"{three_digits(line.weeks)} weeks and the recovery curve {three_digits(curve.weeks)}: "
                f"{which}."
            )


def _apart(first: Wait, second: Wait) -> bool:
    """Return whether two intervals do not overlap; an unknown limit counts as infinite."""
    low, high = float("-inf"), float("inf")
    ends = [(wait.low if wait.low is not None else low, wait.high if wait.high is not None else high)
            for wait in (first, second)]  # fmt: skip
    return ends[0][1] < ends[1][0] or ends[1][1] < ends[0][0]
