"""A tube's result as a view: its steps with pictures and handles, its density and its histogram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from calibration.beads.kits import abc_divisor, bead_kit
from calibration.curve.acceptance_limits import CurveVerdict
from calibration.curve.standard_curve import StandardCurve
from calibration.density.result import known_to_exceed
from gating.gates import PolygonGate
from gating.gates.steps import GateStep
from gating.thresholds.methods import words_of
from pipeline.assembly.study_result import StudyResult
from pipeline.output.figures.cd38 import cd38_of
from pipeline.output.figures.gating import channel_labels, step_title
from pipeline.output.figures.outlines import axes_of, kept_words
from pipeline.output.figures.style.ticks import rounded_text
from pipeline.output.figures.svg.gate_picture import step_picture
from pipeline.output.figures.svg.picture_page import in_page
from pipeline.output.report.words import density_words
from pipeline.output.result_tables import sample_flags, sample_notes
from pipeline.quantification.result import SampleResult
from pipeline.quantification.task import TubeTask
from pipeline.review.bench.handles import (
    Ends,
    as_polygon,
    cuts_of,
    handles_of,
    polygon_over_time,
    why_no_polygon,
)
from pipeline.review.view import AxisView, Move, Number, StepView, View
from pipeline.study.polygon import TypedPolygon
from pipeline.study.quantity_name import population_name
from pipeline.tube.histograms import Density
from pipeline.tube.names.rows import gating_panel

REVIEW_GATE_SIDE = 296
"""Pixels of the side of a gate's picture. Convention: two fit side by side, one on a phone."""

SCALE_PLACES = 64
"""Number of points on the axis of molecules. Convention: the axis is drawn with straight lines between
them."""


@dataclass(frozen=True)
class Drawing:
    """The data that all views of a tube share.

    Attributes
    ----------
    task
        The task of the tube.
    study_result
        The result of the study, as a run computes it.
    ends
        The lowest and the highest value of each channel.
    person_names
        Names in the study of thresholds that a person set, by their usual names.
    typed
        Gates of the sheet `gates`, in small letters, with the person who set each. They can be changed only
        there.
    """

    task: TubeTask
    study_result: StudyResult
    ends: Ends
    person_names: Mapping[str, str]
    typed: Mapping[str, str]

    def view(
        self,
        result: SampleResult,
        moves: Sequence[Move],
        *,
        settled: bool,
        kept: Mapping[str, StepView] | None = None,
        others: tuple[str, ...] = (),
    ) -> View:
        """Return a result as a view.

        Parameters
        ----------
        kept
            Unchanged steps, by name: they are not drawn again.
        """
        sample_id = self.task.sample.sample_id
        exposure = self.study_result.exposures.get(sample_id)
        curve = self.task.calibration.curve
        labels = channel_labels(self.task.panel)
        picture = cd38_of(result, curve, labels)
        words = f"Quantified channel of {sample_id}, median {rounded_text(result.receptor.median_mfi)}"
        densities = {density.step: density for density in result.pictures}
        steps = (
            (kept or {}).get(step.name) or self._step(step, densities.get(step.name), labels)
            for step in result.steps
        )
        return View(
            sample_id=sample_id,
            moves=tuple(moves),
            settled=settled,
            number=number_of(result),
            confidence=result.gating_confidence,
            steps=tuple(steps),
            histogram=result.histogram,
            histogram_picture="" if picture is None else in_page(picture, words, name=f"cd38_{sample_id}"),
            flags=sample_flags(result, exposure),
            notes=sample_notes(result, exposure),
            scale=self._scale(result, curve),
            others=others,
            result=result,
        )

    def _step(self, step: GateStep, density: Density | None, labels: Mapping[str, str]) -> StepView:
        title = step_title(step.name, population_name(self.study_result.study))
        picture, x, y = "", None, None
        if density is not None:
            drawn = step_picture(density, step, title, labels, REVIEW_GATE_SIDE)
            words = f"{title}: {step.n_out} of {step.n_in}"
            picture = in_page(drawn, words, name=f"{self.task.sample.sample_id}_{step.name}")
            across, up = axes_of(density)
            x = AxisView(density.x_channel, labels.get(density.x_channel, density.x_channel), across)
            if density.y_channel:
                y = AxisView(density.y_channel, labels.get(density.y_channel, density.y_channel), up)
        cuts = cuts_of(step, gating_panel(self.task.panel), self.person_names)
        by_polygon = step.is_set_by_person and not step.thresholds and isinstance(step.gate, PolygonGate)
        fixed = [name for name in (*(cut.gate for cut in cuts), step.name) if name.casefold() in self.typed]
        if by_polygon and step.name not in fixed:
            fixed = []
        free = tuple(cut for cut in cuts if cut.gate not in fixed)
        return StepView(
            step=step.name,
            title=title,
            n_in=step.n_in,
            n_out=step.n_out,
            confidence=step.confidence,
            method=words_of(step.methods),
            note=step.note,
            kept="" if density is None else kept_words(density, step),
            picture=picture,
            density=density,
            x=x,
            y=y,
            gate=step.gate,
            handles=() if by_polygon and fixed else handles_of(step, density, free, is_polygon=by_polygon),
            cuts=cuts,
            polygon=None if fixed else self._polygon(step, density),
            no_polygon="" if fixed or by_polygon else why_no_polygon(step, density),
            is_polygon=by_polygon,
            fixed="; ".join(self._fixed(name) for name in dict.fromkeys(fixed)),
            fixed_gates=tuple(dict.fromkeys(fixed)),
        )

    def _polygon(self, step: GateStep, density: Density | None) -> TypedPolygon | None:
        over_time = polygon_over_time(step, density, gating_panel(self.task.panel), self.ends)
        return over_time or as_polygon(step, density, self.ends)

    def _fixed(self, name: str) -> str:
        who = self.typed[name.casefold()]
        return f"{name} is set in the sheet gates{f' by {who}' if who else ''}: change or empty its row there"

    def _scale(self, result: SampleResult, curve: StandardCurve | None) -> tuple[tuple[float, float], ...]:
        histogram, kit = result.histogram, bead_kit(self.task.calibration.curve_kit)
        if histogram is None or curve is None or curve.verdict is CurveVerdict.REJECT or not kit.quantifies:
            return ()
        divisor = abc_divisor(kit, self.task.panel.quantified.f_p_ratio)
        places = np.linspace(histogram.low, histogram.high, SCALE_PLACES)
        units = (histogram.cofactor * np.sinh(places)).tolist()
        return tuple((value, float(curve.to_abc(value)) / divisor) for value in units)


def number_of(result: SampleResult) -> Number:
    """Return the density of a row, as the report words it."""
    receptor = result.receptor
    exceeded = known_to_exceed(receptor)
    return Number(
        status=receptor.status,
        reported=density_words(receptor.status, receptor.rd, receptor.lloq, exceeded),
        rd=receptor.rd,
        rd_low=receptor.rd_low,
        rd_high=receptor.rd_high,
        n_cells=receptor.n_cells,
        lloq=receptor.lloq,
        uloq=receptor.uloq,
        median_mfi=receptor.median_mfi,
        background_mfi=receptor.background_mfi,
    )
