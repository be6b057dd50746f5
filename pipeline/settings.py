"""Every choice that a study may make: default, unit and a sentence that says what it does."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Settings(BaseModel):
    """The settings sheet. The field's description is what `init` prints beside it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    population_name: str = Field("plasma_cells", description="Name of the quantified population in tables.")
    washed_out_drug: str = Field("daratumumab", description="Drug whose washout is counted; any case.")
    study_drug: str = Field(
        "isatuximab", description="Drug whose first dose ends the clock of the response strata; any case."
    )
    seed: int = Field(
        20240607, description="Seed of every random draw (bootstrap, Monte Carlo, permutation)."
    )
    month_days: float = Field(30.4375, gt=0, description="Length of a month in days, for strata in months.")
    allow_truncated: bool = Field(
        False, description="yes: quantify a tube whose DATA are shorter than $TOT says, flagged."
    )
    accept_instrument_mismatch: str = Field(
        "",
        description="Reason for accepting beads and tubes from different instruments; flags every row it touches.",
    )
    accept_voltage_mismatch: str = Field(
        "",
        description="Reason for accepting another detector voltage on beads and tubes; flags every row it touches.",
    )
    accept_bead_age: str = Field(
        "",
        description="Reason for accepting a bead run more than bead_age_reject_hours from the tube; flags every row it touches.",
    )
    bead_age_accept_hours: float = Field(
        24, gt=0, description="Bead run this many hours from the tube at most: accepted without a flag."
    )
    bead_age_reject_hours: float = Field(
        72, gt=0, description="Bead run more than this many hours from the tube: refused."
    )
    lot_assignment_cv: float = Field(
        0.05,
        ge=0,
        description="CV of the lot's assigned values (a fraction), where the beads sheet gives none.",
    )
    f_p_cv: float = Field(
        0.05, ge=0, description="CV of the F:P ratio (a fraction), where the panel gives no f_p_ratio_sd."
    )
    between_run_cv: float = Field(
        0.0,
        ge=0,
        description="Between-run CV of the assay (a fraction); 0 where it is not known or replicates tell it.",
    )
    curve_model: str = Field(
        "loglog",
        description="loglog, slope1 or autofluorescence.",
        pattern="^(loglog|slope1|autofluorescence)$",
    )
    lab_lloq: float | None = Field(
        None,
        ge=0,
        description="The lab's own lower limit of quantification in molecules per cell; empty: found from the data.",
    )
    uloq_extrapolation: float = Field(
        4.0,
        ge=1,
        description="RD up to this many times the top bead is given and flagged; beyond, it is censored.",
    )
    rd_cut: float = Field(
        150000.0, gt=0, description="RD that splits the response table, molecules per cell."
    )
