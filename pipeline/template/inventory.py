"""The inventory of a folder of FCS files: which are tubes, controls and bead runs, by guess."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from pathlib import Path, PurePosixPath

from gating.events.panel import Role
from pipeline.fcs import FcsError, FcsFile, read_fcs
from pipeline.study.locations import study_files
from pipeline.study.names.file_kinds import FileKind, kind_of_file_name
from pipeline.study.wording import same_word
from pipeline.template.names import (
    bare_name,
    bare_tube,
    control_numbers,
    control_words,
    day_in_name,
    numbers_in,
    patient_of,
    words_in,
)
from pipeline.tube.names.markers import guess_role, scatter_role

_NAME_KEYWORDS = ("TUBE NAME", "$FIL")
LIKE_ENOUGH = 0.75
"""Likeness (0 to 1) from which two file names belong together. Convention: the names of a tube and its
control differ in about one word of four."""
DAYS_UNKNOWN = 10**6
"""Days between a tube and a bead run where one has no date. Convention: farther than any date."""


@dataclass(frozen=True, slots=True)
class InventoryFile:
    """A file of the folder, named relative to the study folder; `why` is the reason of the guess."""

    name: str
    file: FcsFile
    kind: FileKind
    why: str

    @property
    def stem(self) -> str:
        """The file's name without folder and suffix."""
        return PurePosixPath(self.name).stem

    @property
    def parent(self) -> str:
        """Its folder, relative to the study folder."""
        return PurePosixPath(self.name).parent.as_posix()

    @property
    def day(self) -> date | None:
        """The day of acquisition from the file, else from its name."""
        return self.file.acquisition.acquired_on or day_in_name(self.name)

    @property
    def day_by_name(self) -> bool:
        """Whether only its name gives the day, so that the user must check it."""
        return self.file.acquisition.acquired_on is None and self.day is not None

    def roles(self) -> dict[str, Role | None]:
        """Return channel → role as name and marker suggest; None for a channel without a stain."""
        pairs = zip(self.file.channels, self.file.markers, strict=True)
        return {channel: guess_role(channel, marker) for channel, marker in pairs}


