"""The changes that `make mutants` makes to the program."""

from __future__ import annotations

import ast

import pytest

from trust.mutants import every_mutant, sample
from trust.mutation import mutated_code, mutations

SOURCE = '''"""Words, 1 and 2."""
LIMIT: tuple[int, "x > 1"] = 3


def f(a: int, b: float = 0.5) -> float:
    """Return a + b."""
    if a < LIMIT and not b == 2:
        return a + b * 10
    return -1 if a is None else 0
'''


def changed(words: str, *arguments: object) -> object:
    """Return what the function gives with the first change of these words."""
    number = next(k for k, one in enumerate(mutations(ast.parse(SOURCE))) if one.words == words)
    names: dict = {}
    exec(mutated_code(SOURCE, "a.py", number)[1], names)
    return names["f"](*arguments)


@pytest.mark.parametrize(
    ("words", "arguments", "before", "after"),
    [
        ("< is <=", (3, 1), 0, 13), ("and is or", (5, 1), 0, 15), ("not is dropped", (1, 1), 11, 0),
        ("== is !=", (1, 2), 0, 21), ("+ is -", (1, 1), 11, -9), ("* is /", (1, 1), 11, 1.1), ("10 is 20", (1, 1), 11, 21),
        ("0.5 is 1.0", (1,), 6, 11), ("3 is 6", (5, 1), 0, 15), ("is is is not", (5, 1), 0, -1),
        ("0 is 1", (5, 1), 0, 1),
    ],
)  # fmt: skip
def test_a_change_is_of_one_place(words, arguments, before, after):
    names: dict = {}
    exec(compile(SOURCE, "a.py", "exec"), names)
    assert names["f"](*arguments) == before
    assert changed(words, *arguments) == pytest.approx(after)


def test_no_change_is_made_in_types_and_docstrings():
    assert {one.line for one in mutations(ast.parse(SOURCE))} == {2, 5, 7, 8, 9}


@pytest.mark.slow
def test_any_first_part_of_the_changes_is_drawn_at_random_and_the_same_each_time():
    every = every_mutant()
    assert len(every) > 10_000
    assert sample(20, 1) == sample(300, 1)[:20]
    assert sample(20, 1) != sample(20, 2)
    assert len({mutant.path for mutant in sample(20, 1)}) > 12
