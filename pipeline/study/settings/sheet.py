"""The settings of a study: each with its default, its unit and a sentence that says what it does."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from pipeline.study.cells import (
    CountedDrug,
    Identifier,
    YesNo,
    as_file_name,
    as_text,
    list_of,
    number,
)
from pipeline.study.cells.choices import RowReason
from pipeline.study.response import LETTERS_CUT
from pipeline.study.settings.defaults import (
    BEADS_FRESH_HOURS,
    BEADS_OLD_HOURS,
    CYCLE_DAYS,
    KD_HIGHEST_UG_ML,
    KD_LOWEST_UG_ML,
    KD_UG_ML,
    LANDMARK_WEEKS,
    LOW_SHARE,
    MONTH_DAYS,
    USUAL_B_PRECURSORS,
    USUAL_CV_OF_SENTINELS,
    USUAL_NK_CELLS,
)
from pipeline.study.settings.field import Fraction, Reason, setting
from pipeline.study.settings.tube import BeadSettings, TubeSettings
from pipeline.study.settings.usual_density import USUAL_PLASMA_CELL_CD38

ALL_PANELS = "all"


class GeneralSettings(BaseModel):
    """All settings except those that bead runs and tubes depend on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    report_title: Annotated[str, BeforeValidator(as_text)] = setting(
        "", "", "Title at the head of the report and of rd.xlsx."
    )
    lab: Annotated[str, BeforeValidator(as_text)] = setting(
        "",
        "",
        "Laboratory, with its address if wanted; at the head of the report and among its MIFlowCyt items.",
    )
    operator: Annotated[str, BeforeValidator(as_text)] = setting(
        "", "", "Who made the measurements; at the head of the report and among its MIFlowCyt items."
    )
    comment: Annotated[str, BeforeValidator(as_text)] = setting(
        "", "", "What readers should know of this study, in a sentence or two; at the head of the report."
    )
    washed_out_drug: CountedDrug = setting(
        "daratumumab", "", "Drug whose washout is counted, by any of its names; further synonyms split by ;."
    )
    study_drug: CountedDrug = setting(
        "isatuximab",
        "",
        "Drug whose first dose ends the clock of the response strata, by any of its names.",
    )
    month_days: Annotated[float, number(28, 31)] = setting(
        MONTH_DAYS, "days", "Length of a month, for strata in months."
    )
    compensated_panels: Annotated[str, BeforeValidator(as_text)] = setting(
        "",
        "names",
        "Panels whose files are compensated or unmixed already, split by ;, or all: no matrix is applied, "
        "and none is missing.",
    )
    accept_instrument_mismatch: Reason = setting(
        "",
        "",
        "Reason for accepting beads, tubes and controls of different instruments; "
        "flags every row it concerns.",
    )
    accept_voltage_mismatch: Reason = setting(
        "",
        "",
        "Reason for accepting another detector voltage or gain on beads, tubes and controls; "
        "flags every row it concerns.",
    )
    accept_bead_age: Reason = setting(
        "",
        "",
        "Reason for accepting a bead run more than bead_age_reject_hours from the tube; "
        "flags every row it concerns.",
    )
    bead_age_accept_hours: Annotated[float, number(0, 1e6)] = setting(
        BEADS_FRESH_HOURS, "hours", "Bead run this far from the tube at most: accepted without a flag."
    )
    bead_age_reject_hours: Annotated[float, number(0, 1e6)] = setting(
        BEADS_OLD_HOURS,
        "hours",
        "Bead run further than this from the tube: refused; between the two: flagged.",
    )
    sentinel_plasma_cell_usual: Annotated[float, number(1, 1e9)] = setting(
        USUAL_PLASMA_CELL_CD38,
        "molecules per cell",
        "Usual free CD38 of plasma cells without the drug, and the middle of the prior "
        "of the recovery curve's plateau (an assumption).",
    )
    sentinel_nk_usual: Annotated[float, number(0, 1e9)] = setting(
        USUAL_NK_CELLS,
        "molecules per cell",
        "Usual free CD38 of NK cells without the drug, for studies with fewer than 5 patients free of it "
        "(an assumption: type your own laboratory's; 0: not known).",
    )
    sentinel_b_precursor_usual: Annotated[float, number(0, 1e9)] = setting(
        USUAL_B_PRECURSORS, "molecules per cell", "The same of B precursors (an assumption; 0: not known)."
    )
    sentinel_usual_cv: Fraction = setting(
        USUAL_CV_OF_SENTINELS,
        "fraction",
        "CV of a patient's own value about these usual ones: of patients, and of laboratories "
        "(an assumption).",
    )
    sentinel_low_share: Annotated[float, number(0.01, 1)] = setting(
        LOW_SHARE,
        "fraction",
        "In the sentinels' reading CD38 is low below this part of the usual value of plasma cells.",
    )
    rd_cut: Annotated[float, number(1, 1e9)] = setting(
        LETTERS_CUT, "molecules per cell", "RD that splits the response table."
    )
    kd_app_ug_ml: Annotated[float, number(1e-4, 1e4)] = setting(
        KD_UG_ML,
        "µg/mL",
        "Apparent dissociation constant of the drug on cells, an assumption: occupancy = C/(C + Kd).",
    )
    kd_app_low_ug_ml: Annotated[float, number(1e-4, 1e4)] = setting(
        KD_LOWEST_UG_ML, "µg/mL", "Lower end of what kd_app_ug_ml may be; widens the band of the occupancy."
    )
    kd_app_high_ug_ml: Annotated[float, number(1e-4, 1e4)] = setting(
        KD_HIGHEST_UG_ML, "µg/mL", "Upper end of what kd_app_ug_ml may be; widens the band of the occupancy."
    )
    imid_drugs: Identifier = setting(
        "lenalidomide; pomalidomide; thalidomide; iberdomide; mezigdomide",
        "names",
        "Drugs that may change CD38 themselves; one given after the washed-out drug is a covariate.",
    )
    keep_in_models: Annotated[str, BeforeValidator(list_of(*RowReason))] = setting(
        "",
        "names",
        "Rows left out of the washout models by default that shall be kept, split by ;: "
        "under_one_week, study_drug, other_anti_cd38; empty: none. The line with them is given anyway.",
    )
    cycle_days: Annotated[float, number(7, 84)] = setting(
        CYCLE_DAYS,
        "days",
        "Length of a cycle of the washed-out drug, for counting cycles and for eligibility.",
    )
    dexamethasone_landmark_weeks: Annotated[float, number(0, 520)] = setting(
        LANDMARK_WEEKS, "weeks", "Landmark of the dexamethasone analysis, from the start of treatment."
    )
    study_id: Identifier = setting(
        "STUDY",
        "",
        "Name of the study in the exports for statisticians (STUDYID); no patient is named by it.",
    )
    lyse_reagent: Annotated[str, BeforeValidator(as_text)] = setting(
        "", "", "Reagent that lysed the red cells; printed beside every RD, not used."
    )
    instrument_log: Annotated[str, BeforeValidator(as_file_name)] = setting(
        "",
        "",
        "SQLite file that every bead run is written into and compared with; empty: none. It may lie outside "
        "the study folder, so that studies share it.",
    )
    histogram_sheet: YesNo = setting(
        False,
        "",
        "yes: rd.xlsx has a sheet Histograms, each tube's quantified cells and its control in bins.",
        ("yes", "no"),
    )
    own_columns: YesNo = setting(
        False,
        "",
        "yes: the sheet Your rows of rd.xlsx gives back columns of your own too; type no names there.",
        ("yes", "no"),
    )


