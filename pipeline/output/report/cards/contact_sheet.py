"""The contact sheet: the gate of every tube as a small picture, the least sure first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gating.gates.steps import Step
from pipeline.output.figures.style.palette import StatusStyle
from pipeline.output.figures.svg.gate_picture import thumbnail
from pipeline.output.legend.tube_verdict import TubeVerdict
from pipeline.output.report.cards.tube_cards import TubeCard
from pipeline.quantification.result import SampleResult


@dataclass(frozen=True, slots=True)
class Contact:
    """A tube on the contact sheet: its gate on the wanted population, and how sure it is."""

    anchor: str
    name: str
    look: StatusStyle
    verdict: TubeVerdict
    confidence: str
    unsure: bool
    svg: str


def contacts(results: Sequence[SampleResult], tubes: Sequence[TubeCard]) -> tuple[Contact, ...]:
    """Return every tube that has a card and a picture of its gate, the least sure first."""
    pictured = [
        (result.gating_confidence or 0.0, tube, picture)
        for result, tube in zip(results, tubes, strict=True)
        for picture in result.pictures
        if picture.step == Step.PLASMA_CELLS and tube.anchor
    ]
    pictured.sort(key=lambda row: row[0])
    return tuple(
        Contact(
            tube.anchor,
            tube.sample.sample_id,
            tube.look,
            tube.verdict,
            tube.confidence,
            tube.unsure,
            thumbnail(picture),
        )
        for _, tube, picture in pictured
    )
