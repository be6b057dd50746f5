"""The bench's view of a tube and a person's moves: plain values, for any page that draws them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from calibration.density.receptor_density import RdStatus
from gating.gates.gates import Gate
from pipeline.quantification.result import SampleResult
from pipeline.study.polygon import TypedPolygon
from pipeline.tube.histograms import Density, DisplayAxis, Histogram


class HandleKind(StrEnum):
    """The kind of a movable part of a gate."""

    LINE = "line"
    VERTEX = "vertex"


class Along(StrEnum):
    """The direction in which a handle can be moved."""

    X = "x"
    Y = "y"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Move:
    """A gate as a person sets it: either a threshold, or a polygon that replaces a step's gate.

    Attributes
    ----------
    gate
        The name in review.csv: a channel, role, marker or step for a threshold; a step for a polygon.
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
    """A movable line or vertex on a step's picture.

    Attributes
    ----------
    id
        Unique in the tube: `cd138` or `plasma_cells:3`.
    along
        The direction of its moves. A line that moves in both directions is that of a ratio (the step
        `singlets`): it goes through the origin, and the value of its `Move` is x / y.
    gate
        The gate's name in review.csv: the `gate` of the `Move`.
    at
        Its position (x, y), linear and compensated; for a line that moves along x only x matters, along y
        only y.
    """

    id: str
    kind: HandleKind
    along: Along
    gate: str
    at: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Cut:
    """A threshold of a step that can be typed, even if the picture does not show its channel.

    `gate` is its name in review.csv; `channel` may be a ratio, `FSC-A/FSC-H`.
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
    """A step of the present gating.

    Attributes
    ----------
    step, title
        Its name (`gating.gates.steps.Step`), and its title in print.
    n_in, n_out
        Events before and after.
    method
        The method that set its gate, in words.
    kept
        The events that it keeps, in words.
    picture
        The SVG of the report; "" if the step shows no channel.
    density
        The density from which the picture was drawn; None if there is no picture.
    gate
        The applied gate; None if the panel cannot support the step.
    handles
        The movable parts of its picture; empty if the gate must be converted to a polygon first.
    cuts
        Its thresholds that a person may type.
    polygon
        The gate as a polygon on the picture's two channels, for "convert to polygon"; None if that is
        impossible.
    no_polygon
        Why it cannot be a polygon, in words; "" if it can, or if the step allows no polygon.
    is_polygon
        Whether the gate is a person's polygon already.
    fixed
        The part of the gate that the sheet `gates` sets, so that it can be changed only there; "" if none.
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
    """The receptor density of the row, molecules per cell; `reported` is its text in the table."""

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
        The gates that a person set, in the study and on the bench.
    settled
        Whether this is the result of `cd38rd run`; else the other gates were kept fixed.
    steps
        In the order of the gating.
    histogram, histogram_picture
        Histogram of the quantified cells on the quantified channel, with the control's, and the report's SVG
        of it.
    flags, notes
        Flags and notes of the row. A view with fixed gates has those of the last settled view.
    scale
        (channel units, molecules per cell) of points along the curve, for the axis of the histogram.
    others
        Tubes that a run computes again because this tube moved the cuts of their batch.
    waiting
        Tubes that wait for a run and share the cuts of the batch or the scatter of replicates with this tube:
        their results are not known yet, and may change this tube's density.
    result
        The row for the tables and the report.
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
    """Further effects of a move, in words, one sentence each."""

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
    """The effect of one tube's moves on another tube.

    `before`: the result of the last run. `after`: the result with `moves`, which are all gates that
    review.csv would then hold for the tube; None if the tube cannot take them, for the reason in `fault`.
    """

    sample_id: str
    before: Number | None
    after: Number | None
    moves: tuple[Move, ...] = ()
    fault: str = ""
