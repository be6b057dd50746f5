"""The data of the page: a study, its stored results, its decisions, and the present run."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock, RLock
from typing import Any, TypeVar

from pipeline.audit.trail import TRAIL, Trail, coming_line, must_be_whole
from pipeline.page.jobs import Run
from pipeline.page.messages import BeforeAfter, NumberMessage
from pipeline.page.number_messages import number_message
from pipeline.page.stage_messages import Failure, Job
from pipeline.page.stamps import file_stamp, is_without_results, study_stamp
from pipeline.quantification.result import failure_reason, is_failed
from pipeline.review.bench import Bench, LoadedStudy, open_bench
from pipeline.review.decision_history import DecisionHistory, decision_history_of, digest_before_decisions
from pipeline.review.decisions import finish_last
from pipeline.review.review_file import read_review_file
from pipeline.review.snapshot import Snapshot, snapshot_of
from pipeline.review.view import View
from pipeline.study.errors import UserError
from pipeline.study.sheets.review import review_path

BENCHES = 3
"""Tubes in memory: the present one, the next, and the previous one."""

AS_IT_WAS = (
    "the study cannot be read any more, so its tubes are shown as they were before; nothing is decided or "
    "signed until this is corrected (the page Check says how)"
)
RESULTS_GONE = (
    "the results were removed while this page was open, so its tubes are shown as they were before; "
    "nothing is decided or signed until the study is run again (the page Run). What was decided is in "
    "review.csv and in audit.jsonl, and stays"
)
Thing = TypeVar("Thing")


class NoStudyError(UserError):
    """No study is chosen yet."""


class OvertakenError(UserError):
    """A later move of the same tube arrived, so this move is skipped."""


@dataclass(frozen=True, eq=False, slots=True)
class _Same:
    """A key that compares objects by identity and keeps the object alive, so that its id is not reused."""

    value: object

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


@dataclass
class _BenchSlot:
    """A tube on the bench; it is read when it is first needed."""

    stamp: Any
    loaded_study: LoadedStudy
    bench: Bench | None = None
    start: View | None = None
    lock: Lock = field(default_factory=Lock)


class OpenStudy:
    """One study for one page, from its start to its end.

    Parameters
    ----------
    folder
        The study folder; None: the user chooses it once.
    port
        The port of the page.
    program
        The words that start the command `cd38rd`, for a run in a process of its own.
    """

    def __init__(self, folder: Path | None, port: int, program: Sequence[str]) -> None:
        self._folder, self.port, self._program = folder, port, tuple(program)
        self._lock = RLock()
        self._kept: dict[str, tuple[Any, Any]] = {}
        self._benches: OrderedDict[str, _BenchSlot] = OrderedDict()
        self._latest: dict[str, int] = {}
        self.run: Run | None = None
        self._before: dict[str, NumberMessage] = {}
        self._last: Snapshot | None = None

    @property
    def folder(self) -> Path:
        """The study folder.

        Raises
        ------
        NoStudyError
            No study is chosen.
        """
        if self._folder is None:
            raise NoStudyError("no study is chosen yet: choose its folder on the first page")
        return self._folder

    @property
    def has_study(self) -> bool:
        """Whether a study is chosen."""
        return self._folder is not None

    @property
    def has_shown_tubes(self) -> bool:
        """Whether tubes with their results were shown already."""
        return self._last is not None

    def choose(self, folder: Path) -> None:
        """Choose the study.

        Raises
        ------
        UserError
            Another study is chosen already: two studies under one address could be confused.
        """
        with self._lock:
            if self._folder is not None and self._folder != folder:
                raise UserError(
                    f"this page shows {self._folder.name}; start the program once more for another study"
                )
            self._folder = folder

    def snapshot(self) -> Snapshot:
        """Return the study with its present results; it is read again if one of its files has changed.

        If the sheets can no longer be read, the last readable state is returned, for viewing only.

        Raises
        ------
        UserError
            The study could not be read before either.
        """
        try:
            self._last = self._snapshot()
        except UserError as error:
            if self._last is None:
                raise
            refusal = RESULTS_GONE if is_without_results(self.folder) else f"{AS_IT_WAS}: {error}"
            return replace(self._last, refusal=refusal)
        return self._last

    def _snapshot(self) -> Snapshot:
        folder = self.folder
        with self._lock:
            stamp = study_stamp(folder)
            written = tuple(map(file_stamp, (folder / TRAIL, coming_line(folder), review_path(folder))))
            self._cached("finished", written, lambda: finish_last(folder))
            review, trail = file_stamp(review_path(folder)), self.trail()
            # A decision was checked before it was written; rows typed by a user are checked with all sheets.
            typed = self._cached(
                "typed",
                (review, _Same(trail)),
                lambda: digest_before_decisions(trail, read_review_file(folder).digest),
            )
            whole = self._cached("snapshot", (stamp, typed), lambda: snapshot_of(folder))
            return self._cached("with gates", (_Same(whole), review), whole.with_gates_of_now)

    def trail(self) -> Trail:
        """Return the present audit trail."""
        folder = self.folder
        with self._lock:
            return self._cached("trail", file_stamp(folder / TRAIL), lambda: must_be_whole(folder))

    def decision_history(self) -> DecisionHistory:
        """Return the decisions so far."""
        trail = self.trail()
        with self._lock:
            return self._cached("decision_history", _Same(trail), lambda: decision_history_of(trail))

    def with_bench(
        self, sample_id: str, work: Callable[[Bench, View], Thing], request: int | None = None
    ) -> Thing:
        """Work on the bench of a tube, one request after the other.

        Parameters
        ----------
        work
            Called with the bench, and with the tube's view by the study's gates.
        request
            Number of a move: it is skipped if a later move arrived while it waited.

        Raises
        ------
        OvertakenError
            A later move arrived.
        """
        slot = self._slot(sample_id)
        if request is not None:
            self._latest[sample_id] = max(request, self._latest.get(sample_id, request))
        with slot.lock:
            if request is not None and request < self._latest[sample_id]:
                raise OvertakenError("a later move of this tube came: this one was not made")
            if slot.bench is None:
                slot.bench = open_bench(slot.loaded_study, sample_id)
                slot.start = slot.bench.start()
            assert slot.start is not None
            return work(slot.bench, slot.start)

    def start(self, only: tuple[str, ...]) -> Job:
        """Start a run.

        Raises
        ------
        UserError
            A run is going on already.
        """
        with self._lock:
            if self.is_running():
                raise UserError("a run goes on already: wait until it ends, or stop it")
            self._before = self._numbers()
            self._latest.clear()
            if self.run is not None:
                self.run.end()
            self.run = Run(self.folder, self._program, only)
            return self.run.now()

    def job(self) -> Job:
        """Return the present or the last run, with the changes that it made."""
        run = self.run
        if run is None:
            return Job(state="none")
        now = run.now()
        if now.state in ("running", "stopping"):
            return now
        after, failed = self._numbers(), self._failed()
        changed = [
            BeforeAfter(sample_id=name, before=self._before.get(name), after=number)
            for name, number in after.items()
            if self._before.get(name) != number
        ]
        return now.model_copy(update={"changed": changed, "failures": failed or now.failures})

    def is_running(self) -> bool:
        """Whether a run is going on."""
        return self.run is not None and self.run.is_running

    def close(self) -> None:
        """Stop the present run; its finished tubes are kept."""
        if self.run is not None:
            self.run.end()

    def _numbers(self) -> dict[str, NumberMessage]:
        try:
            return {name: number_message(result) for name, result in self.snapshot().results.items()}
        except UserError:
            return {}

    def _failed(self) -> list[Failure]:
        try:
            results = self.snapshot().results.values()
        except UserError:
            return []
        return [
            Failure(sample_id=result.sample_id, why=failure_reason(result) or result.receptor.status.value)
            for result in results
            if is_failed(result)
        ]

    def _slot(self, sample_id: str) -> _BenchSlot:
        snapshot = self.snapshot()
        with self._lock:
            stamp = (_Same(snapshot.known), snapshot.gates_of(sample_id))
            slot = self._benches.get(sample_id)
            if slot is None or slot.stamp != stamp:
                slot = _BenchSlot(stamp, snapshot.loaded_study)
                self._benches[sample_id] = slot
                self._latest.pop(sample_id, None)
            self._benches.move_to_end(sample_id)
            while len(self._benches) > BENCHES:
                self._benches.popitem(last=False)
            return slot

    def _cached(self, name: str, stamp: Any, make: Callable[[], Thing]) -> Thing:
        cached = self._kept.get(name)
        if cached is None or cached[0] != stamp:
            cached = (stamp, make())
            self._kept[name] = cached
        value: Thing = cached[1]
        return value
