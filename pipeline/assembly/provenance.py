"""What made a result: versions, settings, inputs by SHA-256, counts and times, for run.json."""

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

LIBRARIES = (
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


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a result can be made again from; nothing in it changes from run to run."""

    program: str
    code_sha256: str
    python: str
    system: str
    libraries: tuple[tuple[str, str], ...]
    settings: tuple[tuple[str, str], ...]
    inputs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What differs from run to run: it goes into run.json and nowhere else.

    Attributes
    ----------
    files
        (path in results/, SHA-256) of every file that is there, but the store and this one.
    older
        Those of `files`, or what lies in their place, that could not be replaced and are of an earlier run.
    audit_lines, audit_head
        Lines of the audit trail, and the digest of the last one.
    """

    command: str
    started_at: str
    seconds: float
    workers: int
    n_reused: int
    files: tuple[tuple[str, str], ...] = ()
    older: tuple[str, ...] = ()
    audit_lines: int = 0
    audit_head: str = ""


def provenance_of(study: Study, inputs: Sequence[tuple[str, str]]) -> Provenance:
    """Return the facts that do not depend on when or where the run happens.

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
        libraries=tuple((name, metadata.version(name)) for name in LIBRARIES),
        settings=tuple(
            (name, labels.in_text(str(value))) for name, value in study.settings.model_dump().items()
        ),
        inputs=tuple(sorted(set(inputs))),
    )


def now() -> str:
    """Return the time as ISO text in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def command_line(study: Path) -> str:
    """Return the command as typed, but for what the program and the study's folder are called."""
    return " ".join(["cd38rd", *("STUDY" if _is_study(word, study) else word for word in sys.argv[1:])])


def _is_study(word: str, study: Path) -> bool:
    """Whether a word of the command is the folder of the study, or the one that holds it."""
    if word.startswith("-"):
        return False
    return Path(word).resolve() in (study.resolve(), study.resolve().parent)
