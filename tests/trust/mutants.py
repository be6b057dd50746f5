"""Would the tests notice? A place of the program is changed, and the fast tests that run it are run.

`make mutants` draws places at random and writes docs/trust.md. It needs to know which test runs which line:

    python -m pytest -m "not benchmark and not slow" --cov --cov-branch --cov-context=test
"""

from __future__ import annotations

import argparse
import ast
import importlib.machinery
import json
import math
import os
import random
import resource
import signal
import sqlite3
import time
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from trust.mutation import Mutation, mutated_code, mutations
from trust.page import done_on, table, write_section

ROOT = Path(__file__).parents[2]
ROOMS = ("calibration", "gating", "pipeline/washout", "pipeline/response", "pipeline/patients")
FIRST, BATCH = 25, 120
"""Tests that a change meets at first, and in each further batch, until all that run its line have looked."""
KEPT: dict[str, tuple[str, ...]] = {
    "calibration": ("tests/calibration/test_kept_calibration.py",),
    "gating": ("tests/gating/test_kept_gating.py",),
    "pipeline/washout": ("tests/pipeline/washout/test_kept_washout.py",),
    "pipeline/response": ("tests/pipeline/response/test_kept_response.py",),
    "pipeline/patients": (
        "tests/pipeline/response/test_kept_response.py", "tests/pipeline/washout/test_kept_washout.py",
    ),
}  # fmt: skip
"""Tests of each room that compare its answers with those that were committed."""
WHY: dict[str, str] = {
    "pipeline/patients/pharmacokinetics/integration.py:70 0 is 1": "a hole: it has a test since",
    "pipeline/washout/recovery/serum.py:14 0.5 is 1.0": "a hole: it has a test since",
    "calibration/curve/steady_beads.py:74 <= is <": "a hole: it has a test since",
    "pipeline/patients/receptor_occupancy/total.py:119 or is and": "a hole: it has a test since",
    "pipeline/patients/receptor_occupancy/total.py:119 <= is <": "a hole: it has a test since",
    "calibration/beads/overlapping.py:132 >= is >": "a hole: it has a test since",
    "pipeline/washout/within/slopes.py:123 - is +": "a hole: it has a test since",
    "pipeline/response/statistics/strength.py:55 / is *": "a hole: it has a test since",
    "calibration/beads/populations.py:120 > is >=": "a hole: it has a test since",
    "gating/second_opinion.py:180 - is +": "a hole: it has a test since",
    "pipeline/response/statistics/survival.py:114 - is +": "a hole: it has a test since",
    "calibration/density/between_runs.py:178 ** is *": "a hole: it has a test since",
    "calibration/density/widening.py:40 0 is 1": "a hole: it has a test since",
    "pipeline/response/consistency.py:102 > is >=": "a hole: it has a test since",
    "pipeline/response/letter/courses.py:115 == is !=": "a hole: it has a test since",
    "calibration/density/receptor_density.py:274 the condition is turned over": "a hole: it has a test since",
    "gating/events/below_zero.py:21 20 is 40": "a hole: it has a test since",
    "pipeline/patients/receptor_occupancy/sentinels.py:19 2.5758 is 5.1516": "a hole: it has a test since",
    "pipeline/response/statistics/logistic.py:220 - is +": (
        "the same: it places the trials of a search, which ends at the same height"
    ),
    "pipeline/response/statistics/counts.py:210 - is +": (
        "the same: tables with too many events are counted, and not used"
    ),
    "pipeline/response/statistics/cox.py:97 1.0 is 2.0": ("the same: the first step of a search for a limit"),
    "gating/clone/gates.py:76 > is >=": ("the same: a cell of no gain adds none"),
    "gating/clusters/apart.py:129 > is >=": ("the same but for a cell in the middle to the last digit"),
    "gating/batch_cuts.py:212 >= is >": ("the same but for a value on its limit to the last digit"),
    "calibration/density/between_runs.py:173 < is <=": (
        "the same: where nothing is added, the interval is no narrower than the other errors"
    ),
    "calibration/distribution/modes.py:36 1000000.0 is 2000000.0": (
        "the same: how far away the line begins, so long as it is far"
    ),
    "gating/clone/jackknife.py:73 1 is 2": ("the same but for a sample of one cell or none"),
    "pipeline/washout/within/likelihood.py:19 6.0 is 12.0": "a hole: it has a test since",
    "pipeline/washout/within/likelihood.py:19 3.0 is 6.0": "a hole: it has a test since",
    "pipeline/patients/receptor_occupancy/norm.py:123 0 is 1": "a hole: it has a test since",
    "calibration/density/analytic_error.py:79 0 is 1": "a hole: it has a test since",
    "pipeline/washout/censored/repeated.py:137 / is *": "a hole: it has a test since",
    "calibration/density/background.py:262 / is *": "a hole: it has a test since",
    "gating/cleaning/estimates.py:19 0.5 is 1.0": "a hole: it has a test since",
    "pipeline/response/statistics/cox.py:99 and is or": "a hole: it has a test since",
    "gating/clusters/ellipsoids.py:86 or is and": "the first half of the condition could never matter: it is gone, and there is a test of the second",
    "pipeline/washout/line/mixed.py:169 - is +": "the same: where an ascent begins, whose end is polished",
    "pipeline/washout/line/mixed.py:269 False is True": "the same: at its floor the likelihood has no slope by a scatter, so a step leaves it there",
    "pipeline/patients/pharmacokinetics/levels.py:43 1e-06 is 2e-06": (
        "a tolerance of integration: the level is the same to six digits"
    ),
}
"""Why a change may survive, by its place and its words."""
OUT_OF_TIME, NOT_LOADED = "out of time", "not loaded"
MOST_CPU = 150
"""Seconds of the processor for a batch of tests: what takes longer does not end."""
HEAVY = (
    "numpy", "scipy.stats", "scipy.optimize", "scipy.special", "sklearn.mixture", "pandas", "pydantic", "hypothesis",
    "openpyxl", "lxml.etree", "flowkit", "matplotlib", "pytest", "_pytest.assertion.rewrite",
)  # fmt: skip


