"""Names and birth dates of people in place of pseudonyms: they would be in every result."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from pipeline.checks.findings import Finding, warning
from pipeline.checks.headers import Headers
from pipeline.study.study import Study
from pipeline.study.wording import quoted

BORN = (1915, 2012)
"""First and last year in which a patient may be born. Convention: those of adults, with a few years of
margin."""

_NO_NAMES = re.compile(
    r"patients?|subjects?|case|donor|healthy|control|marrow|blood|bone|sample|study|site|arm|cohort|baseline"
    r"|screening|visit|cycle|day|relapse|trial|cent(re|er)|person|anonymous|pseudonym|test",
    re.IGNORECASE,
)
"""Words that pseudonyms are made of."""

_WORDS = re.compile(r"([^\W\d_]{3,})[\s,._-]+([^\W\d_]{3,})")
_DAYS = (
    re.compile(r"(?P<y>\d{4})[-./ ]?(?P<m>\d\d)[-./ ]?(?P<d>\d\d)"),
    re.compile(r"(?P<d>\d\d)[-./ ]?(?P<m>\d\d)[-./ ]?(?P<y>\d{4})"),
    re.compile(r"(?P<m>\d\d)[-./ ]?(?P<d>\d\d)[-./ ]?(?P<y>\d{4})"),
)
_PERSONAL = re.compile(
    r"\b(?:(?:PATIENT|SUBJECT|LAST|FIRST|FAMILY|GIVEN|SUR)[ _-]?NAME|DOB|BIRTH|BIRTHDATE|BIRTHDAY|MRN|SSN)\b",
    re.IGNORECASE,
)
"""Keywords that identify a person, whatever their value."""


def persons(study: Study, headers: Headers) -> Iterator[Finding]:
    """Report patient_ids that look like a name or a birth date, and keywords that identify a patient."""
    for name in dict.fromkeys(sample.patient_id for sample in study.samples):
        look = _looks_like(name)
        if look:
            sample = next(sample for sample in study.samples if sample.patient_id == name)
            yield warning(
                f"the patient_id {quoted(name)}, which looks like {look}",
                "a pseudonym, since it appears in every result",
                where=study.at("samples", sample.sample_id, "patient_id"),
                hint="Leave a pseudonym as it is. Else give each patient a number, the same in every sheet.",
            )
    yield from _personal_keywords(headers)


def _looks_like(name: str) -> str:
    """Return in words the personal data that a patient_id looks like; "" if it looks like a pseudonym."""
    if any(_is_birth_date(match) for form in _DAYS if (match := form.fullmatch(name.strip()))):
        return "a birth date"
    words = _WORDS.fullmatch(name.strip())
    if words and not any(map(_NO_NAMES.fullmatch, words.groups())):
        return "the name of a person"
    return ""


def _is_birth_date(match: re.Match[str]) -> bool:
    try:
        day = date(int(match["y"]), int(match["m"]), int(match["d"]))
    except ValueError:
        return False
    return BORN[0] <= day.year <= BORN[1]


def _personal_keywords(headers: Headers) -> Iterator[Finding]:
    """Report in one warning the keywords of all files that identify a patient; never their values."""
    by_file: dict[str, set[str]] = {}
    for name, header in headers.items():
        for key, value in (header.file.keywords if header.file else {}).items():
            if value.strip(" \0") and _PERSONAL.search(key):
                by_file.setdefault(name, set()).add(key)
    if not by_file:
        return
    keys = sorted(set().union(*by_file.values()))
    first = min(by_file)
    more = f" and {len(by_file) - 1} more" if len(by_file) > 1 else ""
    yield warning(
        f"the keywords {', '.join(keys)} in {first}{more}, which say who the patient is",
        "files without names where they are passed on",
        where=first,
        hint="No result of cd38rd has them. `cd38rd deid` makes a copy of the study without them.",
    )
