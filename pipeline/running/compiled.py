"""The code that Python runs: a compiled file in `__pycache__` may differ from the source beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.machinery import SourceFileLoader
from importlib.util import cache_from_source
from pathlib import Path
from types import CodeType

FILES_KEPT = 4096
"""Files whose code is kept once it is read. Convention: several times as many as the three packages have."""

Stamp = tuple[int, int]
"""Time of the last change in ns, and size, of a file; zeros if it is not there."""


def digest_of_code(files: Sequence[Path]) -> str:
    """Return the SHA-256 of the code that Python loads for source files, whichever folder they lie in.

    Python trusts a compiled file if the time and the size of its source are those that it was made from.
    Therefore a compiled file may hold other code than its source. Line numbers and paths do not count.
    A file is read again only if it has changed.

    Parameters
    ----------
    files
        Python files, in an order that is the same on every computer.
    """
    digest = hashlib.sha256()
    for file in files:
        digest.update(_code_of(file, _stamp(file), _stamp(Path(cache_from_source(str(file))))))
    return digest.hexdigest()


def _stamp(file: Path) -> Stamp:
    try:
        facts = file.stat()
    except OSError:
        return 0, 0
    return facts.st_mtime_ns, facts.st_size


@lru_cache(maxsize=FILES_KEPT)
def _code_of(file: Path, source: Stamp, compiled: Stamp) -> bytes:
    """Return the SHA-256 of a file's code; of a compiled file that cannot be read, that of the error."""
    del source, compiled
    try:
        code = SourceFileLoader(file.stem, str(file)).get_code(file.stem)
    except (EOFError, ValueError, TypeError, ImportError, SyntaxError) as error:
        return hashlib.sha256(type(error).__name__.encode()).digest()
    return hashlib.sha256(repr(list(_facts(code))).encode("utf-8", "surrogatepass")).digest()


def _facts(value: object) -> Iterator[object]:
    """Yield what decides the behaviour of code, or a constant, the same on every computer."""
    if isinstance(value, CodeType):
        yield from (value.co_name, value.co_flags, value.co_code, value.co_exceptiontable)
        yield from (value.co_argcount, value.co_posonlyargcount, value.co_kwonlyargcount)
        yield from (value.co_names, value.co_varnames, value.co_freevars, value.co_cellvars)
        for constant in value.co_consts:
            yield from _facts(constant)
    elif isinstance(value, frozenset):
        yield sorted(map(repr, value))  # their order differs from process to process
    elif isinstance(value, tuple):
        yield [list(_facts(part)) for part in value]
    else:
        yield value