class End(StrEnum):
    """What became of a change."""

    KILLED = "noticed"
    SURVIVED = "survived"
    NEVER_RUN = "no fast test runs the line"


@dataclass(frozen=True, slots=True)
class Mutant:
    """A change of a module: which file, and the number of the change there."""

    path: str
    number: int


@cache
def every_mutant() -> tuple[Mutant, ...]:
    """Return every change of every module of the rooms, in order."""
    found = []
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            found += [Mutant(name, k) for k in range(len(mutations(ast.parse(path.read_text("utf-8")))))]
    return tuple(found)


class Covered:
    """Which test runs which line, from the data of coverage.py with contexts."""

    def __init__(self, data: Path, draw: random.Random) -> None:
        self.db, self.draw = sqlite3.connect(data), draw
        self.files = {Path(path): key for key, path in self.db.execute("select id, path from file")}
        self.contexts = dict(self.db.execute("select id, context from context"))

    def _arcs(self, path: str) -> list[tuple[int, int]]:
        """Return (context, line) of every line of a module that was run."""
        key = next((key for file, key in self.files.items() if file.as_posix().endswith(f"/{path}")), None)
        return self.db.execute("select context_id, tono from arc where file_id=?", (key,)).fetchall()

    def tests_of(self, path: str, line: int) -> tuple[list[str], bool]:
        """Return the tests that run a line, nearest first, and whether it runs when the module is loaded alone."""
        arcs = self._arcs(path)
        lines = statement_lines((ROOT / path).read_text("utf-8"), line)
        here = {self.contexts[context] for context, to in arcs if to == line}
        here = here or {self.contexts[context] for context, to in arcs if to in lines}
        at_load = here == {""}
        if at_load:
            here = {self.contexts[context] for context, _ in arcs}
        if here == {""}:  # nothing but constants: what imports them
            here = {self.contexts[context] for name in importers(path) for context, _ in self._arcs(name)}
        tests = {name.partition("|")[0] for name in here if name}
        return sorted(tests, key=lambda test: (-_nearness(path, test), self.draw.random())), at_load


def statement_lines(source: str, line: int) -> range:
    """Return the lines of the smallest statement around a line: numbers inside of it are not run as lines."""
    around = [
        range(node.lineno, (node.end_lineno or node.lineno) + 1)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.stmt)
    ]
    return min((lines for lines in around if line in lines), key=len, default=range(line, line + 1))


