"""Names of months in the languages in which Excel writes dates."""

from __future__ import annotations

import unicodedata

from pipeline.study.names.look import caseless

_STEMS = {
    "1": "jan gen ene janv tammi led sty sij oca ian xan yanvar янв січ ιαν",
    "2": "feb fev fevr fevrier helmi unor lut vel sub febr фев лют φεβ",
    "3": "mar mars mart marz mrz maa maalis brez ozu marc мар бер μαρ",
    "4": "apr avr abr huhti dub kwi tra nis avril апр кві απρ",
    "5": "may mai maj mag mei touko kvet kve svi mayis mayo maio maggio maijs май мая тра μαι",
    "6": "jun juin juni giu kesa czerw cerven haz iun lip июн чер ιουν",
    "7": "jul juil juli lug heina cervenec lip srp tem iul luglio июл лип ιουλ",
    "8": "aug aou aout ago elo srp sie kol agu agosto ses авг сер αυγ",
    "9": "sep set sett syys zari zar wrz ruj eyl сен вер σεπ",
    "10": "oct okt ott out loka rij paz lis eki octobre ottobre outubro окт жов οκτ",
    "11": "nov marras lis stu kas noiembrie ноя лис νοε",
    "12": "dec dez dic des joulu pro gru ara decembre дек гру δεκ",
}
"""For each month the beginnings of its names, without accents: English, German, French, Spanish, Italian,
Dutch, Portuguese, Polish, Czech, Croatian, Swedish, Danish, Norwegian, Finnish, Turkish, Romanian, Russian,
Ukrainian, Greek."""


def months_named(word: str) -> tuple[str, ...]:
    """Return the months that a word may mean: several if languages differ, none if it is not a month.

    Examples
    --------
    >>> months_named("août"), months_named("MAI"), months_named("listopad"), months_named("five")
    (('8',), ('5',), ('10', '11'), ())
    """
    decomposed = unicodedata.normalize("NFD", caseless(word.rstrip(".")))
    bare = "".join(c for c in decomposed if not unicodedata.combining(c)).replace("ł", "l")
    fits = {
        month: max((len(stem) for stem in stems.split() if bare.startswith(stem)), default=0)
        for month, stems in _STEMS.items()
    }
    longest = max(fits.values())
    return tuple(month for month, length in fits.items() if length == longest and longest)
