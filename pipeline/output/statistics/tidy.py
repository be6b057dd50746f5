"""Tidy tables: a variable per column; a tube, a visit, a patient or a dose per row; no free text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pipeline.assembly.study_result import StudyResult
from pipeline.output.further_tables.analyses import density_table, sensitivity_table
from pipeline.output.further_tables.changes import change_table, unnumbered_table
from pipeline.output.further_tables.distribution import distribution_table
from pipeline.output.further_tables.letter_counts import characteristic_table
from pipeline.output.further_tables.response import comparison_table, proportion_table, survival_table
from pipeline.output.result_tables import exposure_table, patient_table, sample_table
from pipeline.output.statistics.analysis import yes_no
from pipeline.output.statistics.dataset import Dataset, Kind, Variable, dataset
from pipeline.output.statistics.subjects import Subject
from pipeline.output.table import Cell, Table
from pipeline.response.letter.cytogenetics import abnormalities, is_high_risk

_TEXT = {"sample_id", "patient_id", "visit", "status", "flags", "population", "background_kind", "beads",
         "sample_ids", "schedule", "intervening", "imid_since", "eligible", "eligibility",
         "refractory", "outcome", "measure", "strength", "method", "choice", "caution", "not_told",
         "first_visit", "last_visit", "change_kind", "exceeds_assay", "first_to_last", "best_response",
         "only_tube", "reason", "table", "row", "group", "comparison", "per", "ratio_of", "first", "second",
         "endpoint", "rule"}  # fmt: skip
_WHOLE = {"n_events", "n_viable_singlets", "n_plasma_cells", "n_samples", "n_doses", "cycles", "n", "events",
          "rows", "patients", "measured", "changed", "modes", "modes_at_least", "k",
          "not_known", "patients_moved"}  # fmt: skip
_DATES = {"collected_on", "last_dose_on", "first_study_drug_on", "serum_on"}
_FREE_TEXT = {"note", "reviewed_by"}
"""Columns of free text, which may name people. They stay in the results folder and out of these files."""

_DOSES = (
    Variable("patient_id", "pseudonym as typed"),
    Variable("given_on", "day of the dose", "date"),
    Variable("drug", "drug as typed"),
    Variable("dose", "amount", "number"),
    Variable("unit", "unit of the amount"),
    Variable("route", "IV or SC"),
    Variable("serum_trough_ug_ml", "serum concentration before the dose", "number", unit="ug/mL"),
)
_PATIENTS = (
    Variable("patient_id", "pseudonym as typed"),
    Variable("evaluable", "Y or N, as the response tables count"),
    Variable("best_response", "best response as typed"),
    Variable("disease_control", "Y: MR or better, or SD for at least 56 days"),
    Variable("washout_days", "last washed-out drug to first study drug", "whole", unit="days"),
    Variable("washout_stratum", "stratum of washout_days"),
    Variable("density_group", "baseline density against the RD cut"),
    Variable("started_on", "first day of the study treatment", "date"),
    Variable("treated_days", "days on treatment", "whole", unit="days"),
    Variable("stopped", "Y: the treatment ended"),
    Variable("pfs_days", "to progression, death or last seen", "whole", unit="days"),
    Variable("pfs_event", "Y: progression or death"),
    Variable("os_days", "to death or last seen", "whole", unit="days"),
    Variable("os_event", "Y: death"),
    Variable("dexamethasone_day", "day of the first dexamethasone", "whole", unit="days"),
    Variable("age", "age", "number", unit="years"),
    Variable("sex", "sex"),
    Variable("weight_kg", "weight", "number", unit="kg"),
    Variable("albumin_g_l", "serum albumin", "number", unit="g/L"),
    Variable("heavy_chain", "heavy chain"),
    Variable("ecog", "ECOG performance status", "whole"),
    Variable("iss_stage", "ISS stage"),
    Variable("cytogenetic_risk", "cytogenetic risk"),
    Variable("prior_lines", "prior lines of treatment", "whole"),
    Variable("refractory_to", "drugs, split by ;"),
    Variable("exposure_weeks", "weeks on treatment as typed", "number", unit="weeks"),
    Variable("teae_grade", "highest grade of an adverse event", "whole"),
    Variable("infusion_reaction", "Y: there was one"),
    Variable("infusions", "infusions of the study drug", "whole"),
    Variable("infusions_interrupted", "interrupted infusions", "whole"),
    Variable("serum_ug_ml", "serum washed-out drug before the study drug", "number", unit="ug/mL"),
    Variable("site", "hospital or centre"),
    Variable("last_line_refractory", "Y: refractory to the last line"),
    Variable("ada_before", "Y: antibodies against the study drug before"),
    Variable("ada_on_treatment", "antibodies against the study drug later"),
    Variable("related_grade", "highest grade of a related adverse event", "whole"),
)
_PATIENT_FIELDS = tuple(variable.name for variable in _PATIENTS[15:])
_RISK = Variable("cytogenetic_high_risk", "Y: del17p, t(4;14) or t(14;16)")


def tubes(study_result: StudyResult) -> Dataset:
    """Return a row per tube."""
    return _of_table("tubes", "A row per tube, as rd_samples.csv", sample_table(study_result))


def visits(study_result: StudyResult) -> Dataset:
    """Return a row per patient and visit."""
    table = patient_table(study_result.visits)
    return _of_table("visits", "A row per patient and visit, as rd_patients.csv", table)


def exposure(study_result: StudyResult) -> Dataset:
    """Return the drug exposure before each tube, a row per tube."""
    return _of_table("exposure", "What had been given, a row per tube", exposure_table(study_result))


def distributions(study_result: StudyResult) -> Dataset:
    """Return the cells of each tube about their median."""
    label = "Percentiles and shares of cells, a row per tube"
    return _of_table("distribution", label, distribution_table(study_result))


def changes(study_result: StudyResult) -> Dataset:
    """Return how each patient's density changed, a row per two visits."""
    label = "Changes within patients, a row per two visits"
    return _of_table("changes", label, change_table(study_result))


