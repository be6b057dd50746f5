"""The rows that the models get: of one tissue, kits as terms, covariates where they are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from calibration.density.receptor_density import NUMBERED
from calibration.density.result import known_to_exceed
from pipeline.patients.flags import ExposureFlag
from pipeline.patients.patient_rd import PatientRd
from pipeline.study.settings import Settings
from pipeline.washout.censored.estimate import Refusal
from pipeline.washout.observations.rows import Observations, observe
from pipeline.washout.observations.terms import Term, kit_terms, refusal_of, too_many, usable_kits


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """What the models get.

    Attributes
    ----------
    used
        Rows of one tissue and of the kits that take part.
    data
        The same, sorted into measured and censored, with a term per further kit.
    of_reference_kit
        Of the most frequent kit alone, without terms.
    adjusted_data
        With the covariates that can be used too; None where there are none.
    refusals
        Covariates that cannot be used, and why.
    """

    used: tuple[PatientRd, ...]
    data: Observations
    of_reference_kit: Observations
    adjusted_data: Observations | None
    refusals: tuple[Refusal, ...]
    notes: tuple[str, ...]


def given_rows(rows: Sequence[PatientRd], settings: Settings) -> Given:
    """Return the rows as the models get them, in an order that does not depend on that of the sheets."""
    one_tissue, tissue_notes = _of_one(
        sorted(rows, key=_by_what_was_measured), "tissues", lambda row: row.tissue
    )
    used, kit_notes = _of_usable_kits(one_tissue)
    kits = tuple(dict.fromkeys(row.beads_kit for row in used))
    reference = usable_kits([row.beads_kit for row in used], [False] * len(used))[0] if used else ""
    data, covariates = observed(used, settings)
    terms, refusals = _usable(covariates, data, len(kits) - 1)
    of_reference = observed([row for row in used if row.beads_kit == reference], settings)[0]
    notes = (*tissue_notes, *kit_notes, *_on_study_drug(used))
    if len(kits) > 1:
        notes = (
            *notes,
            f"M0 takes the {of_reference.n} rows of {reference or 'unknown'} alone: ranks know no kit term",
        )
    return Given(
        used=used,
        data=data,
        of_reference_kit=of_reference,
        adjusted_data=replace(data, terms=(*data.terms, *terms)) if terms else None,
        refusals=refusals,
        notes=notes,
    )


def _by_what_was_measured(row: PatientRd) -> tuple[object, ...]:
    """Return where a row stands: by washout and density, so that new names change no draw of the models."""
    known = (row.weeks, row.rd, row.lloq, row.uloq, row.rd_log_sd, row.rd_low)
    return (*((v is None, v or 0.0) for v in known), row.status, row.beads_kit, row.patient_id, row.visit)


def observed(rows: Sequence[PatientRd], settings: Settings) -> tuple[Observations, tuple[Term, ...]]:
    """Return rows sorted into measured and censored, with kit terms; and their covariates."""
    kits = [row.beads_kit for row in rows]
    reference = usable_kits(kits, [False] * len(kits))[0] if kits else ""
    of_kits, covariates = kit_terms(kits, reference), _covariates(rows)
    data = _observe(rows, settings.uloq_extrapolation, (*of_kits, *covariates))
    n_kits = len(of_kits)
    kept = tuple(term for term in data.terms[:n_kits] if np.ptp(term.values) > 0) if data.n else ()
    return replace(data, terms=kept), data.terms[n_kits:]


def _of_one(
    rows: Sequence[PatientRd], what: str, value: Callable[[PatientRd], str]
) -> tuple[tuple[PatientRd, ...], tuple[str, ...]]:
    """Return the rows of the most frequent kit or tissue, and a note of what was left out."""
    counts = Counter(value(row) for row in rows)
    if len(counts) < 2:
        return tuple(rows), ()
    chosen = max(sorted(counts), key=lambda name: counts[name])
    others = ", ".join(f"{counts[name]} of {name or 'unknown'}" for name in sorted(counts) if name != chosen)
    used = f"{counts[chosen]} rows of {chosen or 'unknown'} used"
    note = f"{what} are not pooled: {used}, {others} left out"
    return tuple(row for row in rows if value(row) == chosen), (note,)


def _on_study_drug(rows: Sequence[PatientRd]) -> tuple[str, ...]:
    count = sum(ExposureFlag.STUDY_DRUG_BEFORE_SAMPLE in row.flags for row in rows)
    named = "1 row" if count == 1 else f"{count} rows"
    return (f"{named} collected after the first dose of the study drug, used all the same",) if count else ()


def _observe(rows: Sequence[PatientRd], extrapolation: float, terms: Sequence[Term]) -> Observations:
    sd = [_number(row.rd_log_sd) for row in rows]
    return observe(
        [_number(row.weeks) for row in rows],
        [_number(row.rd) for row in rows],
        [row.status for row in rows],
        lloq=[_number(row.lloq) for row in rows],
        uloq=[_number(_censored_above(row, extrapolation)) for row in rows],
        measurement_sd=sd if any(row.rd_log_sd is not None for row in rows) else None,
        patients=[row.patient_id for row in rows],
        terms=terms,
    )


def _censored_above(row: PatientRd, extrapolation: float) -> float | None:
    """Return the density above which the row is right-censored: its bound, or where its number would end."""
    bound = known_to_exceed(row)
    return bound if bound is not None or row.uloq is None else extrapolation * row.uloq


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _of_usable_kits(rows: Sequence[PatientRd]) -> tuple[tuple[PatientRd, ...], tuple[str, ...]]:
    """Return the rows of kits that can have a term, and a note of kits and of what was left out."""
    kits = [row.beads_kit for row in rows]
    if len(set(kits)) < 2:
        return tuple(rows), ()
    reference, others = usable_kits(kits, [row.status in NUMBERED for row in rows])
    used = tuple(row for row in rows if row.beads_kit in (reference, *others))
    counts = Counter(kits)
    left = [f"{counts[kit]} of {kit or 'unknown'}" for kit in sorted({*kits} - {reference, *others})]
    notes = [f"bead kits differ: {kit or 'unknown'} has a term of its own" for kit in others]
    notes += [f"bead kits are not pooled: {', '.join(left)} left out, too few for a term"] if left else []
    return used, tuple(notes)


def _covariates(rows: Sequence[PatientRd]) -> tuple[Term, ...]:
    """Return what is known of the patients, NaN where it is not."""
    columns = (
        ("imid_since", "fold if given", [row.imid_since for row in rows], False),
        ("prior_lines", "fold per line", [row.prior_lines for row in rows], True),
        ("igg", "fold if IgG myeloma", [row.body.igg if row.body else None for row in rows], False),
    )
    return tuple(
        Term(name, unit, np.array([_number(value) for value in values], dtype=np.float64), centred)
        for name, unit, values, centred in columns
    )


def _usable(
    covariates: Sequence[Term], data: Observations, n_kits: int
) -> tuple[tuple[Term, ...], tuple[Refusal, ...]]:
    """Return the covariates that can be used, and why the others cannot."""
    if not data.n:
        return (), ()
    reasons = [refusal_of(term, data.kind) for term in covariates]
    refused = [
        Refusal(f"M1 adjusted for {term.name}", reason)
        for term, reason in zip(covariates, reasons, strict=True)
        if reason
    ]
    kept = tuple(term for term, reason in zip(covariates, reasons, strict=True) if not reason)
    reason = too_many(data.kind, n_kits + len(kept)) if kept else ""
    if reason:
        names = ", ".join(term.name for term in kept)
        return (), (*refused, Refusal(f"M1 adjusted for {names}", reason))
    return kept, tuple(refused)
