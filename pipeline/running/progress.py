"""The progress display of a run: a bar on a terminal, plain lines elsewhere, or nothing."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from pipeline.study.wording import in_lines

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn


_BESIDE_THE_LABEL = 60
"""Columns of the bar, its counts, the rate and the clocks, each as wide as it can become: a longer label
would push the time left off the line. Convention: counts of 10,000 tubes and hours."""
_LEAST_LABEL = 12
"""Least number of columns of a tube's name and status, however narrow the terminal. Convention: a short name
fits."""


class Reporter(Protocol):
    """Receives the events of a run and shows them; it does not know how tubes are computed."""

    def say(self, text: str) -> None:
        """Show a line."""

    def begin(self, total: int, done: int) -> None:
        """Start counting tubes; `done` of them need no work."""

    def tick(self, sample_id: str, status: str) -> None:
        """Count one finished tube."""

    def stage(self, name: str) -> None:
        """Show the step after the tubes: fitting models, drawing, writing."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class QuietReporter:
    """A reporter that shows nothing."""

    def say(self, text: str) -> None:
        """Do nothing."""

    def begin(self, total: int, done: int) -> None:
        """Do nothing."""

    def tick(self, sample_id: str, status: str) -> None:
        """Do nothing."""

    def stage(self, name: str) -> None:
        """Do nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


class LineReporter(QuietReporter):
    """A reporter that prints plain lines, for logs and pipes."""

    def __init__(self) -> None:
        self._done = 0
        self._total = 0

    def say(self, text: str) -> None:
        """Print the line."""
        print(in_lines(text), flush=True)  # noqa: T201 -- printing is what this class is for

    def begin(self, total: int, done: int) -> None:
        """Remember the number of tubes."""
        self._total, self._done = total, done

    def tick(self, sample_id: str, status: str) -> None:
        """Print one line per tube."""
        self._done += 1
        self.say(f"[{self._done}/{self._total}] {sample_id}: {status}")


class JsonReporter(QuietReporter):
    """A reporter that prints a line of JSON for each event, for another program."""

    def say(self, text: str) -> None:
        """Print {"said": …}."""
        print_json({"said": text})

    def begin(self, total: int, done: int) -> None:
        """Print {"total": …, "done": …}."""
        print_json({"total": total, "done": done})

    def tick(self, sample_id: str, status: str) -> None:
        """Print {"tube": …, "status": …}."""
        print_json({"tube": sample_id, "status": status})

    def stage(self, name: str) -> None:
        """Print {"stage": …}."""
        print_json({"stage": name})


def print_json(fact: Mapping[str, object]) -> None:
    """Print a fact as a line of JSON in ASCII, at once."""
    print(json.dumps(fact), flush=True)  # noqa: T201 -- printing is what this is for


class BarReporter(QuietReporter):
    """A progress bar on a terminal, with the rate, the time left, and a clock that runs to the end."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._console = Console(highlight=False)
        self._bar: Progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=12),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}", markup=False),
            *_clocks(),
            console=self._console,
            transient=True,
        )
        self._task = self._bar.add_task("tubes", total=None, visible=False, rate="")
        self._first, self._ticks = 0.0, 0

    def say(self, text: str) -> None:
        """Print the line above the bar."""
        self._console.print(in_lines(text), markup=False, soft_wrap=True)

    def begin(self, total: int, done: int) -> None:
        """Show the bar."""
        self._first, self._ticks = time.monotonic(), 0
        self._bar.update(self._task, total=total, completed=done, visible=True)
        self._bar.start()

    def tick(self, sample_id: str, status: str) -> None:
        """Advance the bar by one tube."""
        self._ticks += 1
        rate = rate_words(self._ticks, time.monotonic() - self._first)
        label, room = f"{sample_id}: {status}", max(self._console.width - _BESIDE_THE_LABEL, _LEAST_LABEL)
        label = label if len(label) <= room else f"{label[: room - 1]}…"
        self._bar.update(self._task, advance=1, description=label, rate=rate)

    def stage(self, name: str) -> None:
        """Name the present step; the clock goes on, and the rate of the tubes is over."""
        self._bar.update(self._task, description=name, visible=True, rate="")
        self._bar.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()


def _clocks() -> tuple[ProgressColumn, ...]:
    """Return the time since the first tube, to the end of the run, and the time left for the tubes alone.

    The clocks of rich stand still at the last tube, with nothing left to do.
    """
    from rich.progress import ProgressColumn, Task, TimeRemainingColumn
    from rich.text import Text

    class Elapsed(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(str(timedelta(seconds=int(task.elapsed or 0))), style="progress.elapsed")

    class Left(TimeRemainingColumn):
        def render(self, task: Task) -> Text:
            return Text() if task.finished else Text("left ").append_text(super().render(task))

    return Elapsed(), Left()


def rate_words(n: int, seconds: float) -> str:
    """Return the speed in tubes per second, or per minute if it is slow.

    Examples
    --------
    >>> rate_words(30, 10.0), rate_words(3, 60.0), rate_words(0, 1.0)
    ('3.0 tubes/s', '3.0 tubes/min', '')
    """
    if n == 0 or seconds <= 0:
        return ""
    a_second = n / seconds
    return f"{a_second:.1f} tubes/s" if a_second >= 1 else f"{60 * a_second:.1f} tubes/min"


def reporter(*, quiet: bool, for_programs: bool = False) -> Reporter:
    """Return the reporter that fits: silent, JSON, a bar on a terminal, plain lines elsewhere."""
    if for_programs:
        return JsonReporter()
    if quiet:
        return QuietReporter()
    return BarReporter() if sys.stdout.isatty() else LineReporter()
