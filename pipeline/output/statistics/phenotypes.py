"""CP, as in SDTM's cell phenotype domain: a row per tube and measure, limits of quantification as `<5000`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from calibration.density.receptor_density import RdStatus
from calibration.density.result import known_to_exceed, quotable_density
from pipeline.assembly.study_result import StudyResult
from pipeline.output.figures.style.palette import STATUS
from pipeline.output.statistics.dataset import Dataset, Variable, dataset
from pipeline.output.table import Cell, cell_text
from pipeline.quantification.result import SampleResult
from pipeline.study.cells.choices import Tissue
from pipeline.study.quantity_name import density_name, marker_of
from pipeline.study.study import Sample
from pipeline.study.wording import capitalized

SITES = "molecules/cell"
VARIABLES = (
    Variable("STUDYID", "Study Identifier", origin="setting study_id"),
    Variable("DOMAIN", "Domain Abbreviation", origin="CP"),
    Variable("USUBJID", "Unique Subject Identifier", origin="study_id, and patient_id as typed"),
    Variable("CPSEQ", "Sequence Number", "whole", "number of the row within the subject"),
    Variable("CPREFID", "Specimen Identifier", origin="sample_id of the samples sheet"),
    Variable("CPTESTCD", "Short Name of Measurement", origin="see CPTEST"),
    Variable("CPTEST", "Name of Measurement", origin="of the gated cells named in CPCELL"),
    Variable("CPCELL", "Cell Population", origin="population of rd_samples.csv, or all gated"),
    Variable("CPORRES", "Result in Original Units", origin="number, or limit as <LLOQ or >limit"),
    Variable("CPORRESU", "Original Units"),
    Variable("CPSTRESC", "Character Result in Std Format", origin="as CPORRES"),
    Variable("CPSTRESN", "Numeric Result in Standard Units", "number", "missing where a limit is given"),
    Variable("CPSTRESU", "Standard Units"),
    Variable("CPSTAT", "Completion Status", origin="NOT DONE where there is no result"),
    Variable("CPREASND", "Reason Not Done", origin="status of the tube"),
    Variable("CPSPEC", "Specimen Type", origin="tissue of the samples sheet"),
    Variable("CPMETHOD", "Method of Test", origin="FLOW CYTOMETRY"),
    Variable("CPLLOQ", "Lower Limit of Quantitation", "number", "of this tube's calibration", SITES),
    Variable("CPULOQ", "Upper Limit of Quantitation", "number", "of this tube's calibration", SITES),
    Variable("VISIT", "Visit Name", origin="visit of the samples sheet"),
    Variable("CPDTC", "Date of Specimen Collection", origin="collected_on, ISO 8601"),
)


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of a tube: code, name, unit, number, the cells it is of, and the limit in its place."""

    code: str
    name: str
    unit: str
    value: float | int | None
    cells: str = ""
    limit: str = ""


def phenotypes(study_result: StudyResult) -> Dataset:
    """Return the CP dataset, in the order of the samples sheet."""
    label = "Cell Phenotype Findings"
    return dataset("cp", label, VARIABLES, _rows(study_result), xport=True)


def subject(study_id: str, patient_id: str) -> str:
    """Return the subject's identifier, unique across studies.

    Examples
    --------
    >>> subject("STUDY", "P01")
    'STUDY-P01'
    """
    return f"{study_id}-{patient_id}"


def limit_text(status: str, lloq: float | None, exceeded: float | None) -> str:
    """Return `<LLOQ` or `>bound` where the status says that the density lies there, else "".

    Parameters
    ----------
    exceeded
        What the density is known to exceed (`known_to_exceed`).

    Examples
    --------
    >>> limit_text("BELOW_LLOQ", 5000.0, None), limit_text("OK", 5000.0, None)
    ('<5000', '')
    """
    if status == RdStatus.BELOW_LLOQ and lloq is not None:
        return f"<{cell_text(lloq)}"
    return "" if exceeded is None else f">{cell_text(exceeded)}"


def _rows(study_result: StudyResult) -> Iterator[tuple[Cell, ...]]:
    study = study_result.study
    typed = {sample.sample_id: sample for sample in study.samples}
    sequence: dict[str, int] = {}
    for result in study_result.results:
        sample = typed[result.sample_id]
        for measure in _measures(study_result, result):
            number = sequence[sample.patient_id] = sequence.get(sample.patient_id, 0) + 1
            yield _row(study.settings.study_id, sample, result, measure, number)


def _row(study_id: str, sample: Sample, result: SampleResult, m: Measure, number: int) -> tuple[Cell, ...]:
    receptor = result.receptor
    shown = m.limit or ("" if m.value is None else cell_text(m.value))
    return (
        *(study_id, "CP", subject(study_id, sample.patient_id), number, sample.sample_id),
        *(m.code, m.name, m.cells, shown, m.unit if shown else "", shown),
        *(None if m.limit else m.value, m.unit if shown else ""),
        *("" if shown else "NOT DONE", "" if shown else STATUS[receptor.status].words),
        *("BONE MARROW" if sample.tissue is Tissue.MARROW else sample.tissue.upper(), "FLOW CYTOMETRY"),
        *(receptor.lloq, receptor.uloq, sample.visit, sample.collected_on.isoformat()),
    )


def _measures(study_result: StudyResult, result: SampleResult) -> tuple[Measure, ...]:
    receptor, study = result.receptor, study_result.study
    marker = marker_of(study)
    limit = limit_text(receptor.status, receptor.lloq, known_to_exceed(receptor))
    rd = quotable_density(receptor)
    is_counted = result.n_viable_singlets and result.n_plasma_cells is not None
    percent = 100 * (result.n_plasma_cells or 0) / (result.n_viable_singlets or 1) if is_counted else None
    quantified, gated = result.population, study.settings.population_name
    name = density_name(study)
    return (
        Measure("RD", f"{capitalized(name)} receptor density"[:40], SITES, rd, quantified, limit),
        Measure("ABC", f"{marker} antibodies bound per cell"[:40], SITES, receptor.abc, quantified),
        Measure("BGABC", "Background antibodies bound per cell", SITES, receptor.background_abc, quantified),
        Measure("MFI", f"{marker} median fluorescence"[:40], "channel", receptor.median_mfi, quantified),
        Measure("BGMFI", "Background median fluorescence", "channel", receptor.background_mfi, quantified),
        Measure("NCELL", "Gated cells", "cells", result.n_plasma_cells, gated),
        Measure("PCT", "Gated cells of viable singlets", "%", percent, gated),
        Measure("NEVENT", "Events acquired", "events", result.n_events),
    )
