"""A new user's way: 14 FCS files and a paper slip, three commands, at most 20 cells, each of them coloured."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from pipeline.cli import main
from pipeline.simulate import simulate_study
from pipeline.template.workbook import GUESSED, TO_FILL

MOST_CELLS = 20
NAMES = {
    "stems": ("S{n:03d}_full.fcs", "S{n:03d}_fmo.fcs", "beads_RUN{n:02d}.fcs"),
    "words": ("pt {n} BM stained tube.fcs", "pt {n} BM FMO CD38.fcs", "Quantibrite week {n}.fcs"),
    "folders": ("P{n:02d}/marrow_complete.fcs", "P{n:02d}/marrow_FMO.fcs", "beads/QB run {n}.fcs"),
}


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def command(*words: object) -> int:
    try:
        main([str(word) for word in words])
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six tubes, six controls and two bead runs, whose truth is known."""
    return simulate_study(tmp_path_factory.mktemp("truth"), patients=6, events=6_000, seed=11)


def lab_folder(
    study: Path, simulated: Path, names: str, *, dates: bool
) -> tuple[dict[str, str], dict[str, str]]:
    """Copy the files under a lab's names; return last dose and day of collection by the tube's file."""
    tube, control, bead_file = NAMES[names]
    doses = {
        r["patient_id"]: r["given_on"] for r in rows_of(simulated / "doses.csv") if r["drug"] == "daratumumab"
    }
    dosed, collected = {}, {}

    def copy(source: str, name: str) -> None:
        target = study / "fcs" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        content = (simulated / source).read_bytes()
        if not dates:  # other names of the same length: no software knows them
            content = (
                content.replace(b"$DATE", b"XDATE").replace(b"$BTIM", b"XBTIM").replace(b"$ETIM", b"XETIM")
            )
        target.write_bytes(content)

    for n, row in enumerate(rows_of(simulated / "samples.csv"), start=1):
        copy(row["fcs_file"], tube.format(n=n))
        copy(row["fmo_file"], control.format(n=n))
        file = f"fcs/{tube.format(n=n)}"
        dosed[file], collected[file] = doses[row["patient_id"]], row["collected_on"]
    for n, row in enumerate(rows_of(simulated / "beads.csv"), start=1):
        copy(row["fcs_file"], bead_file.format(n=n))
    return dosed, collected


class Typist:
    """Types into cells of the workbook, counts them, and looks at the colour of each."""

    def __init__(self, path: Path) -> None:
        self.path, self.book, self.typed, self.plain = path, load_workbook(path), 0, []

    def rows(self, sheet: str) -> list[int]:
        page = self.book[sheet]
        return [row for row in range(2, page.max_row + 1) if page.cell(row, 1).value]

    def column(self, sheet: str, name: str) -> int:
        return next(cell.column for cell in self.book[sheet][1] if cell.value == name)

    def read(self, sheet: str, row: int, name: str) -> object:
        return self.book[sheet].cell(row, self.column(sheet, name)).value

    def type(self, sheet: str, row: int, **values: object) -> None:
        for name, value in values.items():
            cell = self.book[sheet].cell(row, self.column(sheet, name))
            if cell.value == value:
                continue
            self.typed += 1
            if cell.fill.fgColor.rgb[-6:] not in (TO_FILL, GUESSED):
                self.plain.append(f"{sheet}!{cell.coordinate}")
            cell.value = value

    def save(self) -> None:
        self.book.save(self.path)


def fill_in(path: Path, simulated: Path, dosed: Mapping[str, str]) -> Typist:
    """Type what stands on the slip of the lot, in the dosing list and on the antibody's data sheet."""
    typist = Typist(path)
    lot = rows_of(simulated / "beads.csv")[0]
    typist.type("beads", 2, kit=lot["kit"], lot=lot["lot"], levels=lot["levels"])
    patients = {
        typist.read("samples", r, "patient_id"): typist.read("samples", r, "fcs_file")
        for r in typist.rows("samples")
    }
    for row in typist.rows("doses"):
        file = patients[typist.read("doses", row, "patient_id")]
        typist.type("doses", row, given_on=datetime.fromisoformat(dosed[str(file)]))
    for row in typist.rows("panels"):
        if typist.read("panels", row, "role") == "cd38":
            typist.type("panels", row, f_p_ratio=1.02, clone="HB7", competes_with_drug="yes")
    return typist


