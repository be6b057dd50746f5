"""The glossary: every abbreviation and word of the field that the report uses, in plain words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pipeline.washout.models import MODELS


@dataclass(frozen=True, slots=True)
class GlossaryTerm:
    """A word or abbreviation, what it stands for ("" where it is no abbreviation), and what it means.

    `forms` are the spellings that become links to the glossary; empty for the name alone. `is_plain` marks a
    common word, which never becomes a link.
    """

    name: str
    stands_for: str
    text: str
    forms: tuple[str, ...] = ()
    is_plain: bool = False

    @property
    def anchor(self) -> str:
        """The anchor of the term in a page."""
        spelled = self.name.replace("′", " prime").replace("²", "2").replace("θ", "theta").replace("ρ", "rho")
        return "term-" + re.sub(r"[^a-z0-9]+", "-", spelled.lower()).strip("-")


TERMS: Final[tuple[GlossaryTerm, ...]] = (
    GlossaryTerm("ABC", "antibodies bound per cell",
         "How many antibody molecules a cell carries, read from the beads' standard curve. An antibody binds "
         "one or two receptors."),
    GlossaryTerm("aberrant", "",
         "Plasma cells whose markers are not those of normal ones (such as CD19 lost, CD56 or CD117 gained): "
         "the cells of the myeloma clone.", ("aberrant",)),
    GlossaryTerm("AICc", "Akaike's information criterion, corrected for small samples",
         "Shows which model describes the data best for its number of parameters: the lower the better; a "
         "difference below 2 says little."),
    GlossaryTerm("anchor", "",
         "A marker that is enough to find the wanted cells, such as CD138, CD319, CD229 or CD54 for plasma "
         "cells; never CD38.", ("anchor",)),
    GlossaryTerm("back-calculated error", "",
         "How far a bead's level, read off the curve, lies from the level on its slip."),
    GlossaryTerm("bead run", "",
         "One acquisition of calibration beads; its standard curve turns the fluorescence of tubes of that"
         " day and instrument into molecules.", ("bead run",)),
    GlossaryTerm("between-run CV", "",
         "How much the same sample scatters when it is stained and acquired on different days."),
    GlossaryTerm("censored", "",
         "Known only to lie below or above a limit. Censored values stay in the models as what they are; "
         "no number is put in their place.", ("censored", "right-censored", "left-censored")),
    GlossaryTerm("Clopper–Pearson", "",
         "The exact interval of a proportion, as 6 of 12."),
    GlossaryTerm("competes", "",
         "An antibody clone competes with the drug where both bind the same place: it then sees only CD38 "
         "that the drug has left free."),
    GlossaryTerm("CV", "coefficient of variation",
         "Standard deviation in percent of the mean."),
    GlossaryTerm("DCR", "disease control rate",
         "Share of evaluable patients whose disease was controlled: a response, or stable disease for the "
         "time that the study asks.", ("DCR", "Disease control", "disease control")),
    GlossaryTerm("dex", "decimal exponent",
         "A distance on a log10 scale: 0.3 dex is a factor of 2, 1 dex a factor of 10. It does not mean "
         "dexamethasone here."),
    GlossaryTerm("extrapolated", "",
         "Read off the standard curve beyond its brightest bead.", ("extrapolated",)),
    GlossaryTerm("F:P", "fluorochrome to protein",
         "Dye molecules per antibody. Bead levels in dye molecules are divided by it to give antibodies; 1"
         " for a 1:1 conjugate."),
    GlossaryTerm("Fieller", "",
         "Fieller's interval of a ratio of two estimates; it may have no upper end; then the data set "
         "no upper limit."),
    GlossaryTerm("Firth", "",
         "Firth's penalised estimate: gives a finite odds ratio where one group has no event."),
    GlossaryTerm("FMO", "fluorescence minus one",
         "A control tube stained with everything but the CD38 antibody. What its cells show on the CD38 "
         "channel is background."),
    GlossaryTerm("GCV", "geometric coefficient of variation",
         "Scatter of a density on the log scale, in percent; the uncertainty of one tube.",
         ("geometric CV",)),
    GlossaryTerm("interval", "",
         "The 95 % interval: in 95 of 100 such studies it contains the true value. The errors that it "
         "does not include are named beside it.", is_plain=True),
    GlossaryTerm("isotype", "isotype control",
         "A control tube with an antibody of the same kind that binds nothing on these cells.",
         ("isotype",)),
    GlossaryTerm("Levey–Jennings", "",
         "A chart of a control value, run by run, with its usual limits."),
    GlossaryTerm("LLOQ", "lower limit of quantification",
         "The lowest density that can be quoted as a number. Below it only “< LLOQ” is known."),
    GlossaryTerm("LoB", "limit of blank",
         "The density that cells without CD38 reach by chance alone in 5 of 100 tubes."),
    GlossaryTerm("LoD", "limit of detection",
         "The lowest density that can be distinguished from cells without CD38 in 95 of 100 tubes."),
    GlossaryTerm("lot", "",
         "What the maker of a kit filled together, under one number. Its slip gives the level of each bead "
         "population; these differ from lot to lot.", is_plain=True),
    *(GlossaryTerm(str(model.name), *model.glossary) for model in MODELS if model.glossary),
    GlossaryTerm("masked", "",
         "The drug is bound to CD38, so the antibody cannot bind: free CD38 is low although no CD38 was "
         "lost.",
         ("masked",)),
    GlossaryTerm("MFI", "median fluorescence intensity",
         "The median brightness of the cells on one channel, compensated, in the instrument's units.",
         ("MFI",)),
    GlossaryTerm("MESF", "molecules of equivalent soluble fluorochrome",
         "Unit of some bead kits: brightness as so many free dye molecules."),
    GlossaryTerm("ORR", "overall response rate",
         "Share of evaluable patients with a partial response or better."),
    GlossaryTerm("OS", "overall survival",
         "Time to death of any cause."),
    GlossaryTerm("odds ratio", "",
         "Odds of an event in one group over those in the other; 1: no difference."),
    GlossaryTerm("outcome words", "",
         "Best response: sCR, CR, VGPR, PR, MR, SD, PD, NE = stringent complete, complete, very good "
         "partial, partial, minimal response, stable disease, progressive disease, not evaluable.",
         ("sCR", "VGPR", "Best response")),
    GlossaryTerm("p value", "",
         "How often chance alone gives what was seen, or more, where there is no effect."),
    GlossaryTerm("PFS", "progression-free survival",
         "Time to progression or death, whichever comes first."),
    GlossaryTerm("r²", "",
         "Share of the beads' scatter that the line explains; 1: all lie on it."),
    GlossaryTerm("rCV", "robust coefficient of variation",
         "Width of a population in percent of its median; outliers hardly count."),
    GlossaryTerm("RD", "receptor density",
         "Free CD38 molecules per cell: ABC of the cells minus ABC of the same cells in the control, "
         "corrected for the bias of subtracting two medians. This is the number that counts."),
    GlossaryTerm("RD′", "receptor density, subtracted as fluorescence",
         "The same with the background subtracted before the conversion to molecules; given for "
         "comparison, used nowhere."),
    GlossaryTerm("SABC", "specific antibody binding capacity",
         "ABC minus that of an isotype control (QIFIKIT)."),
    GlossaryTerm("second opinion", "",
         "A second gating, made in another way; where it names other cells the tube is flagged.",
         ("second opinion",)),
    GlossaryTerm("sentinel", "",
         "Normal cells of the same tube, NK cells and B precursors. They do not lose CD38. If they are dim, "
         "the drug covers it: masked. If only the plasma cells are dim, these have lost CD38.",
         ("sentinel", "sentinels", "Sentinels")),
    GlossaryTerm("singlets", "",
         "Single cells; two that stick together are left out."),
    GlossaryTerm("Spearman ρ", "",
         "Rank correlation, −1 to 1: do both rise together?", ("Spearman ρ", "Spearman")),
    GlossaryTerm("spillover", "",
         "Light of one dye in the detector of another. The spillover matrix takes it off (compensation).",
         ("spillover", "compensation")),
    GlossaryTerm("standard curve", "",
         "The line of log level on log brightness of the beads, by which brightness becomes molecules.",
         ("standard curve",)),
    GlossaryTerm("θ", "theta",
         "Part of CD38 that the drug occupies, 0 to 1.", ("θ", "theta")),
    GlossaryTerm("Tobit", "",
         "A line fitted so that values below or above a limit count as that, not as numbers."),
    GlossaryTerm("total", "total CD38",
         "Free and occupied CD38 together: RD / (1 − θ).", is_plain=True),
    GlossaryTerm("ULOQ", "upper limit of quantification",
         "The brightest bead in the fit. Above it the curve is extrapolated: a density is given up to four "
         "times the ULOQ (setting uloq_extrapolation); beyond that only “> limit” is known: Above ULOQ."),
    GlossaryTerm("visit", "",
         "A patient on a day. Replicate tubes of a visit are pooled to one number.", is_plain=True),
    GlossaryTerm("washout", "",
         "Weeks from the last dose of the drug to the sample.", is_plain=True),
    GlossaryTerm("Westgard rule", "",
         "A rule by which a control run counts as out of order, as one value beyond 3 SD.", ("Westgard",)),
)  # fmt: skip
"""In the order of the alphabet, as `sorted_terms` gives them."""


def sorted_terms() -> tuple[GlossaryTerm, ...]:
    """Return the terms in the order of the alphabet, without regard to capitals."""
    return tuple(sorted(TERMS, key=lambda term: term.name.casefold()))
