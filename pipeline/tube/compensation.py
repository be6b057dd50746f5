"""Compensation of a file's events: with a matrix, already done in the file, or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from gating.events import Events
from gating.events.compensation import SpilloverMatrix, UnusableSpilloverError, compensate_in_place
from pipeline.study.detector_names import marker_says_compensated, says_compensated
from pipeline.study.errors import UserError
from pipeline.study.study import Panel
from pipeline.study.wording import enumerate_words, first_words
from pipeline.tube.flags import TubeFlag
from pipeline.tube.names.channels import find_channel, named_rows
from pipeline.tube.names.rows import FileRows, stained_rows

MOST_DETECTORS_NAMED = 4
"""Most channels that a message names. Convention: nobody would read more."""


class Compensation(StrEnum):
    """How the spillover of a tube was compensated."""

    BY_MATRIX = "by a matrix"
    ALREADY = "already"
    MISSING = "missing"


class MixedError(UserError):
    """A file or tube mixes compensated and raw channels; the text names both."""


@dataclass(frozen=True, slots=True)
class Compensated:
    """Compensated events, and how they were compensated.

    Attributes
    ----------
    matrix
        The matrix that was applied; None if none was.
    """

    events: Events
    state: Compensation
    matrix: SpilloverMatrix | None = None
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def compensated_channels(panel: Panel, channels: Sequence[str], markers: Sequence[str]) -> tuple[str, ...]:
    """Return the stained channels of a panel that are compensated already, by their names in the file.

    Parameters
    ----------
    channels, markers
        $PnN and $PnS of the file.

    Raises
    ------
    MixedError
        If it has some of them compensated and others raw, and the study does not say that all are.
    """
    names = [find_channel(row.aliases, channels) for row in stained_rows(panel)]
    named = {name: marker for name, marker in zip(channels, markers, strict=True) if name in names}
    done = [
        name for name, marker in named.items() if says_compensated(name) or marker_says_compensated(marker)
    ]
    raw = [name for name in named if name not in done]
    if done and raw and not panel.compensated:
        raise MixedError(
            f"has compensated channels ({first_words(done, MOST_DETECTORS_NAMED)}) beside raw ones "
            f"({first_words(raw, MOST_DETECTORS_NAMED)}); export all of them raw, or all compensated; "
            "if all are compensated or unmixed already, name the panel in the setting compensated_panels"
        )
    return tuple(done)


def is_compensated(panel: Panel, channels: Sequence[str], markers: Sequence[str]) -> bool:
    """Return whether a file is compensated or unmixed already, by the study or by its channel names."""
    return panel.compensated or bool(compensated_channels(panel, channels, markers))


def unlike_tube(tube: bool, control: bool) -> str:
    """Return a sentence if only one of control and tube is compensated already; else ""."""
    if tube == control:
        return ""
    words = {True: "compensated already", False: "raw"}
    return (
        f"is {words[control]} and its tube is {words[tube]}, as their channels' names say: the tube's gates "
        "do not fit; export both raw, or both compensated"
    )


def compensated_events(raw: Events, matrix: SpilloverMatrix | None, panel: Panel) -> Compensated:
    """Return compensated events, or uncompensated ones with a flag.

    Parameters
    ----------
    raw, matrix
        Both with the names of the panel's rows. The values of `raw` are overwritten by compensated values.
    """
    if matrix is None:
        return _missing(raw, "no usable spillover matrix: gated and quantified without compensation")
    if matrix.is_identity:
        note = f"the matrix ({matrix.source}) is the identity: nobody compensated this file"
        return _missing(raw, note)
    lacking = [name for name in matrix.channels if name not in raw.channels]
    if lacking:
        named = enumerate_words(lacking, "and")
        return _missing(
            raw, f"the matrix ({matrix.source}) names {named}, which the file lacks: not compensated"
        )
    try:
        events = compensate_in_place(raw, matrix)
    except UnusableSpilloverError as error:
        return _missing(raw, f"not compensated: {error}")
    left_out = incomplete(matrix.channels, panel)
    note = (
        f"the matrix ({matrix.source}) leaves out {left_out}: what spills into or from them is not "
        "compensated"
    )
    flags_and_notes = ((TubeFlag.SPILL_INCOMPLETE,), (note,)) if left_out else ((), ())
    return Compensated(events, Compensation.BY_MATRIX, matrix, *flags_and_notes)


def already_compensated(raw: Events, rows: FileRows, done: Sequence[str]) -> Compensated:
    """Return events that are compensated already, and whether their names or the study say so.

    Parameters
    ----------
    done
        Channels that the file itself calls compensated.
    """
    who = (
        f"as its channels' names say ({first_words(done, MOST_DETECTORS_NAMED)})"
        if done
        else "as the study says"
    )
    note = f"compensated or unmixed already, {who}: no matrix was applied"
    return Compensated(raw, Compensation.ALREADY, notes=(note,))


def incomplete(channels: Sequence[str], panel: Panel) -> str:
    """Return a sentence that names the stained rows missing from a matrix; "" if none is missing.

    Parameters
    ----------
    channels
        Channels of the matrix, with the names of panel rows.
    """
    return named_rows([row for row in stained_rows(panel) if row.name not in channels])


def _missing(raw: Events, note: str) -> Compensated:
    return Compensated(raw, Compensation.MISSING, None, (TubeFlag.SPILL_MISSING,), (note,))
