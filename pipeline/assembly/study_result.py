"""The whole outcome of a study: what tables, figures and the report are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.assembly.provenance import Provenance
from pipeline.beads.result import CalibrationResult
from pipeline.patients.exposure import Exposure
from pipeline.quantification.result import SampleResult
from pipeline.response.tables import ResponseTables
from pipeline.study.faults import Fault
from pipeline.study.study import Study
from pipeline.washout.report import WashoutReport


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence for people about a part of the study; `about` names it (a sample, a bead run, a table)."""

    about: str
    text: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything a run found, without events.

    Attributes
    ----------
    study
        What was typed.
    results
        One per sample that ran, in the order of the samples sheet; failed ones too.
    calibrations
        One per bead run, in the order of the beads sheet.
    exposures
        By sample_id.
    washout
        M0 and M1 over the patients' visits; None where they were not asked.
    response
        The response tables; None where there is no patients sheet.
    faults
        What was found in the sheets and did not stop the run.
    notes
        Sentences about the study as a whole; those about a tube are in its result.
    provenance
        Versions, settings, hashes.
    """

    study: Study
    results: tuple[SampleResult, ...]
    calibrations: tuple[CalibrationResult, ...] = ()
    exposures: Mapping[str, Exposure] = field(default_factory=dict)
    washout: WashoutReport | None = None
    response: ResponseTables | None = None
    faults: tuple[Fault, ...] = ()
    notes: tuple[Note, ...] = ()
    provenance: Provenance | None = None

    def best_responses(self) -> dict[str, str]:
        """Return the best response of every patient of the patients sheet, by patient_id."""
        return {patient.patient_id: patient.best_response for patient in self.study.patients}
