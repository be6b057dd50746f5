"""The result of a command: exit status and text, with a note on missing results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.assembly.study_result import Note, StudyResult
from pipeline.commands.exit_status import ExitStatus, RunSummary
from pipeline.commands.printout import failed_text
from pipeline.quantification.result import SampleResult
from pipeline.running.defects import LOG_FILE
from pipeline.study.faults import Fault, fault_report
from pipeline.study.study import Study
from pipeline.study.wording import first_words

MOST_TUBES_IN_A_NOTE = 20
"""Most tubes that a note names one by one."""


def not_run(study: Study, results: Mapping[str, SampleResult]) -> tuple[Note, ...]:
    """Return a note on the tubes without a result; no note if every tube has one."""
    missing = [sample.sample_id for sample in study.samples if sample.sample_id not in results]
    if not missing:
        return ()
    text = f"{len(missing)} of {len(study.samples)} samples have not been run yet: {shown_names(missing)}"
    return (Note("samples", text),)


def shown_names(names: Sequence[str]) -> str:
    """Return names as a short list."""
    return first_words(names, MOST_TUBES_IN_A_NOTE)


def summary_of(
    study_result: StudyResult, text: str, faults: Sequence[Fault], older: Sequence[str] = ()
) -> RunSummary:
    """Return the output after a run: status 3 if a tube failed; standard error names the failed tubes.

    Status 4 if files of an earlier run could not be replaced (`older`).
    """
    failed = failed_text(study_result)
    failures = "\n".join(part for part in (failed, _defects_text(study_result), _older_text(older)) if part)
    is_whole = not failed and not study_result.all_defects
    status = ExitStatus.ALL_QUANTIFIED if is_whole else ExitStatus.SOME_FAILED
    if older:
        status = ExitStatus.NOT_WRITTEN
    return RunSummary(status, text, fault_report(faults), failures)


def _older_text(older: Sequence[str]) -> str:
    """Return which files are from an earlier run, and what to do; "" if none are."""
    if not older:
        return ""
    return (
        f"Of an earlier run: {shown_names([f'results/{name}' for name in older])}. They cannot be written: "
        "are they open in Excel or another program? Close them, or move away what is in their place, and "
        "run the same command again: finished tubes are kept"
    )


def _defects_text(study_result: StudyResult) -> str:
    """Return what to do about tubes, bead runs and models that failed by a defect; "" if none did."""
    tubes = [result.sample_id for result in study_result.results if result.defect]
    names = [*tubes, *(run.bead_run for run in study_result.calibrations if run.defect)]
    names += study_result.all_defects
    if not names:
        return ""
    return (
        f"A defect of cd38rd failed {shown_names(names)}: the files may be sound. "
        f"Please report it with results/{LOG_FILE}, which says where it arose; first look through it "
        "for patient data"
    )
