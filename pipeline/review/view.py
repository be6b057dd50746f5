"""What the bench shows of a tube, and what a person moves: plain values, for any page that draws them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from calibration.density.receptor_density import RdStatus
from gating.gates.gates import Gate
from pipeline.quantification.result import SampleResult
from pipeline.study.polygon import TypedPolygon
from pipeline.tube.histograms import Density, DisplayAxis, Histogram


class HandleKind(StrEnum):
    """What a person takes hold of."""

    LINE = "line"
    VERTEX = "vertex"


class Along(StrEnum):
    """The way that a handle can be moved."""

    X = "x"
    Y = "y"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Move:
    """A gate as a person sets it: either a threshold or a polygon in place of a step's gate.

    Attributes
    ----------
    gate
        What review.csv calls it: a channel, role, marker or step for a threshold; a step for a polygon.
    value
        The threshold, linear and compensated; None for a polygon.
    polygon
        Its axes and its vertices, linear and compensated; None for a threshold.
    """

    gate: str
    value: float | None = None
    polygon: TypedPolygon | None = None

    def __post_init__(self) -> None:
        if (self.value is None) == (self.polygon is None):
            raise ValueError(f"gate {self.gate!r}: a move is a threshold or a polygon, one of both")


@dataclass(frozen=True, slots=True)
class Handle:
    """A line or a vertex on a step's picture that can be moved.

    Attributes
    ----------
    id
        Unique in the tube: `cd138` or `plasma_cells:3`.
    along
        Which way it moves. A line that moves both ways is that of a ratio (the step `singlets`): it goes
        through the origin, and the value of its `Move` is x / y.
    gate
        What review.csv calls the gate: the `gate` of the `Move`.
    at
        Where it is, (x, y), linear and compensated; of a line along x only x counts, along y only y.
    """

    id: str
    kind: HandleKind
    along: Along
    gate: str
    at: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Cut:
    """A threshold of a step that can be typed, whether or not the picture shows its channel.

    `gate` is what review.csv calls it; `channel` may be a ratio, `FSC-A/FSC-H`.
    """

    gate: str
    channel: str
    value: float


@dataclass(frozen=True, slots=True)
class AxisView:
    """The axis of a picture: `low` to `high` as in `DisplayAxis`: asinh(x / cofactor), or linear for None."""

    channel: str
    label: str
    axis: DisplayAxis


@dataclass(frozen=True, slots=True)
class StepView:
    """A step of the gating as it is now.

    Attributes
    ----------
    step, title
        Its name (`gating.gates.steps.Step`), and its title in print.
    n_in, n_out
        Events before and after.
    method
        How its gate was found, in words.
    kept
        What it keeps, in words.
    picture
        The report's own SVG; "" where the step shows no channel.
    density
        What the picture was drawn from; None as `picture`.
    gate
        What is applied; None where the panel cannot support the step.
    handles
        What can be moved on its picture. Empty where the gate must be made a polygon first.
    cuts
        Its thresholds that a person may type.
    polygon
        The gate as a polygon on the picture's two channels: the start for "convert to polygon"; None where
        it cannot be one.
    no_polygon
        Why it cannot be one, in words; "" where it can, or where the step takes none.
    is_polygon
        Whether the gate is a person's polygon already.
    fixed
        What of it stands in the sheet `gates`, so that it is changed there and not here; "" without.
    fixed_gates
        The names of those gates.
    """

    step: str
    title: str
    n_in: int
    n_out: int
    confidence: float
    method: str
    note: str
    kept: str
    picture: str
    density: Density | None
    x: AxisView | None
    y: AxisView | None
    gate: Gate | None
    handles: tuple[Handle, ...] = ()
    cuts: tuple[Cut, ...] = ()
    polygon: TypedPolygon | None = None
    no_polygon: str = ""
    is_polygon: bool = False
    fixed: str = ""
    fixed_gates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Number:
    """The receptor density as the row tells it, molecules per cell; `reported` is the words of the table."""

    status: RdStatus
    reported: str
    rd: float | None
    rd_low: float | None
    rd_high: float | None
    n_cells: int
    lloq: float | None
    uloq: float | None
    median_mfi: float | None
    background_mfi: float | None


@dataclass(frozen=True, slots=True)
class View:
    """A tube with some gates moved.

    Attributes
    ----------
    moves
        The gates that a person set: in the study, and on the bench.
    settled
        Whether this is what `cd38rd run` gives; else the other gates were held where they were.
    steps
        In the order of the gating.
    histogram, histogram_picture
        The quantified channel of the quantified cells beside the control's, and the report's own SVG of it.
    flags, notes
        Of the row. A view with held gates has those of the last settled one.
    scale
        (channel units, molecules per cell) of places along the curve, for the axis of the histogram.
    others
        Tubes that a run makes again because this one moved its batch's cuts.
    waiting
        Tubes that wait for a run and share something with this one, its batch's cut or the spread of
        replicates: what they give is not known yet, and may move this one's number.
    result
        The row as the tables and the report take it.
    """

    sample_id: str
    moves: tuple[Move, ...]
    settled: bool
    number: Number
    confidence: float | None
    steps: tuple[StepView, ...]
    histogram: Histogram | None
    histogram_picture: str
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    scale: tuple[tuple[float, float], ...] = ()
    others: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    result: SampleResult | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What a move changed besides what was moved, in words, a sentence each."""

    refitted: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BackGate:
    """The quantified cells on two channels, among all viable single cells.

    `picture`: the report's own SVG with the cells as dots; `cells`: the dots, linear and compensated, at most
    some thousand of the `n_cells`.
    """

    x: AxisView
    y: AxisView
    picture: str
    n_cells: int
    cells: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Applied:
    """What the moves of one tube give on another.

    `before`: as its last run gave it. `after`: with `moves`, which are all that review.csv would then hold of
    the tube; None where it cannot take them, and `fault` says why.
    """

    sample_id: str
    before: Number | None
    after: Number | None
    moves: tuple[Move, ...] = ()
    fault: str = ""
