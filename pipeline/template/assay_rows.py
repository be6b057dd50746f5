"""Rows of the validation sheet that file names suggest: replicates, dilutions, storage, two cytometers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.study.validation import Experiment
from pipeline.template.inventory import InventoryFile

AssayValue = str | float | None
"""A cell of a row of the validation sheet."""

_OF_THE_ASSAY = re.compile(
    r"(?<![a-z])(pool|validation|precision|repeatability|reproducibility|linearity|dilution|stability"
    r"|carry.?over|lob|lod|loq)(?![a-z])",
    re.IGNORECASE,
)
"""Words that never name a patient's tube: only files with such a word are guessed to validate the assay. A
patient's tube in this sheet would be in no visit."""

_BLANK = re.compile(r"(?<![a-z])(blank|lob)(?![a-z])", re.IGNORECASE)
_LOW = re.compile(r"(?<![a-z])(low|lod|loq)(?![a-z])", re.IGNORECASE)
_REPLICATE = re.compile(r"(?<![a-z0-9])(?:rep(?:licate|l)?|r)[ _.-]?\d{1,2}(?![0-9])", re.IGNORECASE)
_PERCENT = re.compile(r"(?<![0-9.])(\d{1,3})[ _-]?(?:pct|percent|%)", re.IGNORECASE)
_ONE_IN = re.compile(r"(?<![0-9.])1[ _-]?(?:to|in|:)[ _-]?(\d{1,4})(?![0-9])", re.IGNORECASE)
_HOURS = re.compile(r"(?<![a-z0-9.])t?(\d{1,3})[ _-]?h(?:rs?|ours?)?(?![a-z0-9])", re.IGNORECASE)
_DAY = re.compile(
    r"(?:19|20)\d\d[-_.]?\d\d[-_.]?\d\d|(?<![a-z])d(?:ay)?[ _.-]?\d{1,2}(?![0-9])", re.IGNORECASE
)
_EXPERIMENTS = re.compile(
    r"(?<![a-z])(precision|repeatability|reproducibility|linearity|dilution|stability|carry.?over)(?![a-z])",
    re.IGNORECASE,
)
_LAST_NUMBER = re.compile(r"[ _.-]\d{1,2}$")


@dataclass(frozen=True, slots=True)
class _Named:
    """Facts from the name of a tube: its material, the fraction in a dilution, the hours of storage."""

    tube: InventoryFile
    sample_id: str
    specimen: str
    level: float
    hours: float | None

    @property
    def is_whole(self) -> bool:
        """Whether the material is neither diluted nor stored."""
        return self.level == 1 and not self.hours

    @property
    def cytometer(self) -> str:
        """The name of the cytometer in the file."""
        keywords = self.tube.file.keywords
        return f"{keywords.get('$CYT', '')} {keywords.get('$CYTSN', '')}".strip()


def assay_rows(
    tubes: Sequence[InventoryFile], ids: Mapping[str, str]
) -> Iterator[tuple[dict[str, AssayValue], str]]:
    """Yield a row of the validation sheet and the reason for the guess, for each tube and experiment.

    Parameters
    ----------
    tubes
        Stained tubes.
    ids
        The sample_id by file name.
    """
    named = [_read(tube, ids[tube.name]) for tube in tubes if _OF_THE_ASSAY.search(tube.stem)]
    for file in named:
        if _BLANK.search(file.tube.stem):
            yield _row(file, Experiment.BLANK, "its name says blank")
        elif _LOW.search(file.tube.stem):
            yield _row(file, Experiment.LOW, "its name says that it is dim")
    materials = [file for file in named if not _BLANK.search(file.tube.stem)]
    for specimen in dict.fromkeys(file.specimen for file in materials):
        yield from _of_material([file for file in materials if file.specimen == specimen])


def _of_material(tubes: Sequence[_Named]) -> Iterator[tuple[dict[str, AssayValue], str]]:
    whole = [file for file in tubes if file.is_whole]
    diluted = [file for file in tubes if file.level < 1 and not file.hours]
    stored = [file for file in tubes if file.hours is not None and file.level == 1]
    first = whole[0].cytometer if whole else ""
    on_first = [file for file in whole if file.cytometer == first]
    if len(on_first) > 1:
        for file in on_first:
            yield _row(file, Experiment.PRECISION, f"{len(on_first)} files are named for this material")
    if diluted:
        for file in (*on_first, *diluted):
            why = "its name gives the dilution" if file.level < 1 else "the undiluted material"
            yield _row(file, Experiment.LINEARITY, why, level=file.level)
    if any(file.hours for file in stored):
        for file in dict.fromkeys((*on_first, *stored)):
            why = "its name gives the hours of storage" if file.hours else "fresh: how many hours after draw?"
            yield _row(file, Experiment.STABILITY, why, hours=file.hours)
    if len({file.cytometer for file in whole}) > 1:
        for file in whole:
            yield _row(file, Experiment.COMPARISON, "this material was measured on two cytometers")


def _row(
    file: _Named, experiment: Experiment, why: str, **cells: AssayValue
) -> tuple[dict[str, AssayValue], str]:
    values: dict[str, AssayValue] = {
        "sample_id": file.sample_id,
        "experiment": experiment.value,
        "specimen": file.specimen,
        **cells,
    }
    return values, f"{why}; a tube in this sheet is in no visit of a patient: delete the row if it is one"


def _read(tube: InventoryFile, sample_id: str) -> _Named:
    stem = tube.stem
    level = 1.0
    if match := _PERCENT.search(stem):
        level = float(match[1]) / 100
    elif match := _ONE_IN.search(stem):
        level = 1 / float(match[1]) if float(match[1]) else 1.0
    stored = _HOURS.search(stem)
    bare = stem
    for pattern in (_DAY, _PERCENT, _ONE_IN, _HOURS, _REPLICATE, _EXPERIMENTS):
        bare = pattern.sub(" ", bare)
    bare = _LAST_NUMBER.sub("", re.sub(r"[ _.-]+", " ", bare).strip())
    level = level if 0 < level <= 1 else 1.0
    return _Named(tube, sample_id, bare or "material", level, float(stored[1]) if stored else None)
