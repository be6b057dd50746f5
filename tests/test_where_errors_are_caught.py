"""Any exception is caught in a few functions only: elsewhere our own defect would look like a person's bad file."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from pathlib import Path

import pytest

from doc_rooms import ROOT
from helpers.syntax import tree_of

PACKAGES = ("gating", "calibration", "pipeline")
CATCH_ANY = {
    ("gating/drawn/flowkit_calls.py", "by_flowkit"): "FlowKit's own calls",
    ("pipeline/study/sheets/tables/library_calls.py", "by_library"): "calls of zipfile, expat and openpyxl",
    ("pipeline/fcs/other_readers.py", "by_reader"): "calls of another reader of FCS files",
    ("pipeline/files/whole.py", "_write_by_library"): "raises again what is no full disk",
    ("pipeline/output/workbook/pages/writing.py", "_saved"): "raises again what is no full disk",
    ("pipeline/running/attempt.py", "attempt"): "a tube: names a defect as such",
    ("pipeline/running/defects.py", "caught"): "a model or table: names a defect as such",
    ("pipeline/running/this_computer/processes.py", "_answer"): "sends the exception to the run's process",
    ("pipeline/running/this_computer/processes.py", "_pickled"): "an exception that cannot be sent",
    ("pipeline/running/this_computer/dask_own_workers.py", "_answer"): "hands the exception to `attempt`",
    ("pipeline/running/cluster/dask_connection.py", "settings_of"): "dask of another version",
    ("pipeline/running/cluster/dask_connection.py", "_ask"): "dask of another version",
    ("pipeline/cli.py", "main"): "a sentence and an exit status for every error",
    ("pipeline/page/start.py", "double_clicked"): "a sentence and an exit status for every error",
}
"""Functions that may catch any exception, and why. A file that a library reads: the library's call alone."""
LIBRARY_CALLS = ("by_flowkit", "by_library", "by_reader")


def handlers(path: Path) -> Iterator[tuple[str, ast.Try, ast.ExceptHandler]]:
    """Yield each handler of any exception, with its function and its try block."""
    for function in ast.walk(tree_of(path)):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for node in ast.walk(function):
            for handler in node.handlers if isinstance(node, ast.Try) else ():
                kinds = (
                    set() if handler.type is None else set(ast.unparse(handler.type).strip("()").split(", "))
                )
                if not kinds or kinds & {"Exception", "BaseException"}:
                    yield function.name, node, handler


def modules() -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path


def test_any_exception_is_caught_in_these_functions_only() -> None:
    places = {(name, function) for name, path in modules() for function, _, _ in handlers(path)}
    assert places == set(CATCH_ANY)


def test_where_a_library_may_raise_anything_its_call_stands_alone() -> None:
    alone = {
        function: ast.unparse(node.body[0])
        for _, path in modules()
        for function, node, _ in handlers(path)
        if function in LIBRARY_CALLS and len(node.body) == 1
    }
    assert alone == dict.fromkeys(LIBRARY_CALLS, "return call(*arguments)")


def test_only_functions_of_a_library_are_called_so() -> None:
    ours = {
        node.name for _, path in modules() for node in tree_of(path).body if isinstance(node, ast.FunctionDef)
    }
    called = {
        ast.unparse(node.args[1])
        for _, path in modules()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in LIBRARY_CALLS
    }
    assert called
    assert not {name for name in called if name in ours}


SIGNS_OF_A_DEFECT = {"TypeError", "KeyError", "AttributeError", "IndexError"}
"""What a mistake of ours raises first: caught, it would look like a bad file."""
CATCH_A_SIGN = {
    ("pipeline/audit/lines.py", "_user"): "the system knows no name of its user",
    ("pipeline/fcs/writable.py", "_numbers"): "NumPy makes an array of what was given",
    ("pipeline/running/compiled.py", "_code_of"): "Python reads a compiled file that may be damaged",
}
"""Functions that may catch one of these, and of whose call."""


def test_a_sign_of_a_defect_is_caught_around_a_librarys_call_only() -> None:
    caught = {
        (name, function.name)
        for name, path in modules()
        for function in ast.walk(tree_of(path))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.ExceptHandler) and node.type is not None
        if {part.id for part in ast.walk(node.type) if isinstance(part, ast.Name)} & SIGNS_OF_A_DEFECT
    }
    assert caught == CATCH_A_SIGN.keys()


OURS_MAY_BE_A_SYSTEM_ERROR = {
    "NotWrittenError": "OSError",
    "ChangedError": "OSError",
    "NoMemoryError": "MemoryError",
    "NoSourceError": "RuntimeError",
}
"""Errors of ours that say what the system said, and so are of its kind."""
OF_PYTHON = {
    name for name, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, Exception)
}


def test_no_error_of_ours_is_a_kind_of_error_that_python_raises_by_itself():
    """A handler of `ValueError` would take a refusal of ours, and a defect for a refusal."""
    of_python = {
        node.name: kind.id
        for _, path in modules()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ClassDef)
        for kind in node.bases
        if isinstance(kind, ast.Name) and kind.id in OF_PYTHON - {"Exception"}
    }
    assert of_python == OURS_MAY_BE_A_SYSTEM_ERROR


CATCH_A_VALUE_ERROR = {
    ("pipeline/study/locations.py", "on_disk"): "the system has no such name, by any part of it",
}
"""Functions that may catch a `ValueError` around functions of ours, and whose error it is."""


def of_ours() -> set[str]:
    """Return the names of all functions of the packages."""
    return {
        node.name
        for _, path in modules()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def takes_ours_for_a_bad_value(block: ast.Try, ours: set[str]) -> bool:
    """Return whether a block calls functions of ours by name, and its handlers catch a `ValueError`."""
    kinds = {
        part.id
        for handler in block.handlers
        if handler.type is not None
        for part in ast.walk(handler.type)
        if isinstance(part, ast.Name)
    }
    called = {
        node.func.id
        for line in block.body
        for node in ast.walk(line)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    return "ValueError" in kinds and bool(called & ours)


def test_a_value_error_is_caught_around_what_python_or_a_library_does_only():
    ours = of_ours()
    catching = {
        (name, function.name)
        for name, path in modules()
        for function in ast.walk(tree_of(path))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Try) and takes_ours_for_a_bad_value(node, ours)
    }
    assert catching == CATCH_A_VALUE_ERROR.keys()


@pytest.mark.parametrize(
    ("code", "ours_are_taken"),
    [
        ("try: read(text)\nexcept ValueError: pass", True),
        ("try: x = [read(text) for text in texts]\nexcept (OSError, ValueError): pass", True),
        ("try: float(text)\nexcept ValueError: pass", False),
        ("try: read(text)\nexcept OSError: pass", False),
    ],
)
def test_when_a_defect_of_ours_would_be_taken_for_a_bad_value(code: str, ours_are_taken: bool):
    (block,) = ast.parse(code).body
    assert isinstance(block, ast.Try)
    assert takes_ours_for_a_bad_value(block, {"read"}) is ours_are_taken
