"""The error budget of a receptor density: its terms by name, and the size of each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class BudgetTerm(StrEnum):
    """A source of error. The value is the word that people read; no decision depends on it."""

    STANDARD_CURVE = "standard curve"
    BEAD_MEDIANS = "bead peak medians"
    TRANSFER = "transfer between runs of beads"
    LOT_ASSIGNMENT = "lot assignment"
    F_P_RATIO = "F:P ratio"
    STAINED_CELLS = "stained cells"
    CONTROL_CELLS = "control cells"
    BACKGROUND_MODEL = "background model"
    BETWEEN_RUNS = "between runs"
    CLONE_SPLIT = "split of the clone"


class BetweenRunSource(StrEnum):
    """Where the between-run CV in an interval comes from. The value is the word that people read."""

    ASSUMED = "assumed"
    ESTIMATED = "estimated from replicates"
    TYPED = "typed"
    NONE = "none: a within-run interval"


ASSUMED_BETWEEN_RUN_CV = 0.10
"""CV between runs where nobody typed one and no replicates show it. Assumption: in one laboratory CD4 of T
cells by QuantiBRITE had a CV of 8.4 % (105 fresh tubes) and 9.1 % (69 shipped ones), and two ways of lysing
lay 9.6 % apart (doi:10.1002/cyto.b.20541)."""

CELL_TERMS = frozenset({BudgetTerm.STAINED_CELLS, BudgetTerm.CONTROL_CELLS, BudgetTerm.BACKGROUND_MODEL})
"""Terms that come from the cells of one tube: replicates average them, and they do not scale with RD."""

LOT_TERMS = frozenset({BudgetTerm.LOT_ASSIGNMENT, BudgetTerm.F_P_RATIO})
"""Terms that all tubes of one lot and one conjugate share: the scatter of replicates does not show them."""

VISIT_TERMS = LOT_TERMS | {BudgetTerm.CLONE_SPLIT}
"""Terms that replicates of a visit share, so that their scatter does not show them: the clone is equally hard
to separate in each of its tubes."""

OPTIONAL_TERMS = frozenset(
    {BudgetTerm.F_P_RATIO, BudgetTerm.TRANSFER, BudgetTerm.BETWEEN_RUNS, BudgetTerm.CLONE_SPLIT}
)
"""Terms that a budget lists only where they are above zero."""


@dataclass(frozen=True, slots=True)
class ErrorTerm:
    """One term of the uncertainty budget: its SD in dex of RD and its share of the variance (0 to 1).

    Where RD is smaller than its total SD, the SD in dex is relative to that total SD instead.
    """

    name: BudgetTerm
    sd_dex: float
    share: float
