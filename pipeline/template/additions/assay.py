"""New rows of the validation sheet: what the names of new files say about the assay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.study.names.look import caseless
from pipeline.study.sheets.typed import TypedStudy
from pipeline.template.guesses import GuessedRow

GuessedKey = tuple[str, str]
"""A material and an experiment, as guessed."""


def added_assay_rows(
    typed: TypedStudy,
    guessed: Sequence[GuessedRow],
    ids: Mapping[str, str],
    new: frozenset[str],
) -> tuple[GuessedRow, ...]:
    """Return the rows that the validation sheet lacks for new files.

    A tube that is already in the samples sheet gets a row only if the validation sheet names it and a new
    tube of its material takes part in the same experiment. Any other tube may be in a visit of a patient, and
    a row in this sheet would take it out of the visit.

    Parameters
    ----------
    typed
        Every existing row.
    guessed
        The validation rows of the whole folder, as `init` guesses them.
    ids
        The sample_id in the sheets by the guessed sample_id.
    new
        The sample_ids of the new files.
    """
    existing = {
        (caseless(entry.row.sample_id), entry.row.experiment)
        for entry in typed.validation
        if entry.row.sample_id
    }
    validated = {sample for sample, _ in existing}
    specimens = _specimens(typed, guessed, ids)
    rows = [
        (_key(row), replace(row, values={**row.values, "sample_id": ids[sample]}))
        for row in guessed
        if (sample := str(row.values["sample_id"])) in ids
    ]
    of_new = {key for key, row in rows if row.values["sample_id"] in new}
    return tuple(
        replace(row, values={**row.values, "specimen": specimens.get(key[0], key[0])})
        for key, row in rows
        if (sample := str(row.values["sample_id"])) in new
        or (caseless(sample) in validated and key in of_new)
        if (caseless(sample), key[1]) not in existing
    )


def _key(row: GuessedRow) -> GuessedKey:
    return str(row.values["specimen"]), str(row.values["experiment"])


def _specimens(typed: TypedStudy, guessed: Sequence[GuessedRow], ids: Mapping[str, str]) -> dict[str, str]:
    """Return the typed name of each material, by its guessed name."""
    of_sample = {
        caseless(entry.row.sample_id): entry.row.specimen
        for entry in typed.validation
        if entry.row.sample_id and entry.row.specimen
    }
    names: dict[str, Counter[str]] = {}
    for row in guessed:
        sample = ids.get(str(row.values["sample_id"]), "")
        if specimen := of_sample.get(caseless(sample)):
            names.setdefault(_key(row)[0], Counter())[specimen] += 1
    return {guess: counts.most_common(1)[0][0] for guess, counts in names.items()}
