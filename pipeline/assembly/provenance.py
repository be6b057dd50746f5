"""The provenance of a result, for run.json: versions, settings, inputs by SHA-256, counts and times."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from pipeline.running.program import code_digest, program_version
from pipeline.study.file_labels import labels_of_study
from pipeline.study.study import Study

RECORDED_LIBRARIES = (
    "numpy",
    "scipy",
    "scikit-learn",
    "flowkit",
    "flowio",
    "fcsparser",
    "dask",
    "pandas",
    "pyarrow",
    "pyreadstat",
    "matplotlib",
)
"""Libraries that run.json names: those that read, compute or write anything of a study. The numbers of a
tube depend on fewer, and on what these require: `LIBRARIES_OF_TUBES` in pipeline/running."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """The facts from which a result can be reproduced; they do not change from run to run."""

    program: str
    code_sha256: str
    python: str
    system: str
    libraries: tuple[tuple[str, str], ...]
    settings: tuple[tuple[str, str], ...]
    inputs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RunFacts:
    """The facts that differ from run to run; they are written only into run.json.

    Attributes
    ----------
    files
        (path in results/, SHA-256) of every file in results/ except those in `NOT_LISTED`.
    older
        Files of an earlier run that could not be replaced.
    installed
        (name, version) of every library that cd38rd requires, directly or through others.
    audit_lines, audit_head
        Number of lines of the audit trail, and the digest of the last line.
    """

    command: str
    started_at: str
    seconds: float
    workers: int
    n_reused: int
    files: tuple[tuple[str, str], ...] = ()
    older: tuple[str, ...] = ()
    installed: tuple[tuple[str, str], ...] = ()
    audit_lines: int = 0
    audit_head: str = ""


def provenance_of(study: Study, inputs: Sequence[tuple[str, str]]) -> Provenance:
    """Return the facts that do not depend on the time or the computer of the run.

    Parameters
    ----------
    study
        What was typed.
    inputs
        (label, SHA-256) of every file that was read.
    """
    labels = labels_of_study(study)
    return Provenance(
        program=f"cd38rd {program_version()}",
        code_sha256=code_digest(),
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        libraries=tuple((name, metadata.version(name)) for name in RECORDED_LIBRARIES),
        settings=tuple(
            (name, labels.in_text(str(value))) for name, value in study.settings.model_dump().items()
        ),
        inputs=tuple(sorted(set(inputs))),
    )


def now() -> str:
    """Return the time as ISO text in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def command_line(study: Path) -> str:
    """Return the command as typed, without the paths of the program and the study."""
    return " ".join(["cd38rd", *("STUDY" if _is_study(word, study) else word for word in sys.argv[1:])])


def _is_study(word: str, study: Path) -> bool:
    """Whether a word of the command is the folder of the study, or its parent folder."""
    if word.startswith("-"):
        return False
    return Path(word).resolve() in (study.resolve(), study.resolve().parent)
