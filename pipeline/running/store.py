"""Finished tubes and bead runs on disk: one JSON file each, found by the digest of all it came from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from pipeline.beads.result import CalibrationResult
from pipeline.quantification.result import SampleResult

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Result = TypeVar("Result")

PACKAGES = ("calibration", "gating", "pipeline")
"""What decides a result: every Python file in them."""


class Store(Generic[Result]):
    """A folder of results of one type, each under its name.

    Parameters
    ----------
    folder
        Made when the first result is saved.
    kind
        The dataclass that is stored.
    """

    def __init__(self, folder: Path, kind: type[Result]) -> None:
        self._folder = folder
        self._kind = kind

    @cached_property
    def _adapter(self) -> TypeAdapter[Result]:
        from pydantic import TypeAdapter

        return TypeAdapter(self._kind)

    def path(self, name: str) -> Path:
        """Return where a result lies."""
        return self._folder / f"{name}.json"

    def save(self, name: str, digest: str, result: Result) -> None:
        """Write a result so that a crash leaves the old file or the new one, never half of it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self.path(name)
        partial = path.with_suffix(".partial")
        document = {"digest": digest, "result": self._adapter.dump_python(result)}
        partial.write_text(json.dumps(document, indent=1), encoding="utf-8")
        partial.replace(path)

    def remove(self, name: str) -> None:
        """Forget a result; nothing where there is none."""
        self.path(name).unlink(missing_ok=True)

    def load(self, name: str) -> tuple[str, Result] | None:
        """Return a result and its digest; None where there is none or the file is damaged."""
        from pydantic_core import from_json

        try:
            document = from_json(self.path(name).read_bytes())
            return str(document["digest"]), self._adapter.validate_python(document["result"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def find(self, name: str, digest: str) -> Result | None:
        """Return the stored result if it came from exactly these inputs."""
        stored = self.load(name)
        return stored[1] if stored is not None and stored[0] == digest else None


@dataclass(frozen=True, slots=True)
class Stores:
    """The three stores of a study.

    Attributes
    ----------
    samples
        What was last made of each tube.
    alone
        What a tube gave before it was gated a second time with the cuts of its batch; no other tubes.
    beads
        Bead runs.
    """

    samples: Store[SampleResult]
    alone: Store[SampleResult]
    beads: Store[CalibrationResult]


def stores_in(folder: Path) -> Stores:
    """Return the stores of a folder; nothing is made before the first result is saved."""
    return Stores(
        samples=Store(folder, SampleResult),
        alone=Store(folder / "alone", SampleResult),
        beads=Store(folder / "beads", CalibrationResult),
    )


def digest_of(parts: Iterable[str]) -> str:
    """Return the SHA-256 of the parts, each kept apart from the next.

    Examples
    --------
    >>> digest_of(["a", "bc"]) == digest_of(["ab", "c"])
    False
    """
    total = hashlib.sha256()
    for part in parts:
        total.update(hashlib.sha256(part.encode()).digest())
    return total.hexdigest()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hex. Raises OSError where it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class NoSourceError(RuntimeError):
    """A package has no source to read: its results could not be told from those of other code."""


@cache
def code_digest() -> str:
    """Return the SHA-256 of the three packages' source: results of other code are not reused.

    Raises
    ------
    NoSourceError
        When a package's source files are not there to be read.
    """
    return source_digest({name: _folder_of(name) for name in PACKAGES})


def source_digest(folders: Mapping[str, Path]) -> str:
    """Return the SHA-256 of every Python file of packages, by the name and the text of each.

    Parameters
    ----------
    folders
        Package → the folder that it is imported from.

    Raises
    ------
    NoSourceError
        When a folder holds no Python file.
    """
    sources: dict[str, Path] = {}
    for package, folder in folders.items():
        files = {f"{package}/{path.relative_to(folder).as_posix()}": path for path in folder.rglob("*.py")}
        if not files:
            raise NoSourceError(f"{folder}: found no source of {package}, expected its Python files")
        sources |= files
    return digest_of(text for name in sorted(sources) for text in (name, sources[name].read_text("utf-8")))


def _folder_of(package: str) -> Path:
    """Return where Python imports a package from, wherever this module lies in it."""
    spec = find_spec(package)
    places = spec.submodule_search_locations if spec is not None else None
    if not places:
        raise NoSourceError(f"{package}: Python finds no such package, expected its folder")
    return Path(next(iter(places)))
