"""Gates that a person drew elsewhere: a FlowJo 10 workspace or a GatingML 2.0 file, applied through FlowKit.

FlowKit (White et al. 2021, doi:10.3389/fimmu.2021.768541) evaluates the gates with the file's own matrix and
axes. What is quantified may not gate: the whole tree above a population is walked before any event is seen.
FlowJo 10 bins events on its display axis, so that its counts differ from exact ones by a few events.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gating.drawn.gate_file import GateFileError, read_strategy
from gating.drawn.matrices import with_file_matrix, without_matrices
from gating.drawn.tree import (
    GateId,
    is_quadrant_gate,
    labels_of,
    membership,
    needed_gates,
    populations_of,
    pruned,
)
from gating.events import Events, Mask
from gating.events.compensation import SpilloverMatrix

if TYPE_CHECKING:
    import flowkit

PREFIXES = ("FJComp-", "Comp-")
"""What FlowJo and DIVA put before the name of a compensated channel."""
MOST_NAMES = 12
"""Names that an error lists. Convention: more would not be read."""
NO_GATINGML = """<?xml version='1.0' encoding='UTF-8'?>
<!-- The gates of {source}, population {population}, were used.
     FlowJo's biexponential axes have no form in GatingML 2.0: open that workspace. -->
<gating:Gating-ML xmlns:gating="http://www.isac-net.org/std/Gating-ML/v2.0/gating"/>
"""


@dataclass(frozen=True, slots=True)
class DrawnPopulation:
    """A population of a file of gates, and all gates that it lies in.

    Attributes
    ----------
    source
        Name of the file.
    path
        The population's own gate, below every gate that it lies in, from `root` down.
    strategy
        FlowKit's strategy with these gates, those that Boolean gates refer to, and nothing else.
    labels
        Every channel that any of them looks at, as the file names it.
    """

    source: str
    path: GateId
    strategy: flowkit.GatingStrategy
    labels: tuple[str, ...]

    @property
    def steps(self) -> tuple[GateId, ...]:
        """The populations on the way to this one, itself the last."""
        every = (self.path[:end] for end in range(2, len(self.path) + 1))
        return tuple(gate for gate in every if not is_quadrant_gate(self.strategy, gate))

    def gating_channels(self, channels: Sequence[str], markers: Sequence[str]) -> tuple[str, ...]:
        """Return the channels of an FCS file that the gates look at, each once.

        Parameters
        ----------
        channels, markers
            $PnN and $PnS of the file.

        Raises
        ------
        GateFileError
            If the file lacks one.
        """
        channel_of_label = {label: self.channel_of(label, channels, markers) for label in self.labels}
        lacking = [label for label, name in channel_of_label.items() if not name]
        if lacking:
            raise GateFileError(
                f"{self.source}: the gates of {self.path[-1]!r} look at {', '.join(lacking)}, which the FCS "
                f"file lacks; it has {', '.join(channels)}"
            )
        return tuple(dict.fromkeys(channel_of_label.values()))

    def channels_of(self, step: GateId, channels: Sequence[str], markers: Sequence[str]) -> tuple[str, ...]:
        """Return the channels that the gate of one step looks at itself."""
        names = (self.channel_of(label, channels, markers) for label in labels_of(self.strategy, step))
        return tuple(dict.fromkeys(name for name in names if name))

    def to_gatingml(self) -> str:
        """Return the gates as a GatingML 2.0 document; one that says why not where they have no such form."""
        import io

        import flowkit

        axes = {type(axis).__name__ for axis in self.strategy.transformations.values()}
        if any(name.startswith("WSP") for name in axes):
            return NO_GATINGML.format(
                source=_comment(self.source), population=_comment("/".join(self.path[1:]))
            )
        document = io.BytesIO()
        flowkit.export_gatingml(self.strategy, document)
        return document.getvalue().decode("utf-8")

    def refuse(self, quantified: str, channels: Sequence[str], markers: Sequence[str]) -> None:
        """Raise GateFileError where any gate looks at the quantified channel, itself or in a ratio."""
        for label in self.labels:
            plain = next((label.removeprefix(p) for p in PREFIXES if label.startswith(p)), label)
            names = {self.channel_of(name, channels, markers) for name in (label, plain)}
            if quantified in names:
                raise GateFileError(
                    f"{self.source}: the gates of {self.path[-1]!r} look at {label}, the quantified channel: "
                    "a gate on it keeps the cells it is to measure, so that it measures the gate; "
                    "draw the population on other channels"
                )

    def on_compensated_events(self) -> DrawnPopulation:
        """Return the same gates for events that are compensated already: no matrix touches them again."""
        return replace(self, strategy=without_matrices(self.strategy))

    def detectors(self, channels: Sequence[str]) -> tuple[str, ...]:
        """Return the channels of an FCS file that the matrices of the gates' file need."""
        wanted = dict.fromkeys(d for m in self.strategy.comp_matrices.values() for d in m.detectors)
        return tuple(name for label in wanted if (name := _same_name(label, channels)))

    def step_masks(
        self, events: Events, markers: Sequence[str], matrix: SpilloverMatrix | None
    ) -> tuple[Mask, ...]:
        """Return which events lie in each population of `steps`.

        Parameters
        ----------
        events
            Linear, not compensated; with `gating_channels` and `detectors` of the file.
        markers
            $PnS of the events' channels.
        matrix
            The file's own, for gates that ask for it; None: they see uncompensated events.

        Returns
        -------
        tuple of bool arrays, shape (n_events,)

        Raises
        ------
        GateFileError
            If FlowKit cannot apply the gates.
        """
        strategy = with_file_matrix(self.strategy, matrix)
        known = tuple(_known_name(name, strategy) for name in events.channels)
        sample = _Sample(known, tuple(markers), np.ascontiguousarray(events.values.T, np.float64))
        try:
            results = strategy.gate_sample(sample)._raw_results
            return tuple(np.asarray(membership(results, step), np.bool_) for step in self.steps)
        except Exception as error:  # FlowKit raises whatever its parts raise
            raise GateFileError(f"{self.source}: FlowKit cannot apply its gates ({error})") from None

    def channel_of(self, label: str, channels: Sequence[str], markers: Sequence[str]) -> str:
        """Return the channel of a label: $PnN, $PnS, or the fluorochrome that a matrix names; else ""."""
        name = _same_name(label, channels)
        if name:
            return name
        if label and label in markers:
            return channels[list(markers).index(label)]
        for matrix in self.strategy.comp_matrices.values():
            if label in matrix.fluorochromes:
                return _same_name(matrix.detectors[matrix.fluorochromes.index(label)], channels)
        return ""


