"""The owner of a file by its name: a file with the id of another patient or tube was perhaps exchanged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.checks.findings import Finding
from pipeline.checks.identity.uses import Use, doubted
from pipeline.study.names.ids import ids_in, is_day, is_telling, known_ids
from pipeline.study.study import Study
from pipeline.study.wording import quoted

OWNER_KEYWORDS = ("TUBE NAME", "$FIL", "SAMPLE ID", "$SMNO", "PATIENT ID")
"""Keywords in which acquisition software names the tube or the patient."""

MOST_NAMED_OTHERWISE = 0.5
"""Least share of tubes with their own id in the file name, for plain numbers in names to count as ids.
Convention: the majority shows whether file names contain the ids."""


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids of a study, for `ids_in`, and the patient and the cell of each id."""

    known: Mapping[str, tuple[str, ...]]
    patient_ids: frozenset[str]
    patient_of: Mapping[str, str]
    cell_of: Mapping[str, str]


def files_of_others(study: Study, uses: Sequence[Use]) -> Iterator[Finding]:
    """Report tubes and controls whose file name or keywords have the id of another row, and not their own."""
    tubes = [use for use in uses if use.sample is not None]
    every = _ids(study, telling_only=False)
    stained = [use for use in tubes if use.is_stained]
    own = sum(bool(_ids_of(use.name, every) & {use.sample_id, use.patient}) for use in stained)
    convention = own >= 2 and own >= MOST_NAMED_OTHERWISE * len(stained)
    telling = _ids(study, telling_only=True)
    for use in tubes:
        yield from _of_another(use, tubes, every if convention else telling, telling)


def _ids(study: Study, *, telling_only: bool) -> Ids:
    samples = study.samples
    names = [name for sample in samples for name in (sample.patient_id, sample.sample_id)]
    return Ids(
        known_ids(name for name in names if not telling_only or is_telling(name)),
        frozenset(sample.patient_id for sample in samples),
        {sample.sample_id: sample.patient_id for sample in samples},
        {s.patient_id: study.at("samples", s.sample_id, "patient_id") for s in reversed(samples)}
        | {s.sample_id: study.at("samples", s.sample_id, "sample_id") for s in samples},
    )


def _ids_of(text: str, ids: Ids) -> frozenset[str]:
    return ids_in(text, ids.known)


def _of_another(use: Use, tubes: Sequence[Use], in_names: Ids, in_keywords: Ids) -> Iterator[Finding]:
    texts = [("name", use.name, in_names)]
    texts += [(f"keyword {key}", use.file.keywords.get(key, ""), in_keywords) for key in OWNER_KEYWORDS]
    for source, text, ids in texts:
        owner = _other_owner(use, text, ids)
        if owner:
            other_tubes = tuple(
                tube for tube in tubes if owner in (tube.sample_id, tube.patient) and tube.is_stained
            )
            noun = "tube" if owner in ids.patient_of else "patient"
            problem = f"whose {source} has the {noun} {quoted(owner)} of {ids.cell_of[owner]}"
            expected = f"a file of {quoted(use.sample_id)}, patient {quoted(use.patient)}"
            hint = "Were two files exchanged, or one misnamed?"
            yield from doubted(use, problem, expected, hint, other_tubes[:1])
            return


def _other_owner(use: Use, text: str, ids: Ids) -> str:
    """Return the id of another row in a text; "" for none.

    A control may belong to another tube of the patient. If a text also has its own id, an id that looks like
    a date counts as a date.
    """
    named, own = _ids_of(text, ids), {use.patient, use.sample_id}
    if named & own:
        named = frozenset(name for name in named if name in own or not is_day(name))
    patients = named & ids.patient_ids
    if patients and not named & own:
        return min(patients)
    samples = named & ids.patient_of.keys()
    if use.sample_id in samples:
        return ""
    return min(
        (name for name in samples - {use.patient} if use.is_stained or ids.patient_of[name] != use.patient),
        default="",
    )
