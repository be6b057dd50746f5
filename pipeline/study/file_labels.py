"""Labels of files in the results, made from their rows, since a file name may contain a patient's name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from pipeline.study.settings import Settings
from pipeline.study.study import BeadRun, Sample, Study

SUFFIXES = frozenset({".fcs", ".lmd", ".wsp", ".xml", ".gatingml", ".csv", ".tsv", ".xlsx"})
"""Endings of file names that a label keeps, since they show the kind of file."""

_START, _LETTER = re.compile(r"(?<![\w-])"), re.compile(r"\w")
"""Where a name may start, and what may not follow it: a name within a word is not meant."""

ANOTHER_FILE = "a file of this name"
"""Replaces a name that two files in different folders have."""


@dataclass(frozen=True)
class FileLabels:
    """Labels of files, by their names as typed.

    Attributes
    ----------
    folder
        The study folder.
    labels
        The label of each name in the study folder.
    """

    folder: Path
    labels: Mapping[str, str]

    def of(self, name: str) -> str:
        """Return the label of a file; "" if no row names it."""
        return self.labels.get(name, "")

    def of_pairs(self, pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Return pairs (label, SHA-256) for pairs (name, SHA-256)."""
        return tuple((self.of(name), digest) for name, digest in pairs)

    def in_text(self, text: str) -> str:
        """Return a text with labels in place of file names, and without the path of the study folder.

        Examples
        --------
        >>> labels = FileLabels(Path("s"), {"day 1/Anna M.fcs": "P01.fcs"})
        >>> labels.in_text("Anna M.fcs: cut short; day 1/Anna M.fcs differs from day 2")
        'P01.fcs: cut short; P01.fcs differs from day 2'
        """
        if not text:
            return text
        if self.folder.is_absolute():  # a relative folder such as "study" is a word of many sentences
            for folder in (f"{self.folder}/", f"{self.folder}\\", str(self.folder)):
                text = text.replace(folder, "")
        parts, done = [], 0
        for start in _START.finditer(text):
            name = self._name_at(text, start.start()) if start.start() >= done else ""
            if name:
                parts += [text[done : start.start()], self._spoken[name]]
                done = start.start() + len(name)
        return "".join([*parts, text[done:]])

    def _name_at(self, text: str, start: int) -> str:
        """Return the longest name of a file that stands here and ends with a word; "" where none does."""
        for length in self._lengths:
            name = text[start : start + length]
            if len(name) == length and name in self._spoken and not _LETTER.match(text, start + length):
                return name
        return ""

    @cached_property
    def _spoken(self) -> dict[str, str]:
        """The label for every spelling in which a text may name a file."""
        spoken: dict[str, str] = {}
        for name, label in self.labels.items():
            short = _last(name)
            spoken[short] = label if spoken.get(short, label) == label else ANOTHER_FILE
        for name, label in self.labels.items():
            spoken[name] = label
            spoken[name.replace("/", "\\")] = label
        return {name: label for name, label in spoken.items() if name}

    @cached_property
    def _lengths(self) -> tuple[int, ...]:
        return tuple(sorted({len(name) for name in self._spoken}, reverse=True))


def labels_of_study(study: Study) -> FileLabels:
    """Return the labels of all files in the sheets; the first row that names a file gives its label."""
    pairs = [pair for run in study.bead_runs for pair in _of_beads(run)]
    pairs += [pair for sample in study.samples for pair in _of_sample(sample)]
    return FileLabels(study.folder, _first([*pairs, *_of_settings(study.settings)]))


def label_of_spillover(settings: Settings) -> str:
    """Return the label of the spillover file that the settings name; "" if they name none."""
    return f"spillover{_suffix(settings.spillover_file)}" if settings.spillover_file else ""


def labels_of_settings(folder: Path, settings: Settings) -> FileLabels:
    """Return the labels of the files that the settings name."""
    return FileLabels(folder, _first(_of_settings(settings)))


def _of_settings(settings: Settings) -> Iterator[tuple[str, str]]:
    if settings.spillover_file:
        yield settings.spillover_file, label_of_spillover(settings)
    if settings.instrument_log:
        yield settings.instrument_log, "instrument log"


def labels_of_sample(folder: Path, sample: Sample, spillover_file: str = "") -> FileLabels:
    """Return the labels of the files of a tube."""
    named = [(spillover_file, f"spillover{_suffix(spillover_file)}")] if spillover_file else []
    return FileLabels(folder, _first([*_of_sample(sample), *named]))


def labels_of_beads(folder: Path, run: BeadRun) -> FileLabels:
    """Return the label of a bead run's file."""
    return FileLabels(folder, _first(_of_beads(run)))


def _of_sample(sample: Sample) -> Iterator[tuple[str, str]]:
    columns = (
        ("", sample.fcs_file),
        (" FMO", sample.fmo_file),
        (" isotype", sample.isotype_file),
        (" gates", sample.gates_file),
    )
    for kind, name in columns:
        if name:
            yield name, f"{sample.sample_id}{kind}{_suffix(name)}"


def _of_beads(run: BeadRun) -> Iterator[tuple[str, str]]:
    yield run.fcs_file, f"{run.name} beads{_suffix(run.fcs_file)}"


def _suffix(name: str) -> str:
    """Return the ending of a name: its suffix, and the number of the data set."""
    plain, mark, data_set = name.rpartition("#")
    if not (mark and data_set.isdigit()):
        plain, mark, data_set = name, "", ""
    suffix = PurePosixPath(plain.replace("\\", "/")).suffix.lower()
    return (suffix if suffix in SUFFIXES else "") + mark + data_set


def _last(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).name


def _first(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the pairs as a mapping; a name that comes twice keeps its first label."""
    labels: dict[str, str] = {}
    for name, label in pairs:
        labels.setdefault(name, label)
    return labels
