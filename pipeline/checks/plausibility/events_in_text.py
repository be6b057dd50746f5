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
    r"|po?d(?!\s?-?\s?l?\d)|relaps\w*|re[cz]idi[vef]\w*|nawrot\w*|wznow\w*|прогрес\w*|рецидив\w*"
    r"|krankheitsfortschritt|fortschreiten\w*|rechut\w*|recai\w*|aterfall|tilba[gk]efal\w*|\w*kiujul\w*"
    r"|worsen\w*|aggravation|evolution de la maladie|avanzamento|peggior\w*|empeor\w*|\w*etenemi\w*"
    r"|\w*ilerleme\w*|προοδο\w*|υποτροπ\w*)\b"
    r"|病勢進行|進行|進展|增惡|増悪|再発|再燃|进展|复发|진행|재발"
)
_DEATH: Final = re.compile(
    r"\b(died|dies|death|dead|deceased|fatal|exitus|verstorben|gestorben|tod|todesfall|deces|decede\w*|mort"
    r"|mort[eoa]|morreu|muert[eoa]|murio|fallec\w*|falec\w*|decedut[oa]|dece?s[so]+|obito|zgon\w*|zmar[lł]\w*"
    r"|smrt|zemrel\w*|umrti|umrl\w*|meghalt|elhunyt|halal\w*|olum\w*|vefat|overle\w*|dood|død\w*|dod|avliden"
    r"|avled|kuol\w*|menehty\w*|смерть|[уп]о?мер\w*|умр\w*|θανατ\w*|απεβιωσε|suicid\w*|lethal\w*"
    r"|passed away)\b|†|死亡|死去|逝去|사망"
)
_NEITHER: Final = re.compile(
    r"toxi|advers|side effect|\bs?aes?\b|nebenwirk|unvertrag|effets? ind|efect|ongewenst|bivirk|intoler"
    r"|allerg|reaction|withdr|consent|wish|wunsch|decision|choice|preference|request|asked|refus|declin|souhait"
    r"|deseo|moved|travel|umzug|lost to|compl|finish|planned|protocol|end of (study|treatment)|transplant"
    r"|\basct\b|\bcar\W?t|infec|infek|sepsis|pneumon|covid|neuropath|cytop|neutrop|thrombo|an[ae]mi|renal|kidney|cardi"
    r"|hepat|pregnan|insur|cost|remission|ongoing"
)
"""Words of a reason that is neither a progression nor a death."""
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
    words = _without_accents(text)
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


def _without_accents(text: str) -> str:
    """Return a text in small letters without accents; `P.D.` is `pd`."""
    letters = unicodedata.normalize("NFKD", plain(text).casefold())
    bare = "".join(c for c in letters if not unicodedata.combining(c))
    return re.sub(r"\b(\w)\.\s?(\w)\.", r"\1\2 ", unicodedata.normalize("NFC", bare))


def _of_something_else(word: str, after: str) -> bool:
    """Return whether a progression is of something other than the disease: `progression of renal failure`."""
    is_adjective = word.startswith(("progressiv", "progressif", "progredien", "worsen"))
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


def unread_reasons(study: Study, headers: Headers) -> Iterator[Finding]:
    """Report reasons for stopping that name neither event nor another usual reason, each wording once.

    No list of words holds every language and abbreviation. A patient without a day of progression or death
    counts as free of both, so a reason that was not understood is for a person to read.
    """
    del headers
    if not any(getattr(patient, column) for patient in study.patients for column in DAYS):
        return
    reported: set[str] = set()
    for patient in study.patients:
        typed = _without_accents(patient.discontinuation_reason).strip()
        if not typed or typed in reported or patient.progressed_on or patient.died_on:
            continue
        if any(words.search(typed) for words in (_PROGRESSION, _DEATH, _NEITHER)):
            continue
        reported.add(typed)
        where = study.at("patients", patient.patient_id, "discontinuation_reason")
        expected = "a reason that shows whether it was a progression or a death"
        hint = "The patient counts as free of both. If it was one, type its day in progressed_on or died_on."
        yield warning(quoted(patient.discontinuation_reason), expected, where=where, hint=hint)


def evaluable_without_response(study: Study, headers: Headers) -> Iterator[Finding]:
    """Report evaluable patients without a best response: they count as non-responders."""
    del headers
    for patient in study.patients:
        if patient.evaluable and not patient.best_response:
            where = study.at("patients", patient.patient_id, "best_response")
            hint = "The patient counts as one without a response. If it was not evaluable: evaluable = no."
            yield warning("nothing, though evaluable is yes", "a best response", where=where, hint=hint)
