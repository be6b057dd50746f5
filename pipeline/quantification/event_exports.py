"""Results per event, for use in other programs: events/<sample_id>.parquet and events/<sample_id>.fcs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gating.events import Mask
from gating.events.compensation import SpilloverMatrix
from gating.gates.steps import GatedPopulation, Step
from pipeline.fcs import FcsFile, UnwritableError, read_fcs, write_fcs
from pipeline.fcs.writable import CONTROL_CHARACTERS
from pipeline.files.whole import NotWrittenError, write_whole
from pipeline.tube.names.rows import FileRows


def write_events(path: Path, abc: NDArray[np.float64], gated: GatedPopulation) -> None:
    """Write a row per event of the file.

    Parameters
    ----------
    path
        The Parquet file; an older one is replaced.
    abc
        Shape (n_events,): molecules per cell on the quantified channel, background not subtracted; NaN
        where there is no curve.
    gated
        The tube's gates. Columns: `event` (index in the file), `abc`, one boolean column per gate,
        `plasma_cell`, `aberrant`.
    """
    import pyarrow as pa
    from pyarrow import parquet

    columns = {"event": np.arange(len(gated.mask), dtype=np.int64), "abc": abc.astype(np.float32)}
    for step, passed in zip(gated.steps, gated.step_masks, strict=True):
        if step.name is not Step.ABERRANT:
            columns[f"gate_{step.name}"] = passed
    columns["plasma_cell"] = gated.mask
    columns["aberrant"] = np.zeros_like(gated.mask) if gated.aberrant is None else gated.aberrant
    write_whole(path, lambda unfinished: parquet.write_table(pa.table(columns), unfinished))


def write_gated_cells(
    path: Path,
    file: FcsFile,
    cells: Mask,
    *,
    sample_id: str,
    population: str,
    matrix: SpilloverMatrix | None,
    rows: FileRows | None = None,
    compensated: bool = False,
) -> None:
    """Write the gated cells of a tube as FCS 3.1: every channel, linear, as the file holds it.

    Parameters
    ----------
    path
        The file; an older one is replaced, and removed where there is no cell to write.
    file
        The tube. Only the voltages and ranges of its detectors are copied from its keywords: others may
        identify the patient.
    cells
        bool, shape (n_events,): which events.
    sample_id, population
        Names of the study; they describe the source in the file.
    matrix
        The matrix that compensated the tube, written as `$SPILLOVER`; None if it was not compensated.
    rows
        The file's channel names of its panel rows. Channels are written under the names of the rows, so that
        cells of tubes with different names can be combined. None: every channel keeps its name.
    compensated
        Whether the file's events were compensated already.

    Raises
    ------
    FcsError
        The tube cannot be read.
    NotWrittenError
        The disk does not take the file.
    ValueError
        FCS does not allow a name or a value. What comes from the tube was made writable before, so this is a
        defect of the program and no bad tube.
    """
    if not cells.any():
        path.unlink(missing_ok=True)
        return
    whole = read_fcs(file.path, data_set=file.data_set, allow_truncated=True, content=file.content)
    values = whole.events()[:, cells]
    row_names = whole.channels if rows is None else tuple(map(rows.row_of, whole.channels))
    names = _unique(map(_plain, row_names))
    markers = _markers(whole, rows)
    state = "compensated already" if compensated else "not compensated"
    keywords = {
        "$FIL": path.name,
        "$TIMESTEP": "1",
        "CD38RD SAMPLE": sample_id,
        "CD38RD POPULATION": population,
        "CD38RD SOURCE": f"{int(cells.sum())} of {cells.size} events of the tube, {state}",
        **_detectors(whole),
    }
    if names != whole.channels:
        keywords["CD38RD NAMES"] = _renamed(whole, names)
    if matrix is not None:
        keywords["$SPILLOVER"] = _spillover(matrix, dict(zip(row_names, names, strict=True)))
    try:
        write_whole(path, lambda part: write_fcs(part, values, names, markers=markers, keywords=keywords))
    except UnwritableError as error:
        if isinstance(error.__cause__, OSError):
            raise NotWrittenError(path, error.__cause__.strerror or "") from None
        raise ValueError(f"cells of {file.path.name}: {error}") from error


def _markers(file: FcsFile, rows: FileRows | None) -> tuple[str, ...]:
    """Return each channel's marker from the panel, since $PnS of the file may hold any text."""
    by_row = {} if rows is None else {row.name: row.marker for row in rows.panel.channels}
    row_names = file.channels if rows is None else map(rows.row_of, file.channels)
    return tuple(CONTROL_CHARACTERS.sub("_", by_row.get(name, "")).strip() for name in row_names)


def _detectors(file: FcsFile) -> dict[str, str]:
    """Return the keywords for the range and the voltage of a detector."""
    keywords = {}
    for number, name in enumerate(file.channels, 1):
        top = file.scale_top(name)
        if np.isfinite(top):
            keywords[f"$P{number}R"] = str(int(np.ceil(top)) + 1)
        voltage = file.detector(name).voltage
        if voltage is not None:
            keywords[f"$P{number}V"] = f"{voltage:g}"
    return keywords


def _plain(name: str) -> str:
    """Return a name without what FCS does not allow in it: commas (section 3.2.20) and control characters."""
    return CONTROL_CHARACTERS.sub("_", name.replace(",", "_")).strip()


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names; names that became equal get a number."""
    unique: dict[str, None] = {}
    for number, name in enumerate(names, 1):
        own = name or f"P{number}"
        while own in unique:
            own += f" (P{number})"
        unique[own] = None
    return tuple(unique)


def _renamed(file: FcsFile, names: Sequence[str]) -> str:
    """Say which channel names differ from those of the source."""
    changed = [
        f"$P{number}N {now}"
        for number, (was, now) in enumerate(zip(file.channels, names, strict=True), 1)
        if was != now
    ]
    why = "commas of $PnN and control characters are _ here, rows of the panel have its names"
    return f"{why}: {', '.join(changed)}"


def _spillover(matrix: SpilloverMatrix, names: Mapping[str, str]) -> str:
    """Return $SPILLOVER: n, the channels, the matrix row by row (FCS 3.1, section 3.2.20)."""
    channels = [names.get(name) or _plain(name) for name in matrix.channels]
    cells = [f"{value:.9g}" for value in matrix.values.ravel()]
    return ",".join([str(len(channels)), *channels, *cells])
