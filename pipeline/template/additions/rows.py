"""Files of a study that no row names yet, and the rows that they suggest for the typed sheets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.study.locations import file_key
from pipeline.study.names.look import caseless
from pipeline.study.sheets.typed import TypedStudy, typed_values
from pipeline.study.wording import first_words
from pipeline.template.additions.assay import added_assay_rows
from pipeline.template.guesses import GuessedRow, GuessedRows, Value, guessed_rows, of_the_same_lot
from pipeline.template.inventory import Inventory

MOST_FILES_NAMED = 6
"""Most files that a sentence names. Convention: nobody reads longer lists."""

OF_SAMPLES = ("fcs_file", "fmo_file", "isotype_file")


@dataclass(frozen=True, slots=True)
class Additions:
    """The rows that a workbook lacks.

    Attributes
    ----------
    rows
        New rows by sheet.
    tubes, bead_runs
        The files of these rows.
    controls
        Files that look like the control of a row without one; existing rows are not changed.
    """

    rows: GuessedRows
    tubes: tuple[str, ...]
    bead_runs: tuple[str, ...]
    controls: tuple[str, ...]


def named_files(typed: TypedStudy) -> frozenset[str]:
    """Return the paths of the files that rows name."""
    names = [getattr(entry.row, column) for entry in typed.samples for column in OF_SAMPLES]
    names += [entry.row.fcs_file for entry in typed.bead_runs]
    return frozenset(file_key(typed.folder, name)[0] for name in names if name)


def additions(typed: TypedStudy, inventory: Inventory, left_out: Iterable[str] = ()) -> Additions:
    """Return the rows that tubes and bead runs without a row suggest.

    Parameters
    ----------
    typed
        Every existing row.
    inventory
        The inventory of the whole folder, so that a new tube can get older beads and controls.
    left_out
        Files that the user leaves out on purpose.
    """
    existing = _Known(typed, named_files(typed) | {file_key(typed.folder, name)[0] for name in left_out})
    guessed = guessed_rows(inventory)
    bead_rows = [
        existing.bead_row(row) for row in guessed["beads"] if existing.is_new(row.values["fcs_file"])
    ]
    runs = existing.run_names(guessed["beads"], bead_rows)
    panels = existing.panel_names(guessed["samples"], guessed["panels"])
    samples: list[GuessedRow] = []
    for row in guessed["samples"]:
        if existing.is_new(row.values["fcs_file"]):
            samples.append(existing.sample_row(row, runs, panels, samples))
    new_panels = [panels[str(row.values["panel"])] for row in guessed["panels"]]
    used = {str(row.values["panel"]) for row in samples}
    rows = {
        "samples": tuple(samples),
        "panels": tuple(
            _with(row, {"panel": name})
            for row, name in zip(guessed["panels"], new_panels, strict=True)
            if name in used and name not in existing.panels
        ),
        "beads": tuple(bead_rows),
        **existing.patient_rows(guessed, samples),
        "validation": added_assay_rows(
            typed,
            guessed["validation"],
            existing.sample_ids(guessed["samples"], samples),
            frozenset(str(row.values["sample_id"]) for row in samples),
        ),
    }
    return Additions(
        rows,
        tuple(str(row.values["fcs_file"]) for row in samples),
        tuple(str(row.values["fcs_file"]) for row in bead_rows),
        existing.late_controls(guessed["samples"]),
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """The typed study, and the files that need no row."""

    typed: TypedStudy
    files: frozenset[str]

    @property
    def panels(self) -> frozenset[str]:
        return frozenset(entry.row.panel for entry in self.typed.panels if entry.row.panel)

    def key(self, name: Value) -> str:
        return file_key(self.typed.folder, str(name))[0]

    def is_new(self, name: Value) -> bool:
        return self.key(name) not in self.files

    def bead_row(self, row: GuessedRow) -> GuessedRow:
        """Return a bead run with a free name; if the sheet has its kit, it is taken for the same lot."""
        taken = [entry.row.name for entry in self.typed.bead_runs]
        row = _with(row, {"beads": free_name(str(row.values["beads"]), taken)})
        kits = {entry.row.kit for entry in self.typed.bead_runs if entry.row.levels}
        if not kits or row.values["kit"] not in (*kits, None):
            return row
        return of_the_same_lot(row)

    def run_names(self, guessed: Sequence[GuessedRow], new: Sequence[GuessedRow]) -> dict[Value, str]:
        """Return the name of each guessed bead run: the typed name, else the name of its new row."""
        typed = {
            self.key(entry.row.fcs_file): entry.row.name
            for entry in self.typed.bead_runs
            if entry.row.fcs_file
        }
        typed |= {self.key(row.values["fcs_file"]): str(row.values["beads"]) for row in new}
        return {
            row.values["beads"]: name
            for row in guessed
            if (name := typed.get(self.key(row.values["fcs_file"])))
        }

    def panel_names(self, samples: Sequence[GuessedRow], panels: Sequence[GuessedRow]) -> dict[str, str]:
        """Return the name of each guessed panel: as its tubes have it in the sheet, else a free name."""
        of_file = {
            self.key(entry.row.fcs_file): entry.row.panel
            for entry in self.typed.samples
            if entry.row.fcs_file
        }
        names: dict[str, str] = {}
        for guess in dict.fromkeys(str(row.values["panel"]) for row in panels):
            typed = Counter(
                name
                for row in samples
                if row.values["panel"] == guess and (name := of_file.get(self.key(row.values["fcs_file"])))
            )
            used = (*self.panels, *names.values())
            names[guess] = typed.most_common(1)[0][0] if typed else free_name(guess, used)
        return names

    def sample_row(
        self,
        row: GuessedRow,
        runs: Mapping[Value, str],
        panels: Mapping[str, str],
        before: Sequence[GuessedRow],
    ) -> GuessedRow:
        ids = [entry.row.sample_id for entry in self.typed.samples]
        ids += [str(row_before.values["sample_id"]) for row_before in before]
        return _with(
            row,
            {
                "sample_id": free_name(str(row.values["sample_id"]), ids),
                "patient_id": self.patient(str(row.values["patient_id"])),
                "panel": panels[str(row.values["panel"])],
                "beads": runs.get(row.values["beads"]),
            },
        )

    def sample_ids(self, guessed: Sequence[GuessedRow], new: Sequence[GuessedRow]) -> dict[str, str]:
        """Return the sample_id of each guessed tube: as typed, else that of its new row."""
        of_file = {
            self.key(entry.row.fcs_file): entry.row.sample_id
            for entry in self.typed.samples
            if entry.row.fcs_file and entry.row.sample_id
        }
        of_file |= {self.key(row.values["fcs_file"]): str(row.values["sample_id"]) for row in new}
        return {
            str(row.values["sample_id"]): sample
            for row in guessed
            if (sample := of_file.get(self.key(row.values["fcs_file"])))
        }

    def patient(self, guess: str) -> str:
        """Return a patient's id as the sheets spell it."""
        spelled = {caseless(name): name for name in self.patients()}
        return spelled.get(caseless(guess), guess)

    def patients(self) -> tuple[str, ...]:
        sheets = (self.typed.samples, self.typed.doses, self.typed.patients)
        return tuple(dict.fromkeys(name for sheet in sheets for _, name in typed_values(sheet, "patient_id")))

    def patient_rows(
        self, guessed: GuessedRows, samples: Sequence[GuessedRow]
    ) -> dict[str, tuple[GuessedRow, ...]]:
        """Return rows of doses and patients for patients who are not in these sheets yet."""
        new = {str(row.values["patient_id"]) for row in samples}.difference(self.patients())
        return {
            sheet: tuple(row for row in guessed[sheet] if row.values["patient_id"] in new)
            for sheet in ("doses", "patients")
        }

    def late_controls(self, guessed: Sequence[GuessedRow]) -> tuple[str, ...]:
        without = {
            self.key(entry.row.fcs_file)
            for entry in self.typed.samples
            if entry.row.fcs_file and not entry.row.fmo_file and not entry.row.isotype_file
        }
        controls = (
            str(control)
            for row in guessed
            if self.key(row.values["fcs_file"]) in without
            for control in (row.values["fmo_file"], row.values["isotype_file"])
            if control and self.is_new(control)
        )
        return tuple(dict.fromkeys(controls))


def _with(row: GuessedRow, values: Mapping[str, Value]) -> GuessedRow:
    """Return a row with other values in these columns."""
    return replace(row, values={**row.values, **values})


def cut_names(names: Sequence[str]) -> str:
    """Return names for a sentence; a long list is cut."""
    return first_words(names, MOST_FILES_NAMED)


def free_name(name: str, taken: Iterable[str | None]) -> str:
    """Return a name, with a number after it if the name is taken.

    >>> free_name("P01", ["p01", "P01_2"])
    'P01_3'
    """
    folded = {caseless(taken_name) for taken_name in taken if taken_name}
    number, free = 2, name
    while caseless(free) in folded:
        free, number = f"{name}_{number}", number + 1
    return free
