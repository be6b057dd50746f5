"""The sample of a FlowJo workspace that is the tube, by file name, $FIL, number of events and folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from gating.drawn.gate_file import GateFileError, first_names

if TYPE_CHECKING:
    from lxml.etree import _Element


@dataclass(frozen=True, slots=True)
class TubeFile:
    """File name, $FIL and number of events of the tube.

    Attributes
    ----------
    path
        Name of the file, with the folders above it if they are known, separated by `/`.
    fil
        $FIL; empty if the file does not give it.
    n_events
        $TOT; None if it is not known.
    """

    path: str = ""
    fil: str = ""
    n_events: int | None = None

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.path.replace("\\", "/").rpartition("/")[2]

    def __str__(self) -> str:
        """Return the tube's names, for errors."""
        return " or ".join(dict.fromkeys(name for name in (self.name, self.fil) if name)) or "the tube"


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A sample of the workspace, and which of its names are the tube's.

    Attributes
    ----------
    sample, path
        The sample, and the path of the file that it was made from.
    by_name, by_fil
        Whether the sample's file or shown name is the tube's file name; whether its $FIL is the tube's.
    by_either
        Whether the sample's file name is the tube's $FIL, or the reverse: the tube was renamed to or from its
        $FIL.
    """

    sample: _Element
    path: str
    by_name: bool
    by_fil: bool
    by_either: bool


def tube_sample(samples: Sequence[_Element], tube: TubeFile, source: str) -> _Element:
    """Return the sample of a workspace that is the tube.

    A sample with both the tube's file name and its $FIL comes first, then a sample with the file name, then a
    sample with the $FIL. If several samples are left, or if file name and $FIL point to two samples, the
    number of events decides, then the file from which the sample was made, then its folder.

    Raises
    ------
    GateFileError
        If there is no such sample, or if nothing decides between several.
    """
    every = [_candidate(sample, tube) for sample in samples]
    matches = [c for c in every if c.by_name or c.by_fil or c.by_either]
    if not matches:
        sample_names = first_names([_shown(sample) for sample in samples]) or "no sample"
        raise GateFileError(
            f"{source}: the workspace does not have {tube}; it has {sample_names}: a tube is found by its "
            "file name or $FIL"
        )
    candidates = _best_by_name(matches)
    for is_meant in _tests(tube, candidates):
        if len(candidates) > 1:
            candidates = [c for c in candidates if is_meant(c)] or candidates
    if len(candidates) == 1:
        return candidates[0].sample
    raise GateFileError(_no_single_tube(source, tube, candidates))


def _tests(tube: TubeFile, candidates: Sequence[_Candidate]) -> Iterator[Callable[[_Candidate], bool]]:
    """Yield the properties that distinguish samples; only the events if file name and $FIL disagree."""
    yield lambda c: tube.n_events is not None and _n_events(c.sample) == tube.n_events
    if not _is_contradiction(candidates):
        nearest = max(_shared_folders(c.path, tube) for c in candidates)
        yield lambda c: _is_name(_file_name(c.path), tube.name)
        yield lambda c: _shared_folders(c.path, tube) == nearest


def _is_contradiction(candidates: Sequence[_Candidate]) -> bool:
    return {(c.by_name, c.by_fil) for c in candidates} == {(True, False), (False, True)}


def _candidate(sample: _Element, tube: TubeFile) -> _Candidate:
    node, data = sample.find("SampleNode"), sample.find("DataSet")
    shown = "" if node is None else node.get("name", "")
    path = "" if data is None else unquote(data.get("uri", "")).replace("\\", "/")
    fil = _keyword(sample, "$FIL")
    names = (shown, _file_name(path))
    return _Candidate(
        sample,
        path,
        by_name=any(_is_name(name, tube.name) for name in names),
        by_fil=_is_name(fil, tube.fil),
        by_either=_is_name(fil, tube.name) or any(_is_name(name, tube.fil) for name in names),
    )


def _best_by_name(matches: list[_Candidate]) -> list[_Candidate]:
    """Return the samples whose names fit best: both names, or else either name if these disagree."""
    both = [c for c in matches if c.by_name and c.by_fil]
    if both:
        return both
    named, filed = [c for c in matches if c.by_name], [c for c in matches if c.by_fil]
    if named and filed:
        silent = [c for c in named if not _keyword(c.sample, "$FIL")]
        return silent or named + filed
    return named or filed or matches


def _keyword(sample: _Element, name: str) -> str:
    keyword_values = (
        k.get("value", "") for k in sample.iterfind("Keywords/Keyword") if k.get("name") == name
    )
    return next(keyword_values, "").strip()


def _n_events(sample: _Element) -> int | None:
    node = sample.find("SampleNode")
    counts = (_keyword(sample, "$TOT"), "" if node is None else node.get("count", ""))
    return next((int(text) for text in counts if text.isdecimal()), None)


def _shared_folders(path: str, tube: TubeFile) -> int:
    """Count the folders right above the file that both paths have."""
    ours = tube.path.replace("\\", "/").casefold().split("/")[-2::-1]
    theirs = path.casefold().split("/")[-2::-1]
    pairs = zip(ours, theirs, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b or not a), min(len(ours), len(theirs)))


def _file_name(path: str) -> str:
    return path.rpartition("/")[2]


def _is_name(name: str, tube_name: str) -> bool:
    return bool(name) and name.casefold() == tube_name.casefold()


def _shown(sample: _Element) -> str:
    node, data = sample.find("SampleNode"), sample.find("DataSet")
    shown = "" if node is None else node.get("name", "")
    return (
        shown or ("" if data is None else _file_name(unquote(data.get("uri", "")))) or "a sample without name"
    )


def _no_single_tube(source: str, tube: TubeFile, candidates: Sequence[_Candidate]) -> str:
    sample_names = first_names(list(dict.fromkeys(_shown(c.sample) for c in candidates)))
    if _is_contradiction(candidates):
        return (
            f"{source}: the file name {tube.name} is that of one sample of the workspace and the $FIL "
            f"{tube.fil} that of another ({sample_names}), and it is not clear which is the tube; save a "
            "workspace that has this tube alone"
        )
    return (
        f"{source}: the workspace has {tube} {len(candidates)} times ({sample_names}), expected it once: "
        "neither the number of events nor the folder shows which is meant; remove the others in FlowJo, or "
        "save a workspace that has this tube alone"
    )
