"""Every cell that names a file: which tube, patient or bead run it is of, and what it is used as."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipeline.checks.findings import Finding
from pipeline.checks.flags import CheckFlag
from pipeline.checks.headers import Headers, files_of
from pipeline.checks.identity.glance import Glance, glance
from pipeline.fcs import FcsFile
from pipeline.study.faults import Fault, Severity
from pipeline.study.study import BeadRun, Sample, Study
from pipeline.study.wording import quoted

TUBE_NAMES = ("TUBE NAME", "$FIL")
"""Keywords in which acquisition software names the tube."""


@dataclass(frozen=True, slots=True)
class Use:
    """A cell that names a file; `sample` is None for beads, `run` for tubes."""

    column: str
    name: str
    where: str
    file: FcsFile
    sample: Sample | None = None
    run: BeadRun | None = None

    @property
    def is_stained(self) -> bool:
        """Whether it is a stained tube."""
        return self.column == "fcs_file" and self.sample is not None

    @property
    def is_control(self) -> bool:
        """Whether it is the control of a tube."""
        return self.column != "fcs_file"

    @property
    def patient(self) -> str:
        """The patient; "" for beads."""
        return self.sample.patient_id if self.sample else ""

    @property
    def sample_id(self) -> str:
        """The tube's row; "" for beads."""
        return self.sample.sample_id if self.sample else ""

    @property
    def words(self) -> str:
        """The row in words."""
        if self.run:
            return f"the beads {quoted(self.run.beads)}"
        kind = "the stained tube" if self.is_stained else "the control"
        return f"{kind} of {quoted(self.sample_id)}, patient {quoted(self.patient)}"

    @property
    def called(self) -> tuple[tuple[str, str], ...]:
        """(where it stands, text) of the names that the file has: its own, then those in its keywords."""
        stem = self.name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
        keywords = ((f"keyword {key}", self.file.keywords.get(key, "")) for key in TUBE_NAMES)
        return (("name", stem), *((place, text) for place, text in keywords if text))


def uses_of(study: Study, headers: Headers) -> tuple[Use, ...]:
    """Return the cells that name a readable file: of tubes and controls row by row, then of bead runs."""
    uses: list[Use] = []
    for sample in study.samples:
        for column, name in files_of(sample).items():
            if file := headers[name].file:
                where = study.at("samples", sample.sample_id, column)
                uses.append(Use(column, name, where, file, sample=sample))
    for run in study.beads:
        if file := headers[run.fcs_file].file:
            where = study.at("beads", run.beads, "fcs_file")
            uses.append(Use("fcs_file", run.fcs_file, where, file, run=run))
    return tuple(uses)


def glances_of(uses: tuple[Use, ...]) -> dict[str, Glance]:
    """Return a glance at each file, by its name in the sheets."""
    return {name: glance(file) for name, file in {use.name: use.file for use in uses}.items()}


Glances = Mapping[str, Glance]


def refused(use: Use, problem: str, expected: str, hint: str = "") -> Finding:
    """Return a finding that stops the run: it cannot be as it is typed."""
    return Finding(Fault(use.where, f"{quoted(use.name)}, {problem}", expected, hint), use.sample_id)


def doubted(
    use: Use, problem: str, expected: str, hint: str = "", others: tuple[Use, ...] = ()
) -> Iterator[Finding]:
    """Return a warning at a cell, and its flag in that row and in those of `others`."""
    found = f"{quoted(use.name)}, {problem}"
    fault = Fault(use.where, found, expected, hint, Severity.WARNING)
    rows = dict.fromkeys(other.sample_id for other in (use, *others) if other.sample_id)
    note = f"a file may be another tube's or patient's: cd38rd check says why, at {use.where}"
    if not rows:
        yield Finding(fault)
    for number, sample_id in enumerate(rows):
        yield Finding(fault if number == 0 else None, sample_id, CheckFlag.IDENTITY_DOUBTFUL, note)
