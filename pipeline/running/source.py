"""The source code of the three packages: all of it, and the part that a piece of work can run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from pipeline.files.content import digest_of

PACKAGES = ("calibration", "gating", "pipeline")
"""The packages whose Python files decide a result."""

_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n#]*)|import[ \t]+([\w., \t]+))",
    re.MULTILINE,
)
"""An import at the top of a module or within a function; the style check forbids relative imports."""


class NoSourceError(RuntimeError):
    """A package has no readable source: its results could not be distinguished from those of other code."""


@cache
def sources() -> Mapping[str, str]:
    """Return the text of every Python file of the packages, as it was at the first call.

    Raises
    ------
    NoSourceError
        When a package's source files are not there to be read.
    """
    return sources_now()


def sources_now() -> Mapping[str, str]:
    """Return the text of every Python file of the packages, read again."""
    return read_sources({name: _folder_of(name) for name in PACKAGES})


def source_files() -> list[Path]:
    """Return every Python file of the packages, in the order of their names."""
    folders = {name: _folder_of(name) for name in PACKAGES}
    return [
        folder / name
        for folder in folders.values()
        for name in sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.py"))
    ]


def read_sources(folders: Mapping[str, Path]) -> Mapping[str, str]:
    """Return the text of every Python file of packages, by its path within them.

    Parameters
    ----------
    folders
        Package → the folder that it is imported from.

    Raises
    ------
    NoSourceError
        When a folder holds no Python file.
    """
    texts: dict[str, str] = {}
    for package, folder in folders.items():
        files = {
            f"{package}/{p.relative_to(folder).as_posix()}": p.read_text("utf-8")
            for p in folder.rglob("*.py")
        }
        if not files:
            raise NoSourceError(f"{folder}: found no source of {package}, expected its Python files")
        texts |= files
    return texts


def digest_of_sources(texts: Mapping[str, str]) -> str:
    """Return the SHA-256 of Python files, by the name and the text of each."""
    return digest_of(text for name in sorted(texts) for text in (name, texts[name]))


def files_of_work(module: str, texts: Mapping[str, str]) -> frozenset[str]:
    """Return the files of a module and of all modules that it imports, directly or indirectly.

    Parameters
    ----------
    module
        Its dotted name.
    texts
        The result of `read_sources`.
    """
    files: dict[str, str] = {}
    todo = [module]
    while todo:
        name = todo.pop()
        file = _file_of(name, texts)
        if name in files or not file:
            continue
        files[name] = file
        todo += [name.rpartition(".")[0], *_imported(texts[file])]
    return frozenset(files.values())


def imported_packages(texts: Iterable[str]) -> frozenset[str]:
    """Return the packages that Python files import, including other projects and Python's own."""
    return frozenset(name.partition(".")[0] for text in texts for name in _imported(text))


def _imported(text: str) -> list[str]:
    """Return the dotted names that a module may import; names within a module do no harm here."""
    names: list[str] = []
    for base, listed, plain in _IMPORT.findall(text):
        names += re.findall(r"[\w.]+", plain)
        if base:
            names += [base, *(f"{base}.{name}" for name in re.findall(r"\w+", listed))]
    return names


def _file_of(module: str, texts: Mapping[str, str]) -> str:
    path = module.replace(".", "/")
    return next((name for name in (f"{path}.py", f"{path}/__init__.py") if name in texts), "")


def _folder_of(package: str) -> Path:
    """Return the folder from which Python imports a package."""
    spec = find_spec(package)
    places = spec.submodule_search_locations if spec is not None else None
    if not places:
        raise NoSourceError(f"{package}: Python finds no such package, expected its folder")
    return Path(next(iter(places)))
