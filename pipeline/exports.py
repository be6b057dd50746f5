"""Per-event results for those who go on elsewhere: events/<sample_id>.parquet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gating.population import GatedPopulation


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
        if step.name != "aberrant":
            columns[f"gate_{step.name}"] = passed
    columns["plasma_cell"] = gated.mask
    columns["aberrant"] = np.zeros_like(gated.mask) if gated.aberrant is None else gated.aberrant
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    parquet.write_table(pa.table(columns), partial)
    partial.replace(path)
