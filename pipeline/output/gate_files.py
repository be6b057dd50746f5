"""gates/SAMPLE.xml: each tube's gates as GatingML, written if the file is missing or damaged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from pipeline.files.json_names import facts_of_json
from pipeline.files.safe_name import file_named
from pipeline.files.whole import write_whole
from pipeline.quantification.result import SampleResult, spillover_of
from pipeline.running.store import Store
from pipeline.running.this_computer.side_work import Start, at_once

GateFilesMade = dict[str, list[str]]
"""By sample_id: the checksum of the stored result, and the SHA-256 of the gate file made from it."""


def write_gates(
    folder: Path, results: Iterable[SampleResult], store: Store[SampleResult], start: Start = at_once
) -> None:
    """Write the gates of every tube that has gates. A damaged or changed file is replaced.

    Making 10,000 documents takes half a minute. So an index in the store records which result each file was
    made from, and the other files are made as side work.

    Parameters
    ----------
    folder
        The folder of the files.
    results
        The results of the tubes.
    store
        The store of these results.
    start
        Does the side work.
    """
    index = store.folder / "written" / "gates.json"
    before, now = facts_of_json(index), {}
    missing = []
    for result in results:
        if not result.steps:
            continue
        name = result.sample_id
        made_of, on_disk = store.checksum(name), _sha256(file_named(folder, name, ".xml"))
        now[name] = [made_of, on_disk]
        if not made_of or before.get(name) != now[name]:
            missing.append(replace(result, pictures=()))
    if now != before or missing:
        start(partial(_write_missing, folder, missing, now, index))


def _write_missing(folder: Path, missing: Iterable[SampleResult], now: GateFilesMade, index: Path) -> None:
    """Write the gates of some tubes, and the index of all: `now`, completed by these tubes."""
    for result in missing:
        document = _document(result)
        made_of, on_disk = now[result.sample_id]
        new_sum = hashlib.sha256(document).hexdigest()
        if on_disk != new_sum:
            write_whole(file_named(folder, result.sample_id, ".xml"), document, durable=False)
        now[result.sample_id] = [made_of, new_sum]
    write_whole(index, json.dumps(now, indent=1, sort_keys=True) + "\n", durable=False)


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
