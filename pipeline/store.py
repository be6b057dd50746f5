"""Finished tubes on disk: one JSON file each, found again by the digest of everything it came from."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.sample_result import SampleResult

if TYPE_CHECKING:
    from pydantic import TypeAdapter


class Store:
    """The folder `results/store`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, sample_id: str) -> Path:
        """Return where a sample's result lies."""
        return self._folder / f"{sample_id}.json"

    def save(self, digest: str, result: SampleResult) -> None:
        """Write a result so that a crash leaves the old file or the new one, never half of it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self.path(result.sample_id)
        partial = path.with_suffix(".partial")
        document = {"digest": digest, "result": _adapter().dump_python(result)}
        partial.write_text(json.dumps(document, indent=1), encoding="utf-8")
        os.replace(partial, path)  # noqa: PTH105 -- Path.replace is the same call; the name says why

    def load(self, sample_id: str) -> tuple[str, SampleResult] | None:
        """Return a sample's digest and result; None where there is none or the file is damaged."""
        try:
            document = json.loads(self.path(sample_id).read_text("utf-8"))
            return str(document["digest"]), _adapter().validate_python(document["result"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def find(self, sample_id: str, digest: str) -> SampleResult | None:
        """Return the stored result if it came from exactly these inputs."""
        stored = self.load(sample_id)
        return stored[1] if stored is not None and stored[0] == digest else None


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


@cache
def code_digest() -> str:
    """Return the SHA-256 of the three packages' source: results of other code are not reused."""
    root = Path(__file__).resolve().parent.parent
    sources = sorted(
        path for package in ("calibration", "gating", "pipeline") for path in (root / package).rglob("*.py")
    )
    return digest_of(
        text for path in sources for text in (path.relative_to(root).as_posix(), path.read_text("utf-8"))
    )


@cache
def _adapter() -> TypeAdapter[SampleResult]:
    from pydantic import TypeAdapter

    return TypeAdapter(SampleResult)
