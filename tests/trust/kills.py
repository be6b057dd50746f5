"""Runs that are killed, or meet a full or read-only disk: the same command typed again gives the same bytes.

`make kills` does it on a study of 40 tubes, as often as it is asked to, and writes docs/trust.md.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import math
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from helpers.dask_cluster import DaskCluster
from pipeline.simulate import simulate_study
from trust.page import done_on, table, write_section

ROOT = Path(__file__).parents[2]
TIMES = ("run.json", "log.txt")
"""Result files that hold times."""
CHAIN = 5
"""Kills of the command that hit a study, one after the other, before a run goes to its end."""
DISKS_A_TURN = 2
MOST_SECONDS = 900
"""A run that takes longer hangs."""


@dataclass(slots=True)
class Tally:
    """What came of the disturbances of a kind."""

    n: int = 0
    resumed: int = 0
    blamed: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def command(study: Path, *options: str) -> list[str]:
    """Return the command of a run."""
    return [sys.executable, "-m", "pipeline.cli", "run", str(study), "--no-figures", "--quiet", *options]


def start(study: Path, *options: str) -> subprocess.Popen[str]:
    """Start a run in a group of processes of its own."""
    return subprocess.Popen(
        command(study, *options), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        start_new_session=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def ended(run: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for a run, and return its status and what it complained of."""
    try:
        _, said = run.communicate(timeout=MOST_SECONDS)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)
        return -1, "hung"
    return run.returncode, said


def digests(study: Path) -> dict[str, str]:
    """Return the SHA-256 of each result file without times."""
    results = study / "results"
    return {
        path.relative_to(results).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(results.rglob("*"))
        if path.is_file() and path.name not in TIMES
    }


def failed_tubes(study: Path) -> int:
    """Return how many tubes failed."""
    with (study / "results" / "rd_samples.csv").open(encoding="utf-8", newline="") as file:
        return sum(row["status"] == "FAILED" for row in csv.DictReader(file))


def children(process: int) -> list[int]:
    """Return the processes below a process, as Linux tells them."""
    below: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, IndexError):
            parent = int(status.read_text().rsplit(")", 1)[1].split()[1])
            below.setdefault(parent, []).append(int(status.parent.name))
    found, left = [], [process]
    while left:
        own = below.get(left.pop(), [])
        found += own
        left += own
    return found


class Bench:
    """A study, what its undisturbed run gave, and a cluster that is mended after it was hit."""

    def __init__(self, folder: Path, stack: ExitStack, tubes: int, seed: int) -> None:
        self.draw = random.Random(seed)
        self.folder, self.stack, self.tubes = folder, stack, tubes
        self.sound = simulate_study(folder / "sound", patients=tubes, events=2_000, seed=7)
        began = time.monotonic()
        status, said = ended(start(self.sound, "--workers", "2"))
        assert status in (0, 3), said
        self.seconds = time.monotonic() - began
        self.expected, self.failed = digests(self.sound), failed_tubes(self.sound)
        self.cluster: DaskCluster | None = None

    def copy(self) -> Path:
        """Return a copy of the study without results, called as the study is, whose name the report tells."""
        place = Path(tempfile.mkdtemp(dir=self.folder)) / self.sound.parent.name / self.sound.name
        shutil.copytree(self.sound, place, ignore=shutil.ignore_patterns("results", "audit.jsonl"))
        return place

    def wait(self, run: subprocess.Popen[str], study: Path) -> None:
        """Wait until a random number of tubes is stored, or, as often, until a random moment of the whole run."""
        if self.draw.random() < 0.5:
            time.sleep(self.draw.uniform(0.3, self.seconds))
            return
        wanted, store = self.draw.randrange(self.tubes), study / "results" / "store"
        while run.poll() is None and len(list(store.glob("*.json"))) < wanted:
            time.sleep(0.02)

    def address(self) -> str:
        """Return where a cluster of two workers is."""
        if self.cluster is None:
            folder = Path(tempfile.mkdtemp(dir=self.folder))
            self.cluster = DaskCluster(self.stack, folder)
        alive = [worker for worker in self.cluster.workers if worker.poll() is None]
        alive.extend(self.cluster.start_worker() for _ in range(2 - len(alive)))
        self.cluster.workers = alive
        return self.cluster.address

    def close(self, place: Path) -> None:
        """Remove a copy."""
        shutil.rmtree(place.parent.parent, ignore_errors=True)