class Settings(TubeSettings, GeneralSettings):
    """The settings sheet. `cd38rd init` writes the description of a field beside it."""

    @property
    def of_beads(self) -> BeadSettings:
        """The settings that a bead run depends on."""
        return BeadSettings.model_construct(**self._some(BeadSettings))

    @property
    def of_tubes(self) -> TubeSettings:
        """The settings that a tube depends on."""
        return TubeSettings.model_construct(**self._some(TubeSettings))

    def _some(self, part: type[BeadSettings]) -> dict[str, Any]:
        return {name: getattr(self, name) for name in part.model_fields}

    @property
    def compensated_names(self) -> tuple[str, ...]:
        """The names in the setting `compensated_panels`."""
        return tuple(name.strip() for name in self.compensated_panels.split(";") if name.strip())

    @property
    def kept_reasons(self) -> frozenset[RowReason]:
        """The reasons in the setting `keep_in_models`.

        >>> sorted(Settings(keep_in_models="Study drug; under_one_week").kept_reasons)
        [<RowReason.STUDY_DRUG: 'study_drug'>, <RowReason.UNDER_ONE_WEEK: 'under_one_week'>]
        """
        return frozenset(RowReason(name) for name in self.keep_in_models.split(";") if name)

    def says_compensated(self, panel: str) -> bool:
        """Return whether the files of a panel are compensated or unmixed already.

        >>> Settings(compensated_panels="Spectral; B").says_compensated("spectral")
        True
        """
        names = {name.casefold() for name in self.compensated_names}
        return not names.isdisjoint({ALL_PANELS, panel.casefold()})


def setting_facts(name: str) -> tuple[str, str, tuple[str, ...]]:
    """Return the unit, the sentence and the choices of a setting.

    >>> setting_facts("month_days")[0]
    'days'
    """
    field = Settings.model_fields[name]
    facts = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    choices = facts.get("choices", [])
    words = tuple(str(choice) for choice in choices) if isinstance(choices, list) else ()
    return str(facts.get("unit", "")), field.description or "", words


def setting_text(value: object) -> str:
    """Return the value of a setting as a person types it.

    >>> setting_text(True), setting_text(72.0), setting_text(None)
    ('yes', '72', '')
    """
    return "" if value is None else as_text(value)
