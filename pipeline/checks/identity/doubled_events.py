"""Events that a file holds more than once: it was joined with itself, or with a part of itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from pipeline.checks.findings import Finding
from pipeline.checks.identity.shared_events import (
    MOST_ALIKE_PAIRS,
    SEARCHED_AT_ONCE,
    lights_of,
    lowest_hashes,
    on_scale,
    scatter_pair,
    share_repeated,
    some_events,
)
from pipeline.checks.identity.uses import Glances, Use, refused
from pipeline.fcs import FcsFile

MOST_DOUBLED: Final = 0.1
"""Share of the events that may equal another event on every channel but time. Chosen on real files: at most
0.05 in 57 of them, those of 10 bits and four channels included; a file joined with itself has 0.5."""


def doubled_events(uses: Sequence[Use], glances: Glances) -> Iterator[Finding]:
    """Report files that hold events more than once, whose cells would count more than once."""
    for use in uses:
        if glances[use.name].kept.share_alike <= MOST_ALIKE_PAIRS:
            continue
        share = doubled_share(use.file)
        if share > MOST_DOUBLED:
            problem = f"{share:.0%} of its events equal another of its events on every channel but time"
            hint = "The file was joined with itself or with a part of itself. Export the recording anew."
            yield refused(use, problem, "each event once", hint)


def doubled_share(file: FcsFile) -> float:
    """Return the share of the events on scale that equal another one on every channel but time.

    It is that of a random sample, the events of the lowest hashes. 0 if the events cannot be read, or if all
    channels are scatter and time.
    """
    pair, lights, hashes = scatter_pair(file), lights_of(file), np.zeros(0, np.uint64)
    if not lights:
        return 0.0
    for begin in range(0, file.n_events, SEARCHED_AT_ONCE):
        values = some_events(file, begin, SEARCHED_AT_ONCE, (*pair, *lights))
        if values is None:
            break
        hashes = lowest_hashes(hashes, on_scale(file, pair, values))
    return share_repeated(hashes)
