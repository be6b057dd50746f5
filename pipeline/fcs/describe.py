"""The description of a file that `inspect` shows: facts about the instrument, none about the patient.

Only the facts named here are shown, because TEXT holds names, dates of birth and sample numbers under many
keywords.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

from pipeline.fcs.file import FcsFile
from pipeline.fcs.text.parameters import Parameter
from pipeline.files.json_names import Json


def describe_lines(file: FcsFile) -> tuple[str, ...]:
    """Return the description of a file for people: facts, a table of channels, spillover, repairs."""
    facts = [(name, _shown(value)) for name, value in _facts(file).items() if value not in (None, "", {})]
    width = max(len(name) for name, _ in facts)
    return (
        *(f"{name.replace('_', ' '):<{width}}  {value}" for name, value in facts),
        "",
        *_table(file),
        "",
        _spillover_line(file),
        *_data_set_lines(file),
        *_repair_lines(file),
    )


def describe_json(file: FcsFile) -> dict[str, Json]:
    """Return the same facts for JSON; a fact that the file lacks is null."""
    matrix = file.spillover
    return {
        **_facts(file),
        "channels": [_channel(parameter) for parameter in file.parameters],
        "spillover": None
        if matrix is None
        else {
            "source": matrix.source,
            "channels": list(matrix.channels),
            "values": matrix.values.tolist(),
        },
        "repairs": [
            {"code": repair.code, "text": repair.text, "found": repair.found, "used": repair.used}
            for repair in file.repairs
        ],
    }


def _facts(file: FcsFile) -> dict[str, Json]:
    acquisition = file.acquisition
    begun = acquisition.acquired_at or acquisition.acquired_on
    return {
        "file": file.path.name,
        "version": file.version,
        "data_set": file.data_set,
        "n_data_sets": file.n_data_sets,
        "n_events": file.n_events,
        "instrument": acquisition.instrument,
        "serial": acquisition.serial,
        "acquired": begun.isoformat() if begun else None,
        "timestep_s": acquisition.timestep,
        "events_lost": acquisition.events_lost,
        "events_aborted": acquisition.events_aborted,
        "window_extension": acquisition.window_extension,
        "area_scaling": dict(acquisition.area_scaling),
    }


def _channel(parameter: Parameter) -> dict[str, Json]:
    return {
        "name": parameter.name,
        "marker": parameter.marker,
        "data_type": parameter.kind,
        "bits": parameter.bits,
        "voltage": parameter.voltage,
        "gain": parameter.gain,
        "decades": parameter.decades,
        "log_zero": parameter.log_zero,
        "scale_top": parameter.scale_top if isfinite(parameter.scale_top) else None,
    }


def _table(file: FcsFile) -> Iterator[str]:
    head = ("channel", "marker", "stored as", "volts", "gain", "amplification", "largest value")
    rows = [head, *(_row(parameter) for parameter in file.parameters)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _row(parameter: Parameter) -> tuple[str, ...]:
    amplification = "linear" if parameter.is_linear else f"{parameter.decades:g} decades"
    top = f"{parameter.scale_top:g}" if isfinite(parameter.scale_top) else ""
    stored = f"{parameter.kind}{parameter.bits or '*'}"
    return (
        parameter.name,
        parameter.marker,
        stored,
        _shown(parameter.voltage),
        _shown(parameter.gain),
        amplification,
        top,
    )


def _spillover_line(file: FcsFile) -> str:
    matrix = file.spillover
    if matrix is None:
        return "spillover: none in the file"
    identity = " (identity: nothing is compensated)" if matrix.is_identity else ""
    names = ", ".join(matrix.channels)
    return f"spillover: {matrix.source}, {len(matrix.channels)} detectors{identity}: {names}"


def _data_set_lines(file: FcsFile) -> Iterator[str]:
    if file.n_data_sets > 1:
        other_numbers = [number for number in range(1, file.n_data_sets + 1) if number != file.data_set]
        yield (
            f"data sets: {file.n_data_sets} in the file, number {file.data_set} is read; choose another as "
            f"{file.path.name}#{other_numbers[0]}"
        )


def _repair_lines(file: FcsFile) -> Iterator[str]:
    if not file.repairs:
        yield "repairs: none"
    for repair in file.repairs:
        yield f"repaired: {repair.text} [{repair.code}; found {repair.found}; used {repair.used}]"


def _shown(value: Json) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shown(part)}" for name, part in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)
