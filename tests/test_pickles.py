"""A pickle runs code when it is read: the program reads none but what its own processes send it through pipes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from helpers.syntax import tree_of

ROOT = Path(__file__).parents[1]
READ_CODE = {
    "pickle",
    "cPickle",
    "cloudpickle",
    "dill",
    "joblib",
    "marshal",
    "shelve",
    "read_pickle",
    "allow_pickle",
}
OF_OWN_PROCESSES = "pipeline/running/this_computer/processes.py"


def names_in(path: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (str(node.module).split(".")[0], *(alias.name for alias in node.names))
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.keyword):
            yield str(node.arg)


def test_nothing_that_reads_a_pickle_stands_in_the_program_but_in_the_pipes_of_its_own_processes():
    found = {
        path.relative_to(ROOT).as_posix()
        for package in ("pipeline", "gating", "calibration")
        for path in (ROOT / package).rglob("*.py")
        if READ_CODE & set(names_in(path))
    }
    assert found == {OF_OWN_PROCESSES}


def test_what_reads_pickles_opens_no_file_and_no_port():
    names = set(names_in(ROOT / OF_OWN_PROCESSES))
    assert not names & {"open", "read_bytes", "socket", "Client", "Listener", "Path"}
