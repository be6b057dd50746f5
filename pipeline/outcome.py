"""The whole outcome of a study: what tables, figures and the report are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.faults import Fault
from pipeline.provenance import Provenance
from pipeline.sample_result import CalibrationResult, SampleResult
from pipeline.study import Study

if TYPE_CHECKING:
    from pipeline.exposure import Exposure


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
        One per sample.
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
    exposures: tuple[Exposure, ...] = ()
    faults: tuple[Fault, ...] = ()
    notes: tuple[Note, ...] = ()
    provenance: Provenance | None = None
