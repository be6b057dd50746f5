"""How well the second opinion tells wrong gates from right ones, on simulated marrow of which every cell is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from gating.gates.steps import LOW_CONFIDENCE
from gating.second_opinion import dice_overlap, second_opinion
from pipeline.quantification.quantify import LEAST_AGREEMENT
from validation.gated_tubes import FEWEST_FOR_RD, gate, wanted_tubes
from validation.gating_tubes import EMPTY, SCENARIOS, KnownTube, Wanted, known_tube
from validation.markdown import paragraph, table
from validation.other_marrow import other_tube, other_tubes

WRONG = 0.8
"""F1 of gated cells against the labels below which a gate is called wrong here."""
Mapper = Callable[..., Iterable]


@dataclass(frozen=True, slots=True)
class Opinion:
    """A tube with at least `FEWEST_FOR_RD` gated cells: what the gates and the second opinion are worth.

    `f1` of the gates, `second_f1` of the second opinion, both against the labels; `agreement` of the two.
    """

    kind: str
    f1: float
    second_f1: float
    agreement: float
    confidence: float

    @property
    def is_wrong(self) -> bool:
        """Whether the gates named the wrong cells."""
        return self.f1 < WRONG

    @property
    def is_flagged(self) -> bool:
        """Whether the row of the tube says that the second opinion differs."""
        return self.agreement < LEAST_AGREEMENT


def opinion_of(kind: str, known: KnownTube) -> Opinion | None:
    """Gate a tube in both ways; None where too few cells are gated for a density, or there is no opinion."""
    gated, second = gate(known), second_opinion(known.events, known.panel)
    if second is None or np.count_nonzero(gated.mask) < FEWEST_FOR_RD:
        return None
    return Opinion(
        kind,
        dice_overlap(gated.mask, known.plasma_cells),
        dice_overlap(second, known.plasma_cells),
        dice_overlap(second, gated.mask),
        gated.confidence,
    )


def examine(seeds: Sequence[int], mapper: Mapper = map) -> list[Opinion]:
    """Return the opinions on the tubes of the gating's validation, and on those of the second generator."""
    own = mapper(_own, wanted_tubes(seeds, seeds))
    others = mapper(_other, other_tubes(seeds))
    return [opinion for opinion in (*own, *others) if opinion is not None]


def _own(wanted: Wanted) -> Opinion | None:
    return opinion_of(wanted.scenario, known_tube(wanted))


def _other(wanted: tuple[str, str, int]) -> Opinion | None:
    return opinion_of("second generator", other_tube(*wanted))


def chance_to_tell(opinions: Sequence[Opinion]) -> float:
    """Return how often a wrong gate has the lower agreement of a wrong and a right one (area under the ROC curve)."""
    wrong = np.array([o.agreement for o in opinions if o.is_wrong])
    right = np.array([o.agreement for o in opinions if not o.is_wrong])
    if not (wrong.size and right.size):
        return float("nan")
    lower = (wrong[:, None] < right).mean() + 0.5 * (wrong[:, None] == right).mean()
    return float(lower)


def section(opinions: Sequence[Opinion]) -> str:
    """Return the section of docs/validation.md."""
    kinds = [
        kind for kind in (*SCENARIOS, EMPTY, "second generator") if any(o.kind == kind for o in opinions)
    ]
    rows = [_row(kind, [o for o in opinions if o.kind == kind]) for kind in kinds]
    sure = [o for o in opinions if o.is_wrong and o.confidence >= LOW_CONFIDENCE]
    columns = ("tubes", "number", "gates wrong", "of them flagged", "gates right", "of them flagged",
               "second opinion right")  # fmt: skip
    return (
        "## Second opinion\n\n"
        + paragraph(
            f"`cd38rd run --second-opinion` on {len(opinions)} simulated tubes with at least {FEWEST_FOR_RD} gated cells: "
            "the tubes of the section on gating, and those of the second generator. A gate is wrong if its F1 "
            f"compared with the labels is below {WRONG}; a tube is flagged if their agreement is below {LEAST_AGREEMENT}. "
            f"If a wrong and a right gate are compared, the wrong one has the lower agreement in {100 * chance_to_tell(opinions):.0f} % "
            f"of the pairs. Of the wrong gates {len(sure)} had a confidence of {LOW_CONFIDENCE} or more; "
            f"{sum(o.is_flagged for o in sure)} of these are flagged."
        )
        + table(columns, [*rows, _row("all", opinions)])
    )


def _row(name: str, opinions: Sequence[Opinion]) -> tuple[str, ...]:
    wrong = [o for o in opinions if o.is_wrong]
    right = [o for o in opinions if not o.is_wrong]
    counts = (
        len(opinions), len(wrong), sum(o.is_flagged for o in wrong), len(right), sum(o.is_flagged for o in right),
        sum(o.second_f1 >= WRONG for o in opinions),
    )  # fmt: skip
    return (name, *(str(count) for count in counts))
