"""What the sentinels and the drug in serum say of a tube, for its card in the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from calibration.density.result import raw_estimate
from pipeline.output.figures.style.palette import STATUS
from pipeline.output.figures.style.ticks import count, rounded_text
from pipeline.output.report.cards.calculation import Pairs
from pipeline.output.report.words import interval_words
from pipeline.patients.receptor_occupancy.sentinel_reading import READING_WORDS, SentinelReading
from pipeline.patients.receptor_occupancy.theta import Theta, ThetaFrom
from pipeline.patients.receptor_occupancy.tubes import TubeOccupancy
from pipeline.quantification.result import SampleResult, SentinelResult

HEADLINES: Final[Mapping[SentinelReading, str]] = {
    SentinelReading.NOT_LOW: "CD38 not low",
    SentinelReading.MASKED: "masked by the drug",
    SentinelReading.LOST: "not masked: CD38 lost",
    SentinelReading.BOTH: "masked in part, and CD38 lost",
    SentinelReading.PARTLY_COVERED: "masked in part",
    SentinelReading.CANNOT_TELL: "it is not known whether it is masked",
}
"""What the sentinels say of free CD38 on the plasma cells, for the header of a card and for the table."""


def occupancy_pairs(result: SampleResult, occupancy: TubeOccupancy | None) -> Pairs:
    """Return free CD38 of the sentinels, what the drug holds, the total, and the reading: no diagnosis."""
    named = (
        (sentinel.name.replace("_", " ").replace("nk", "NK").replace("b p", "B p"), sentinel)
        for sentinel in result.sentinels
    )
    pairs = [(f"free CD38 of {name}", _sentinel_words(sentinel)) for name, sentinel in named]
    reading = result.sentinel_reading
    pairs += _theta(occupancy)
    return (
        *pairs,
        *(
            [
                (
                    "sentinels read",
                    f"{reading}: {READING_WORDS[SentinelReading(reading)]} (a rule, no diagnosis)",
                )
            ]
            if reading
            else []
        ),
    )


def _theta(occupancy: TubeOccupancy | None) -> list[tuple[str, str]]:
    """Return what the drug holds by either way, and the total."""
    if occupancy is None:
        return []
    ways = (("by sentinels", occupancy.by_sentinels), ("by the drug in serum", occupancy.by_level))
    pairs = [(f"θ {way}", _percent_occupied(theta)) for way, theta in ways if theta.is_known]
    total = occupancy.total
    limits = ("–" if limit is None else rounded_text(limit) for limit in (total.low, total.high))
    text = f"{rounded_text(total.value)} ({' to '.join(limits)})" if total.low or total.high else ""
    words = "; ".join(part for part in (text, total.reason) if part)
    source = occupancy.theta.source
    return [*pairs, (f"total, θ from {source.value}", words)] if source is not ThetaFrom.NONE else pairs


def _percent_occupied(theta: Theta) -> str:
    interval = f"{100 * (theta.low or 0.0):.0f} to {100 * (theta.high or 0.0):.0f} %"
    percent = interval if theta.value is None else f"{100 * theta.value:.0f} % ({interval})"
    return "; ".join(part for part in (f"the drug occupies {percent}", theta.reason) if part)


def _sentinel_words(sentinel: SentinelResult) -> str:
    receptor = sentinel.receptor
    estimate = raw_estimate(receptor)
    if estimate is None:
        return sentinel.note or f"{STATUS[receptor.status].words} ({count(receptor.n_cells)} cells)"
    interval = interval_words(receptor.rd_low, receptor.rd_high)
    return f"{rounded_text(estimate)} ({interval}), {count(receptor.n_cells)} cells"
