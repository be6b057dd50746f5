"""The selection of rows for the models: one tissue, ways of measuring as terms, and known covariates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from calibration.density.result import known_to_exceed, quotable_density
from pipeline.patients.patient_rd import PatientRd
from pipeline.study.cells.choices import Tissue
from pipeline.study.quantity_name import fold_unit
from pipeline.study.settings import Settings
from pipeline.washout.censored.estimate import ModelName, Refusal
from pipeline.washout.censored.subject import COVARIATE_WORDS, Covariate
from pipeline.washout.observations.free_sites import one_kind_of_sites, usual_competition
from pipeline.washout.observations.kept import RowLeftOut, kept_notes, kept_rows, left_out_notes
from pipeline.washout.observations.rows import Observations, observe
from pipeline.washout.observations.shared import with_shared_errors
from pipeline.washout.observations.terms import Term, refusal_of, too_many
from pipeline.washout.observations.ways import takes_part, usable_ways, way_terms, ways_of


@dataclass(frozen=True, slots=True, eq=False)
class RowSelection:
    """The rows that the models take, and why other rows are left out.

    Attributes
    ----------
    used
        Rows of one tissue whose ways of measuring are frequent enough, all of free sites or all of all sites.
    of_totals
        Rows of one tissue whose ways of measuring are frequent enough, of free sites and of all sites.
    data
        The same rows, sorted into measured and censored, with a term for each further way of measuring.
    of_reference
        The rows of the most frequent way of measuring alone, without terms.
    adjusted_data
        `data` with terms for the usable covariates as well; None if no covariate is usable.
    refusals
        Covariates that cannot be used, and why.
    left_out
        Rows that a rule leaves out, and why.
    with_left_out
        `data` with these rows included; None if no row was left out.
    """

    used: tuple[PatientRd, ...]
    of_totals: tuple[PatientRd, ...]
    data: Observations
    of_reference: Observations
    adjusted_data: Observations | None
    refusals: tuple[Refusal, ...]
    notes: tuple[str, ...]
    left_out: tuple[RowLeftOut, ...] = ()
    with_left_out: Observations | None = None


def select_rows(rows: Sequence[PatientRd], settings: Settings) -> RowSelection:
    """Select the rows for the models; their order does not depend on the order of the sheets."""
    ordered = sorted(rows, key=_measured_values)
    usable, left_out = kept_rows(ordered, settings)
    tissue = _tissue(usable or ordered)
    competes = usual_competition(_of_tissue(usable or ordered, tissue)[0])
    used, notes = _poolable(usable, tissue, competes)
    ways = ways_of(used)
    reference = usable_ways(ways, [False] * len(used))[0] if used else None
    data, covariates = observed(used, settings)
    terms, refusals = _usable(covariates, data)
    alone = [row for row, way in zip(used, ways, strict=True) if way == reference]
    of_reference = observed(alone, settings)[0]
    if len(alone) < len(used):
        named = str(reference) or "unknown"
        notes = (*notes, f"M0 takes the {of_reference.n} rows of {named} alone: ranks cannot have a term")
    return RowSelection(
        used=used,
        of_totals=_of_usable_ways(_of_tissue(usable, tissue)[0])[0],
        data=data,
        of_reference=of_reference,
        adjusted_data=replace(data, terms=(*data.terms, *terms)) if terms else None,
        refusals=refusals,
        notes=(*left_out_notes(left_out), *kept_notes(usable), *notes),
        left_out=left_out,
        with_left_out=observed(_poolable(ordered, tissue, competes)[0], settings)[0] if left_out else None,
    )


def _poolable(
    rows: Sequence[PatientRd], tissue: Tissue, competes: bool | None
) -> tuple[tuple[PatientRd, ...], tuple[str, ...]]:
    """Return the rows of this tissue that can share a line, and notes on the others."""
    one_tissue, tissue_notes = _of_tissue(rows, tissue)
    one_kind, kind_notes = one_kind_of_sites(one_tissue, competes)
    used, way_notes = _of_usable_ways(one_kind)
    return used, (*tissue_notes, *kind_notes, *way_notes)


def _measured_values(row: PatientRd) -> tuple[object, ...]:
    """Return the sort key of a row: washout and density first, so that names of patients change no result."""
    numbers = (row.weeks, row.rd, row.lloq, row.uloq, row.rd_log_sd, row.rd_low)
    return (
        *((v is None, v or 0.0) for v in numbers),
        row.status.name,
        row.beads_kit,
        row.patient_id,
        row.visit,
    )


def observed(rows: Sequence[PatientRd], settings: Settings) -> tuple[Observations, tuple[Term, ...]]:
    """Return the rows sorted into measured and censored, with terms for ways of measuring; and covariates."""
    ways = ways_of(rows)
    of_ways, covariates = way_terms(ways), _covariates(rows)
    data = _observe(rows, settings.uloq_extrapolation, (*of_ways, *covariates))
    n_ways = len(of_ways)
    varying = tuple(term for term in data.terms[:n_ways] if np.ptp(term.values) > 0) if data.n else ()
    return replace(data, terms=varying), data.terms[n_ways:]


def _tissue(rows: Sequence[PatientRd]) -> Tissue:
    """Return the tissue of most rows that take part in the models; if two have equally many, marrow."""
    every, of_data = (Counter(row.tissue for row in some) for some in (rows, filter(takes_part, rows)))
    return max(
        sorted(every),
        key=lambda name: (of_data[name], name == Tissue.MARROW, every[name]),
        default=Tissue.MARROW,
    )


def _of_tissue(rows: Sequence[PatientRd], chosen: Tissue) -> tuple[tuple[PatientRd, ...], tuple[str, ...]]:
    """Return the rows of a tissue, and a note on the rows of other tissues."""
    counts = Counter(row.tissue for row in rows)
    if not {*counts} - {chosen}:
        return tuple(rows), ()
    other_tissues = ", ".join(
        f"{counts[name]} of {name or 'unknown'}" for name in sorted(counts) if name != chosen
    )
    used = f"{counts[chosen]} rows of {chosen or 'unknown'} used"
    note = f"tissues are not pooled: {used}, {other_tissues} left out"
    return tuple(row for row in rows if row.tissue == chosen), (note,)


def _observe(rows: Sequence[PatientRd], extrapolation: float, terms: Sequence[Term]) -> Observations:
    sd = [number_or_nan(row.rd_log_sd) for row in rows]
    data = observe(
        [number_or_nan(row.weeks) for row in rows],
        [number_or_nan(row.rd) for row in rows],
        [row.status for row in rows],
        lloq=[number_or_nan(row.lloq) for row in rows],
        uloq=[number_or_nan(_censored_above(row, extrapolation)) for row in rows],
        measurement_sd=sd if any(row.rd_log_sd is not None for row in rows) else None,
        patients=[row.patient_id for row in rows],
        terms=terms,
    )
    return with_shared_errors(data, [rows[index].shared for index in data.places])


def _censored_above(row: PatientRd, extrapolation: float) -> float | None:
    """Return the density above which the row is right-censored: its bound, else the extrapolation limit."""
    bound = known_to_exceed(row)
    return bound if bound is not None or row.uloq is None else extrapolation * row.uloq


def number_or_nan(value: float | None) -> float:
    """Return a number; NaN where there is none."""
    return float("nan") if value is None else value


def _of_usable_ways(rows: Sequence[PatientRd]) -> tuple[tuple[PatientRd, ...], tuple[str, ...]]:
    """Return the rows whose ways of measuring can have a term, with notes on these and on the other ways."""
    ways = ways_of(rows)
    if len(set(ways)) < 2:
        return tuple(rows), ()
    reference, other_ways = usable_ways(ways, [quotable_density(row) is not None for row in rows])
    used = tuple(row for row, way in zip(rows, ways, strict=True) if way in (reference, *other_ways))
    counts, alone = Counter(ways), sorted({*ways} - {reference, *other_ways})
    notes = [f"{w.nouns(reference)} differ: {w.values(reference)} has a term of its own" for w in other_ways]
    if alone:
        nouns = " and ".join(dict.fromkeys(way.nouns(reference) for way in alone))
        rare = ", ".join(f"{counts[way]} of {way.values(reference)}" for way in alone)
        notes.append(f"{nouns} are not pooled: {rare} left out, too few for a term")
    return used, tuple(notes)


def _covariates(rows: Sequence[PatientRd]) -> tuple[Term, ...]:
    """Return the covariates of the patients; NaN where a value is not known."""
    columns = (
        (Covariate.IMID_SINCE, fold_unit("fold if given"), [row.imid_since for row in rows], False),
        (Covariate.PRIOR_LINES, fold_unit("fold per line"), [row.prior_lines for row in rows], True),
        (
            Covariate.IGG,
            fold_unit("fold if IgG myeloma"),
            [row.body.igg if row.body else None for row in rows],
            False,
        ),
    )
    return tuple(
        Term(
            covariate.value,
            unit,
            np.array([number_or_nan(value) for value in values], dtype=np.float64),
            centred,
            covariate,
        )
        for covariate, unit, values, centred in columns
    )


def _usable(covariates: Sequence[Term], data: Observations) -> tuple[tuple[Term, ...], tuple[Refusal, ...]]:
    """Return the covariates that can be used, and why the others cannot."""
    if not data.n:
        return (), ()
    reasons = [refusal_of(term, data.kind, term.name) for term in covariates]
    refused = [
        _not_adjusted([term], reason, refusal_of(term, data.kind, _plain(term)))
        for term, reason in zip(covariates, reasons, strict=True)
        if reason
    ]
    estimable = tuple(term for term, reason in zip(covariates, reasons, strict=True) if not reason)
    reason = too_many(data.kind, len(data.terms) + len(estimable)) if estimable else ""
    if reason:
        return (), (*refused, _not_adjusted(estimable, reason, reason))
    return estimable, tuple(refused)


def _not_adjusted(terms: Sequence[Term], reason: str, plain_reason: str) -> Refusal:
    """Return the refusal of a line adjusted for these covariates, by their names and in words."""
    names, words = (", ".join(name(term) for term in terms) for name in (_name, _plain))
    plain = (f"{ModelName.LINE.value}, adjusted for {words}", plain_reason)
    return Refusal(f"{ModelName.ADJUSTED.value} for {names}", reason, plain)


def _name(term: Term) -> str:
    return term.name


def _plain(term: Term) -> str:
    return COVARIATE_WORDS[term.subject] if isinstance(term.subject, Covariate) else term.name
