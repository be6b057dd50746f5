"""A warning of `cd38rd check` about FCS files of a study that no row names."""

from __future__ import annotations

from pipeline.study.faults import Fault, Severity
from pipeline.study.locations import file_key, study_files
from pipeline.study.sheets.tables import WORKBOOK, read_workbook
from pipeline.study.sheets.typed import TypedStudy
from pipeline.study.wording import counted
from pipeline.template.additions.rows import additions, cut_names, named_files
from pipeline.template.additions.update import left_out_files
from pipeline.template.colours import FILES_NOT_USED
from pipeline.template.inventory import take_inventory


def unnamed_files(typed: TypedStudy) -> tuple[Fault, ...]:
    """Return a warning about tubes, controls and bead runs that no row names; none if rows name all.

    Other files, such as single stains, need no row.
    """
    folder, named = typed.folder, named_files(typed)
    if all(file_key(folder, name)[0] in named for name in study_files(folder)):
        return ()
    workbook = folder / WORKBOOK
    raw, _ = read_workbook(workbook, [FILES_NOT_USED]) if workbook.is_file() else ((), ())
    unnamed = additions(typed, take_inventory(folder, folder), left_out_files(raw))
    faults = []
    if rowless := (*unnamed.tubes, *unnamed.bead_runs):
        if workbook.is_file():
            adds = "`cd38rd init STUDY --update` adds them"
            hint = f"{adds}; a file named in the sheet {FILES_NOT_USED} is left out on purpose."
        else:
            hint = "Type a row for each, or move them out of the study folder."
        faults.append(_warned(f"{_are(len(rowless))} in no row: {cut_names(rowless)}", hint))
    if unnamed.controls:
        n = counted(len(unnamed.controls), "control")
        problem = f"{n} that no row names, of tubes whose rows name none: {cut_names(unnamed.controls)}"
        faults.append(_warned(problem, "Type it into fmo_file or isotype_file of its tube."))
    return tuple(faults)


def _are(n: int) -> str:
    return f"{counted(n, 'FCS file')} {'is' if n == 1 else 'are'}"


def _warned(problem: str, hint: str) -> Fault:
    return Fault("samples", problem, "", hint, Severity.WARNING)
