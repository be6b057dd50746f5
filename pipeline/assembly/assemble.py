"""Tubes, bead runs, doses and models, joined into the result of the study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from pipeline.assay.report import assay_report
from pipeline.assembly.limiting import limiting
from pipeline.assembly.provenance import provenance_of
from pipeline.assembly.study_result import ASSAY_PART, RESPONSE_PART, TUBES_WITHOUT_PART, Note, StudyResult
from pipeline.assembly.unnumbered import unnumbered
from pipeline.beads.result import CalibrationResult
from pipeline.patients.between_runs import with_between_runs
from pipeline.patients.exposure import exposures, response_clocks
from pipeline.patients.model_rows import model_rows
from pipeline.patients.receptor_occupancy.tubes import LevelsByDay, tube_occupancies, with_occupancy
from pipeline.patients.visits import patient_rd, visits_of
from pipeline.quantification.result import SampleResult
from pipeline.response.follow_up import follow_ups
from pipeline.response.patient_facts import patient_facts
from pipeline.response.statements import Inconsistency
from pipeline.response.tables import ResponseTables, response_tables
from pipeline.running.defects import THE_DATA, CaughtDefects, defect_note
from pipeline.study.faults import Fault
from pipeline.study.file_labels import FileLabels, label_of_spillover, labels_of_study
from pipeline.study.study import Study
from pipeline.washout.report import washout_report, with_sensitivity

MOST_NOTES = 20
"""Most inconsistencies of the sheets that are listed as notes; the tables hold all. Convention: a screen
full; nobody reads longer lists."""


def assembled(
    study: Study,
    results: Mapping[str, SampleResult],
    calibrations: Sequence[CalibrationResult],
    faults: Sequence[Fault],
    notes: Sequence[Note] = (),
    *,
    validate: bool = False,
) -> StudyResult:
    """Join the tubes' results with doses and patients, in the order of the sheets.

    Parameters
    ----------
    results
        Results by sample_id; samples without a result are left out of every table.
    validate
        Whether to validate the assay even if no sheet requests it.
    """
    tubes = [results[sample.sample_id] for sample in study.samples if sample.sample_id in results]
    joined_study = joined(study, with_between_runs(study, tubes), calibrations)
    return modelled(joined_study, faults, notes, validate=validate)


def joined(
    study: Study,
    results: Sequence[SampleResult],
    calibrations: Sequence[CalibrationResult] = (),
    levels: LevelsByDay | None = None,
) -> StudyResult:
    """Return the results of tubes, visits and patients, without models.

    Parameters
    ----------
    results
        Results in the order of the samples sheet, with their between-run term.
    levels
        Drug levels at every tube, if they are known already, since their computation takes seconds.
    """
    clocks = response_clocks(study)
    exposed = exposures(study, clocks)
    occupied = tube_occupancies(study, results, exposed, levels)
    tubes = with_occupancy(results, occupied)
    visits, courses = visits_of(study, tubes, exposed, occupied), follow_ups(study, clocks)
    return StudyResult(
        study=study,
        results=tubes,
        calibrations=tuple(calibrations),
        exposures=exposed,
        occupancies=occupied,
        visits=visits,
        clocks=clocks,
        courses=courses,
        facts=patient_facts(study, tuple(map(patient_rd, visits)), clocks, courses),
        limiting=limiting(study, results),
    )


def modelled(
    joined_study: StudyResult,
    faults: Sequence[Fault] = (),
    notes: Sequence[Note] = (),
    *,
    validate: bool = False,
) -> StudyResult:
    """Add the washout models, the response tables, the assay's validation, the notes and the provenance.

    A part that fails by a defect of cd38rd is left out and named; the other parts are made.
    """
    study, labels = joined_study.study, labels_of_study(joined_study.study)
    rows = model_rows(study, joined_study.visits, joined_study.exposures, joined_study.occupancies)
    washout = with_sensitivity(washout_report(rows, study.settings), rows, study.settings)
    defects, response, assay = CaughtDefects(), None, None
    if study.patients or study.statements:
        make = partial(response_tables, study, rows, joined_study.facts)
        response = defects.caught(RESPONSE_PART, make)
    if validate or study.validation:
        assay = defects.caught(
            ASSAY_PART, partial(assay_report, study, joined_study.results, joined_study.calibrations)
        )
    of_patients = response if study.patients else None
    has_line = washout.tobit is not None
    of_tubes = (joined_study.results, joined_study.visits, joined_study.exposures, rows, of_patients)
    return replace(
        joined_study,
        washout=washout,
        response=of_patients,
        assay=assay,
        unnumbered=defects.caught(
            TUBES_WITHOUT_PART,
            partial(unnumbered, study, *of_tubes, facts=joined_study.facts, has_line=has_line),
        ),
        faults=tuple(_labelled(fault, labels) for fault in faults),
        notes=(*notes, *_defect_notes(defects.failures), *_study_notes(joined_study, response)),
        provenance=provenance_of(study, _input_hashes(joined_study)),
        defects=defects.failures,
    )


def _input_hashes(joined_study: StudyResult) -> list[tuple[str, str]]:
    """Return label and SHA-256 of every bead run, then of every tube, its control and the spillover file.

    The SHA-256 of the spillover file is that of its matrix, as the tubes used it.
    """
    bead_files = [(run.fcs_file, run.sha256) for run in joined_study.calibrations]
    tubes = joined_study.results
    named = label_of_spillover(joined_study.study.settings)
    matrices = {tube.spillover_sha256 for tube in tubes if named and tube.spillover_source == named}
    files = [pair for tube in tubes for pair in tube.sha256]
    return bead_files + files + [(named, digest) for digest in sorted(matrices)]


def _defect_notes(failures: Mapping[str, str]) -> Iterator[Note]:
    """Yield a note of each part that a defect of cd38rd left out."""
    for name, failure in failures.items():
        yield Note(name, defect_note(failure, THE_DATA))


def _study_notes(joined_study: StudyResult, response: ResponseTables | None) -> Iterator[Note]:
    """Yield the notes that belong to the results of this study."""
    yield from _validation_notes(joined_study)
    yield from _survival_notes(joined_study.study, response)
    yield from _typed_notes(response.inconsistencies if response else ())


def _labelled(fault: Fault, labels: FileLabels) -> Fault:
    """Return a fault without file names, since it goes into the results."""
    texts = (labels.in_text(text) for text in (fault.where, fault.found, fault.expected, fault.hint))
    where, text_found, expected, hint = texts
    return replace(fault, where=where, found=text_found, expected=expected, hint=hint)


def _validation_notes(joined_study: StudyResult) -> tuple[Note, ...]:
    """Return a note on how many tubes validate the assay and so belong to no patient."""
    n = sum(tube.sample_id in joined_study.study.validation_tubes for tube in joined_study.results)
    if not n:
        return ()
    which = "1 tube validates the assay and is" if n == 1 else f"{n} tubes validate the assay and are"
    return (Note("validation", f"{which} in no visit: see validation/validation.html"),)


def _survival_notes(study: Study, response: ResponseTables | None) -> tuple[Note, ...]:
    """Return the cautions on the median PFS, for the top of the report."""
    warned = response.survival_warning if response and study.patients else ""
    return (Note("progression-free survival", warned),) if warned else ()


def _typed_notes(hits: Sequence[Inconsistency]) -> tuple[Note, ...]:
    """Return the first inconsistencies of the sheets, and the number of further ones."""
    first = tuple(Note(hit.where, f'"{hit.phrase}": {hit.text}') for hit in hits[:MOST_NOTES])
    more = len(hits) - len(first)
    sentence = f"{more} more typed numbers are impossible: the sheet Notes of rd.xlsx lists them"
    return (*first, Note("what was typed", sentence)) if more else first
