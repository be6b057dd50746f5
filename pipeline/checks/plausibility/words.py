"""Words of a patient that tables count: stages must exist, and each word must have a single spelling."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.checks.findings import Finding, warning
from pipeline.checks.headers import Headers
from pipeline.checks.plausibility.plausible_ranges import ISS_STAGES, R2_ISS_STAGES
from pipeline.study.drugs import Meaning, read_drug
from pipeline.study.faults import Fault
from pipeline.study.study import Study
from pipeline.study.wording import quoted, same_word

COLUMNS_COUNTED = ("iss_stage", "cytogenetic_risk", "heavy_chain")
WORDS_FOR_UNKNOWN = (
    "unknown",
    "notknown",
    "na",
    "nd",
    "nk",
    "notdone",
    "missing",
    "none",
    "notavailable",
    "ne",
)
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5}
"""Roman numbers of stages. Arithmetic: ISS and R-ISS have stages I to III."""
_STAGE = re.compile(
    r"(?:stage)?(?P<system>r2iss|r2|riss|revisediss|r|iss)?(?:stage)?(?P<stage>[iv]+|\d+)[abc]?"
)


_DRUGS = re.compile(r"[;,/+\n]")
_CLASS_OR_DENIAL = re.compile(
    r"cd.?38|\b(no|not|non|never|kein\w*|nicht)\b|na[iï]ve|sensitive|intoleran|\?", re.IGNORECASE
)
"""The class of the antibodies, which counts as typed, and words that deny a drug."""


def myeloma_stage(word: str) -> tuple[str, int] | None:
    """Return the staging system and the number of a stage in any spelling; None if it is not a stage.

    >>> myeloma_stage("Stage II"), myeloma_stage("R-ISS 3"), myeloma_stage("ISS-2"), myeloma_stage("high")
    (('iss', 2), ('r', 3), ('iss', 2), None)
    """
    match = _STAGE.fullmatch(re.sub(r"[\W_]+", "", word.casefold()))
    if match is None:
        return None
    system = match["system"] or "iss"
    number = _ROMAN.get(match["stage"], int(match["stage"]) if match["stage"].isdigit() else 0)
    return ("r2" if system.startswith("r2") else "r" if system.startswith("r") else "iss"), number


def stages(study: Study, headers: Headers) -> Iterator[Finding]:
    """Refuse a stage that its staging system does not have; warn of a word that is not a stage."""
    del headers
    for patient in study.patients:
        typed, where = patient.iss_stage, study.at("patients", patient.patient_id, "iss_stage")
        stage = myeloma_stage(typed)
        if stage is not None:
            most = R2_ISS_STAGES if stage[0] == "r2" else ISS_STAGES
            if not 1 <= stage[1] <= most:
                expected = f"I, II or III{', or IV' if most == R2_ISS_STAGES else ''}, the stages there are"
                yield Finding(Fault(where, quoted(typed), expected, "Leave it empty if it is not known."))
        elif typed and same_word(typed) not in WORDS_FOR_UNKNOWN:
            yield warning(
                quoted(typed), "I, II or III", where=where, hint="It is counted as a stage of its own."
            )


def refractory_drugs(study: Study, headers: Headers) -> Iterator[Finding]:
    """Warn of a word in `refractory_to` that is only similar to an antibody: it does not count."""
    del headers
    for patient in study.patients:
        where = study.at("patients", patient.patient_id, "refractory_to")
        for name in filter(None, map(str.strip, _DRUGS.split(patient.refractory_to))):
            reading = read_drug(name)
            if reading.meaning is Meaning.QUESTION and not _CLASS_OR_DENIAL.search(name):
                hint = "As it stands, the patient does not count as refractory to it."
                yield warning(
                    quoted(name), f"a drug's name: {quoted(reading.antibody)}?", where=where, hint=hint
                )


def one_spelling(study: Study, headers: Headers) -> Iterator[Finding]:
    """Require a single spelling of each stage, risk and heavy chain: tables would count two apart."""
    del headers
    for column in COLUMNS_COUNTED:
        first: dict[object, tuple[str, str]] = {}
        reported = set()
        for patient in study.patients:
            typed = getattr(patient, column)
            where = study.at("patients", patient.patient_id, column)
            key = (myeloma_stage(typed) if column == "iss_stage" else None) or same_word(typed)
            before, earlier = first.setdefault(key, (where, typed))
            if typed and typed != earlier and typed not in reported:
                reported.add(typed)
                expected = f"one spelling everywhere: {before} has {quoted(earlier)}"
                yield Finding(Fault(where, quoted(typed), expected, "The tables would count two kinds."))
