"""All cells that name a file, with the tube, patient or bead run, and the use as tube, control or beads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pipeline.checks.findings import Finding
from pipeline.checks.flags import CheckFlag
from pipeline.checks.headers import Headers, files_of
from pipeline.checks.identity.glance import Glance, glance
from pipeline.fcs import FcsFile
from pipeline.study.faults import Fault, Severity
from pipeline.study.study import BeadRun, Sample, Study
from pipeline.study.wording import quoted
from pipeline.tube.names.channels import find_channel

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
        """Whether the file is a stained tube."""
        return self.column == "fcs_file" and self.sample is not None

    @property
    def is_control(self) -> bool:
        """Whether the file is the control of a tube."""
        return self.column != "fcs_file"

    @property
    def patient(self) -> str:
        """The id of the patient; "" for beads."""
        return self.sample.patient_id if self.sample else ""

    @property
    def sample_id(self) -> str:
        """The id of the tube; "" for beads."""
        return self.sample.sample_id if self.sample else ""

    @property
    def words(self) -> str:
        """The use of the file in words, for a message."""
        if self.run:
            return f"the beads {quoted(self.run.name)}"
        kind = "the stained tube" if self.is_stained else "the control"
        return f"{kind} of {quoted(self.sample_id)}, patient {quoted(self.patient)}"

    @property
    def file_names(self) -> tuple[tuple[str, str], ...]:
        """(source, text) of the names of the file: its own name, then the names in its keywords."""
        stem = self.name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
        keywords = ((f"keyword {key}", self.file.keywords.get(key, "")) for key in TUBE_NAMES)
        return (("name", stem), *((source, text) for source, text in keywords if text))


def uses_of(study: Study, headers: Headers) -> tuple[Use, ...]:
    """Return the cells that name a readable file: tubes and controls row by row, then bead runs."""
    uses: list[Use] = []
    for sample in study.samples:
        for column, name in files_of(sample).items():
            if file := headers[name].file:
                where = study.at("samples", sample.sample_id, column)
                uses.append(Use(column, name, where, file, sample=sample))
    for run in study.bead_runs:
        if file := headers[run.fcs_file].file:
            where = study.at("beads", run.name, "fcs_file")
            uses.append(Use("fcs_file", run.fcs_file, where, file, run=run))
    return tuple(uses)


def glances_of(study: Study, uses: Iterable[Use]) -> dict[str, Glance]:
    """Return a glance at each file, by its name in the sheets."""
    files: dict[str, FcsFile] = {}
    compared: dict[str, set[str]] = {}
    for use in uses:
        files[use.name] = use.file
        compared.setdefault(use.name, set()).add(quantified_channel(study, use))
    return {name: glance(file, compared[name]) for name, file in files.items()}


def quantified_channel(study: Study, use: Use) -> str:
    """Return the channel of a tube or control that its panel quantifies; "" for beads, or if it lacks it."""
    if use.sample is None:
        return ""
    return find_channel(study.panel(use.sample.panel).quantified.aliases, use.file.channels)


Glances = Mapping[str, Glance]


def refused(use: Use, problem: str, expected: str, hint: str = "") -> Finding:
    """Return a finding that stops the run, since the typed file cannot be right."""
    return Finding(Fault(use.where, f"{quoted(use.name)}, {problem}", expected, hint), use.sample_id)


def doubted(
    use: Use, problem: str, expected: str, hint: str = "", other_uses: tuple[Use, ...] = ()
) -> Iterator[Finding]:
    """Yield a warning at a cell, and a flag in the row of that cell and in the rows of `other_uses`."""
    whole = f"{quoted(use.name)}, {problem}"
    fault = Fault(use.where, whole, expected, hint, Severity.WARNING)
    rows = dict.fromkeys(doubted_use.sample_id for doubted_use in (use, *other_uses) if doubted_use.sample_id)
    note = f"a file may be another tube's or patient's: cd38rd check says why, at {use.where}"
    if not rows:
        yield Finding(fault)
    for number, sample_id in enumerate(rows):
        yield Finding(fault if number == 0 else None, sample_id, CheckFlag.IDENTITY_DOUBTFUL, note)
