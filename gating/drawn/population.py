"""Gates that a person drew elsewhere: a FlowJo 10 workspace or a GatingML 2.0 file.

FlowKit (White et al. 2021, doi:10.3389/fimmu.2021.768541) reads the gates and their scales; membership.py
applies them to events. The quantified channel must not gate: every gate above a population is checked before
any event is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gating.drawn.flowjo.ellipse import Ellipse
from gating.drawn.flowjo.sample import TubeFile
from gating.drawn.flowjo.workspace import shown_name, workspace_gates
from gating.drawn.gate_file import WORKSPACE, GateFileError, read_root
from gating.drawn.gatingml import gatingml_strategy
from gating.drawn.matrices import without_matrices
from gating.drawn.membership import Light, masks_of
from gating.drawn.population_names import GateId, find_population, path_of
from gating.drawn.scale_bounds import write_bounds
from gating.drawn.tree import is_quadrant_gate, labels_of, needed_gates, populations_of, pruned
from gating.events import Events, Mask
from gating.events.compensation import SpilloverMatrix

if TYPE_CHECKING:
    import flowkit

PREFIXES = ("FJComp-", "Comp-")
"""Prefixes of FlowJo and DIVA before the name of a compensated channel."""
NO_GATINGML = """<?xml version='1.0' encoding='UTF-8'?>
<!-- The gates of {source}, population {population}, were used.
     FlowJo's biexponential axes have no form in GatingML 2.0: open that workspace. -->
<gating:Gating-ML xmlns:gating="http://www.isac-net.org/std/Gating-ML/v2.0/gating"/>
"""


@dataclass(frozen=True, slots=True)
class DrawnPopulation:
    """A population of a file of gates, and all its parent gates.

    Attributes
    ----------
    source
        Name of the file.
    path
        Names from `root` through all parent gates to the population's own gate.
    strategy
        FlowKit's strategy with these gates, those that Boolean gates refer to, and nothing else.
    labels
        Every channel of these gates, as the file names it.
    uses_gain
        Whether the gates were drawn on values divided by $PnG, as in this program. FlowJo divides values only
        if its cytometer settings say so.
    """

    source: str
    path: GateId
    strategy: flowkit.GatingStrategy
    labels: tuple[str, ...]
    uses_gain: bool = True

    @property
    def steps(self) -> tuple[GateId, ...]:
        """The populations from the top to this one, which is the last."""
        every = (self.path[:end] for end in range(2, len(self.path) + 1))
        return tuple(gate for gate in every if not is_quadrant_gate(self.strategy, gate))

    @property
    def name(self) -> str:
        """The population's name."""
        return shown_name(self.path[-1])

    @property
    def shown_path(self) -> str:
        """The population's path as a person writes it."""
        return shown_name(path_of(self.path))

    def gating_channels(self, channels: Sequence[str], markers: Sequence[str]) -> tuple[str, ...]:
        """Return the channels of an FCS file that the gates use, each once.

        Parameters
        ----------
        channels, markers
            $PnN and $PnS of the file.

        Raises
        ------
        GateFileError
            If the file lacks such a channel.
        """
        channel_of_label = {label: self.channel_of(label, channels, markers) for label in self.labels}
        lacking = [label for label, name in channel_of_label.items() if not name]
        if lacking:
            raise GateFileError(
                f"{self.source}: the gates of {self.name!r} look at {', '.join(lacking)}, which the FCS "
                f"file lacks; it has {', '.join(channels)}"
            )
        return tuple(dict.fromkeys(channel_of_label.values()))

    def channels_of(self, step: GateId, channels: Sequence[str], markers: Sequence[str]) -> tuple[str, ...]:
        """Return the channels of one step's own gate."""
        names = (self.channel_of(label, channels, markers) for label in labels_of(self.strategy, step))
        return tuple(dict.fromkeys(name for name in names if name))

    def to_gatingml(self) -> str:
        """Return the gates as a GatingML 2.0 document, or a document that says why this is impossible."""
        import io

        import flowkit

        axes = {type(axis).__name__ for axis in self.strategy.transformations.values()}
        if any(name.startswith("WSP") for name in axes):
            return NO_GATINGML.format(source=_comment(self.source), population=_comment(self.shown_path))
        document = io.BytesIO()
        flowkit.export_gatingml(self.strategy, document)
        return write_bounds(self.strategy, document.getvalue()).decode("utf-8")

    def refuse(self, quantified: str, channels: Sequence[str], markers: Sequence[str]) -> None:
        """Raise GateFileError if any gate uses the quantified channel, alone or in a ratio."""
        for label in self.labels:
            plain = next((label.removeprefix(p) for p in PREFIXES if label.startswith(p)), label)
            names = {
                self.channel_of(name, channels, markers, matrix)
                for name in (label, plain)
                for matrix in ("", *self.strategy.comp_matrices)
            }
            if quantified in names:
                raise GateFileError(
                    f"{self.source}: the gates of {self.name!r} look at {label}, the quantified channel: a "
                    "gate on it would select the cells by the value that is to be measured; draw the "
                    "population on other channels"
                )

    def on_compensated_events(self) -> DrawnPopulation:
        """Return the gates for events that are compensated already: no matrix is applied again."""
        return replace(self, strategy=without_matrices(self.strategy))

    def detectors(self, channels: Sequence[str]) -> tuple[str, ...]:
        """Return the channels of an FCS file that the matrices of the gates' file need."""
        labels = dict.fromkeys(d for m in self.strategy.comp_matrices.values() for d in m.detectors)
        return tuple(name for label in labels if (name := _same_name(label, channels)))

    def step_masks(
        self, events: Events, markers: Sequence[str], matrix: SpilloverMatrix | None
    ) -> tuple[Mask, ...]:
        """Return which events lie in each population of `steps`.

        Parameters
        ----------
        events
            Linear, not compensated, divided by $PnG where `uses_gain`; with `gating_channels` and `detectors`
            of the file.
        markers
            $PnS of the events' channels.
        matrix
            The matrix of the FCS file, for gates that refer to it; None: they get uncompensated events.

        Returns
        -------
        tuple of bool arrays, shape (n_events,)

        Raises
        ------
        GateFileError
            If the gates cannot be applied to these events.
        """

        def channel_of(label: str, named: str) -> str:
            return self.channel_of(label, events.channels, markers, named)

        light = Light(self.strategy, events, channel_of, matrix, self.source)
        inside = masks_of(light, needed_gates(self.strategy, self.path))
        return tuple(inside[step] for step in self.steps)

    def channel_of(
        self, label: str, channels: Sequence[str], markers: Sequence[str], matrix: str = ""
    ) -> str:
        """Return the channel of a label ($PnN, $PnS, or a fluorochrome of a matrix); "" if there is none.

        If the gate names its matrix, a fluorochrome of that matrix comes first.
        """
        own = self._detector(label, matrix) if matrix else ""
        if own:
            return _same_name(own, channels)
        name = _same_name(label, channels)
        if name:
            return name
        carriers = [channel for channel, marker in zip(channels, markers, strict=True) if marker == label]
        if label and len(carriers) > 1:
            raise GateFileError(
                f"{self.source}: a gate looks at {label}, the marker of {', '.join(carriers)}: it is not "
                "clear which is meant; name the channel in the gate"
            )
        if label and carriers:
            return carriers[0]
        detectors = (self._detector(label, other_matrix) for other_matrix in self.strategy.comp_matrices)
        return next((_same_name(detector, channels) for detector in detectors if detector), "")

    def _detector(self, label: str, matrix: str) -> str:
        """Return the detector of a fluorochrome of a matrix; "" if the matrix does not have it."""
        flowkit_matrix = self.strategy.comp_matrices.get(matrix)
        pairs = zip(
            getattr(flowkit_matrix, "fluorochromes", ()),
            getattr(flowkit_matrix, "detectors", ()),
            strict=False,
        )
        return next((str(detector) for dye, detector in pairs if dye == label), "")


