"""The receptor density of a patient at a visit: a row of the models."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from calibration.density.result import RdStatus
from pipeline.patients.same_visit import visit_name
from pipeline.study.cells.choices import Tissue

if TYPE_CHECKING:
    from pipeline.patients.pharmacokinetics import Body, DrugLevel
    from pipeline.patients.receptor_occupancy.theta import Theta
    from pipeline.patients.receptor_occupancy.total import Total


@dataclass(frozen=True, slots=True)
class SharedError:
    """A part of a row's error that all rows of one `source` share; SD of log10 RD, dex.

    For example, a wrong assigned value of a bead lot moves all rows of that lot together. More rows do not
    make this error smaller.
    """

    source: str
    log_sd: float


@dataclass(frozen=True, slots=True)
class PatientRd:
    """The receptor density of a patient at a visit, with replicate tubes pooled. None: not known.

    Parameters
    ----------
    weeks
        Washout: from the last dose of the washed-out drug to collection.
    rd
        Free CD38, molecules per cell.
    lloq, uloq
        Limits of quantification of this visit's calibration, molecules per cell.
    rd_low
        Lower limit of the 95 % interval; of a row `ABOVE_ULOQ` the value that it certainly exceeds
        (`calibration.density.result.known_to_exceed` reads it).
    rd_log_sd
        SD of log10 rd from the uncertainty budget and the replicates, dex.
    beads_kit
        Bead kit of the calibration. Rows of different kits need a term.
    tissue
        Marrow or blood. Tissues are not pooled.
    drug
        The washed-out drug in serum at the sample, and its occupancy; None if it was not computed.
    theta, by_sentinels, total
        The part of CD38 that the drug covers; the same from the sentinels alone; total CD38 from theta. None
        if not computed.
    body
        Covariates of the patient for the decline of the drug.
    clone, fluorochrome, instrument
        Clone and dye of the quantified antibody, and the cytometer; "": not known. Rows that differ in them
        are not pooled without a term.
    shared
        Parts of `rd_log_sd` that other rows share: the lot's assigned values, F:P, the curve of a bead run.
    site
        Site where the patient was treated, as typed; "": not known.
    competes
        Whether the clone competes with the washed-out drug, so that `rd` counts free sites; if not, it counts
        all sites. None: not known.
    imid_since, prior_lines
        Whether an immunomodulatory drug was given after the last dose; number of lines of therapy. Both are
        covariates of M1.
    """

    patient_id: str
    visit: str
    weeks: float | None
    rd: float | None
    status: RdStatus
    lloq: float | None = None
    uloq: float | None = None
    rd_log_sd: float | None = None
    collected_on: date | None = None
    beads_kit: str = ""
    flags: tuple[str, ...] = ()
    tissue: Tissue = Tissue.MARROW
    drug: DrugLevel | None = None
    theta: Theta | None = None
    by_sentinels: Theta | None = None
    total: Total | None = None
    body: Body | None = None
    imid_since: bool | None = None
    prior_lines: int | None = None
    rd_low: float | None = None
    clone: str = ""
    fluorochrome: str = ""
    instrument: str = ""
    shared: tuple[SharedError, ...] = ()
    site: str = ""
    competes: bool | None = None


def visit_key(row: PatientRd) -> tuple[str, ...]:
    """Return what tells a row from the other visits of the study, as `VisitKey` does for tubes."""
    visit = visit_name(row.visit, row.collected_on)
    return row.patient_id, visit, row.tissue, row.beads_kit, row.clone, row.fluorochrome
