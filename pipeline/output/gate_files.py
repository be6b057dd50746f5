"""gates/SAMPLE.xml: each tube's gates as GatingML, written if the file is missing or damaged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from pipeline.files.safe_name import file_named
from pipeline.files.whole import write_whole
from pipeline.quantification.result import SampleResult, spillover_of
from pipeline.running.store import Store

GateFilesMade = dict[str, list[str]]
"""By sample_id: the checksum of the stored result, and the SHA-256 of the gate file made from it."""


def write_gates(folder: Path, results: Iterable[SampleResult], store: Store[SampleResult]) -> None:
    """Write the gates of every tube that has gates. A damaged or changed file is replaced.

    Making 10,000 documents takes half a minute. So an index in the store records which result each file was
    made from.
    """
    index = store.folder / "written" / "gates.json"
    before = _read(index)
    now = {result.sample_id: _gate_file(folder, result, store, before) for result in results if result.steps}
    if now != before:
        write_whole(index, json.dumps(now, indent=1, sort_keys=True) + "\n", durable=False)


def _gate_file(
    folder: Path, result: SampleResult, store: Store[SampleResult], before: GateFilesMade
) -> list[str]:
    """Write the gates of a tube unless the file is up to date; return its entry of the index."""
    path = file_named(folder, result.sample_id, ".xml")
    made_of, there = store.checksum(result.sample_id), _sha256(path)
    if made_of and before.get(result.sample_id) == [made_of, there]:
        return [made_of, there]
    document = _document(result)
    wanted = hashlib.sha256(document).hexdigest()
    if there != wanted:
        write_whole(path, document, durable=False)
    return [made_of, wanted]


def _document(result: SampleResult) -> bytes:
    if result.gates_document:
        return result.gates_document.encode("utf-8")
    from gating.gates.gatingml import to_gatingml

    return to_gatingml(result.steps, spillover_of(result))


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _read(index: Path) -> GateFilesMade:
    try:
        made = json.loads(index.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return made if isinstance(made, dict) else {}
