"""What a tube's time is held against: FlowKit, FlowKit with a mixture, and the least that must be done."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from pipeline.beads.calibrate import calibrate_bead_run
from pipeline.fcs import read_fcs
from pipeline.quantification.task import TubeTask
from pipeline.running.tasks import bead_tasks, tube_tasks
from pipeline.study.sheets.reading import read_study

N_COMPONENTS = 8
"""Of the mixture: so many kinds of cells are in a marrow."""


def task_of(folder: Path) -> TubeTask:
    """Return the task of the first tube of a study, with its control and its curve."""
    study, _ = read_study(folder)
    assert study is not None
    calibrations = tuple(calibrate_bead_run(one) for one in bead_tasks(study, {}))
    return tube_tasks(study, calibrations, {})[0]


@dataclass(frozen=True)
class Reference:
    """Other ways to go through a tube's file."""

    path: Path
    quantified: str
    anchor: str

    @classmethod
    def of(cls, task: TubeTask) -> Reference:
        """Return those of a tube's file."""
        panel = task.panel
        anchor = next(one.name for one in panel.channels if one.role == "cd138")
        return cls(task.folder / task.sample.fcs_file, panel.quantified.name, anchor)

    @cached_property
    def matrix(self) -> tuple[np.ndarray, list[str]]:
        """The file's spillover matrix, and its channels."""
        found = read_fcs(self.path, channels=()).spillover
        assert found is not None
        return np.asarray(found.values), list(found.channels)

    def flowkit_gates(self) -> object:
        """Read, compensate and apply four fixed range gates with FlowKit, on logicle axes, as people gate."""
        import flowkit as fk

        values, channels = self.matrix
        sample = fk.Sample(str(self.path), sample_id="tube")
        strategy = fk.GatingStrategy()
        strategy.add_comp_matrix("spill", fk.Matrix(values, channels))
        strategy.add_transform("logicle", fk.transforms.LogicleTransform(262_144, 0.5, 4.5, 0))
        parent: tuple[str, ...] = ("root",)
        for channel in channels[:4]:
            dimension = fk.Dimension(
                channel, compensation_ref="spill", transformation_ref="logicle", range_min=0.2
            )
            strategy.add_gate(fk.gates.RectangleGate(channel, dimensions=[dimension]), gate_path=parent)
            parent = (*parent, channel)
        return strategy.gate_sample(sample)

    def flowkit_and_mixture(self) -> object:
        """Compensate and logicle with FlowKit, mix all markers but CD38, take the component brightest in CD138."""
        import flowkit as fk
        from sklearn.mixture import GaussianMixture

        values, channels = self.matrix
        sample = fk.Sample(str(self.path), sample_id="tube")
        sample.apply_compensation(fk.Matrix(values, channels))
        sample.apply_transform(
            fk.transforms.LogicleTransform(param_t=262_144, param_w=0.5, param_m=4.5, param_a=0)
        )
        markers = [name for name in channels if name != self.quantified]
        rows = [sample.pnn_labels.index(name) for name in markers]
        points = sample.get_events(source="xform")[:, rows]
        which = GaussianMixture(N_COMPONENTS, random_state=1).fit_predict(points)
        bright = markers.index(self.anchor)
        means = [
            points[which == k, bright].mean() if (which == k).any() else -1.0 for k in range(N_COMPONENTS)
        ]
        return int(np.argmax(means))

    def compensated(self) -> np.ndarray:
        """Read the bytes, one float32 matrix product."""
        file = read_fcs(self.path, channels=())
        values, channels = self.matrix
        n_events, n_channels = file.n_events, len(file.channels)
        data = np.fromfile(self.path, "<f4", n_events * n_channels, offset=file.data.begin)
        rows = [file.channels.index(name) for name in channels]
        inverse = np.linalg.inv(values).astype(np.float32)
        product: np.ndarray = data.reshape(n_events, n_channels)[:, rows] @ inverse
        return product

    def floor(self) -> object:
        """Read the bytes, one float32 matrix product, one logicle for each channel of the matrix: nothing is gated."""
        from flowutils.transforms import logicle

        compensated = self.compensated()
        return logicle(compensated, list(range(compensated.shape[1])), t=262_144, m=4.5, w=0.5, a=0)
