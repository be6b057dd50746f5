"""JSON messages about tubes between the page and its server."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from pipeline.review.decision import State
from pipeline.study.cells.choices import ReviewDecision

Name = Annotated[str, Field(min_length=1, max_length=200)]
"""A name that a person or a sheet gave."""
Words = Annotated[str, Field(max_length=2000)]
"""A text that a person wrote: a reason or a note."""


class Message(BaseModel):
    """A message with fixed fields; its numbers are finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Cofactor = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Polygon(Message):
    """A gate by its corners, in linear compensated units; the axes are roles or channels, never CD38.

    Its edges are straight on the scale asinh(x / cofactor) of each axis; None: on the linear scale.
    """

    x: Name
    y: Name
    vertices: Annotated[list[tuple[float, float]], Field(min_length=3, max_length=1000)]
    cofactors: tuple[Cofactor | None, Cofactor | None] = (None, None)


class MoveMessage(Message):
    """A gate that a person set: a threshold (`value`), or a polygon that replaces a step's gate.

    `gate` is its name in review.csv: `CD138`, `scatter low`, or the step of a polygon.
    """

    gate: Name
    value: float | None = None
    polygon: Polygon | None = None


Moves = Annotated[list[MoveMessage], Field(max_length=100)]


class DecisionNow(Message):
    """The last decision on a tube."""

    state: State
    choice: ReviewDecision | None = None
    by: str = ""
    at: str = ""
    reason: str = ""
    signed_by: str = ""
    signed_at: str = ""
    meaning: str = ""
    countersigned_by: str = ""
    unsigned_because: str = ""
    moves: list[MoveMessage] = []
    """The gates of the tube in review.csv."""
    version: int = 0


class ShownDigests(Message):
    """The state that a person sees: digests of the tube's rows of review.csv and of its result."""

    rows: Annotated[str, Field(max_length=64)]
    result: Annotated[str, Field(max_length=64)]


class TubeRow(Message):
    """A tube of the list. `rd` in molecules per cell; `confidence`, `agreement` (second opinion) 0 to 1."""

    sample_id: str
    patient_id: str
    panel: str
    day: str
    status: str
    verdict: str
    reported: str
    rd: float | None
    flags: list[str]
    confidence: float | None
    agreement: float | None
    decision: DecisionNow
    version: int
    shown: ShownDigests
    stale: bool = False
    """Whether a run would compute it again, since a gate, a sheet or the program has changed."""


class NumberMessage(Message):
    """A tube's receptor density in molecules per cell, with its interval and limits."""

    status: str
    reported: str
    rd: float | None
    rd_low: float | None
    rd_high: float | None
    n_cells: int
    lloq: float | None
    uloq: float | None


class AxisMessage(Message):
    """An axis of a picture in linear units; `cofactor` of its asinh scale, None for a linear axis."""

    channel: str
    label: str
    low: float
    high: float
    cofactor: float | None


class HandleMessage(Message):
    """A handle to drag; `gate` is its name in review.csv, `at` its position in linear units.

    For a line that moves along x only x matters, along y only y. A line that moves in both directions is that
    of a ratio: it goes through the origin, and the value of its move is x / y.
    """

    id: str
    kind: Literal["line", "vertex"]
    axis: Literal["x", "y", "both"]
    gate: str
    at: tuple[float, float]


class CutMessage(Message):
    """A threshold that can be typed, even on a channel that the picture does not show."""

    gate: str
    channel: str
    value: float


class StepMessage(Message):
    """A gating step with its picture (SVG) and its handles.

    `polygon`: its gate as a polygon, if possible; else `no_polygon` may give the reason. `edges`: for a
    person's polygon, the cofactors of the axes on which its edges are straight. `fixed`: the part of the gate
    that the sheet `gates` sets.
    """

    step: str
    title: str
    n_in: int
    n_out: int
    confidence: float | None
    method: str
    note: str
    kept: str
    picture: str
    x: AxisMessage | None
    y: AxisMessage | None
    handles: list[HandleMessage]
    cuts: list[CutMessage] = []
    polygon: Polygon | None = None
    no_polygon: str = ""
    edges: tuple[float | None, float | None] | None = None
    fixed: str = ""


class FlagMessage(Message):
    """A flag, its meaning, and what to do."""

    code: str
    says: str
    action: str


class PastChange(Message):
    """A line of a row's history in the audit trail."""

    at: str
    who: str
    subject: str
    old: str
    new: str
    reason: str


class Channel(Message):
    """A channel that can be shown."""

    channel: str
    label: str


class TubeMessage(Message):
    """All data that the page shows of one tube."""

    sample_id: str
    version: int
    shown: ShownDigests
    number: NumberMessage
    steps: list[StepMessage]
    histogram: str
    trace: str
    """The report's picture of the step `time`: events along the acquisition; "" if there is none."""
    flags: list[FlagMessage]
    notes: list[str]
    history: list[PastChange]
    decision: DecisionNow
    channels: list[Channel] = []
    scale: list[tuple[float, float]] = []
    """Pairs of channel units and molecules per cell along the curve."""


class MoveRequest(Message):
    """Gates while dragged (`settle` false: the others are fixed) or after release (true: as in a run)."""

    request: int
    moves: Moves
    settle: bool = False


class ChangesMessage(Message):
    """The effects of a move, in words."""

    refitted: list[str]
    unchanged: list[str]


class Moved(Message):
    """The tube with these moves; nothing is saved."""

    request: int
    number: NumberMessage
    steps: list[StepMessage]
    histogram: str
    changes: ChangesMessage
    settled: bool
    unsaved: Literal[True] = True


class Backgate(Message):
    """The quantified cells on two channels."""

    picture: str
    x: AxisMessage
    y: AxisMessage
    n_cells: int


class Apply(Message):
    """Moves to try on other tubes of the same panel and day; nothing is saved."""

    moves: Moves
    to: Annotated[list[Name], Field(min_length=1, max_length=1000)]


class BeforeAfter(Message):
    """A tube without and with the moves."""

    sample_id: str
    before: NumberMessage | None
    after: NumberMessage | None
    moves: list[MoveMessage] = []
    """All gates that review.csv would then hold for the tube."""
    failed: str = ""