def importers(path: str) -> list[str]:
    """Return the modules of the program that import a module."""
    wanted = f"from {path.removesuffix('.py').replace('/', '.')} import"
    every = (
        file for package in ("calibration", "gating", "pipeline") for file in (ROOT / package).rglob("*.py")
    )
    return sorted(file.relative_to(ROOT).as_posix() for file in every if wanted in file.read_text("utf-8"))


def _nearness(path: str, test: str) -> int:
    """Return how many folders a module and a test share, and whether the test is named like the module."""
    own, other = (
        Path(path).with_suffix("").parts,
        Path(test.split("::", maxsplit=1)[0]).with_suffix("").parts[1:],
    )
    shared = next(
        (k for k, (a, b) in enumerate(zip(own, other, strict=False)) if a != b), min(len(own), len(other))
    )
    return 2 * shared + (own[-1] in other[-1])


def preload() -> None:
    """Load what all tests need and no change is in."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in HEAVY:
            with suppress(ImportError):
                __import__(name)


class FirstFailure:
    """A plugin of pytest that says which test failed first."""

    def __init__(self, told: int) -> None:
        self.told = told

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Tell the test's name."""
        if report.failed:
            os.write(self.told, f"{report.nodeid}\n".encode())

    def pytest_collectreport(self, report: Any) -> None:
        """Tell the file that cannot be loaded."""
        if report.failed:
            os.write(self.told, f"{report.nodeid}\n".encode())


def first_failure(mutant: Mutant | None, tests: Sequence[str]) -> str:
    """Run tests in a process of its own, and return the first that failed; "" where none did.

    `mutant`: the change; None: the program as it is. A process that is out of time is a test that does not end.
    """
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        _run_tests(mutant, tests, write)
    os.close(write)
    until, status = time.monotonic() + 10 * MOST_CPU, None
    while status is None and time.monotonic() < until:
        ended, found = os.waitpid(child, os.WNOHANG)
        status = found if ended else None
        time.sleep(0.05)
    if status is None:
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    with os.fdopen(read, encoding="utf-8") as told:
        names = told.read().splitlines()
    if status == 0:
        return ""
    return names[0] if names else OUT_OF_TIME if os.WIFSIGNALED(status) else NOT_LOADED


def is_noticed(mutant: Mutant, tests: Sequence[str]) -> str:
    """Return why a change is noticed, "" where it is not. A test that fails without the change too does not count."""
    left = list(tests)
    while left and (failed := first_failure(mutant, left)):
        again = left if failed in (OUT_OF_TIME, NOT_LOADED) else [failed]
        if not first_failure(None, again):
            return failed
        if again is left:
            return ""
        left = [test for test in left if test != failed and not test.startswith(f"{failed}::")]
    return ""


def _run_tests(mutant: Mutant | None, tests: Sequence[str], told: int) -> None:
    import pytest

    os.setsid()
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU, MOST_CPU + 5))
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    if mutant is not None:
        _change(mutant)
    os.chdir(ROOT)
    options = ["-q", "-x", "-p", "no:xdist", "-p", "no:cacheprovider", "-p", "no:cov", "--timeout=300"]
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    os._exit(int(pytest.main([*options, *tests], plugins=[FirstFailure(told)])))


def _change(mutant: Mutant) -> None:
    """Let the module be loaded with the change."""
    path = str(ROOT / mutant.path)
    _, code = mutated_code(Path(path).read_text("utf-8"), path, mutant.number)
    as_it_is = importlib.machinery.SourceFileLoader.get_code

    def get_code(loader: importlib.machinery.SourceFileLoader, name: str) -> object:
        return code if os.path.realpath(loader.path) == os.path.realpath(path) else as_it_is(loader, name)

    importlib.machinery.SourceFileLoader.get_code = get_code