@pytest.mark.slow
@pytest.mark.parametrize("names", NAMES)
def test_from_14_files_and_a_slip_to_the_report(tmp_path, simulated, names, capsys):
    study = tmp_path / "my_study"
    dosed, _ = lab_folder(study, simulated, names, dates=True)
    assert command("init", study) == 0
    said = capsys.readouterr().out
    assert said.startswith(
        "14 FCS files: 6 tubes (6 with a control, 6 with beads), 6 controls, 2 bead runs, 0 not read;"
    )
    assert "Bead kit, guessed: quantibrite_pe (2 runs)" in said
    typist = fill_in(study / "study.xlsx", simulated, dosed)
    typist.save()
    assert typist.plain == []
    assert typist.typed <= MOST_CELLS
    assert len({typist.read("samples", row, "patient_id") for row in typist.rows("samples")}) == 6
    assert command("check", study) == 0
    assert capsys.readouterr().out.strip().endswith("no fault found.")
    assert command("run", study, "--workers", 1) == 0
    assert (study / "results" / "report.html").is_file()
    truth = rows_of(simulated / "samples.csv")
    found = rows_of(study / "results" / "rd_samples.csv")
    assert [row["collected_on"] for row in found] == [row["collected_on"] for row in truth]
    assert all(row["washout_weeks"] for row in found)
    print(f"{names}: 3 commands, {typist.typed} cells typed, of 14 files")


def test_every_cell_that_must_be_looked_at_is_coloured_where_no_file_has_a_date(tmp_path, simulated, capsys):
    """Days of collection and bead runs cannot be known then: they are orange, and so is nothing that is known."""
    study = tmp_path / "my_study"
    dosed, collected = lab_folder(study, simulated, "stems", dates=False)
    command("init", study)
    typist = fill_in(study / "study.xlsx", simulated, dosed)
    days: dict[str, date] = {}
    for row in typist.rows("samples"):
        day = date.fromisoformat(collected[str(typist.read("samples", row, "fcs_file"))])
        run = "beads_RUN01" if day == min(map(date.fromisoformat, collected.values())) else "beads_RUN02"
        days[run] = day
        typist.type("samples", row, collected_on=datetime(day.year, day.month, day.day), beads=run)
    for row in typist.rows("beads"):
        day = days[str(typist.read("beads", row, "beads"))]
        typist.type("beads", row, acquired_on=datetime(day.year, day.month, day.day))
    typist.save()
    assert typist.plain == []
    assert typist.typed <= MOST_CELLS
    capsys.readouterr()
    assert command("check", study) == 0
    assert capsys.readouterr().out.strip().endswith("no fault found.")


def test_days_in_the_names_of_files_are_guessed_and_to_be_checked(tmp_path, simulated):
    study = tmp_path / "my_study"
    lab_folder(study, simulated, "stems", dates=False)
    (study / "fcs").rename(study / "2024-02-05")
    command("init", study)
    typist = Typist(study / "study.xlsx")
    for row in typist.rows("samples"):
        cell = typist.book["samples"].cell(row, typist.column("samples", "collected_on"))
        assert (cell.value, cell.fill.fgColor.rgb[-6:]) == (datetime(2024, 2, 5), TO_FILL)


def test_of_two_bead_runs_of_a_day_the_choice_is_to_be_checked(tmp_path, simulated):
    study = tmp_path / "my_study"
    lab_folder(study, simulated, "stems", dates=True)
    shutil.copy(study / "fcs" / "beads_RUN01.fcs", study / "fcs" / "beads_RUN01b.fcs")
    command("init", study)
    typist = Typist(study / "study.xlsx")
    colours = {
        typist.read("samples", row, "beads"): typist.book["samples"]
        .cell(row, typist.column("samples", "beads"))
        .fill.fgColor.rgb[-6:]
        for row in typist.rows("samples")
    }
    assert colours == {"beads_RUN01": TO_FILL, "beads_RUN02": GUESSED}
