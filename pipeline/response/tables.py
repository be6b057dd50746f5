"""R2 to R4: response, and disease control by washout and by receptor density, every percentage with k/n."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.response.counts import Contrast, Proportion, Trend, contrast, proportion, trend
from pipeline.response.patients import Count, ResponseCounts, count_responses
from pipeline.study import Study
from pipeline.washout.estimate import Json, to_json
from pipeline.washout.rows import PatientRd

RULE = (
    "Responses are imported as typed. Denominator: evaluable = yes, or empty beside a best response but NE. "
    "Disease control: MR or better, or SD for at least 56 days (8 weeks)."
)


@dataclass(frozen=True, slots=True)
class ResponseTables:
    """The tables, ready for people and for JSON.

    Attributes
    ----------
    response
        ORR, each best response, and DCR (R2).
    by_washout
        DCR < 3, 3 to < 6, 6 to < 12, ≥ 12 months on the response clock, then < 6 and ≥ 6 (R3).
    by_rd
        DCR at or above the RD cut, and below it (R4).
    outside
        Patients whom R3 or R4 cannot place.
    """

    n_patients: int
    n_evaluable: int
    response: tuple[Proportion, ...]
    by_washout: tuple[Proportion, ...]
    washout_contrasts: tuple[Contrast, ...]
    washout_trend: Trend
    by_rd: tuple[Proportion, ...]
    rd_contrast: Contrast
    outside: tuple[Proportion, ...]
    rule: str
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Json]:
        """Return what `response.json` holds."""
        plain = to_json(self)
        if not isinstance(plain, dict):
            raise TypeError("a dataclass becomes a dict")
        return plain


def response_tables(study: Study, rows: Sequence[PatientRd]) -> ResponseTables:
    """Return the response tables of a study with a patients sheet.

    Parameters
    ----------
    study
        `patients` and `doses` give responses and the clock; `settings` the month length and the RD cut.
    rows
        Receptor densities, one per patient and visit.
    """
    return tables_of_counts(count_responses(study, rows))


def tables_of_counts(counts: ResponseCounts) -> ResponseTables:
    """Return the tables of counts, from wherever they come: a study's patients, or a publication."""
    washout = [_proportion(count) for count in counts.by_washout]
    short, long = _sum("< 6 months", counts.by_washout[:2]), _sum(">= 6 months", counts.by_washout[2:])
    above, below = (_proportion(count) for count in counts.by_rd)
    return ResponseTables(
        n_patients=counts.n_patients,
        n_evaluable=counts.n_evaluable,
        response=tuple(_proportion(count) for count in (*counts.responses, counts.disease_control)),
        by_washout=(*washout, short, long),
        washout_contrasts=(
            contrast(">= 6 v < 3 months", long, washout[0]),
            contrast(">= 6 v < 6 months", long, short),
        ),
        washout_trend=trend("DCR along the washout strata", washout),
        by_rd=(above, below),
        rd_contrast=contrast("RD at or above the cut v below", above, below),
        outside=tuple(_proportion(count) for count in counts.outside if count.n),
        rule=RULE,
        notes=counts.notes,
    )


def _proportion(count: Count) -> Proportion:
    return proportion(count.name, count.k, count.n)


def _sum(name: str, counts: Sequence[Count]) -> Proportion:
    return proportion(name, sum(count.k for count in counts), sum(count.n for count in counts))
