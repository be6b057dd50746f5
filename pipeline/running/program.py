"""The identity of this program: it must be the same in every process that quantifies tubes of one study."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Callable, Mapping
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

from pipeline.files.content import SHOWN_DIGITS, digest_of
from pipeline.running.compiled import digest_of_code
from pipeline.running.source import (
    PACKAGES,
    NoSourceError,
    digest_of_sources,
    files_of_work,
    imported_packages,
    source_files,
    sources,
    sources_now,
)

LIBRARIES_OF_TUBES = (
    "numpy",
    "scipy",
    "scikit-learn",
    "flowkit",
    "flowio",
    "flowutils",
    "threadpoolctl",
    "pandas",
    "pyarrow",
    "pydantic",
    "dask",
    "distributed",
)
"""Libraries on which a tube's numbers, or their transfer from a worker, depend."""

MODULES = {"scikit-learn": "sklearn"}
"""Library → name of its module, if the two names differ."""

SOURCE_CODE = "source code"
COMPILED_CODE = "compiled code"
Program: TypeAlias = "tuple[tuple[str, str], ...]"
"""Name and value of each fact, as text only, so that any other version can send and read it."""


@cache
def this_program() -> Program:
    """Return the program of this process, as it was at the first call.

    Raises
    ------
    NoSourceError
        When a package's source files are not there to be read.
    """
    libraries = tuple((name, library_version(name, MODULES.get(name, name))) for name in LIBRARIES_OF_TUBES)
    return (
        ("cd38rd", program_version()),
        (SOURCE_CODE, code_digest()),
        (COMPILED_CODE, digest_of_code(source_files())),
        ("Python", platform.python_version()),
        *libraries,
    )


def difference(own_program: Program, other_program: Program) -> str:
    """Return in words how the program of another process differs from this one; "" if it does not.

    Examples
    --------
    >>> difference((("numpy", "2.1"),), (("numpy", "2.0"),))
    'numpy 2.0 there, 2.1 here'
    """
    mine, theirs = dict(own_program), dict(other_program)
    names = [name for name in dict.fromkeys((*mine, *theirs)) if mine.get(name) != theirs.get(name)]
    return "; ".join(f"{name} {_shown(name, theirs)} there, {_shown(name, mine)} here" for name in names)


def _shown(name: str, facts: Mapping[str, str]) -> str:
    value = facts.get(name, "unknown")
    is_digest = name in (SOURCE_CODE, COMPILED_CODE) and len(value) > SHOWN_DIGITS
    return f"{value[:SHOWN_DIGITS]}…" if is_digest else value


def program_version() -> str:
    """Return the version of the running cd38rd."""
    return _version_of("cd38rd")


def _version_of(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def library_version(name: str, module: str) -> str:
    """Return the installed version of a library, with a remark if another copy is imported.

    A folder earlier on the path may hold another copy of unknown version.

    Parameters
    ----------
    name
        The name under which the library is installed.
    module
        The name of its module.
    """
    spec = find_spec(module)
    try:
        installed = Path(str(metadata.distribution(name).locate_file(f"{module}/__init__.py")))
    except metadata.PackageNotFoundError:
        return _version_of(name)
    imported = Path(spec.origin) if spec is not None and spec.origin else installed
    if installed.exists() and not installed.samefile(imported):
        return f"{_version_of(name)} (but another copy is imported)"
    return _version_of(name)


def program_with_late_modules(loaded: Program) -> Program:
    """Return the program, with the present source and compiled code if modules were loaded from it since.

    Parameters
    ----------
    loaded
        The program of this process when it started.
    """
    try:
        source, code = _code_at(sum(name.partition(".")[0] in PACKAGES for name in tuple(sys.modules)))
    except (OSError, NoSourceError):
        source = code = "not there"
    present = {SOURCE_CODE: source, COMPILED_CODE: code}
    return tuple((name, present.get(name, value)) for name, value in loaded)


@cache
def code_digest() -> str:
    """Return the SHA-256 of the three packages' source.

    Raises
    ------
    NoSourceError
        When a package's source files are not there to be read.
    """
    return digest_of_sources(sources())


@cache
def digest_of_work(work: Callable[..., Any]) -> str:
    """Return the SHA-256 of all code that a function can run: source of the packages, versions of libraries.

    Other code and libraries may change without an effect: the function would give the same result again.
    """
    texts = sources()
    needed = {name: texts[name] for name in files_of_work(work.__module__, texts)}
    imported = imported_packages(needed.values())
    used = [name for name in LIBRARIES_OF_TUBES if MODULES.get(name, name) in imported]
    used += [name for name in LIBRARIES_OF_TUBES if any(name in _required_by(user) for user in used)]
    facts = (f"{name} {library_version(name, MODULES.get(name, name))}" for name in dict.fromkeys(used))
    return digest_of((digest_of_sources(needed), *facts))


def installed_libraries() -> tuple[tuple[str, str], ...]:
    """Return name and version of every library that cd38rd requires, directly or through others, by name."""
    versions: dict[str, str] = {}
    todo = ["cd38rd"]
    while todo:
        name = todo.pop()
        if name in versions:
            continue
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:  # only needed on other systems
            continue
        todo += [required.replace("_", "-") for required in _required_by(name, extras=False)]
    versions.pop("cd38rd", None)
    return tuple(sorted(versions.items()))


def _required_by(library: str, *, extras: bool = True) -> frozenset[str]:
    """Return the names of the libraries that a library requires; `extras`: with those of optional parts."""
    try:
        about = metadata.distribution(library)
    except metadata.PackageNotFoundError:
        return frozenset()
    text = about.read_text("METADATA")
    if text is None:
        required = about.requires or []
    else:  # its head alone: to read the long description below it takes a tenth of a second
        required = re.findall(r"^Requires-Dist: *(.*)", text.partition("\n\n")[0], re.MULTILINE)
    required = [line for line in required if extras or not re.search(r"\bextra\s*==", line)]
    return frozenset(re.split(r"[^\w-]", line, maxsplit=1)[0].lower() for line in required)


@cache
def _code_at(n_modules: int) -> tuple[str, str]:
    """Return the digests of source and code; they are read again if the number of loaded modules changed."""
    del n_modules
    return digest_of_sources(sources_now()), digest_of_code(source_files())
