"""The run of a study in its own process: started, followed, stopped; it goes on if the page ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from typing import Any

from pipeline.commands.exit_status import ExitStatus
from pipeline.commands.shell import in_quotes
from pipeline.page.stage_messages import Failure, Job
from pipeline.quantification.result import FAILED

_FAILED = frozenset(status.value for status in FAILED)

MOST_TUBES_RUN_BY_NAME = 200
"""Most tubes that `--only` names one by one; for more tubes the whole study is run, which gates only changed
tubes again. Convention: the length of a command line is limited."""

SECONDS_TO_STOP = 20.0
"""Longest time for a run to stop by itself. Convention: a tube takes seconds."""


@dataclass
class Run:
    """The present run, or the last one.

    Parameters
    ----------
    folder
        The study folder.
    program
        The words that start the command `cd38rd` in a process of its own, before its arguments.
    only
        The tubes of the run; empty: all.
    """

    folder: Path
    program: Sequence[str]
    only: tuple[str, ...] = ()
    stage: str = "reading the study"
    done: int = 0
    total: int = 0
    messages: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    status: int | None = None
    stopped: bool = False

    def __post_init__(self) -> None:
        self._lock = RLock()
        handle, name = tempfile.mkstemp(prefix="cd38rd-run-")
        self._out = Path(name)
        self._rest = b""
        self._read = 0
        self._first: tuple[float, int] | None = None
        named = [f"--only={name}" for name in self.only] if len(self.only) <= MOST_TUBES_RUN_BY_NAME else []
        command = [*self.program, "run", str(self.folder), "--json-progress", *named]
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=handle, stderr=subprocess.STDOUT, **_apart()
            )
        finally:
            os.close(handle)

    @property
    def command(self) -> str:
        """The command that a user would type."""
        named = [f"--only {in_quotes(Path(name))}" for name in self.only]
        words = [
            "cd38rd run",
            in_quotes(self.folder),
            *(named if len(named) <= MOST_TUBES_RUN_BY_NAME else []),
        ]
        return " ".join(words)

    @property
    def is_running(self) -> bool:
        """Whether the process is still running."""
        return self._process.poll() is None

    def now(self) -> Job:
        """Return the progress of the run."""
        with self._lock:
            running = self.is_running
            with suppress(FileNotFoundError):
                self._listen()
            rate, left = self._pace()
            return Job(
                state=self._state(running),
                command=self.command,
                stage=self.stage,
                done=self.done,
                total=self.total,
                rate=rate,
                left=left if running else None,
                failures=list(self.failures),
                messages="\n".join(self.messages),
            )

    def stop(self) -> None:
        """Ask the run to stop; every finished tube is kept."""
        with self._lock:
            if not self.is_running:
                return
            if self.stopped:
                self._process.kill()
                return
            self.stopped = True
            with suppress(OSError):
                if os.name == "posix":
                    os.killpg(self._process.pid, signal.SIGINT)
                else:
                    self._process.send_signal(signal.CTRL_BREAK_EVENT)  # type: ignore[attr-defined]

    def end(self) -> None:
        """Stop the run and wait for it; kill it if it does not stop."""
        self.stop()
        try:
            self._process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.now()
        with suppress(OSError):
            self._out.unlink(missing_ok=True)

    def _state(self, running: bool) -> Any:
        if running:
            return "stopping" if self.stopped else "running"
        if self.stopped and self.status is None:
            return "stopped"
        finished = (ExitStatus.ALL_QUANTIFIED, ExitStatus.SOME_FAILED)
        return "done" if self._process.returncode in finished else "failed"

    def _pace(self) -> tuple[float | None, float | None]:
        """Return tubes per minute, and the seconds left for the other tubes."""
        if self._first is None:
            return None, None
        began, before = self._first
        n, seconds = self.done - before, time.monotonic() - began
        if n <= 0 or seconds <= 0:
            return None, None
        return 60 * n / seconds, (self.total - self.done) * seconds / n

    def _listen(self) -> None:
        with self._out.open("rb") as file:
            file.seek(self._read)
            new = file.read()
        self._read += len(new)
        text = self._rest + new
        *lines, self._rest = text.split(b"\n")
        for line in lines:
            self._hear(line.decode("utf-8", "replace"))

    def _hear(self, line: str) -> None:
        try:
            fact = json.loads(line)
        except ValueError:
            fact = {"said": line}
        if not isinstance(fact, dict):
            fact = {"said": line}
        if "tube" in fact:
            self.done += 1
            if fact["status"] in _FAILED:
                self.failures.append(Failure(sample_id=str(fact["tube"]), why=str(fact["status"])))
        elif "total" in fact:
            self.total, self.done = int(fact["total"]), int(fact["done"])
            self.stage, self._first = "quantifying tubes", (time.monotonic(), self.done)
        elif "stage" in fact:
            self.stage = str(fact["stage"])
        elif "status" in fact:
            self.status = int(fact["status"])
            self.messages += [str(fact[name]) for name in ("faults", "failures") if fact[name]]
        elif str(fact.get("said", "")).strip():
            self.messages.append(str(fact["said"]).strip())


def _apart() -> dict[str, Any]:
    """Return the options of a separate process, so that Ctrl-C on the page does not stop the run."""
    if os.name == "posix":
        return {"start_new_session": True}
    flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW  # type: ignore[attr-defined]
    return {"creationflags": flags}


def requested_tubes(only: Sequence[str] | None) -> tuple[str, ...]:
    """Return the tubes of a request without duplicates."""
    return tuple(dict.fromkeys(only or ()))
