"""The receptor density of a patient at a visit: a row of the models."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.patients.pharmacokinetics import Body, DrugLevel
    from pipeline.patients.receptor_occupancy.theta import Theta
    from pipeline.patients.receptor_occupancy.total import Total


@dataclass(frozen=True, slots=True)
class SharedError:
    """A part of a row's error that all rows of one `source` have in common; SD of log10 RD, dex.

    A wrong assigned value of a lot moves all rows of that lot together: more rows do not make it smaller.
    """

    source: str
    log_sd: float


@dataclass(frozen=True, slots=True)
class PatientRd:
    """A patient at a visit: replicate tubes pooled. None = not known.

    Parameters
    ----------
    weeks
        Last dose of the washed-out drug → collection.
    rd
        Free molecules per cell.
    lloq, uloq
        Limits of quantification of this visit's calibration, molecules per cell.
    rd_low
        Lower end of the 95 % interval; of a row `ABOVE_ULOQ` what it is known to exceed
        (`calibration.density.result.known_to_exceed` reads it).
    rd_log_sd
        SD of log10 rd from the uncertainty budget and the replicates, dex.
    beads_kit
        Kit of the calibration, so that mixed kits are seen.
    tissue
        `marrow` or `blood`, so that they are not pooled.
    drug
        The washed-out drug in serum at the sample, and what it holds; None where nobody asked.
    theta, by_sentinels, total
        The part of CD38 that the drug holds, that by the sentinels alone, and the total that it gives; None
        where nobody asked.
    body
        Covariates of the patient, for the drug's way down.
    clone, fluorochrome, instrument
        Of the quantified antibody and the cytometer; "" = not known. Rows that differ in them are not pooled
        without a term.
    shared
        Parts of `rd_log_sd` that other rows share: the lot's assigned values, F:P, the curve of a bead run.
    site
        Where the patient was treated, as typed; "": not known.
    imid_since, prior_lines
        An immunomodulatory drug after the last dose; lines of therapy. Covariates of M1.
    """

    patient_id: str
    visit: str
    weeks: float | None
    rd: float | None
    status: str
    lloq: float | None = None
    uloq: float | None = None
    rd_log_sd: float | None = None
    collected_on: date | None = None
    beads_kit: str = ""
    flags: tuple[str, ...] = ()
    tissue: str = "marrow"
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
