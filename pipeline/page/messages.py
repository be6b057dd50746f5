"""What the page and its server tell each other, as JSON."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from pipeline.review.decision import State, Verdict

Name = Annotated[str, Field(min_length=1, max_length=200)]
"""A name that a person or a sheet gave."""
Words = Annotated[str, Field(max_length=2000)]
"""What a person wrote: a reason, a note."""


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Polygon(_Message):
    """A gate by its corners, in linear compensated units; the axes are roles or channels, never CD38."""

    x: Name
    y: Name
    vertices: Annotated[list[tuple[float, float]], Field(min_length=3, max_length=1000)]


class Move(_Message):
    """A gate that a person set: a threshold (`value`), or a polygon in place of a step's gate.

    `gate` is what review.csv calls it: `CD138`, `scatter low`, or the step of a polygon.
    """

    gate: Name
    value: float | None = None
    polygon: Polygon | None = None


Moves = Annotated[list[Move], Field(max_length=100)]


class StudyNow(_Message):
    """Where a study stands: `stage` is the furthest it has come, `command` what leads to the next one."""

    name: str
    stage: str
    command: str
    program: str
    n_tubes: int
    n_decided: int
    n_signed: int
    refused: str = ""
    """Why the results cannot be reviewed, and what to do; "" where they can."""


class DecisionNow(_Message):
    """What was last decided on a tube."""

    state: State
    verdict: Verdict | None = None
    by: str = ""
    at: str = ""
    reason: str = ""
    signed_by: str = ""
    signed_at: str = ""
    meaning: str = ""
    countersigned_by: str = ""
    unsigned_because: str = ""
    moves: list[Move] = []
    """The gates that review.csv holds for the tube."""
    version: int = 0


class TubeRow(_Message):
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
    stale: bool = False
    """A run would make it anew: a gate, a sheet or the program has changed since."""


class Number(_Message):
    """A tube's receptor density in molecules per cell, with its interval and limits."""

    status: str
    reported: str
    rd: float | None
    rd_low: float | None
    rd_high: float | None
    n_cells: int
    lloq: float | None
    uloq: float | None


class Axis(_Message):
    """An axis of a picture in linear units; `cofactor` of its asinh scale, None where it is linear."""

    channel: str
    label: str
    low: float
    high: float
    cofactor: float | None


class Handle(_Message):
    """What can be dragged; `gate` is what review.csv calls it, `at` its place in linear units.

    Of a line along x only x counts, along y only y. One that moves both ways is that of a ratio: it goes
    through the origin, and the value of its move is x / y.
    """

    id: str
    kind: Literal["line", "vertex"]
    axis: Literal["x", "y", "both"]
    gate: str
    at: tuple[float, float]


class Step(_Message):
    """A gating step with its picture (SVG) and its handles; `polygon`: its gate as one, where it can be."""

    step: str
    title: str
    n_in: int
    n_out: int
    confidence: float | None
    method: str
    note: str
    kept: str
    picture: str
    x: Axis | None
    y: Axis | None
    handles: list[Handle]
    polygon: Polygon | None = None


class FlagWords(_Message):
    """A flag, what it says, and what to do."""

    code: str
    says: str
    action: str


class PastChange(_Message):
    """A line of the row's history in the audit trail."""

    at: str
    who: str
    what: str
    old: str
    new: str
    reason: str


class Channel(_Message):
    """A channel that can be looked at."""

    channel: str
    label: str


class Tube(_Message):
    """All that the page shows of one tube."""

    sample_id: str
    version: int
    number: Number
    steps: list[Step]
    histogram: str
    trace: str
    flags: list[FlagWords]
    notes: list[str]
    history: list[PastChange]
    decision: DecisionNow
    channels: list[Channel] = []
    scale: list[tuple[float, float]] = []
    """Pairs of channel units and molecules per cell along the curve."""


class MoveRequest(_Message):
    """Gates as they are dragged (`settle` false: the others are held) or let go (true: as in a run)."""

    request: int
    moves: Moves
    settle: bool = False


class Changes(_Message):
    """What followed a move, in words."""

    refitted: list[str]
    held: list[str]


class Moved(_Message):
    """The tube under these moves; nothing is saved."""

    request: int
    number: Number
    steps: list[Step]
    histogram: str
    changes: Changes
    settled: bool
    unsaved: Literal[True] = True


class Backgate(_Message):
    """The quantified cells on two channels."""

    picture: str
    x: Axis
    y: Axis
    n_cells: int


class Decide(_Message):
    """A decision on the tube as the page last saw it (`version`)."""

    version: int
    decision: Verdict
    moves: Moves = []
    reason: Words = ""
    who: Name


class Sign(_Message):
    """A signature; `meaning` is the reason for it: "reviewed", "approved"."""

    version: int
    who: Name
    meaning: Annotated[str, Field(min_length=1, max_length=2000)]


class Saved(_Message):
    """What was said is on disk; the tube's version now."""

    version: int
    decision: DecisionNow


class Conflict(_Message):
    """Somebody else decided meanwhile (status 409): both versions, nothing written."""

    error: str
    yours: DecisionNow
    theirs: DecisionNow
    version: int


class Apply(_Message):
    """Moves to be tried on other tubes of the same panel and day; nothing is saved."""

    moves: Moves
    to: Annotated[list[Name], Field(min_length=1, max_length=1000)]


class BeforeAfter(_Message):
    """A tube before and after."""

    sample_id: str
    before: Number | None
    after: Number | None
    moves: list[Move] = []
    """All that review.csv would then hold of the tube."""
    failed: str = ""


class RunRequest(_Message):
    """The tubes to run; all where None."""

    only: Annotated[list[Name], Field(max_length=100_000)] | None = None


class Failure(_Message):
    """A tube that failed, and why."""

    sample_id: str
    why: str


class Job(_Message):
    """The run that is going on, or was the last. `rate` in tubes a minute, `left` in seconds."""

    state: Literal["none", "running", "stopping", "done", "failed", "stopped"]
    command: str = ""
    stage: str = ""
    done: int = 0
    total: int = 0
    rate: float | None = None
    left: float | None = None
    failures: list[Failure] = []
    changed: list[BeforeAfter] = []
    said: str = ""


class Refused(_Message):
    """Why a request was refused, in one sentence."""

    error: str


class Cause(_Message):
    """Faults of one cause: what the first one says, and the cells of all."""

    severity: str
    says: str
    cells: list[str]
    more: int = 0
    others: list[str] = []


class SheetsNow(_Message):
    """The sheets of a study as they were last saved; `is_open`: Excel or LibreOffice has one."""

    files: list[str]
    saved_at: str
    is_open: bool
    counted: str
    causes: list[Cause]