@dataclass(frozen=True, slots=True)
class Inventory:
    """The files of a study folder by kind; `unread` holds the unreadable files and the reasons."""

    root: Path = Path()
    tubes: tuple[InventoryFile, ...] = ()
    controls: tuple[InventoryFile, ...] = ()
    bead_files: tuple[InventoryFile, ...] = ()
    others: tuple[InventoryFile, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()

    @property
    def readable(self) -> tuple[str, ...]:
        """Every readable FCS file, by name."""
        files = (*self.tubes, *self.controls, *self.bead_files, *self.others)
        return tuple(sorted(file.name for file in files))


def take_inventory(study: Path, folder: Path) -> Inventory:
    """Read HEADER and TEXT of every FCS file below a folder of the study, and guess the kind of each file.

    Parameters
    ----------
    study
        The study folder; file names are relative to it.
    folder
        The folder with the FCS files, inside the study folder.
    """
    root = study.resolve()
    below = folder.resolve().relative_to(root)
    files, unread = [], []
    for relative in study_files(folder.resolve()):
        name = (below / relative).as_posix()
        try:
            files.append((name, read_fcs(root / name, channels=(), allow_truncated=True)))
        except FcsError as error:
            unread.append((name, str(error)))
    some_markers = any(_stained(file) for _, file in files)
    guessed = _without_quantified([_guess(name, file, some_markers=some_markers) for name, file in files])
    kinds = {kind: tuple(guess for guess in guessed if guess.kind is kind) for kind in FileKind}
    return Inventory(
        root,
        kinds[FileKind.TUBE],
        (*kinds[FileKind.FMO], *kinds[FileKind.ISOTYPE]),
        kinds[FileKind.BEADS],
        kinds[FileKind.OTHER],
        tuple(unread),
    )


def _guess(name: str, file: FcsFile, *, some_markers: bool) -> InventoryFile:
    """Guess by the file's name, then by the tube name in its keywords, then by the markers."""
    stem = PurePosixPath(name).stem
    names = [
        ("its name", stem),
        *((f"its keyword {key}", file.keywords.get(key, "")) for key in _NAME_KEYWORDS),
    ]
    for why, text in names:
        kind = kind_of_file_name(text)
        if kind is not None:
            return InventoryFile(name, file, kind, why)
    if some_markers and not _stained(file):
        return InventoryFile(name, file, FileKind.BEADS, "no channel has a marker")
    return InventoryFile(name, file, FileKind.TUBE, "it has markers and no name of a control")


def _stained(file: FcsFile) -> bool:
    """Whether any channel other than scatter and time has a marker."""
    pairs = zip(file.channels, file.markers, strict=True)
    return any(marker.strip() and marker != name and not scatter_role(name) for name, marker in pairs)


def _without_quantified(files: Sequence[InventoryFile]) -> list[InventoryFile]:
    """Guess that a tube is an FMO control if it differs from another tube only by its missing CD38 marker."""
    roles = {file.name: tuple(file.roles().values()) for file in files if file.kind is FileKind.TUBE}
    with_cd38 = {
        (tube.file.channels, roles[tube.name])
        for tube in files
        if tube.kind is FileKind.TUBE and Role.CD38 in roles[tube.name]
    }
    checked = []
    for candidate in files:
        twins = (theirs for channels, theirs in with_cd38 if channels == candidate.file.channels)
        mine = roles.get(candidate.name)
        if mine is not None and any(_lacks_cd38_alone(mine, theirs) for theirs in twins):
            checked.append(
                InventoryFile(
                    candidate.name, candidate.file, FileKind.FMO, "its CD38 marker alone is missing"
                )
            )
        else:
            checked.append(candidate)
    return checked


def _lacks_cd38_alone(tube: Sequence[Role | None], twin: Sequence[Role | None]) -> bool:
    differ = [(mine, theirs) for mine, theirs in zip(tube, twin, strict=True) if mine != theirs]
    return differ == [(None, Role.CD38)]


def tubes_own_control(
    tube: InventoryFile, controls: Sequence[InventoryFile], tubes: Sequence[InventoryFile]
) -> str:
    """Return the control tube of a tube, else "".

    The control is matched by name, then as the only one of the patient and day, then as the one whose name
    begins that of this tube alone (`Wei J voll`, `Wei J FMO`), then as the only one of the folder.
    """
    near = [control for control in controls if control.parent == tube.parent] or list(controls)
    for bare in (same_word, bare_tube):
        same = [control for control in near if bare_name(control.stem) == bare(tube.stem)]
        if same:
            return same[0].name
    names = {bare(rival.stem) for rival in tubes for bare in (same_word, bare_tube)}
    free = [control for control in near if bare_name(control.stem) not in names]
    alike = sorted(((_likeness(tube, control), control.name) for control in free), reverse=True)
    if alike and alike[0][0] >= LIKE_ENOUGH:
        return alike[0][1]
    of_the_patient = [control for control in free if _patient_and_day(control) == _patient_and_day(tube)]
    rivals = [rival for rival in tubes if _patient_and_day(rival) == _patient_and_day(tube)]
    if len(of_the_patient) == len(rivals) == 1:
        return of_the_patient[0].name
    begin_alike = [control for control in free if _begins_with(tube, control)]
    longest = max((len(control_words(control.stem)) for control in begin_alike), default=0)
    own = [control for control in begin_alike if len(control_words(control.stem)) == longest]
    if len(own) == 1 and sum(_begins_with(rival, own[0]) for rival in tubes) == 1:
        return own[0].name
    shared = [control for control in free if not bare_name(control.stem) and control.parent == tube.parent]
    return shared[0].name if len(shared) == 1 else ""


def _patient_and_day(file: InventoryFile) -> tuple[str, object]:
    return patient_of(file.name), file.day


def _begins_with(tube: InventoryFile, control: InventoryFile) -> bool:
    bare = control_words(control.stem)
    same_numbers = numbers_in(tube.stem) == control_numbers(control.stem)
    return bool(bare) and same_numbers and words_in(tube.stem)[: len(bare)] == bare


def _likeness(tube: InventoryFile, control: InventoryFile) -> float:
    """Return the likeness of two names; 0 if a number differs, since the tubes then differ."""
    if numbers_in(tube.stem) != control_numbers(control.stem):
        return 0.0
    return SequenceMatcher(None, bare_tube(tube.stem), bare_name(control.stem)).ratio()


def nearest_beads(
    tube: InventoryFile, bead_files: Sequence[InventoryFile]
) -> tuple[InventoryFile | None, str]:
    """Return the bead run that is nearest in instrument, time and folder, and why the choice is doubtful.

    The reason is "" if there is no doubt.
    """
    if not bead_files:
        return None, ""
    ordered = sorted(bead_files, key=lambda run: (_distance(tube, run), run.name))
    run = ordered[0]
    if len(bead_files) == 1:
        return run, ""
    if tube.day is None or run.day is None:
        alike = _distance(tube, run) == _distance(tube, ordered[1])
        reason = f"{run.stem} is the first of {len(bead_files)} by name" if alike else "beads by folder"
        return run, f"no date in the files: {reason}, check them"
    if _distance(tube, run) == _distance(tube, ordered[1]):
        return run, f"beads of that day are also {ordered[1].stem}: check which"
    days = abs((tube.day - run.day).days)
    return run, f"the nearest beads are {days} days away: check them" if days > 1 else ""


def _distance(tube: InventoryFile, run: InventoryFile) -> tuple[bool, int, bool]:
    mine, theirs = tube.file.acquisition, run.file.acquisition
    days = abs((tube.day - run.day).days) if tube.day and run.day else DAYS_UNKNOWN
    other_cytometer = (mine.serial, mine.instrument) != (theirs.serial, theirs.instrument)
    return other_cytometer, days, run.parent != tube.parent
