"""Finished tubes and bead runs on disk: one JSON file each, with the digest of all its inputs."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from pipeline.beads.result import CalibrationResult
from pipeline.files.content import digest_of
from pipeline.files.safe_name import UnsafeNameError, file_named
from pipeline.files.whole import write_whole
from pipeline.quantification.result import SampleResult

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Result = TypeVar("Result")

_HEAD = '{{\n "digest": "{digest}",\n "checksum": "{checksum}",\n "result": '
_HEAD_BYTES = 256
"""Bytes at the start of a file that hold its digest and checksum. Arithmetic: two of 64 digits, and their
names."""
_END = "\n}\n"


class Store(Generic[Result]):
    """A folder of results of one type, one file for each name.

    Parameters
    ----------
    folder
        The folder; it is made when the first result is saved.
    kind
        The dataclass that is stored.
    """

    def __init__(self, folder: Path, kind: type[Result]) -> None:
        self.folder = folder
        self._kind = kind

    @cached_property
    def _adapter(self) -> TypeAdapter[Result]:
        from pydantic import TypeAdapter

        return TypeAdapter(self._kind)

    def path(self, name: str) -> Path:
        """Return the path of a result.

        Raises
        ------
        UnsafeNameError
            The name cannot name a file.
        """
        return file_named(self.folder, name, ".json")

    def save(self, name: str, digest: str, result: Result) -> None:
        """Write a result so that a crash leaves the old file or the new one, never half a file."""
        text = json.dumps(self._adapter.dump_python(result, by_alias=True), indent=1)
        head = _HEAD.format(digest=digest, checksum=_checksum(name, digest, text))
        write_whole(self.path(name), head + text + _END, durable=False)

    def remove(self, name: str) -> None:
        """Delete a result, if there is one."""
        self.path(name).unlink(missing_ok=True)

    def load(self, name: str) -> tuple[str, Result] | None:
        """Return digest and result; None if there is none or the file was changed since it was saved."""
        from pydantic_core import ValidationError

        try:
            text = _text_of(self.path(name))
        except UnsafeNameError:  # no result was ever saved under it
            return None
        head, key, result_text = text.partition('"result": ')
        facts, body = _json_of(head + key + "null}"), result_text.removesuffix(_END)
        if not isinstance(facts, dict):
            return None
        digest, checksum = facts.get("digest"), facts.get("checksum")
        if not isinstance(digest, str) or checksum != _checksum(name, digest, body):
            return None
        fields = _json_of(body)
        try:
            return digest, self._adapter.validate_python(fields)
        except ValidationError:  # a result of another version, whose fields were others
            return None

    def checksum(self, name: str) -> str:
        """Return the checksum in the file of a result; "" if there is none."""
        try:
            with self.path(name).open("rb") as file:
                head = file.read(_HEAD_BYTES).decode("utf-8", "replace")
        except OSError:
            return ""
        match = re.search(r'"checksum": "([0-9a-f]{64})"', head)
        return match[1] if match else ""

    def is_damaged(self, name: str) -> bool:
        """Whether the file of this name was changed since it was saved; for use if `load` returned None.

        A file of an earlier version, which kept no checksum, does not count as damaged.
        """
        path = self.path(name)
        if not path.exists() or self.load(name) is not None:
            return False
        return not _is_of_earlier_version(path)

    def find(self, name: str, digest: str) -> Result | None:
        """Return the stored result if it was made from exactly these inputs."""
        stored = self.load(name)
        return stored[1] if stored is not None and stored[0] == digest else None


@dataclass(frozen=True, slots=True)
class Stores:
    """The three stores of a study.

    Attributes
    ----------
    samples
        The last result of each tube.
    alone
        The first result of each tube that was gated a second time with the cuts of its batch.
    bead_runs
        Bead runs.
    """

    samples: Store[SampleResult]
    alone: Store[SampleResult]
    bead_runs: Store[CalibrationResult]


def stores_in(folder: Path) -> Stores:
    """Return the stores of a folder; no folder is made before the first result is saved."""
    return Stores(
        samples=Store(folder, SampleResult),
        alone=Store(folder / "alone", SampleResult),
        bead_runs=Store(folder / "beads", CalibrationResult),
    )


def _text_of(path: Path) -> str:
    """Return the text of a file; "" if it cannot be read or is not in UTF-8."""
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _json_of(text: str) -> object:
    """Return what a JSON text holds; None if it is no JSON."""
    from pydantic_core import from_json

    try:
        value: object = from_json(text)
    except ValueError:
        return None
    return value


def _is_of_earlier_version(path: Path) -> bool:
    document = _json_of(_text_of(path))
    return isinstance(document, dict) and set(document) == {"digest", "result"}


def _checksum(name: str, digest: str, text: str) -> str:
    """Return the checksum of a result together with its name and its digest."""
    return digest_of((name, digest, text))
