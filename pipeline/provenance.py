"""What made a result: versions, settings, inputs by SHA-256, counts and times, for run.json."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata

from pipeline.store import code_digest
from pipeline.study import Study

LIBRARIES = (
    "numpy",
    "scipy",
    "scikit-learn",
    "flowkit",
    "flowio",
    "fcsparser",
    "dask",
    "pandas",
    "matplotlib",
)


@dataclass(frozen=True, slots=True)
class Provenance:
    """The facts of one run. Times, host and durations live here and nowhere else."""

    program: str
    code_sha256: str
    python: str
    system: str
    libraries: tuple[tuple[str, str], ...]
    settings: tuple[tuple[str, str], ...]
    inputs: tuple[tuple[str, str], ...]
    command: str = ""
    started_at: str = ""
    seconds: float = 0.0
    workers: int = 1
    n_samples: int = 0
    n_reused: int = 0
    n_failed: int = 0


def provenance_of(study: Study, inputs: Sequence[tuple[str, str]]) -> Provenance:
    """Return the facts that do not depend on when or where the run happens.

    Parameters
    ----------
    study
        What was typed.
    inputs
        (path in the study folder, SHA-256) of every file that was read.
    """
    return Provenance(
        program=f"cd38rd {version()}",
        code_sha256=code_digest(),
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        libraries=tuple((name, metadata.version(name)) for name in LIBRARIES),
        settings=tuple((name, str(value)) for name, value in study.settings.model_dump().items()),
        inputs=tuple(sorted(set(inputs))),
    )


def version() -> str:
    """Return the version of cd38rd that runs."""
    try:
        return metadata.version("cd38rd")
    except metadata.PackageNotFoundError:
        return "not installed"


def now() -> str:
    """Return the time as ISO text in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def command_line() -> str:
    """Return the command as typed, without the path of the program."""
    return " ".join(["cd38rd", *sys.argv[1:]])
