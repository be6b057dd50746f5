"""How much memory a tube takes: `python -m performance.memory SMALL LARGE EXTRAS` prints bytes, in a process of its own."""

from __future__ import annotations

import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from performance.references import task_of


def peak_bytes(small: Path, large: Path, *, extras: bool) -> int:
    """Return the bytes that a study's first tube adds to a process which has quantified a small one."""
    words = [sys.executable, "-m", "performance.memory", str(small), str(large), "extras" if extras else ""]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return int(done.stdout.split()[-1])


def _most() -> int:
    status = Path("/proc/self/status")
    if status.exists():  # getrusage tells the most of the process that started this one, too
        (peak,) = (
            line.split()[1] for line in status.read_text("ascii").splitlines() if line.startswith("VmHWM")
        )
        return 1024 * int(peak)
    kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kib if sys.platform == "darwin" else 1024 * kib


def _now() -> int:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize()


def main(small: str, large: str, extras: str) -> None:
    """Print the bytes."""
    from pipeline.quantification.quantify import quantify_tube

    tasks = [replace(task_of(Path(folder)), extras=bool(extras)) for folder in (small, large)]
    quantify_tube(tasks[0])
    before = _now()
    quantify_tube(tasks[1])
    print(max(_most() - before, 0))


if __name__ == "__main__":
    main(*sys.argv[1:])