def without_density(study_result: StudyResult) -> Dataset:
    """Return the tubes without a density, without the reason, because it may quote a file."""
    table = unnumbered_table(study_result)
    index = table.columns.index("reason")
    rows = tuple((*row[:index], *row[index + 1 :]) for row in table.rows)
    shortened = Table((*table.columns[:index], *table.columns[index + 1 :]), rows)
    return _of_table("unnumbered", "Tubes without a density", shortened)


def patients(subjects: Mapping[str, Subject]) -> Dataset:
    """Return a row per patient."""
    return dataset("patients", "A row per patient", (*_PATIENTS, _RISK), _patient_rows(subjects), xport=False)


def doses(study_result: StudyResult) -> Dataset:
    """Return a row per dose."""
    names = tuple(variable.name for variable in _DOSES)
    rows = (tuple(getattr(dose, name) for name in names) for dose in study_result.study.doses)
    return dataset("doses", "A row per dose", _DOSES, rows, xport=False)


def sensitivity_rows(study_result: StudyResult) -> Dataset:
    """Return the slope of M1 under other choices, a row per choice and per patient left out."""
    return _of_table("sensitivity", "M1 under other choices", sensitivity_table(study_result))


def along_density(study_result: StudyResult) -> Dataset:
    """Return response and PFS along receptor density, a row per number."""
    label = "Response and PFS along receptor density"
    return _of_table("along_density", label, density_table(study_result))


def proportions(study_result: StudyResult) -> Dataset:
    """Return how many patients of a group respond, a row per group."""
    table = proportion_table(study_result.response)
    return _of_table("proportions", "Best response by groups, a row per group", table)


def comparisons(study_result: StudyResult) -> Dataset:
    """Return the comparisons of patients, a row each, with the bounds by patients without a density."""
    table = comparison_table(study_result.response, study_result.unnumbered)
    return _of_table("comparisons", "Comparisons of patients, a row each", table)


def survival(study_result: StudyResult) -> Dataset:
    """Return the median survival times, a row each."""
    return _of_table("survival", "Median survival times, a row each", survival_table(study_result.response))


def described(study_result: StudyResult) -> Dataset:
    """Return patients' characteristics and the further tables of a letter, without free text."""
    table = characteristic_table(study_result.response, as_typed=False)
    return _of_table("characteristics", "Patients and the letter, a row per number", table)


def _of_table(name: str, label: str, table: Table) -> Dataset:
    indices = [index for index, column in enumerate(table.columns) if column not in _FREE_TEXT]
    variables = [_variable(table.columns[index], [row[index] for row in table.rows]) for index in indices]
    rows = (tuple(row[index] for index in indices) for row in table.rows)
    return dataset(name, label, variables, rows, xport=False)


def _variable(name: str, cells: Sequence[Cell]) -> Variable:
    kind: Kind = "number"
    if name in _TEXT or any(isinstance(cell, str) and cell for cell in cells):
        kind = "text"
    elif name in _WHOLE:
        kind = "whole"
    elif name in _DATES:
        kind = "date"
    return Variable(name, name.replace("_", " "), kind, "as in the results table")


def _patient_rows(subjects: Mapping[str, Subject]) -> Iterator[tuple[Cell, ...]]:
    for who in subjects.values():
        yield (*_derived(who), *_typed(who), _high_risk(who))


def _high_risk(who: Subject) -> str:
    """Return Y or N by the cytogenetics as typed; "" where not all three were determined."""
    aberrations = abnormalities(who.patient.cytogenetics) if who.patient else None
    return "" if aberrations is None else yes_no(is_high_risk(aberrations))


def _derived(who: Subject) -> tuple[Cell, ...]:
    course = who.course
    response = who.patient.best_response if who.patient else ""
    facts = (yes_no(who.evaluable), response, yes_no(who.controlled))
    if course is None:
        times: tuple[Cell, ...] = (None, None, "", None, "", None, "", None)
    else:
        is_known = course.treated_days is not None
        times = (
            *(course.started_on, course.treated_days, yes_no(course.stopped) if is_known else ""),
            *(course.pfs_day, yes_no(course.pfs_event) if course.pfs_day is not None else ""),
            *(course.os_day, yes_no(course.os_event) if course.os_day is not None else ""),
            course.dexamethasone_day,
        )
    return (who.patient_id, *facts, who.washout_days, who.washout_stratum, who.density_group, *times)


def _typed(who: Subject) -> tuple[Cell, ...]:
    values = [getattr(who.patient, name, None) for name in _PATIENT_FIELDS]
    return tuple(yes_no(value) if isinstance(value, bool) else value for value in values)
