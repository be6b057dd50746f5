"""Serum levels of both antibodies by visit, and their correlation with receptor density of the same visit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from pipeline.patients.patient_rd import PatientRd
from pipeline.patients.same_visit import visit_name
from pipeline.response.by_density.rows import value_of
from pipeline.response.characteristics import Characteristic, share, summary
from pipeline.response.letter.part import LetterPart, part
from pipeline.response.rd_visit import comparable_rows
from pipeline.response.statistics.counts import Proportion
from pipeline.response.statistics.rank_link import RankLink, rank_link
from pipeline.response.statistics.true_values import BELOW, MEASURED
from pipeline.study.cells.concentrations import Concentration
from pipeline.study.quantity_name import MICROGRAMS_PER_ML
from pipeline.study.study import Study

SERUM_RULE: Final = (
    "As typed in the samples sheet, one level per patient and visit. A level typed with < lies below the "
    "limit of its assay and counts as that limit: so where there is one, median, least and highest value "
    "are upper bounds. Where tubes of one visit have different levels, the first counts. Without typed "
    "visits a patient may have several levels in one row; its share is then of levels, without an interval."
)

OF_LEVELS: Final = "levels counted, no interval"


@dataclass(frozen=True, slots=True)
class SerumLevel:
    """A level of an antibody in serum at a visit."""

    drug: str
    patient_id: str
    visit: str
    level: Concentration
    collected_on: date | None = None

    @property
    def same_visit(self) -> tuple[str, str]:
        """The patient and the visit, or the day of collection if no visit is typed."""
        return self.patient_id, visit_name(self.visit, self.collected_on)


def typed_serum_levels(study: Study) -> tuple[SerumLevel, ...]:
    """Return the levels of both antibodies, one per patient and visit, in the order of the samples sheet."""
    washed_out, study_drug = (
        names.split(";")[0].strip() for names in (study.settings.washed_out_drug, study.settings.study_drug)
    )
    levels: dict[tuple[str, str, str], SerumLevel] = {}
    for sample in study.samples:
        for drug, level in (
            (washed_out, sample.serum_washed_out_ug_ml),
            (study_drug, sample.serum_study_drug_ug_ml),
        ):
            if level is not None:
                serum = SerumLevel(drug, sample.patient_id, sample.visit, level, sample.collected_on)
                levels.setdefault((drug, *serum.same_visit), serum)
    return tuple(levels.values())


def serum_by_visit(levels: Sequence[SerumLevel]) -> tuple[LetterPart, ...]:
    """Return median and range of each antibody at each visit, and the share below the assay's limit."""
    return part("Serum levels by visit", SERUM_RULE, _rows(levels))


def _rows(levels: Sequence[SerumLevel]) -> Iterator[Characteristic]:
    for drug, visit in dict.fromkeys((serum.drug, serum.visit) for serum in levels):
        typed = [serum for serum in levels if (serum.drug, serum.visit) == (drug, visit)]
        of_visit = [serum.level for serum in typed]
        name = f"serum {drug}" + (f", {visit}" if visit else "")
        yield summary(name, [level.value for level in of_visit], MICROGRAMS_PER_ML)
        low = share(f"{name}: below the limit, or none found", [level.is_low for level in of_visit])
        repeated = len({serum.patient_id for serum in typed}) < len(typed)
        yield from (_of_levels(counted) for counted in low) if repeated else low


def _of_levels(counted: Proportion) -> Proportion:
    """Return a share without its interval: levels of one patient are not independent."""
    return replace(counted, low=None, high=None, method=OF_LEVELS)


@dataclass(frozen=True, slots=True)
class SerumPair:
    """A serum level and the receptor density of the same visit.

    `log2_rd`: log2 of molecules per cell, measured or a limit; `side`: `BELOW`, `MEASURED` or `ABOVE` of it.
    """

    serum: SerumLevel
    log2_rd: float
    side: int


def serum_pairs(levels: Sequence[SerumLevel], rows: Sequence[PatientRd]) -> tuple[SerumPair, ...]:
    """Return one pair per patient: a serum level and the receptor density, or its limit, of the same visit.

    Only marrow counts, and only with the most frequent bead kit, clone and dye: others are not comparable.
    Where several visits have both, the first in the order of the samples sheet counts. So each patient counts
    once.
    """
    density = {
        (row.patient_id, visit_name(row.visit, row.collected_on)): density_value
        for row in comparable_rows(rows)
        if (density_value := value_of(row)) is not None
    }
    pairs: dict[tuple[str, str], SerumPair] = {}
    for level in levels:
        density_value = density.get(level.same_visit)
        if density_value is not None:
            pairs.setdefault((level.drug, level.patient_id), SerumPair(level, *density_value))
    return tuple(pairs.values())


def serum_against_density(pairs: Sequence[SerumPair], seed: int) -> tuple[RankLink, ...]:
    """Return the rank correlation of each antibody with the receptor density of the same visit."""
    links = []
    for drug in dict.fromkeys(pair.serum.drug for pair in pairs):
        of_drug = [pair for pair in pairs if pair.serum.drug == drug]
        serum = [
            (pair.serum.level.value, BELOW if pair.serum.level.is_below else MEASURED) for pair in of_drug
        ]
        log_rd = [(pair.log2_rd, pair.side) for pair in of_drug]
        links.append(rank_link(f"serum {drug} and receptor density", serum, log_rd, seed=seed))
    return tuple(links)
