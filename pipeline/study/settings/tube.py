"""The settings that bead runs and tubes depend on; after a change of any other, stored results stay valid."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator

from calibration.curve.fit import CurveModel
from calibration.density.error_model import F_P_CV, LOT_CV, TRANSFER_CV
from calibration.density.limits import ULOQ_EXTRAPOLATION
from calibration.distribution.cells import LOW_CUT
from calibration.numbers import SEED
from pipeline.study.cells import Identifier, YesNo, as_file_name, number, one_of, whole_number
from pipeline.study.settings.curve import CurveSettings
from pipeline.study.settings.defaults import HEMODILUTION_PERCENT
from pipeline.study.settings.field import Fraction, setting

CURVE_MODELS = tuple(model.value for model in CurveModel)


class BeadSettings(CurveSettings):
    """The settings that a bead run depends on."""

    allow_truncated: YesNo = setting(
        False, "", "yes: quantify a tube whose DATA are shorter than $TOT says, flagged.", ("yes", "no")
    )
    curve_model: Annotated[CurveModel, BeforeValidator(one_of(*CURVE_MODELS))] = setting(
        CurveModel.LOGLOG,
        "",
        "Standard curve: loglog, slope1 (slope fixed at 1) or autofluorescence (of the beads).",
        CURVE_MODELS,
    )


class TubeSettings(BeadSettings):
    """The settings that a tube depends on."""

    population_name: Identifier = setting("plasma_cells", "", "Name of the quantified population in tables.")
    seed: Annotated[int, whole_number(0, 2**32 - 1)] = setting(
        SEED, "", "Seed of every random draw (bootstrap, Monte Carlo, permutation)."
    )
    spillover_file: Annotated[str, BeforeValidator(as_file_name)] = setting(
        "",
        "",
        "CSV file with the spillover matrix of every tube; empty: each file's own is used.",
    )
    lot_assignment_cv: Fraction = setting(
        LOT_CV, "fraction", "CV of the lot's assigned values, where the beads sheet gives none."
    )
    f_p_cv: Fraction = setting(
        F_P_CV, "fraction", "CV of the F:P ratio, where the panels sheet gives no f_p_ratio_sd."
    )
    transfer_cv: Fraction = setting(
        TRANSFER_CV,
        "fraction",
        "CV added where rainbow beads transfer a curve to another instrument or detector (an assumption).",
    )
    between_run_cv: Fraction | None = setting(
        None,
        "fraction",
        "Between-run CV of the assay. Empty: 0.10 is assumed until replicates on different bead runs show "
        "it; 0: no such term, and every interval is a within-run interval.",
    )
    lab_lloq: Annotated[float, number(0, 1e9)] | None = setting(
        None,
        "molecules per cell",
        "The lab's own lower limit of quantification; empty: found from the data.",
    )
    uloq_extrapolation: Annotated[float, number(1, 1000)] = setting(
        ULOQ_EXTRAPOLATION,
        "times the top bead",
        "RD up to here is given and flagged; beyond, it is censored.",
    )
    low_cell_cut: Annotated[float, number(1, 1e9)] = setting(
        LOW_CUT,
        "molecules per cell",
        "Cells below it are counted as low: their share of each tube is in rd_distribution.csv.",
    )
    hemodilution_percent: Annotated[float, number(0, 100)] = setting(
        HEMODILUTION_PERCENT,
        "% of viable single cells",
        "A marrow with surely fewer B precursors is flagged as possibly diluted with blood.",
    )