def kill_command(bench: Bench, study: Path) -> tuple[int, str]:
    """Kill the command itself; its workers end with it."""
    run = start(study, "--workers", bench.draw.choice("12"))
    bench.wait(run, study)
    run.kill()
    return ended(run)


def kill_own_worker(bench: Bench, study: Path) -> tuple[int, str]:
    """Kill one of the command's own workers."""
    run = start(study, "--workers", "2")
    bench.wait(run, study)
    below = children(run.pid)
    if below:
        with suppress(ProcessLookupError):
            os.kill(bench.draw.choice(below), signal.SIGKILL)
    return ended(run)


def kill_cluster_worker(bench: Bench, study: Path) -> tuple[int, str]:
    """Kill one of the two workers of a cluster."""
    run = start(study, "--scheduler", bench.address())
    bench.wait(run, study)
    assert bench.cluster is not None
    bench.draw.choice(bench.cluster.workers).kill()
    return ended(run)


def kill_scheduler(bench: Bench, study: Path) -> tuple[int, str]:
    """Kill the scheduler of a cluster."""
    run = start(study, "--scheduler", bench.address())
    bench.wait(run, study)
    assert bench.cluster is not None
    bench.cluster.scheduler.kill()
    for worker in bench.cluster.workers:
        worker.kill()
    bench.cluster = None
    return ended(run)


COMMAND = "the command"
KILLS: dict[str, Callable[[Bench, Path], tuple[int, str]]] = {
    COMMAND: kill_command, "one of its own workers": kill_own_worker,
    "a worker of a cluster": kill_cluster_worker, "the scheduler of a cluster": kill_scheduler,
}  # fmt: skip


@contextmanager
def small_disk(study: Path, size: int) -> Iterator[Callable[[str], None]]:
    """Give the results of a study a disk of their own of so many bytes, and what mounts it again otherwise."""
    results = study / "results"
    results.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(results)], check=True)
    try:
        yield lambda how: subprocess.run(["mount", "-o", f"remount,{how}", str(results)], check=True) and None
    finally:
        subprocess.run(["umount", "-l", str(results)], check=True)


def compared(bench: Bench, study: Path, tally: Tally, what: str) -> bool:
    """Run to the end, and hold the results against those of an undisturbed run."""
    status, said = ended(start(study, "--workers", "2"))
    found = digests(study)
    blamed = failed_tubes(study) - bench.failed if (study / "results" / "rd_samples.csv").exists() else 0
    tally.blamed += max(blamed, 0)
    unlike = [name for name in {*found, *bench.expected} if found.get(name) != bench.expected.get(name)]
    if status not in (0, 3) or unlike:
        tally.wrong.append(
            f"{what}: then {status}, {len(unlike)} files differ {sorted(unlike)[:3]} {said[:200]}"
        )
    return status in (0, 3) and not unlike


def chain(bench: Bench, kind: str, n: int, tally: Tally) -> None:
    """Disturb `n` runs of one study, one after the other, and then let one go to its end."""
    study, said = bench.copy(), []
    for _ in range(n):
        status, text = KILLS[kind](bench, study)
        tally.statuses[status] += 1
        said.append(f"{status} {text.splitlines()[-1][:150] if text.strip() else ''}")
        if status in (-1, 70) or "Traceback" in text:
            tally.wrong.append(f"killed {kind}: {status} {text[:200]}")
    tally.n += n
    tally.resumed += n if compared(bench, study, tally, f"{kind} ({'; '.join(said)})") else 0
    bench.close(study)


def full_disks(bench: Bench, n: int, tally: Tally) -> None:
    """Run on disks that are full at a random place of the results, make room, and run again."""
    whole = sum(path.stat().st_size for path in (bench.sound / "results").rglob("*") if path.is_file())
    for _ in range(n):
        study, size = bench.copy(), bench.draw.randrange(4096, round(1.1 * whole))
        with small_disk(study, size) as remount:
            status, text = ended(start(study, "--workers", "2"))
            tally.statuses[status] += 1
            half = [path.name for path in (study / "results").rglob("*.partial")]
            if status not in (0, 3, 4) or half or "defect" in text:
                tally.wrong.append(f"a disk of {size} bytes: {status} {half[:2]} {text[:200]}")
            remount("size=2g")
            tally.n += 1
            tally.resumed += compared(bench, study, tally, f"a disk of {size} bytes ({status})")
        bench.close(study)


