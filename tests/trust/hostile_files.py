"""20,000 damaged files: none may crash the program, hang for more than 5 s or take more than 1 GB.

`make hostile` reads them in a process of its own, which is started again where one kills it, and writes docs/trust.md.
"""

from __future__ import annotations

import argparse
import os
import select
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from trust.page import done_on, table, write_section

MOST_SECONDS = 5.0
MOST_KB = 1 << 20
WAIT = 90.0
"""Seconds after which a reader that says nothing is ended, however slow the computer."""

ASKED = {"FCS": 10_000, "FlowJo workspace": 4_000, "GatingML": 4_000, "xlsx": 1_000, "CSV": 1_000}


@dataclass(slots=True)
class Tally:
    """What came of the files of a kind."""

    n: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    largest_kb: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, seed: int, came: str, seconds: float, kilobytes: int) -> None:
        word = came.split(":", maxsplit=1)[0]
        word = "hung" if seconds > MOST_SECONDS else "over 1 GB" if kilobytes > MOST_KB else word
        self.n[word] += 1
        self.slowest, self.largest_kb = max(self.slowest, seconds), max(self.largest_kb, kilobytes)
        if word not in ("read", "refused"):
            self.wrong.append(f"{seed}: {word}: {came}, {seconds:.1f} s, {kilobytes >> 10} MB")


class Reader:
    """The process that reads; started again after it died or hung."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[str] | None = None

    def read(self, kind: str, seed: int) -> tuple[str, float, int]:
        """Return what came of a file, the seconds of its processor and the most memory in kilobytes."""
        if self.process is None:
            command = [sys.executable, "-m", "trust.hostile_reader"]
            here = Path(__file__).parents[1]
            paths = os.pathsep.join((str(here), str(here.parent), os.environ.get("PYTHONPATH", "")))
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": paths},
            )  # fmt: skip
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{kind}\t{seed}\n")
        self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], WAIT)
        line = self.process.stdout.readline() if ready else ""
        if not line.endswith("\n"):
            self.end()
            return ("died" if ready else "hung"), 0.0, 0
        came, seconds, kilobytes = line.rstrip("\n").split("\t")
        return came, float(seconds), int(kilobytes)

    def end(self) -> None:
        """End the process."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


def tally(asked: Mapping[str, int], first: int = 0) -> dict[str, Tally]:
    """Read so many damaged files of each kind."""
    found = {kind: Tally() for kind in asked}
    reader = Reader()
    try:
        for kind, n in asked.items():
            for seed in range(first, first + n):
                found[kind].add(seed, *reader.read(kind, seed))
    finally:
        reader.end()
    return found


def page_lines(found: Mapping[str, Tally]) -> list[str]:
    """Return the section of the page."""
    rows = [
        [kind, one.n.total(), one.n["read"], one.n["refused"], one.n.total() - one.n["read"] - one.n["refused"],
         f"{one.slowest:.1f} s", f"{one.largest_kb / 1024:.0f} MB"]
        for kind, one in found.items()
    ]  # fmt: skip
    header = [
        "files",
        "n",
        "read",
        "refused in words",
        "crash, hang, over 1 GB",
        "slowest (processor)",
        "most memory",
    ]
    total = sum(one.n.total() for one in found.values())
    wrong = [f"- {kind} {text}" for kind, one in found.items() for text in one.wrong]
    return [*table(header, rows), "", done_on(f"{total:,} files"), *(["", *wrong] if wrong else [])]


def main() -> None:
    """Read the files, and write the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--part", type=float, default=1.0, help="of 20,000 files")
    options.add_argument("--only", choices=ASKED, help="one kind of file")
    options.add_argument("--show", action="store_true", help="print alone, and leave the page")
    asked = options.parse_args()
    kinds = {kind: round(n * asked.part) for kind, n in ASKED.items() if asked.only in (None, kind)}
    lines = page_lines(tally(kinds))
    print("\n".join(lines))
    if not asked.show:
        write_section("hostile files", lines)


if __name__ == "__main__":
    main()
