"""Names and birth dates of people, where a pseudonym was meant: they would be in every result."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from pipeline.checks.findings import Finding, warning
from pipeline.checks.headers import Headers
from pipeline.study.study import Study
from pipeline.study.wording import quoted

BORN = (1915, 2012)
"""Years in which a patient of a study may be born. Convention: of adults, and a few years about."""

_NO_NAMES = re.compile(
    r"patients?|subjects?|case|donor|healthy|control|marrow|blood|bone|sample|study|site|arm|cohort|baseline"
    r"|screening|visit|cycle|day|relapse|trial|cent(re|er)|person|anonymous|pseudonym|test",
    re.IGNORECASE,
)
"""Words of which pseudonyms are made."""

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
"""Keywords that say who somebody is, whatever their value."""


def persons(study: Study, headers: Headers) -> Iterator[Finding]:
    """Report patient_ids that look like a name or a birth date, and files that say who the patient is."""
    for name in dict.fromkeys(sample.patient_id for sample in study.samples):
        what = _looks_like(name)
        if what:
            sample = next(one for one in study.samples if one.patient_id == name)
            yield warning(
                f"the patient_id {quoted(name)}, which looks like {what}",
                "a pseudonym: it stands in every result",
                where=study.at("samples", sample.sample_id, "patient_id"),
                hint="Leave a pseudonym as it is. Else give each patient a number, the same in every sheet.",
            )
    yield from _files_that_tell(headers)


def _looks_like(name: str) -> str:
    """Return what a pseudonym looks like that is none; "" where it looks like nothing of that kind."""
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


def _files_that_tell(headers: Headers) -> Iterator[Finding]:
    """Report once which keywords say who a patient is, of all files together; never what they say."""
    found: dict[str, set[str]] = {}
    for name, header in headers.items():
        for key, value in (header.file.keywords if header.file else {}).items():
            if value.strip(" \0") and _PERSONAL.search(key):
                found.setdefault(name, set()).add(key)
    if not found:
        return
    keys = sorted(set().union(*found.values()))
    first = min(found)
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    yield warning(
        f"the keywords {', '.join(keys)} in {first}{more}, which say who the patient is",
        "files without names where they are passed on",
        where=first,
        hint="No result of cd38rd has them. `cd38rd deid` makes a copy of the study without them.",
    )
