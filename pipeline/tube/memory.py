"""The memory that a tube needs, and the memory that this computer has left."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

BYTES_OF_A_VALUE = 4
"""Of an event on a channel, as float32. From the format of float32 (IEEE 754)."""
BESIDE_ITS_EVENTS = 1.35
"""Memory of a tube, as a multiple of the memory of its events. Measured on 10 million events: docs/study.md
states it."""
OF_ITS_FILES = 1.5
"""The same as a multiple of the bytes of its files with its control, before they are opened. Convention: more
than floats need; whole numbers of two bytes need twice their file, but such files are rarely large."""
OF_A_PROCESS = 400 << 20
"""Memory of a process without its tube: the program with its libraries, and the search in a sample of the
events. Convention: the measured value, rounded up."""
LARGE = 64 << 20
"""Memory of a tube below which the free memory is not checked. Convention: any computer has it."""
NO_LIMIT = 1 << 60
"""A limit at or above this number means no limit: systems write it so. Convention of Linux's first control
groups."""


class NoMemoryError(MemoryError):
    """A tube does not fit into memory; the text says what it needs, what is free and what to do."""


def memory_of(n_events: int, n_channels: int) -> int:
    """Return the bytes of memory that a tube needs, by its events and the channels that are read.

    Examples
    --------
    >>> round(memory_of(10_000_000, 13) / 1e6)
    702
    """
    return int(BESIDE_ITS_EVENTS * BYTES_OF_A_VALUE * n_events * n_channels)


def check_memory(name: str, n_events: int, n_channels: int) -> None:
    """Refuse a tube for which there is not enough memory.

    Raises
    ------
    NoMemoryError
        The text says what the tube needs, what there is, and what to do.
    """
    needed = memory_of(n_events, n_channels)
    if needed < LARGE:
        return
    free = free_memory()
    if free is not None and needed > free:
        raise NoMemoryError(
            f"{name}: {n_events:,} events × {n_channels} channels take {_in_gb(needed)} of memory, and "
            f"{_in_gb(free)} is free for them; run with --workers 1, close other programs, "
            "or run on a computer (or in a job) with more memory"
        )


def processes_that_fit(file_bytes: int) -> int | None:
    """Return how many processes this computer's memory allows; None where that is not known.

    Parameters
    ----------
    file_bytes
        Of the files of the largest tube.
    """
    free = free_memory()
    return None if free is None else max(1, int(free / (OF_A_PROCESS + OF_ITS_FILES * file_bytes)))


def free_memory(proc: Path = Path("/proc"), groups: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Return the bytes that this process may still use; None if the system does not tell.

    What the computer has left, what the control group of a container or a cluster job has left (Linux, first
    and second version), and what `ulimit -v` leaves: the least of them.

    Parameters
    ----------
    proc, groups
        Folders in which Linux describes processes and control groups.
    """
    return min((*_of_the_computer(proc), *_of_its_groups(proc, groups), *_of_the_process(proc)), default=None)


def _of_the_computer(proc: Path) -> Iterator[int]:
    for line in _text(proc / "meminfo").splitlines():
        if line.startswith("MemAvailable:"):
            yield int(line.split()[1]) << 10


def _of_its_groups(proc: Path, groups: Path) -> Iterator[int]:
    """Yield the free memory of each control group above the process; file caches count as free."""
    for line in _text(proc / "self" / "cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            root, names = groups, ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            root = groups / "memory"
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        folder = root / path.lstrip("/")
        for group in (folder, *folder.parents):
            yield from _left(group, *names)
            if group == root:
                break


def _left(group: Path, limit_file: str, used_file: str, cached: str) -> Iterator[int]:
    limit, used = _text(group / limit_file).strip(), _text(group / used_file).strip()
    if not (limit.isdigit() and used.isdigit()) or int(limit) >= NO_LIMIT:
        return
    stat = dict(line.split(" ", 1) for line in _text(group / "memory.stat").splitlines() if " " in line)
    yield max(0, int(limit) - int(used) + int(stat.get(cached, "0")))


def _of_the_process(proc: Path) -> Iterator[int]:
    try:
        import resource
    except ImportError:  # not a Unix
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    taken = _text(proc / "self" / "statm").split()
    if limit != resource.RLIM_INFINITY and taken:
        yield max(0, limit - int(taken[0]) * os.sysconf("SC_PAGE_SIZE"))


def _text(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(encoding="ascii", errors="replace")
    return ""


def _in_gb(n_bytes: int) -> str:
    return f"{n_bytes / 1e9:.1f} GB"