def read_only(bench: Bench, n: int, tally: Tally) -> None:
    """Run on a disk that becomes read-only at a random moment, let it be written to, and run again."""
    for _ in range(n):
        study = bench.copy()
        with small_disk(study, 2 << 30) as remount:
            run = start(study, "--workers", "2")
            bench.wait(run, study)
            with suppress(subprocess.CalledProcessError):  # a file is open for writing just then
                remount("ro")
            status, text = ended(run)
            tally.statuses[status] += 1
            if status not in (0, 3, 4) or "defect" in text:
                tally.wrong.append(f"read-only: {status} {text[:200]}")
            remount("rw")
            tally.n += 1
            tally.resumed += compared(bench, study, tally, f"read-only ({status})")
        bench.close(study)


DISKS: dict[str, Callable[[Bench, int, Tally], None]] = {
    "a full disk": full_disks,
    "a read-only disk": read_only,
}
EVERY = (*KILLS, *DISKS)


def disturbed(
    folder: Path, asked: Sequence[tuple[str, int]], tubes: int, seed: int, minutes: float = math.inf
) -> Iterator[dict[str, Tally]]:
    """Disturb runs, so many of each kind, some of each in turn; yield after each turn what came of all so far."""
    found = {kind: Tally() for kind, _ in asked}
    until = time.monotonic() + 60 * minutes
    with ExitStack() as stack:
        bench = Bench(folder, stack, tubes, seed)
        while left := [(kind, n - found[kind].n) for kind, n in asked if found[kind].n < n]:
            for kind, n in left:
                if time.monotonic() > until:
                    return
                if kind in DISKS:
                    DISKS[kind](bench, min(n, DISKS_A_TURN), found[kind])
                else:
                    # What does not end the command leaves nothing for a second run of the same study to do.
                    chain(bench, kind, min(n, CHAIN) if kind == COMMAND else 1, found[kind])
                yield found


HEADER = (
    "disturbed by",
    "runs disturbed",
    "resumed to the same bytes",
    "tubes wrongly FAILED",
    "exit statuses",
)


def page_lines(found: dict[str, Tally], tubes: int) -> list[str]:
    """Return the section of the page."""
    rows = [
        [kind, one.n, one.resumed, one.blamed,
         ", ".join(f"{status}: {n}" for status, n in sorted(one.statuses.items()))]
        for kind, one in found.items()
    ]  # fmt: skip
    wrong = [f"- {text}" for one in found.values() for text in one.wrong]
    total = sum(one.n for one in found.values())
    last = done_on(f"{total:,} runs of a study of {tubes} tubes with 2,000 events each")
    note = (
        f"Up to {CHAIN} kills of the command are made in one study: each kills the run that resumes the one before. "
        "Then a run goes to its end. All other kills are made in a study without results. -9 is the killed command "
        "itself."
    )
    return [*table(HEADER, rows), "", note, last, *(["", *wrong] if wrong else [])]


def main() -> None:
    """Disturb runs, and write the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=50, help="of each kind")
    options.add_argument("--full", type=int, default=50, help="full disks")
    options.add_argument("--read-only", type=int, default=20)
    options.add_argument("--tubes", type=int, default=40)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--minutes", type=float, default=math.inf, help="begin nothing new after so many")
    options.add_argument("--show", action="store_true", help="print alone, and leave the page")
    asked = options.parse_args()
    wanted = [
        *((kind, asked.kills) for kind in KILLS),
        ("a full disk", asked.full),
        ("a read-only disk", asked.read_only),
    ]
    wanted = [(kind, n) for kind, n in wanted if n]
    with tempfile.TemporaryDirectory() as folder:
        for found in disturbed(Path(folder), wanted, asked.tubes, asked.seed, asked.minutes):
            lines = page_lines(found, asked.tubes)
            print("\n".join(lines), flush=True)
            if not asked.show:
                write_section("kills", lines)


if __name__ == "__main__":
    main()
