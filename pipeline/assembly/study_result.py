"""The result of the whole study, from which tables, figures and the report are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.assay.report import AssayReport
from pipeline.assembly.limiting import Limiting
from pipeline.assembly.provenance import Provenance
from pipeline.assembly.unnumbered import Unnumbered
from pipeline.beads.result import CalibrationResult
from pipeline.patients.exposure import Exposure, ResponseClock
from pipeline.patients.receptor_occupancy.tubes import TubeOccupancy
from pipeline.patients.visits import Visit
from pipeline.quantification.result import SampleResult
from pipeline.response.follow_up import FollowUp
from pipeline.response.patient_facts import PatientFacts
from pipeline.response.tables import ResponseTables
from pipeline.running.defects import THE_DATA, defect_note
from pipeline.study.faults import Fault
from pipeline.study.study import Study
from pipeline.washout.report import WashoutReport

RESPONSE_PART, TUBES_WITHOUT_PART, ASSAY_PART = (
    "response tables",
    "tubes without a density",
    "validation of the assay",
)
"""Parts of a study result that are made separately, so that a defect in one part affects no other."""


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence for people about a part of the study; `about` names it (a sample, a bead run, a table)."""

    about: str
    text: str


@dataclass(frozen=True, slots=True)
class StudyResult:
    """All results of a run, without events; each is computed once (`pipeline.assembly.assemble`).

    Attributes
    ----------
    study
        What was typed.
    results
        One per sample that ran, including failed ones, in the order of the samples sheet.
    calibrations
        One per bead run, in the order of the beads sheet.
    exposures, occupancies
        By sample_id: the doses before the sample, and the fraction of CD38 that the drug occupies.
    visits
        Patients at a visit, replicate tubes pooled.
    clocks
        Response clocks by patient_id, for every patient of the patients, samples and doses sheets, in this
        order.
    courses
        Follow-up of every patient of the patients sheet, in its order.
    facts
        What the response tables use of each patient: besides clock and course the disease control, and the
        density that stands for the patient.
    limiting
        The largest errors of the receptor densities.
    washout
        M0 to M3 over the patients' visits; None if they were not fitted.
    response
        The response tables; None for the reason in `no_response`.
    faults
        Faults of the sheets that did not stop the run.
    notes
        Sentences about the whole study; notes on a tube are in its result.
    provenance
        Versions, settings, hashes.
    unnumbered
        Tubes without a density and their possible effect; None if every tube has one.
    assay
        Validation of the assay; None if neither a sheet nor the command requests it.
    defects
        Parts other than models that a defect of cd38rd prevented, and the exceptions.
    """

    study: Study
    results: tuple[SampleResult, ...]
    calibrations: tuple[CalibrationResult, ...]
    exposures: Mapping[str, Exposure]
    occupancies: Mapping[str, TubeOccupancy]
    visits: tuple[Visit, ...]
    clocks: Mapping[str, ResponseClock]
    courses: tuple[FollowUp, ...]
    facts: PatientFacts
    limiting: Limiting
    washout: WashoutReport | None = None
    response: ResponseTables | None = None
    faults: tuple[Fault, ...] = ()
    notes: tuple[Note, ...] = ()
    provenance: Provenance | None = None
    unnumbered: Unnumbered | None = None
    assay: AssayReport | None = None
    defects: Mapping[str, str] = field(default_factory=dict)

    @property
    def all_defects(self) -> dict[str, str]:
        """Parts and models that a defect of cd38rd prevented, and the exceptions."""
        models = self.washout.defects if self.washout else {}
        return {**{f"model {name}": failure for name, failure in models.items()}, **self.defects}

    @property
    def no_response(self) -> str:
        """Why there are no response tables; "" if there are."""
        if self.response is not None:
            return ""
        if RESPONSE_PART in self.defects:
            return defect_note(self.defects[RESPONSE_PART], THE_DATA)
        return "the study has no patients sheet"

    def best_responses(self) -> dict[str, str]:
        """Return the best response of every patient of the patients sheet, by patient_id."""
        return {patient.patient_id: patient.best_response for patient in self.study.patients}
