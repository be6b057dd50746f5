"""The headers of all FCS files of a study: only HEADER and TEXT are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from calibration.density.result import ControlKind
from pipeline.checks.findings import Finding
from pipeline.checks.flags import CheckFlag
from pipeline.fcs import FcsError, FcsFile, read_fcs
from pipeline.study.faults import Fault, Severity
from pipeline.study.study import Sample, Study


@dataclass(frozen=True, slots=True)
class StudyFile:
    """A file of the study; `problem` says why it cannot be used, and then `file` is None."""

    name: str
    file: FcsFile | None = None
    problem: str = ""


Headers = Mapping[str, StudyFile]
READERS, MANY_HEADERS = 16, 64
"""Files that are read at the same time, and the least number of files for that. Convention: a network disk
answers after milliseconds, and 16 files wait together; with fewer files starting the threads takes as
long."""


def read_headers(study: Study) -> Headers:
    """Read HEADER and TEXT of every FCS file in the sheets; `problem` says why a file cannot be read."""
    names = dict.fromkeys(
        [run.fcs_file for run in study.bead_runs]
        + [name for sample in study.samples for name in files_of(sample).values()]
    )
    if len(names) < MANY_HEADERS:
        return {name: _header(study, name) for name in names}
    with ThreadPoolExecutor(READERS) as readers:
        return dict(zip(names, readers.map(lambda name: _header(study, name), names), strict=True))


def files_of(sample: Sample) -> dict[str, str]:
    """Return the FCS files of a tube and its controls by their columns; empty columns are left out."""
    files = {"fcs_file": sample.fcs_file, "fmo_file": sample.fmo_file, "isotype_file": sample.isotype_file}
    return {column: name for column, name in files.items() if name}


def tubes_with_controls(study: Study, headers: Headers) -> Iterator[tuple[Sample, str, FcsFile, FcsFile]]:
    """Yield (sample, column, tube, control) for each control of each tube, if both can be read."""
    for sample in study.samples:
        tube = headers[sample.fcs_file].file
        for column, name in files_of(sample).items():
            control = headers[name].file
            if column != "fcs_file" and tube is not None and control is not None:
                yield sample, column, tube, control


def _header(study: Study, name: str) -> StudyFile:
    try:
        file = read_fcs(study.folder / name, channels=(), allow_truncated=study.settings.allow_truncated)
    except FcsError as error:
        return StudyFile(name, problem=str(error))
    if file.n_events == 0:
        return StudyFile(name, problem=f"{file.path.name} holds no events ($TOT 0); acquire the tube again")
    return StudyFile(name, file)


def unusable_files(study: Study, headers: Headers) -> Iterator[Finding]:
    """Report files that cannot be used: the tube fails, or its background or its curve is missing."""
    for run in study.bead_runs:
        if headers[run.fcs_file].file is None:
            n = sum(sample.bead_run == run.name for sample in study.samples)
            unusable = (
                f"{headers[run.fcs_file].problem}; {n} {'tube has' if n == 1 else 'tubes have'} no curve"
            )
            where = study.at("beads", run.name, "fcs_file")
            yield Finding(Fault(where, unusable, "", severity=Severity.TUBE))
    for sample in study.samples:
        for column, name in files_of(sample).items():
            problem = headers[name].problem
            if problem:
                yield _unusable(study, sample, column, problem)


def _unusable(study: Study, sample: Sample, column: str, problem: str) -> Finding:
    where = study.at("samples", sample.sample_id, column)
    fault = Fault(where, problem, "", severity=Severity.TUBE)
    if column == "fcs_file":
        return Finding(fault, sample.sample_id, note=problem, fails=True)
    kind = ControlKind.FMO if column == "fmo_file" else ControlKind.ISOTYPE
    return Finding(
        fault, sample.sample_id, CheckFlag.CONTROL_UNUSABLE, f"the {kind} control cannot be used: {problem}"
    )
