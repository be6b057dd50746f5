"""The words of a cell of cytogenetics: names of abnormalities, and what is said about them.

English, and the usual words of German, French, Spanish, Italian and Dutch, in small letters without accents.
"""

from __future__ import annotations

import re
from typing import Final

NAMES: Final = (
    (
        "del17p",
        re.compile(
            r"del\(?17(?!\d|\)?\(?q)|(?<![\d;(.])17p(?!\W?(gain|dup|amp|trip))|del\W?t?p53|p53\W?(del|loss)"
            r"|loss(of)?t?p53|monosom(y|ie|ia)\W*17(?!\d)|(?<![\d;(.)\w])-17(?![\dpq%])"
        ),
    ),
    ("t(4;14)", re.compile(r"t\(4;14\)")),
    ("t(14;16)", re.compile(r"t\(14;16\)")),
    ("t(14;20)", re.compile(r"t\(14;20\)")),
    ("t(11;14)", re.compile(r"t\(11;14\)")),
    ("gain 1q", re.compile(r"(?<!\d)(?<!del)(?<!del\()1q(?![\d.]*\W?(del|loss))|\+1\b|amp1")),
    ("del13", re.compile(r"del\(?13|-13|13q-|monosom(y|ie|ia)13")),
    ("del1p", re.compile(r"del\(?1p|1p-|del\(1\)\(p")),
    ("hyperdiploid", re.compile(r"hyperdip")),
)
"""An abnormality by its deletion, band or gene; a whole chromosome 17 that is lost takes 17p with it."""

TRANSLOCATION: Final = re.compile(r"t\s*\(?\s*(\d+)\s*[;,:/]\s*(\d+)\s*\)?")
SHORT_TRANSLOCATION: Final = re.compile(
    r"(?<![\w(;:,.])(4|6|11|14|16|20)\s*[;:]\s*(4|6|11|14|16|20)(?![\w;:,.%/])"
)
"""A translocation as two chromosomes alone, `4;14`."""

FUSIONS: Final = tuple(
    (re.compile(rf"\b(igh\s*(::|[-/–])\s*({genes})|({genes})\s*(::|[-/–])\s*igh)\b"), name)
    for genes, name in (
        ("fgfr3|nsd2|mmset|whsc1", "t(4;14)"),
        ("c?-?maf", "t(14;16)"),
        ("mafb", "t(14;20)"),
        ("ccnd1|cyclin d1", "t(11;14)"),
    )
)
"""Fusions by their genes, and the translocation of each (Sawyer 2011,
doi:10.1016/j.cancergencyto.2010.11.002)."""

DELETION: Final = re.compile(
    r"\bdele(?:tion|cion|zione|tie)\w*\s*(?:(?:of|de|di|del|van|von|du|des|der)\s+)?"
    r"(?:(?:the|la|le)\s+)?(?:chromosome\s+)?"
)
KARYOTYPE_HEAD: Final = re.compile(r"\b[2-9]\d\s*,\s*[xy]{1,3}\b(?:\s*\[\d+\])?(?:\s*,\s*-[xy]\b)?\s*,?")
"""Number of chromosomes and sex chromosomes of a karyotype, `46,XX`; what follows is abnormal."""
NUMBERED_CHROMOSOMES: Final = re.compile(
    r"\b((?:tri|tetra|mono|poly)som)(?:y|ies?|i[ea]n?)\s*"
    r"((?:\d+\s*(?:,|/|&|\+|and|und|et|e|y)\s*)+\d+)\b(?!\s*%)"
)

