"""FCS files written again as other software would have: other names, another matrix, compensated already."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from gating.events.compensation import SpilloverMatrix
from pipeline.fcs import read_fcs, write_fcs

KEPT = re.compile(r"\$(CYT|CYTSN|DATE|BTIM|ETIM|TIMESTEP|P\d+[VGR])$")
Names = Mapping[str, str]


def rewrite(
    path: Path,
    names: Names | None = None,
    *,
    compensated: SpilloverMatrix | None = None,
    matrix: Callable[[SpilloverMatrix], SpilloverMatrix | None] | None = None,
    order: Sequence[int] | None = None,
    markers: Names | None = None,
    events: Callable[[np.ndarray, Sequence[str]], np.ndarray] | None = None,
) -> None:
    """Write a file again.

    Parameters
    ----------
    names
        New $PnN by the old one; the file's matrix is renamed with it.
    compensated
        Take this spillover off the events, as an export of FlowJo has them.
    matrix
        What becomes of the matrix under its new names; None: it stays.
    order
        Of the channels.
    markers
        New $PnS by the old $PnN.
    events
        What becomes of the values, shape (n_channels, n_events), of channels with these old names.
    """
    file, names = read_fcs(path), names or {}
    places = list(order or range(len(file.channels)))
    values = np.stack([np.asarray(file.raw(name), np.float64) for name in file.channels])
    spillover = file.spillover
    if compensated is not None:
        rows = [file.channels.index(name) for name in compensated.channels]
        values[rows] = np.linalg.inv(compensated.values).T @ values[rows]
    if events is not None:
        values = events(values, file.channels)
    keywords = {key: text for key, text in file.keywords.items() if KEPT.match(key)}
    for key in [key for key in keywords if re.match(r"\$P\d", key)]:
        del keywords[key]
    for new, old in enumerate(places, 1):
        for letter in "VGR":
            if f"$P{old + 1}{letter}" in file.keywords:
                keywords[f"$P{new}{letter}"] = file.keywords[f"$P{old + 1}{letter}"]
    if spillover is not None:
        renamed = SpilloverMatrix(
            tuple(names.get(name, name) for name in spillover.channels), spillover.values, ""
        )
        kept = matrix(renamed) if matrix else renamed
        if kept is not None:
            keywords["$SPILLOVER"] = spillover_text(kept)
    said = {**dict(zip(file.channels, file.markers, strict=True)), **(markers or {})}
    write_fcs(
        path,
        values[places],
        [names.get(file.channels[place], file.channels[place]) for place in places],
        markers=[said[file.channels[place]] for place in places],
        keywords=keywords,
    )


def spillover_text(matrix: SpilloverMatrix) -> str:
    """The matrix as `$SPILLOVER` holds it."""
    cells = [repr(float(value)) for value in matrix.values.ravel()]
    return ",".join([str(len(matrix.channels)), *matrix.channels, *cells])


def without(*left_out: str) -> Callable[[SpilloverMatrix], SpilloverMatrix]:
    """A matrix without some detectors."""

    def fewer(matrix: SpilloverMatrix) -> SpilloverMatrix:
        kept = [place for place, name in enumerate(matrix.channels) if name not in left_out]
        names = tuple(matrix.channels[place] for place in kept)
        return SpilloverMatrix(names, matrix.values[np.ix_(kept, kept)], matrix.source)

    return fewer


def edit_sheet(folder: Path, sheet: str, change: Callable[[dict[str, str]], dict[str, str] | None]) -> None:
    """Change the rows of a CSV sheet one by one; None leaves a row out."""
    path = folder / f"{sheet}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [changed for row in csv.DictReader(file) if (changed := change(dict(row))) is not None]
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def add_names(folder: Path, names: Names) -> None:
    """Name a channel's other name in the panels sheet too, split by ;."""

    def both(row: dict[str, str]) -> dict[str, str]:
        first = row["channel"].split(";")[0].strip()
        return {**row, "channel": f"{row['channel']}; {names[first]}"} if first in names else row

    edit_sheet(folder, "panels", both)


def set_setting(folder: Path, name: str, value: str) -> None:
    """Type a setting."""
    (folder / "settings.csv").write_text(f"name,value\n{name},{value}\n", encoding="utf-8")
