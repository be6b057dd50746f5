"""The data behind a signature and their changes since: files, curve, gates, program, result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from calibration.density.result import raw_estimate
from pipeline.files.content import SHOWN_DIGITS, file_sha256
from pipeline.quantification.quantify import quantify_tube
from pipeline.quantification.result import SampleResult
from pipeline.review.snapshot import Snapshot
from pipeline.running.program import digest_of_work, program_version
from pipeline.study.file_labels import labels_of_beads, labels_of_sample
from pipeline.study.locations import fcs_location
from pipeline.study.study import Sample

FileKey = list[int]
"""Size, time of change, time of any change of its record, and number of a file: all four change with it."""


def standing_of(snapshot: Snapshot, sample_id: str) -> dict[str, Any]:
    """Return the digests of all data behind a tube's density now; its files are read.

    Raises
    ------
    OSError
        A file cannot be read.
    """
    folder = snapshot.study.folder
    files = _labelled_files(snapshot, sample_id)
    return {
        "files": {label: [_sha256(folder, name), _key(folder, name)] for label, name in files.items()},
        **_without_files(snapshot, sample_id),
    }


def _labelled_files(snapshot: Snapshot, sample_id: str) -> dict[str, str]:
    """Return label → name of the tube's files, matrix and beads; the trail records only the labels."""
    sample, folder = _sample(snapshot, sample_id), snapshot.study.folder
    own = labels_of_sample(folder, sample, snapshot.study.settings.spillover_file)
    of_beads = labels_of_beads(folder, snapshot.study.bead_run(sample.bead_run))
    return {label: name for labels in (own, of_beads) for name, label in labels.labels.items()}


def changes_since(stands_on: Mapping[str, Any], snapshot: Snapshot, sample_id: str) -> tuple[str, ...]:
    """Return in words what has changed since the signature; empty if nothing has."""
    if sample_id not in snapshot.results:
        return ("it has no result any more",)
    changes = (*_files(stands_on, snapshot, sample_id), *_others(stands_on, snapshot, sample_id))
    if not changes and sample_id in snapshot.stale:
        return ("a sheet that it comes from is another one now, and it was not run again",)
    return changes


def files_unlike_result(snapshot: Snapshot, sample_id: str) -> tuple[str, ...]:
    """Return the tube's files that have changed since its result was made."""
    result = snapshot.loaded_study.latest[sample_id]
    folder, files = snapshot.study.folder, _labelled_files(snapshot, sample_id)
    return tuple(
        label
        for label, digest in result.sha256
        if label not in files or _digest_or_none(folder, files[label]) != digest
    )


def _files(stands_on: Mapping[str, Any], snapshot: Snapshot, sample_id: str) -> Iterator[str]:
    signed: Mapping[str, Any] = stands_on.get("files", {})
    folder, files = snapshot.study.folder, _labelled_files(snapshot, sample_id)
    if sorted(files) != sorted(signed):
        yield "other files are named for it now"
    for label, (digest, key) in signed.items():
        if label not in files:
            continue
        name = files[label]
        try:
            same = _key(folder, name) == key or _sha256(folder, name) == digest
        except OSError:
            yield f"the file {label} is not there any more"
            continue
        if not same:
            yield f"the file {label} is another one now"


def _others(stands_on: Mapping[str, Any], snapshot: Snapshot, sample_id: str) -> Iterator[str]:
    now = _without_files(snapshot, sample_id)
    sample = _sample(snapshot, sample_id)
    if now["row"] != stands_on.get("row", now["row"]):
        yield "its row in the samples sheet is another patient's, day's, panel's or bead run's now"
    if now["curve"] != stands_on.get("curve"):
        yield f"the curve of the bead run {sample.bead_run} is another one now"
    if now["gates"] != stands_on.get("gates"):
        yield "its gates were set otherwise"
    if now["program"] != stands_on.get("program"):
        before = str(stands_on.get("program", "unknown"))
        yield f"the program is another one now ({now['program']}, signed with {before})"
    if now["result"] != stands_on.get("result"):
        yield f"its result is {now['number']} now, signed was {stands_on.get('number', 'unknown')}"


def _without_files(snapshot: Snapshot, sample_id: str) -> dict[str, Any]:
    sample = _sample(snapshot, sample_id)
    run = next((run for run in snapshot.known.calibrations if run.bead_run == sample.bead_run), None)
    gates = sorted(repr((gate.gate, gate.value, gate.polygon)) for gate in snapshot.gates_of(sample_id))
    result = snapshot.results[sample_id]
    row = (sample.patient_id, sample.visit, sample.collected_on, sample.tissue, sample.panel, sample.bead_run)
    return {
        "row": _digest(repr(row)),
        "curve": _digest(repr(run.curve if run else None)),
        "gates": _digest(repr(gates)),
        "program": f"cd38rd {program_version()}, {digest_of_work(quantify_tube)[:SHOWN_DIGITS]}",
        "result": result_digest(result),
        "number": number_words(result),
    }


def result_digest(result: SampleResult) -> str:
    """Return a digest of a tube's reported density; it changes whenever the density changes."""
    return _digest(repr((result.receptor, result.population, result.n_plasma_cells, result.n_events)))


def number_words(result: SampleResult) -> str:
    """Return a tube's status and density, with all digits."""
    receptor = result.receptor
    estimate = raw_estimate(receptor)
    return receptor.status.value if estimate is None else f"{receptor.status.value} {json.dumps(estimate)}"


def _sample(snapshot: Snapshot, sample_id: str) -> Sample:
    return next(sample for sample in snapshot.study.samples if sample.sample_id == sample_id)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _sha256(folder: Path, name: str) -> str:
    return file_sha256(fcs_location(folder, name)[0])


def _digest_or_none(folder: Path, name: str) -> str | None:
    try:
        return _sha256(folder, name)
    except OSError:
        return None


def _key(folder: Path, name: str) -> FileKey:
    facts = fcs_location(folder, name)[0].stat()
    return [facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino]
