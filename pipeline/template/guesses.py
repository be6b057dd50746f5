"""The first rows of each sheet, guessed from an inventory of FCS files, with the reason of every guess."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from calibration.beads.kits import bead_kit
from gating.events.panel import Role
from pipeline.files.safe_name import safe_name
from pipeline.study.names.file_kinds import FileKind
from pipeline.study.sheets.rules.panels import SEVERAL_ALLOWED
from pipeline.study.wording import same_word
from pipeline.template.assay_rows import assay_rows
from pipeline.template.inventory import Inventory, InventoryFile, nearest_beads, tubes_own_control
from pipeline.template.kits import guess_kit
from pipeline.template.names import patients_of, safe_id, tells_little, unique_names
from pipeline.tube.names.channels import find_channel
from pipeline.tube.names.markers import antigen, f_p_keyword, fluorochrome, guess_role, scatter_role

Value = str | float | date | None
OF_THE_SAME_LOT = ("kit", "levels")
"""Columns that a bead run may leave empty if the row above is of the same lot; the user must check its
lot."""

_PULSE = re.compile(r"[-_ ]([AHW])$")


@dataclass(frozen=True, slots=True)
class GuessedRow:
    """A row of a sheet: values by column, the guesses and their reason, and the cells to fill in.

    `to_leave`: required columns that this row may leave empty, since another row of its lot has them.
    `to_check`: weak guesses that the user must check.
    """

    values: dict[str, Value]
    guessed: tuple[str, ...] = ()
    why: str = ""
    to_fill: tuple[str, ...] = ()
    to_leave: tuple[str, ...] = ()
    to_check: tuple[str, ...] = ()


@dataclass(slots=True)
class _Panel:
    """Tubes with the same channels whose markers do not contradict each other."""

    name: str
    channels: tuple[str, ...]
    markers: list[str]
    tubes: list[InventoryFile] = field(default_factory=list)

    def takes(self, tube: InventoryFile) -> bool:
        pairs = (
            zip(self.markers, tube.file.markers, strict=True) if self.channels == tube.file.channels else None
        )
        return pairs is not None and all(
            not mine or not theirs or same_word(mine) == same_word(theirs) for mine, theirs in pairs
        )

    def add(self, tube: InventoryFile) -> None:
        self.tubes.append(tube)
        self.markers = [mine or theirs for mine, theirs in zip(self.markers, tube.file.markers, strict=True)]


GuessedRows = Mapping[str, Sequence[GuessedRow]]
"""The first rows of each sheet, by sheet."""


def guessed_rows(inventory: Inventory) -> dict[str, tuple[GuessedRow, ...]]:
    """Return the rows that an inventory suggests, by sheet."""
    panels = _panels(inventory.tubes)
    quantified = [
        str(row.values["channel"])
        for panel in panels
        for row in _panel_rows(panel, ())
        if row.values["role"] == Role.CD38
    ]
    bead_rows = _bead_rows(inventory, quantified)
    antibody_columns = _antibody_columns([row.values["kit"] for row in bead_rows])
    samples = _sample_rows(inventory, panels)
    validation = _validation_rows(inventory, samples)
    of_assay = {row.values["sample_id"] for row in validation}
    of_patients = [row for row in samples if row.values["sample_id"] not in of_assay]
    patients = list(dict.fromkeys(str(row.values["patient_id"]) for row in of_patients))
    return {
        "samples": samples,
        "panels": tuple(row for panel in panels for row in _panel_rows(panel, antibody_columns)),
        "beads": bead_rows,
        "doses": tuple(_dose_row(patient) for patient in patients),
        "patients": tuple(GuessedRow({"patient_id": patient}, ("patient_id",)) for patient in patients),
        "validation": validation,
    }


def _validation_rows(inventory: Inventory, samples: Sequence[GuessedRow]) -> tuple[GuessedRow, ...]:
    ids = {str(row.values["fcs_file"]): str(row.values["sample_id"]) for row in samples}
    return tuple(
        GuessedRow(dict(values), tuple(name for name, value in values.items() if value is not None), why,
                   tuple(name for name, value in values.items() if value is None))
        for values, why in assay_rows(inventory.tubes, ids)
    )  # fmt: skip


def _antibody_columns(kits: Sequence[Value]) -> tuple[str, ...]:
    """Return the required columns for the quantified antibody: F:P and host only if the kit needs them."""
    named_kits = [bead_kit(str(kit)) for kit in kits if kit]
    f_p = not named_kits or len(named_kits) < len(kits) or any(kit.needs_f_p for kit in named_kits)
    host = any(kit.captures is not None for kit in named_kits)
    return (
        *(("f_p_ratio",) if f_p else ()),
        "clone",
        "competes_with_drug",
        *(("host",) if host else ()),
    )


def _panels(tubes: Sequence[InventoryFile]) -> list[_Panel]:
    panels: list[_Panel] = []
    for tube in tubes:
        panel = next((panel for panel in panels if panel.takes(tube)), None)
        if panel is None:
            panel = _Panel(f"panel_{len(panels) + 1}", tube.file.channels, list(tube.file.markers))
            panels.append(panel)
        panel.add(tube)
    return panels


def _panel_rows(panel: _Panel, antibody_columns: Sequence[str]) -> tuple[GuessedRow, ...]:
    """Return a row for each channel in use: scatter, time, and every stained detector once (its area)."""
    rows: list[GuessedRow] = []
    taken: set[str] = set()
    for channel, marker in zip(panel.channels, panel.markers, strict=True):
        role = _role(panel, channel, marker)
        if not role or (role in taken and scatter_role(channel)):  # VSSC-A beside SSC-A is not needed
            continue
        why = (
            "role from the channel's name"
            if scatter_role(channel)
            else f"role from the marker {marker or channel}"
        )
        if role in taken and role not in SEVERAL_ALLOWED:
            role, why = Role.OTHER, f"{role} is taken by another channel"
        taken.add(role)
        stained = not scatter_role(channel)
        values: dict[str, Value] = {
            "panel": panel.name,
            "channel": channel,
            "role": role,
            "marker": antigen(marker) if stained else "",
            "fluorochrome": fluorochrome(channel, marker) if stained else "",
        }
        guessed: tuple[str, ...] = ("panel", "role", "marker", "fluorochrome")
        if role == Role.CD38 and (ratio := _f_p_ratio(panel, channel)) is not None:
            values["f_p_ratio"], guessed = ratio, (*guessed, "f_p_ratio")
            why += "; f_p_ratio is typed in the files: is it that of this lot of the conjugate?"
        rows.append(GuessedRow(values, guessed, why, tuple(antibody_columns) if role == Role.CD38 else ()))
    return tuple(rows)


def _f_p_ratio(panel: _Panel, channel: str) -> float | None:
    """Return the F:P ratio of a channel if all tubes have it in their keywords, or None."""
    keyword = f_p_keyword(panel.channels.index(channel) + 1)
    typed = {tube.file.keywords.get(keyword, "") for tube in panel.tubes}
    try:
        return float(typed.pop()) if len(typed) == 1 else None
    except ValueError:
        return None


def _role(panel: _Panel, channel: str, marker: str) -> Role | None:
    """Return the guessed role; None if the channel has no use: no stain, or the height beside an area."""
    role = guess_role(channel, marker)
    pulse = _PULSE.search(channel)
    if scatter_role(channel):
        return None if role is Role.OTHER else role
    if pulse and pulse[1] != "A" and f"{channel[: pulse.start()]}{pulse[0][0]}A" in panel.channels:
        return None
    return role


def _bead_names(bead_files: Sequence[InventoryFile]) -> list[tuple[InventoryFile, str]]:
    names = unique_names({run.name: run.stem for run in bead_files})
    return [(run, safe_name(names[run.name]) or "beads") for run in bead_files]


def _bead_rows(inventory: Inventory, quantified: Sequence[str]) -> tuple[GuessedRow, ...]:
    """Return a row for each bead run; the user types kit and levels only in the first row of each kit."""
    rows: list[GuessedRow] = []
    kits: set[Value] = set()
    for run, name in _bead_names(inventory.bead_files):
        row = _bead_row(inventory.root, run, name, quantified)
        if row.values["kit"] in kits:
            row = of_the_same_lot(row)
        kits.add(row.values["kit"])
        rows.append(row)
    return tuple(rows)


def of_the_same_lot(row: GuessedRow) -> GuessedRow:
    """Return a bead run whose kit and levels are typed in a row above: the user must check only its lot."""
    if row.to_leave:
        return row
    why = f"{row.why}; lot, kit and levels: leave empty if they are those typed above"
    return replace(row, why=why, to_leave=OF_THE_SAME_LOT, to_check=())


def _bead_row(root: Path, run: InventoryFile, name: str, quantified: Sequence[str]) -> GuessedRow:
    channel = find_channel(list(dict.fromkeys(quantified)), run.file.channels)
    kit = guess_kit(root, run, channel)
    day = run.day
    values: dict[str, Value] = {
        "beads": name,
        "fcs_file": run.name,
        "kit": kit.name or None,
        "channel": channel or None,
        "acquired_on": day,
    }
    guessed = tuple(column for column in ("beads", "kit", "channel", "acquired_on") if values[column])
    lot = "lot and levels are on the vial's sheet: type them once per lot"
    why = f"taken for beads: {run.why}; {kit.why}; {lot}"
    to_check = [*(["kit"] if kit.by_peaks else []), *(["acquired_on"] if run.day_by_name else [])]
    to_fill = () if day else ("acquired_on",)
    to_fill = (*to_fill, "captures") if kit.name and bead_kit(kit.name).captures == "" else to_fill
    return GuessedRow(values, guessed, why, to_fill, to_check=tuple(to_check))


def _sample_rows(inventory: Inventory, panels: Sequence[_Panel]) -> tuple[GuessedRow, ...]:
    named = unique_names({tube.name: safe_id(tube.stem) for tube in inventory.tubes})
    ids = {file: safe_id(name) for file, name in named.items()}
    of_tube = {tube.name: panel.name for panel in panels for tube in panel.tubes}
    bead_names = {run.name: name for run, name in _bead_names(inventory.bead_files)}
    patients = patients_of([tube.name for tube in inventory.tubes])
    doubtful = {name for name in patients if tells_little(name) and patients.count(name) > 1}
    rows = []
    for tube, patient in zip(inventory.tubes, patients, strict=True):
        run, doubt = nearest_beads(tube, inventory.bead_files)
        values: dict[str, Value] = {
            "sample_id": ids[tube.name],
            "patient_id": patient,
            "collected_on": tube.day,
            "fcs_file": tube.name,
            "panel": of_tube[tube.name],
            "beads": bead_names[run.name] if run else None,
            "fmo_file": _control(tube, inventory, FileKind.FMO),
            "isotype_file": _control(tube, inventory, FileKind.ISOTYPE),
        }
        guessed = tuple(column for column, value in values.items() if value and column != "fcs_file")
        to_check = ("beads",) if doubt else ()
        to_check = (*to_check, "collected_on") if tube.day_by_name else to_check
        why = _why(tube, run, doubt)
        has_control = bool(values["fmo_file"] or values["isotype_file"])
        why = why if has_control else f"no control was found: fmo_file or isotype_file; {why}"
        if patient in doubtful:
            to_check = (*to_check, "patient_id")
            why = (
                f"several files are called {patient}: if they are of several patients, say so in patient_id; "
                f"{why}"
            )
        rows.append(GuessedRow(values, guessed, why, () if has_control else ("fmo_file",), to_check=to_check))
    return tuple(rows)


def _why(tube: InventoryFile, run: InventoryFile | None, doubt: str) -> str:
    parts = ["sample_id and patient_id from the file's name"]
    if tube.day_by_name:
        parts.append("collected_on from the file's name: check it")
    elif tube.day:
        parts.append("collected_on is the day of acquisition: confirm it")
    if doubt:
        parts.insert(0, doubt)
    elif run:
        parts.append("beads nearest in time" if tube.day and run.day else "the only bead run")
    if tube.file.n_data_sets > 1:
        parts.append(
            f"the file has {tube.file.n_data_sets} data sets, the first is meant; "
            "#2 after the name is the second"
        )
    if tube.file.n_events == 0:
        parts.append("the file holds no events")
    return "; ".join(parts)


def _control(tube: InventoryFile, inventory: Inventory, kind: FileKind) -> str | None:
    controls = [control for control in inventory.controls if control.kind is kind]
    return tubes_own_control(tube, controls, inventory.tubes) or None


def _dose_row(patient: str) -> GuessedRow:
    values: dict[str, Value] = {"patient_id": patient, "given_on": None, "drug": "daratumumab"}
    why = "the last daratumumab before the marrow is what counts; a row per dose, or delete the row"
    return GuessedRow(values, ("patient_id", "drug"), why)