def read_drawn_population(
    document: bytes, source: str, population: str, *, tube: TubeFile | None = None
) -> DrawnPopulation:
    """Read one population of a file of gates.

    Parameters
    ----------
    document
        A FlowJo 10 workspace or a GatingML 2.0 document.
    source
        Its name, for errors.
    population
        Name of the population; its path (`Live/CD138+`), or the end of the path, if several have the name.
    tube
        File name, $FIL and events by which a workspace may identify the tube.

    Raises
    ------
    GateFileError
        If the document is neither, if it has no such sample or population, or if its gates cannot be applied.
    """
    root = read_root(document, source)
    ellipses: Mapping[GateId, Ellipse] = {}
    uses_gain = True
    if root.tag == WORKSPACE:
        drawn = workspace_gates(root, source, population, tube or TubeFile())
        strategy, path, ellipses, uses_gain = drawn.strategy, drawn.path, drawn.ellipses, drawn.uses_gain
    else:
        strategy = gatingml_strategy(root, source)
        path = find_population(populations_of(strategy), population, source)
    needed = needed_gates(strategy, path)
    labels = dict.fromkeys(label for gate in needed for label in labels_of(strategy, gate))
    pruned_strategy = pruned(strategy, needed, source, ellipses)
    return DrawnPopulation(source, path, pruned_strategy, tuple(labels), uses_gain)


def _same_name(label: str, channels: Sequence[str]) -> str:
    """Return the channel with this name; FlowJo writes `_` for `/`."""
    if label in channels:
        return label
    return next((name for name in channels if name.replace("/", "_") == label), "")


def _comment(text: str) -> str:
    """Return text that is allowed in an XML comment."""
    return text.replace("--", "- -")