OF_THE_NAME_BEFORE: Final = re.compile(
    r",\s*(?=((<|below|under)\s*(the\s*)?cut\S*|(not|nicht)\s+(detected|found|present|seen|done|determined|tested"
    r"|nachgewiesen|untersucht)|neg(ative?|ativ)?|absent|n\.?\s?d\.?)\s*([,;\n]|$))"
)
"""A comma between a name and the word that belongs to it, as in `del17p, not detected`."""
CLAUSES: Final = re.compile(r"[;\n](?![^(]*\))")
JOINS: Final = re.compile(r"([,/](?![^(]*\))|&|\b(?:and|und|et|or|oder|ou|nor)\b)")
LOOSE: Final = (",", "/")
EXCEPTION: Final = re.compile(
    r",?\s*\b(?:except(?:ing)?(?: for)?|apart from|other than|ausser|bis auf|sauf|hormis|excepto|salvo"
    r"|eccetto|tranne|behalve|but for)\b"
)
WRITTEN_COUNTS: Final = (
    (re.compile(r"\bn/a\b|^\W*na\W*$"), "n.d."),
    (re.compile(r"(?<![\w.,])0+([.,]0+)?\s*%|(?<![\w.,])0\s*/\s*\d+|\(\s*[-0]\s*\)"), " neg "),
    (re.compile(r"(?<![\w.,])\d+\s*/\s*\d+"), " pos "),
)
NOT_DONE: Final = re.compile(
    r"\bn\.?\s?d\.?(?=\W|$)|\bk\.\s?a\.?(?=\W|$)"
    r"|not (done|determined|tested|available|known|evalua\w+|assess\w+|interpret\w+|performed)"
    r"|unknown|failed|\?|pending|unclear|possibl|suspect|equivocal|borderline|doubt|question|inconclusive"
    r"|insufficient|missing|no (material|result|cells|growth|data|sample|fish|info\w*)"
    r"|kein\w* (material|ergebnis|ergebnisse|angaben?|daten|untersuchung|fish)"
    r"|unklar|fraglich|verdacht"
    r"|unbekannt|fehlend?|fehlt|ausstehend"
    r"|nicht (auswertbar|untersucht|beurteilbar|bekannt|gemacht|durchgef\w+|erfolgt|bestimmt|verfugbar)"
    r"|inconnu|manquant|echec|en attente|pas (fait|realis\w+|disponible|interpretable|evaluable)"
    r"|non (fait|realis\w+|eseguit\w+|disponibil\w+|disponible|evaluable|valutabil\w+|interpretabl\w+|noto)"
    r"|desconocid|pendiente|sin (datos|material|resultado)"
    r"|no (hecho|realizad\w+|disponible|evaluable|valorable)"
    r"|sconosciut|in attesa|onbekend|niet (gedaan|bepaald|bekend|beoordeelbaar|uitgevoerd)"
)
ABSENT: Final = re.compile(
    r"\bn?either\b|\bnor?\b|\bnot\b|\bneg|absen|without|[:= ]0$|[) ]\s*-$|\bnone\b|\bnicht\b|\bkein|\bohne\b"
    r"|\bnormal|excluded|ruled out|(<|below)\s*(the )?cut|[:= ]n$|\bwild.?type|\bwt\b"
    r"|\bnein\b|\bnon\b|\bpas d|\bsans\b|\baucun|\bsenza\b|\bnessun|\bsin\b|\bningun|\bassent|\bausent"
    r"|\bgeen\b|\bzonder\b|\bniet\b|\bnee\b|\bafwezig|ausgeschlossen"
)
BELOW_A_SHARE: Final = re.compile(r"<\s*=?\s*\d+([.,]\d+)?\s*%")
"""A share of cells below a limit: whether that limit is the cut of the laboratory is not typed."""
FOR_ALL: Final = re.compile(
    r"^\W*(neg\w*\s+(for|f[uü]r|pour|para|per|voor)|neither|without|ohne|sans|senza|absen\w+ of"
    r"|(neg\w*|absent|not (found|detected|done)|nicht nachgewiesen|n\.?d\.?)\s*:)"
)
EVERY: Final = re.compile(r"\b(all|alle|both|beide|tou(s|tes)|tod[oa]s|tutt[ei])\b")
THE_OTHERS: Final = re.compile(
    r"\b(others?|rest|remaining|andere\w*|ubrige\w*|autres?|otr[ao]s|altr[ei]|overige)\b"
)
PRESENT: Final = re.compile(
    r"\bpos|\+\s*$|%|\byes\b|\bfound|\bdetected|\bpresent|nachgewiesen|vorhanden|[:= ](1|y)$|\bja\b|\boui\b"
    r"|[:= ]si$|\baanwezig"
)
NO_ABNORMALITY: Final = re.compile(
    r"^0$|\bnormal|\bstandard|\blow.risk|\bneg|unremarkable|nothing|unauff|\bwild.?type|niedrigrisiko"
    r"|(bajo|basso|faible|laag) ?ri"
)
TYPED_HIGH_RISK: Final = re.compile(
    r"high\b(.*\brisk|\W*$)|hoch\W?risiko|hohes risiko|(tres )?haut risque|alto (riesgo|rischio)"
    r"|hoog\W?risico"
)
OF_AN_ABNORMALITY: Final = re.compile(
    r"[a-z(+-]\W?\d|\d\W?[pq]\b|mut|del|gain|amp|dup|som(y|ie|ia)|kary?ot|cariot|complex|komplex|ploid"
    r"|loss|rear|trans|fusion|myc|igh|igk|igl|ccnd|maf|cks1b|p53|rb1|hit\b"
)
"""What shows that a part without a known name still names an abnormality."""
PLAIN_WORDS: Final = re.compile(
    r"del(etion|t?p)?|tp|igh|fgfr|nsd|mmset|whsc|maf|mafb|ccnd|cyclin|loss|gains?|gained|amp(lif\w*)?|dup\w*|verlust|gewinn"
    r"|zugewinn|perte|perdita|perdida|(mono|tri|tetra|poly)som\w*|hyperdip\w*|translo\w*|traslo\w*|fusion\w*|rearr\w*"
    r"|split|break\w*|copy|copies|kopien?|chromosom\w*|cen|arm|short|long|band|ter|kurzer|arms|locus|gene?|signals?"
    r"|of|in|the|by|and|with|from|on|per|at|for|von|vom|im|der|des|die|das|mit|bei|und|de|la|le|du|di|en|par|con|van"
    r"|cells?|zellen|kerne\w*|nuclei|plasma\w*|pcs?|cd|interphase|metaphase\w*|fish|mlpa|ngs|snp|array|panel|karyotyp\w*"
    r"|only|alone|isolated|nur|isoliert|(sub)?[ck]lon\w*|sub|minor|major|main|mono\W?allel\w*|bi\W?allel\w*|allel\w*|bi"
    r"|hetero\w*|homo\w*|extra|high|level|hoch|low|percent|prozent|approx\w*|about|ca|circa|etwa|mut\w*|complex|komplex"
)
"""Words that leave the meaning of a name as it is. A name beside another word is not clear."""
