"""Progression and death in the words of a patient's row without the day in its column."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pipeline.checks.findings import Finding, warning
from pipeline.checks.headers import Headers
from pipeline.study.faults import Fault
from pipeline.study.names.look import plain
from pipeline.study.response import Response
from pipeline.study.study import Patient, Study
from pipeline.study.wording import quoted

DAYS: Final = (
    "treatment_start", "progressed_on", "died_on", "last_assessed_on", "next_therapy_on", "last_contact_on",
    "discontinued_on", "dexamethasone_on",
)  # fmt: skip
"""Columns with days of the follow-up; if any patient has one of them, the study has survival times."""

_PROGRESSION: Final = re.compile(
    r"\b((?:(?:grund)?(?:krankheit|erkrankung)s?|tumou?r|myelom|ziekte|sykdoms|sygdoms|sjukdoms)?progre\w*|progr?"
    r"|po?d(?!\s?-?\s?l?\d)|relaps\w*|re[cz]idiv\w*|nawrot\w*|wznow\w*|прогресс\w*|рецидив\w*)\b"
)
_DEATH: Final = re.compile(
    r"\b(died|dies|death|dead|deceased|fatal|exitus|verstorben|gestorben|tod|todesfall|deces|decede\w*|mort"
    r"|morte|muerte|fallec\w*|falec\w*|deceduto|obito|zgon\w*|smrt|смерть|умер\w*|passed away)\b"
)
_CLAUSE: Final = re.compile(
    r"[,;.:/()+&|]|\s[-–—]+\s|\b(?:and|but|due to|because of|since|then|after|und|aber|wegen|nach|et|mais"
    r"|y|pero|e|ma)\b"
)
_NOT: Final = re.compile(
    r"\b(no|not|non|without|never|free|absence|before|until|prior|kein\w*|ohne|nicht|sans|pas|sin|senza"
    r"|bez|brak|nie|vor|avant|antes|prima|без|нет|не)\b"
)
_NOT_AFTER: Final = re.compile(
    r"^\W{0,2}(free|frei\w*|notes?|excluded|ruled out|not confirmed|unconfirmed|ausgeschlossen)\b"
)
_PERHAPS: Final = re.compile(r"\b(suspect\w*|possib\w*|probab\w*|perhaps|verdacht|susp)\b")
_DISEASE: Final = re.compile(
    r"^\W*((of|von|der|des|du|de|la|del|della|di|the|his|her|multiple\w*|plasma)\W+)*"
    r"(disease|dis|myelom\w*|mm|pd|illness|grunderkrankung|erkrankung|krankheit|maladie|malattia|enfermedad"
    r"|choroby|light|paraprotein|lesion\w*|plasmacytom\w*|biochem\w*|clinical|extramedullary)\b"
)
_OF_ANOTHER: Final = re.compile(r"^\s*(of|von|der|des|du|de|del|della|di)\s+\w")


class EventReading(StrEnum):
    """Whether a text reports an event."""

    YES = "told"
    PERHAPS = "perhaps"
    """The text may mean something else: `progressive neuropathy`, `progression?`."""
    NO = "not told"


def event_reading(text: str, event: re.Pattern[str]) -> EventReading:
    """Return whether a text reports an event.

    Examples
    --------
    >>> texts = "prog.", "no PD", "progressive neuropathy", "toxicity"
    >>> [event_reading(text, _PROGRESSION).value for text in texts]
    ['told', 'not told', 'perhaps', 'not told']
    """
    letters = unicodedata.normalize("NFKD", plain(text).casefold())
    words = re.sub(
        r"\b(\w)\.\s?(\w)\.", r"\1\2 ", "".join(c for c in letters if not unicodedata.combining(c))
    )
    reading = EventReading.NO
    for match in event.finditer(words):
        before, after = _CLAUSE.split(words[: match.start()])[-1], words[match.end() :]
        if "frei" in match[0] or _NOT.search(before) or _NOT_AFTER.match(after):
            continue
        if _PERHAPS.search(before) or after.lstrip().startswith("?") or _of_something_else(match[0], after):
            reading = EventReading.PERHAPS
        else:
            return EventReading.YES
    return reading


def _of_something_else(word: str, after: str) -> bool:
    """Return whether a progression is of something other than the disease: `progression of renal failure`."""
    is_adjective = word.startswith(("progressiv", "progressif", "progredien"))
    names_a_thing = bool(re.match(r"^\s*\w", after)) if is_adjective else bool(_OF_ANOTHER.match(after))
    return names_a_thing and not _DISEASE.match(after)


@dataclass(frozen=True, slots=True)
class _EventWords:
    """An event that a text may report: how it is read, its column, and the words about it.

    Attributes
    ----------
    noun
        `progression` or `death`.
    without
        What the patient counts as without the event's day.
    if_not_meant
        What to write where a doubtful text reports no such event; "" where nothing helps.
    """

    pattern: re.Pattern[str]
    column: str
    noun: str
    without: str
    if_not_meant: str = ""

    @property
    def expected(self) -> str:
        """The day that is missing, and its column."""
        return f"the day of {self.noun} in {self.column}"

    @property
    def needed(self) -> str:
        """Why the day is needed, and which day to type if it is not known."""
        return (
            f"Without it the patient would count as {self.without}. If only the day of the visit is known at "
            "which it was noticed, type that day."
        )

    def problem(self, typed: str) -> str:
        """Return what was typed, and what is missing beside it."""
        return f"{quoted(typed)}, but no {self.column}"


_PROGRESSION_WORDS: Final = _EventWords(
    _PROGRESSION,
    "progressed_on",
    "progression",
    "free of progression",
    "If it was not a progression of the myeloma, use other words.",
)
_DEATH_WORDS: Final = _EventWords(_DEATH, "died_on", "death", "alive")


def events_without_a_day(study: Study, headers: Headers) -> Iterator[Finding]:
    """Refuse a progression or death in words without its day: the patient would count as free of it.

    Nothing is reported if no patient has any day in the patients sheet, since such a study has no survival
    times.
    """
    del headers
    if not any(getattr(patient, column) for patient in study.patients for column in DAYS):
        return
    for patient in study.patients:
        if patient.progressed_on is None:
            yield from _progression(study, patient)
        if patient.died_on is None:
            yield from _events_in(study, patient, _DEATH_WORDS)


def _progression(study: Study, patient: Patient) -> Iterator[Finding]:
    if patient.best_response == Response.PD:
        where = study.at("patients", patient.patient_id, "best_response")
        event = _PROGRESSION_WORDS
        yield Finding(Fault(where, event.problem(patient.best_response), event.expected, event.needed))
        return
    yield from _events_in(study, patient, _PROGRESSION_WORDS)


def _events_in(study: Study, patient: Patient, event: _EventWords) -> Iterator[Finding]:
    typed = patient.discontinuation_reason
    where, problem = study.at("patients", patient.patient_id, "discontinuation_reason"), event.problem(typed)
    match event_reading(typed, event.pattern):
        case EventReading.NO:
            return
        case EventReading.PERHAPS:
            expected = f"{event.expected}, if that is meant"
            yield warning(problem, expected, where=where, hint=event.if_not_meant)
        case EventReading.YES:
            hint = f"{event.needed} If there was none, write: no {event.noun}."
            yield Finding(Fault(where, problem, event.expected, hint))


def evaluable_without_response(study: Study, headers: Headers) -> Iterator[Finding]:
    """Report evaluable patients without a best response: they count as non-responders."""
    del headers
    for patient in study.patients:
        if patient.evaluable and not patient.best_response:
            where = study.at("patients", patient.patient_id, "best_response")
            hint = "The patient counts as one without a response. If it was not evaluable: evaluable = no."
            yield warning("nothing, though evaluable is yes", "a best response", where=where, hint=hint)
