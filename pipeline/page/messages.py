"""What the page and its server tell each other of tubes, as JSON."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from pipeline.review.decision import ReviewVerdict, State

Name = Annotated[str, Field(min_length=1, max_length=200)]
"""A name that a person or a sheet gave."""
Words = Annotated[str, Field(max_length=2000)]
"""What a person wrote: a reason, a note."""


class Message(BaseModel):
    """What may be in a message and nothing else; its numbers are finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Cofactor = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Polygon(Message):
    """A gate by its corners, in linear compensated units; the axes are roles or channels, never CD38.

    Its edges are straight on asinh(x / cofactor) of each axis; None: on the linear scale.
    """

    x: Name
    y: Name
    vertices: Annotated[list[tuple[float, float]], Field(min_length=3, max_length=1000)]
    cofactors: tuple[Cofactor | None, Cofactor | None] = (None, None)


class MoveMessage(Message):
    """A gate that a person set: a threshold (`value`), or a polygon in place of a step's gate.

    `gate` is what review.csv calls it: `CD138`, `scatter low`, or the step of a polygon.
    """

    gate: Name
    value: float | None = None
    polygon: Polygon | None = None


Moves = Annotated[list[MoveMessage], Field(max_length=100)]


class DecisionNow(Message):
    """What was last decided on a tube."""

    state: State
    verdict: ReviewVerdict | None = None
    by: str = ""
    at: str = ""
    reason: str = ""
    signed_by: str = ""
    signed_at: str = ""
    meaning: str = ""
    countersigned_by: str = ""
    unsigned_because: str = ""
    moves: list[MoveMessage] = []
    """The gates that review.csv holds for the tube."""
    version: int = 0


class ShownDigests(Message):
    """What a person has before them: digests of the tube's rows of review.csv and of its result."""

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
    """A run would make it anew: a gate, a sheet or the program has changed since."""


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
    """An axis of a picture in linear units; `cofactor` of its asinh scale, None where it is linear."""

    channel: str
    label: str
    low: float
    high: float
    cofactor: float | None


class HandleMessage(Message):
    """What can be dragged; `gate` is what review.csv calls it, `at` its place in linear units.

    Of a line along x only x counts, along y only y. One that moves both ways is that of a ratio: it goes
    through the origin, and the value of its move is x / y.
    """

    id: str
    kind: Literal["line", "vertex"]
    axis: Literal["x", "y", "both"]
    gate: str
    at: tuple[float, float]


class CutMessage(Message):
    """A threshold that can be typed, also one on a channel that the picture does not show."""

    gate: str
    channel: str
    value: float


class StepMessage(Message):
    """A gating step with its picture (SVG) and its handles.

    `polygon`: its gate as one, where it can be; else `no_polygon` may say why not. `edges`: of a person's
    polygon, the cofactors of the axes on which its edges are straight. `fixed`: what of it stands in the
    sheet `gates`.
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
    """A flag, what it says, and what to do."""

    code: str
    says: str
    action: str


class PastChange(Message):
    """A line of the row's history in the audit trail."""

    at: str
    who: str
    what: str
    old: str
    new: str
    reason: str


class Channel(Message):
    """A channel that can be looked at."""

    channel: str
    label: str


class TubeMessage(Message):
    """All that the page shows of one tube."""

    sample_id: str
    version: int
    shown: ShownDigests
    number: NumberMessage
    steps: list[StepMessage]
    histogram: str
    trace: str
    """The report's picture of the step `time`: events along the acquisition; "" where there is none."""
    flags: list[FlagMessage]
    notes: list[str]
    history: list[PastChange]
    decision: DecisionNow
    channels: list[Channel] = []
    scale: list[tuple[float, float]] = []
    """Pairs of channel units and molecules per cell along the curve."""


class MoveRequest(Message):
    """Gates as they are dragged (`settle` false: the others are held) or let go (true: as in a run)."""

    request: int
    moves: Moves
    settle: bool = False


class ChangesMessage(Message):
    """What followed a move, in words."""

    refitted: list[str]
    unchanged: list[str]


class Moved(Message):
    """The tube under these moves; nothing is saved."""

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
    """Moves to be tried on other tubes of the same panel and day; nothing is saved."""

    moves: Moves
    to: Annotated[list[Name], Field(min_length=1, max_length=1000)]


class BeforeAfter(Message):
    """A tube before and after."""

    sample_id: str
    before: NumberMessage | None
    after: NumberMessage | None
    moves: list[MoveMessage] = []
    """All that review.csv would then hold of the tube."""
    failed: str = ""
