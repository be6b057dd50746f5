"""The population that a person means by a name or a path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from unicodedata import category, normalize

from gating.drawn.gate_file import GateFileError, first_names

GateId = tuple[str, ...]
"""Names from `root` down to the gate itself."""
ALIKE_POPULATIONS = 0.5
"""Least similarity of a population's name that was probably meant (Python's `difflib`). Convention: names
of gates are short, so that one letter changes much."""


def find_population(every: Sequence[GateId], population: str, source: str) -> GateId:
    """Return the population of this name or path.

    A complete path comes first; a name at the top level is therefore that population, even if a deeper
    population has the same name. Otherwise the end of a path (`Live/CD138+`) is enough if only one
    population's path ends with it. If no name is exactly so, case, blanks and invisible characters do not
    matter: a cell of a sheet cannot hold a blank at its end.

    Raises
    ------
    GateFileError
        If there is no such population, or more than one.

    Examples
    --------
    >>> tree = [("root", "Live"), ("root", "Live", "PC"), ("root", "PC")]
    >>> find_population(tree, "PC", "lab.wsp"), find_population(tree, "root/Live/PC", "lab.wsp")
    (('root', 'PC'), ('root', 'Live', 'PC'))
    """
    name_or_path = population.strip().strip("/")
    names = {path: path_of(path) for path in every}
    matches = _matches(names, name_or_path) or _matches(
        {path: _by_eye(name) for path, name in names.items()}, _by_eye(name_or_path)
    )
    if len(matches) == 1:
        return matches[0]
    if matches:
        shown_names = first_names([names[path] for path in matches])
        raise GateFileError(
            f"{source}: {len(matches)} populations are named {population!r}; write one of {shown_names}"
        )
    shown_names = first_names(list(names.values())) or "none"
    raise GateFileError(
        f"{source}: no population {population!r}; there are {shown_names}.{_hint(every, name_or_path)}"
    )


def _matches(names: Mapping[GateId, str], name_or_path: str) -> list[GateId]:
    """Return the populations with this path, from `root` or not, or whose path ends so."""
    return (
        [path for path, name in names.items() if name == name_or_path]
        or [path for path, name in names.items() if f"root/{name}" == name_or_path]
        or [path for path, name in names.items() if f"/{name}".endswith(f"/{name_or_path}")]
    )


def _by_eye(path: str) -> str:
    """Return a path as it looks: no case, no invisible characters, single blanks, none around a name."""
    visible = "".join(c for c in normalize("NFC", path) if category(c) != "Cf")
    return "/".join(" ".join(name.split()) for name in visible.casefold().split("/"))


def path_of(gate: GateId) -> str:
    """Return a population's path as a person writes it, without `root`."""
    return "/".join(gate[1:])


def _hint(every: Sequence[GateId], name_or_path: str) -> str:
    from difflib import get_close_matches

    last = name_or_path.rpartition("/")[2].casefold()
    close = get_close_matches(last, [path[-1].casefold() for path in every], 1, ALIKE_POPULATIONS)
    meant = next((path[-1] for path in every if close and path[-1].casefold() == close[0]), "")
    return f" Did you mean {meant!r}?" if meant else ""