def tried(mutant: Mutant, covered: Covered) -> tuple[End, str]:
    """Return what became of a change, and how many tests looked."""
    change, _ = mutated_code((ROOT / mutant.path).read_text("utf-8"), mutant.path, mutant.number)
    tests, at_load = covered.tests_of(mutant.path, change.line)
    if not tests:
        return End.NEVER_RUN, ""
    kept = next(files for room, files in KEPT.items() if mutant.path.startswith(f"{room}/"))
    further = tests[FIRST:]
    batches = [tests[:FIRST], kept, *(further[k : k + BATCH] for k in range(0, len(further), BATCH))]
    for batch in batches:
        if noticed := is_noticed(mutant, batch):
            return End.KILLED, noticed
    return End.SURVIVED, f"{len(tests) + len(kept)} tests{', runs at import' if at_load else ''}"


def sample(n: int, seed: int) -> list[Mutant]:
    """Return changes in a random order: any first part of them is a fair sample."""
    every = list(every_mutant())
    random.Random(seed).shuffle(every)
    return every[:n]


def describe(mutant: Mutant) -> tuple[Mutation, str]:
    """Return a change and the line it is in."""
    source = (ROOT / mutant.path).read_text("utf-8")
    change, _ = mutated_code(source, mutant.path, mutant.number)
    return change, source.splitlines()[change.line - 1].strip()


def kept_results(kept: Path) -> dict[Mutant, tuple[End, str]]:
    """Return what became of the changes that were tried before."""
    lines = kept.read_text("utf-8").splitlines() if kept.exists() else []
    facts = map(json.loads, lines)
    return {Mutant(path, number): (End(end), note) for path, number, end, note in facts}


def try_changes(kept: Path, data: Path, wanted: Sequence[Mutant], seed: int, minutes: float) -> None:
    """Try the changes that were not tried before, one after the other, and keep what became of each."""
    preload()
    covered, until = Covered(data, random.Random(seed)), time.monotonic() + 60 * minutes
    for mutant in wanted:
        if time.monotonic() > until:
            return
        if mutant not in kept_results(kept):
            end, note = tried(mutant, covered)
            with kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps([mutant.path, mutant.number, end.value, note]) + "\n")
            change, line = describe(mutant)
            print(end, f"{mutant.path}:{change.line}", change.words, note, "|", line, flush=True)


def page_lines(found: Sequence[tuple[Mutant, End, str]], n: int, seed: int) -> list[str]:
    """Return the section of the page."""
    rows = []
    for room in (*ROOMS, ""):
        of = [end for mutant, end, _ in found if mutant.path.startswith(room)]
        killed = sum(end is End.KILLED for end in of)
        share = killed / len(of) if of else math.nan
        error = math.sqrt(share * (1 - share) / len(of)) if of else math.nan
        rows.append(
            [room or "**all**", len(of), killed, len(of) - killed, f"{100 * share:.0f} ± {100 * error:.0f} %"]
        )
    lines = table(["room", "changes tried", "noticed", "survived", "noticed, ± SE"], rows)
    lines += ["", done_on(f"{len(found)} of {n} changes, drawn at random (seed {seed})"), ""]
    alive = [one for one in found if one[1] is not End.KILLED]
    if alive:
        survivors = []
        for mutant, end, note in alive:
            change, line = describe(mutant)
            place = f"{mutant.path}:{change.line}"
            survivors.append(
                [place, f"`{line[:90]}`", change.words, WHY.get(f"{place} {change.words}", note or end.value)]
            )
        lines += table(["survived", "line", "change", "why, or the tests that looked"], survivors)
    return lines


def main() -> None:
    """Try the changes, and write the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=ROOT / ".coverage")
    options.add_argument(
        "--kept", type=Path, default=ROOT / "htmlcov" / "mutants.jsonl", help="what was tried already"
    )
    options.add_argument("--n", type=int, default=300)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--minutes", type=float, default=math.inf)
    options.add_argument("--part", default="1/1", help="of the changes, for several at the same time: 2/3")
    asked = options.parse_args()
    wanted = sample(asked.n, asked.seed)
    part, parts = map(int, asked.part.split("/"))
    asked.kept.parent.mkdir(exist_ok=True)
    try_changes(asked.kept, asked.data, wanted[part - 1 :: parts], asked.seed, asked.minutes)
    known = kept_results(asked.kept)
    found = [(mutant, *known[mutant]) for mutant in wanted if mutant in known]
    write_section("mutants", page_lines(found, asked.n, asked.seed))


if __name__ == "__main__":
    main()
