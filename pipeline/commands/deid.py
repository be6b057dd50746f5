"""`cd38rd deid`: a copy of a study without names, to share with others."""

from __future__ import annotations

from pathlib import Path

from pipeline.checks import check_folder
from pipeline.commands.exit_status import ExitStatus, RunSummary
from pipeline.deid.key import read_key
from pipeline.deid.study_copy import copy_study
from pipeline.study.faults import fault_report, stops_run

KEY = "deid_key.csv"
"""The file of the key in the study folder, which holds the patients' names anyway."""


def deidentified(folder: Path, copy: Path, key_file: Path | None) -> RunSummary:
    """Write the copy; return what to print.

    Raises
    ------
    UserError
        The copy or the key cannot be written there, or the given key file is no key.
    FcsError
        A file cannot be read.
    """
    study, faults = check_folder(folder)
    if study is None or stops_run(faults):
        return RunSummary(ExitStatus.FAULTS, faults=fault_report(faults))
    where = key_file or folder / KEY
    done = copy_study(study, copy, read_key(where), where)
    lines = [
        f"Wrote {copy}: {len(study.samples)} tubes, {done.n_files} FCS files.",
        "The days of each patient are shifted alike, so that every washout stays.",
        f"Wrote {where}: the key. It shows who the patients are: do not give it away with the copy.",
        *(f"Not in the copy: {text}" for text in done.left_out),
    ]
    return RunSummary(ExitStatus.ALL_QUANTIFIED, "\n".join(lines))