def read_drawn_population(
    document: bytes, source: str, population: str, *, tube_names: Iterable[str] = ()
) -> DrawnPopulation:
    """Read one population of a file of gates.

    Parameters
    ----------
    document
        A FlowJo 10 workspace or a GatingML 2.0 document.
    source
        Its name, for errors.
    population
        Its name, or the end of its path (`Live/CD138+`) where several have that name.
    tube_names
        File names under which a workspace may know the tube: its own, and its $FIL.

    Raises
    ------
    GateFileError
        If it is neither, has no such sample or no such population.
    """
    strategy = read_strategy(document, source, tuple(tube_names))
    path = _population(strategy, source, population)
    needed = needed_gates(strategy, path)
    labels = dict.fromkeys(label for gate in needed for label in labels_of(strategy, gate))
    return DrawnPopulation(source, path, pruned(strategy, needed), tuple(labels))


@dataclass(frozen=True, slots=True)
class _Sample:
    """What FlowKit asks of a sample, without its way through a temporary FCS file."""

    pnn_labels: tuple[str, ...]
    pns_labels: tuple[str, ...]
    values: NDArray[np.float64]
    id: str = "tube"

    @property
    def event_count(self) -> int:
        return int(self.values.shape[0])

    @property
    def fluoro_indices(self) -> list[int]:
        return list(range(len(self.pnn_labels)))

    def get_events(self, source: str = "raw") -> NDArray[np.float64]:
        assert source == "raw", source
        return self.values

    def get_channel_index(self, label: str) -> int:
        return self.pnn_labels.index(label)


def _population(strategy: flowkit.GatingStrategy, source: str, population: str) -> GateId:
    from difflib import get_close_matches

    every = populations_of(strategy)
    wanted = tuple(part for part in population.strip("/").split("/") if part != "root")
    matches = [path for path in every if path[-1] == population] or [
        path for path in every if path[1:][-len(wanted) :] == wanted
    ]
    if len(matches) == 1:
        return matches[0]
    paths = ["/".join(path[1:]) for path in matches or every]
    listed = ", ".join(paths[:MOST_NAMES]) + (
        f" and {len(paths) - MOST_NAMES} more" if len(paths) > MOST_NAMES else ""
    )
    if matches:
        raise GateFileError(
            f"{source}: {len(matches)} populations are named {population!r}; write one of {listed}"
        )
    close = get_close_matches(population.casefold(), [path[-1].casefold() for path in every], 1, 0.5)
    meant = next((path[-1] for path in every if close and path[-1].casefold() == close[0]), "")
    hint = f" Did you mean {meant!r}?" if meant else ""
    raise GateFileError(f"{source}: no population {population!r}; there are {listed or 'none'}.{hint}")


def _same_name(label: str, channels: Sequence[str]) -> str:
    """Return the channel with this name; FlowJo writes `_` for `/`."""
    if label in channels:
        return label
    return next((name for name in channels if name.replace("/", "_") == label), "")


def _known_name(channel: str, strategy: flowkit.GatingStrategy) -> str:
    """Return a channel as the matrices name it: FlowKit compares exactly."""
    known = {d for matrix in strategy.comp_matrices.values() for d in matrix.detectors}
    other = channel.replace("/", "_")
    return other if channel not in known and other in known else channel


def _comment(text: str) -> str:
    """Return text as it may stand in an XML comment."""
    return text.replace("--", "- -")
