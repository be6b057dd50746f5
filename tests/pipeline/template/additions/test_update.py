"""`init --update`: rows for new files, and not a byte of what was typed is another."""

from __future__ import annotations

import re
import shutil
import zipfile
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Border, Font, PatternFill, Side

from helpers.builders import CHANNELS, MARKERS, good_sheets, write_csvs, write_files, write_tube
from pipeline.checks import check_folder
from pipeline.commands.check import check_whole_study
from pipeline.study.errors import UserError
from pipeline.study.faults import fault_report
from pipeline.study.sheets.reading import read_typed
from pipeline.template import write_template
from pipeline.template.workbook import GUESSED, TO_FILL

NO_MARKERS = ("",) * len(CHANNELS)


def week(folder: Path, number: int, day: str) -> None:
    """The files of a week: a patient's tube and its control, and a bead run."""
    facts = {"keywords": {"$DATE": day}}
    write_tube(folder / "fcs" / f"S00{number}_full.fcs", **facts)
    write_tube(folder / "fcs" / f"S00{number}_fmo.fcs", **facts)
    write_tube(folder / "fcs" / f"QB_{number}.fcs", markers=NO_MARKERS, **facts)


def columns(sheet) -> dict[str, int]:
    return {cell.value: cell.column for cell in sheet[1] if cell.value}


def table(path: Path, name: str) -> list[dict[str, object]]:
    header, *rows = load_workbook(path)[name].iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows if any(value is not None for value in row)]


@cache
def _typed_once() -> TemporaryDirectory:
    made = TemporaryDirectory()
    type_study(Path(made.name))
    return made


def typed_study(folder: Path) -> Path:
    """Two weeks, and all that only the lab can know; typed once, each test has a copy."""
    shutil.copytree(_typed_once().name, folder, dirs_exist_ok=True)
    return folder / "study.xlsx"


def type_study(folder: Path) -> None:
    week(folder, 1, "06-MAY-2024")
    week(folder, 2, "13-MAY-2024")
    path = write_template(folder, None).path
    workbook = load_workbook(path)
    for name, row, values in (
        ("beads", 2, {"lot": "96597", "levels": "638; 6930; 31008; 67601"}),
        ("doses", 2, {"given_on": datetime(2023, 11, 2)}),
        ("doses", 3, {"given_on": datetime(2023, 12, 2)}),
        ("panels", 5, {"f_p_ratio": 1.02, "clone": "HB7", "competes_with_drug": "yes"}),
    ):
        place = columns(workbook[name])
        for column, value in values.items():
            workbook[name].cell(row, place[column]).value = value
    workbook.save(path)


def as_a_person_leaves_it(path: Path) -> None:
    """Colours, comments, a column, a sheet and a formula of one's own, an empty styled row, a moved column."""
    workbook = load_workbook(path)
    samples = workbook["samples"]
    last = samples.max_column + 1
    samples.cell(1, last).value = "_mine"
    samples.cell(2, last).value = "=1+1"
    samples["B2"].comment = Comment("ask the ward", "a person")
    samples["A3"].font = Font(strike=True, bold=True)
    samples["C3"].fill = PatternFill("solid", fgColor="00FF00")
    samples["A4"].border = Border(top=Side("thick"))
    samples.row_dimensions[3].height = 40
    workbook.create_sheet("_notes")["A1"] = "line 1\nline 2  & <3"
    workbook.save(path)


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.slow
def test_next_weeks_files_get_rows_and_the_study_is_sound_but_for_the_dose(tmp_path):
    path = typed_study(tmp_path)
    week(tmp_path, 3, "20-MAY-2024")
    said = write_template(tmp_path, None, update=True)
    assert said.written
    assert said.summary.startswith(
        "Added 1 tube (fcs/S003_full.fcs) and 1 bead run (fcs/QB_3.fcs): "
        "rows 1 in samples, 1 in beads, 1 in doses, 1 in patients. What was typed is as it was."
    )
    new = table(path, "samples")[-1]
    assert {k: new[k] for k in ("sample_id", "patient_id", "collected_on", "panel", "beads", "fmo_file")} == {
        "sample_id": "S003_full",
        "patient_id": "S003",
        "collected_on": datetime(2024, 5, 20),
        "panel": "panel_1",
        "beads": "QB_3",
        "fmo_file": "fcs/S003_fmo.fcs",
    }
    assert len(table(path, "panels")) == 7
    _, faults = check_folder(tmp_path)
    assert [(fault.where, fault.expected.split()[0]) for fault in faults] == [("doses!B4", "given_on")]
    workbook = load_workbook(path)
    workbook["doses"]["B4"] = datetime(2024, 1, 2)
    workbook.save(path)
    _, faults = check_folder(tmp_path)
    assert fault_report(faults) == ""


def test_nothing_that_was_typed_or_marked_changes_by_a_byte(tmp_path):
    path = typed_study(tmp_path)
    as_a_person_leaves_it(path)
    before = parts(path)
    week(tmp_path, 3, "20-MAY-2024")
    write_template(tmp_path, None, update=True)
    after = parts(path)
    assert list(before) == list(after)
    added_to = {name for name in before if before[name] != after[name]}
    assert all(name.startswith("xl/worksheets/sheet") or name == "xl/styles.xml" for name in added_to)
    for name in added_to - {"xl/styles.xml"}:
        rows, now = (re.findall(rb"<row .*?</row>", part[name], re.DOTALL) for part in (before, after))
        held = [row for row in rows if b"<v>" in row or b"<v " in row or b"<is>" in row or b"<f>" in row]
        assert now[: len(held)] == held, name
    styles, now = (
        re.search(rb"<cellXfs.*?>(.*)</cellXfs>", part["xl/styles.xml"])[1] for part in (before, after)
    )
    assert now.startswith(styles)


@pytest.mark.slow
def test_what_was_marked_is_seen_as_before_and_new_cells_are_coloured_and_not_struck(tmp_path):
    path = typed_study(tmp_path)
    as_a_person_leaves_it(path)
    week(tmp_path, 3, "20-MAY-2024")
    write_template(tmp_path, None, update=True)
    workbook = load_workbook(path)
    samples, beads = workbook["samples"], workbook["beads"]
    place = columns(samples)
    assert samples.cell(2, place["_mine"]).value == "=1+1"
    assert samples["B2"].comment.text == "ask the ward"
    assert samples["A3"].font.strike
    assert samples["C3"].fill.fgColor.rgb == "0000FF00"
    assert samples.row_dimensions[3].height == 40
    assert workbook["_notes"]["A1"].value == "line 1\nline 2  & <3"
    assert samples["A4"].value == "S003_full"
    assert not samples["A4"].font.strike
    assert samples["A4"].fill.fgColor.rgb[-6:] == GUESSED
    assert samples["D4"].fill.fill_type is None
    assert samples["C4"].is_date
    lot = beads.cell(4, columns(beads)["lot"])
    assert (lot.value, lot.fill.fgColor.rgb[-6:]) == (None, TO_FILL)
    assert beads.cell(4, columns(beads)["levels"]).fill.fill_type is None


def test_a_formula_that_was_filled_down_leaves_no_gap_and_stays(tmp_path):
    path = typed_study(tmp_path)
    workbook = load_workbook(path)
    samples = workbook["samples"]
    last = samples.max_column + 1
    samples.cell(1, last).value = "_mine"
    for row in range(2, 40):
        samples.cell(row, last).value = f'=IF(A{row}="","",A{row})'
        samples.row_dimensions[row].height = 21
    workbook.save(path)
    week(tmp_path, 3, "20-MAY-2024")
    write_template(tmp_path, None, update=True)
    samples = load_workbook(path)["samples"]
    assert samples["A4"].value == "S003_full"
    assert [samples.cell(row, last).value for row in (3, 4, 5, 39)] == [
        f'=IF(A{row}="","",A{row})' for row in (3, 4, 5, 39)
    ]
    assert samples.row_dimensions[4].height == 21


def test_the_drop_downs_offer_the_new_files_too(tmp_path):
    path = typed_study(tmp_path)
    week(tmp_path, 3, "20-MAY-2024")
    write_template(tmp_path, None, update=True)
    workbook = load_workbook(path)
    offered = [cell.value for cell in workbook["_files"]["A"]]
    assert {"fcs/S003_full.fcs", "fcs/S003_fmo.fcs", "fcs/QB_3.fcs"} <= set(offered)
    rules = [rule.formula1 for rule in workbook["samples"].data_validations.dataValidation]
    assert rules.count(f"=_files!$A$1:$A${len(offered)}") == 3


def test_of_a_folder_that_is_named_only_its_files_are_added_and_older_beads_are_found(tmp_path):
    path = typed_study(tmp_path)
    write_tube(tmp_path / "fcs" / "week3" / "S003_full.fcs", keywords={"$DATE": "14-MAY-2024"})
    write_tube(tmp_path / "fcs" / "week4" / "S004_full.fcs", keywords={"$DATE": "14-MAY-2024"})
    write_template(tmp_path, tmp_path / "fcs" / "week3", update=True)
    rows = table(path, "samples")
    assert [row["sample_id"] for row in rows] == ["S001_full", "S002_full", "S003_full"]
    assert rows[-1]["beads"] == "QB_2"


def test_a_second_update_changes_nothing(tmp_path):
    path = typed_study(tmp_path)
    week(tmp_path, 3, "20-MAY-2024")
    write_template(tmp_path, None, update=True)
    before, changed = path.read_bytes(), path.stat().st_mtime_ns
    said = write_template(tmp_path, None, update=True)
    assert not said.written
    assert said.summary == "Nothing to add: every tube and every bead run of the folder is in a row."
    assert (path.read_bytes(), path.stat().st_mtime_ns) == (before, changed)


def test_update_of_a_workbook_that_nobody_typed_into_writes_it_again(tmp_path):
    week(tmp_path, 1, "06-MAY-2024")
    path = write_template(tmp_path, None).path
    week(tmp_path, 2, "13-MAY-2024")
    write_template(tmp_path, None, update=True)
    assert [row["sample_id"] for row in table(path, "samples")] == ["S001_full", "S002_full"]


def test_names_that_a_person_gave_are_used_for_new_tubes(tmp_path):
    path = typed_study(tmp_path)
    workbook = load_workbook(path)
    samples = workbook["samples"]
    for row in (2, 3):
        samples.cell(row, columns(samples)["panel"]).value = "MM8"
    samples["F3"] = "monday"
    for row in range(2, 9):
        workbook["panels"].cell(row, 1).value = "MM8"
    workbook["beads"]["A3"] = "monday"
    workbook.save(path)
    write_tube(tmp_path / "fcs" / "s002_day90.fcs", keywords={"$DATE": "14-MAY-2024"})
    write_template(tmp_path, None, update=True)
    new = table(path, "samples")[-1]
    assert (new["panel"], new["beads"], new["patient_id"]) == ("MM8", "monday", "S002")
    assert len(table(path, "doses")) == 2
    assert {row["panel"] for row in table(path, "panels")} == {"MM8"}


def test_another_mix_gets_a_panel_of_its_own(tmp_path):
    path = typed_study(tmp_path)
    write_tube(tmp_path / "fcs" / "S009_full.fcs", markers=(*MARKERS[:4], "CD319 BV421", *MARKERS[5:]))
    write_template(tmp_path, None, update=True)
    assert table(path, "samples")[-1]["panel"] == "panel_2"
    new = [row for row in table(path, "panels") if row["panel"] == "panel_2"]
    assert {row["role"] for row in new} >= {"cd38", "cd319", "cd45"}


def test_moved_columns_titles_and_a_sheet_of_another_case_are_found(tmp_path):
    path = typed_study(tmp_path)
    workbook = load_workbook(path)
    workbook["doses"].title = "other"
    workbook["other"].title = "Doses"
    for name in ("Doses", "beads"):
        sheet = workbook[name]
        sheet.insert_rows(1)
        sheet["A1"] = "The list of the ward"
    samples = workbook["samples"]
    samples.move_range("H1:H3", cols=12)
    workbook.save(path)
    week(tmp_path, 3, "20-MAY-2024")
    write_template(tmp_path, None, update=True)
    typed, _ = read_typed(tmp_path)
    assert [entry.row.patient_id for entry in typed.doses] == ["S001", "S002", "S003"]
    assert [entry.row.name for entry in typed.bead_runs] == ["QB_1", "QB_2", "QB_3"]
    assert [entry.row.sample_id for entry in typed.samples] == ["S001_full", "S002_full", "S003_full"]


def test_a_tube_of_a_name_that_is_taken_gets_another_id(tmp_path):
    path = typed_study(tmp_path)
    write_tube(tmp_path / "fcs" / "again" / "s001_FULL.fcs")
    write_template(tmp_path, None, update=True)
    ids = [str(row["sample_id"]) for row in table(path, "samples")]
    assert len({name.casefold() for name in ids}) == 3


def test_a_control_that_came_late_is_told_and_typed_by_a_person(tmp_path):
    path = typed_study(tmp_path)
    workbook = load_workbook(path)
    workbook["samples"].cell(2, columns(workbook["samples"])["fmo_file"]).value = None
    workbook.save(path)
    before = path.read_bytes()
    said = write_template(tmp_path, None, update=True)
    assert "1 control of tubes whose rows name none: fcs/S001_fmo.fcs" in said.summary
    assert path.read_bytes() == before


def test_a_file_that_a_person_leaves_out_is_left_out(tmp_path):
    path = typed_study(tmp_path)
    week(tmp_path, 3, "20-MAY-2024")
    workbook = load_workbook(path)
    workbook["_files_not_used"].append(["fcs/S003_full.fcs", "clotted"])
    workbook.save(path)
    assert "Added 1 bead run" in write_template(tmp_path, None, update=True).summary
    assert [row["sample_id"] for row in table(path, "samples")] == ["S001_full", "S002_full"]
    assert "in no row" not in check_whole_study(tmp_path, cross_check=False).text


def test_check_names_the_files_that_are_in_no_row(tmp_path):
    typed_study(tmp_path)
    assert check_whole_study(tmp_path, cross_check=False).text.endswith("no fault found.")
    week(tmp_path, 3, "20-MAY-2024")
    write_tube(tmp_path / "fcs" / "unstained.fcs", markers=NO_MARKERS)
    report = check_whole_study(tmp_path, cross_check=False)
    assert report.exit_status == 0
    assert report.text.splitlines() == [
        (
            "WARNING samples: 2 FCS files are in no row: fcs/S003_full.fcs, fcs/QB_3.fcs. `cd38rd init STUDY "
            "--update` adds them; a file named in the sheet _files_not_used is left out on purpose."
        ),
        "1 warning",
    ]


def test_check_of_csv_files_names_them_too(tmp_path):
    write_csvs(tmp_path, good_sheets())
    write_files(tmp_path)
    write_tube(tmp_path / "fcs" / "S7.fcs")
    text = check_whole_study(tmp_path, cross_check=False).text
    assert "1 FCS file is in no row: fcs/S7.fcs. Type a row for each" in text


def test_csv_files_are_not_updated(tmp_path):
    write_csvs(tmp_path, good_sheets())
    with pytest.raises(
        UserError, match=r"adds rows to a workbook alone; type the rows of new files into the CSV"
    ):
        write_template(tmp_path, None, update=True)


@pytest.mark.parametrize(
    ("lock", "program"), [("~$study.xlsx", "Excel"), (".~lock.study.xlsx#", "LibreOffice")]
)
@pytest.mark.parametrize("update", [True, False])
def test_a_workbook_that_is_open_is_not_written(tmp_path, lock, program, update):
    path = typed_study(tmp_path)
    week(tmp_path, 3, "20-MAY-2024")
    (tmp_path / lock).write_bytes(b"AB")
    before = path.read_bytes()
    with pytest.raises(UserError, match=f"open in {program} .* save and close it") as refused:
        write_template(tmp_path, None, update=update)
    assert "\n" not in str(refused.value)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0 old"])
def test_a_workbook_that_cannot_be_read_is_refused_and_left(tmp_path, content):
    week(tmp_path, 1, "06-MAY-2024")
    (tmp_path / "study.xlsx").write_bytes(content)
    with pytest.raises(UserError, match=r"study\.xlsx"):
        write_template(tmp_path, None, update=True)
    assert (tmp_path / "study.xlsx").read_bytes() == content


def test_a_sheet_that_is_not_there_is_told(tmp_path):
    path = typed_study(tmp_path)
    workbook = load_workbook(path)
    del workbook["patients"]
    workbook.save(path)
    week(tmp_path, 3, "20-MAY-2024")
    said = write_template(tmp_path, None, update=True).summary
    assert "no sheet patients: nothing was added there." in said


@pytest.mark.slow
def test_days_count_from_1904_where_the_workbook_says_so(tmp_path):
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    path = typed_study(tmp_path)
    workbook = load_workbook(path)
    workbook.epoch = CALENDAR_MAC_1904
    workbook.save(path)
    week(tmp_path, 3, "20-MAY-2024")
    write_template(tmp_path, None, update=True)
    assert table(path, "samples")[-1]["collected_on"] == datetime(2024, 5, 20)


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
@pytest.mark.slow
def test_a_workbook_that_libreoffice_saved_is_updated_and_opens_there(tmp_path):
    import subprocess

    path = typed_study(tmp_path)
    as_a_person_leaves_it(path)

    def saved(source: Path, target: Path) -> Path:
        home = f"-env:UserInstallation=file://{tmp_path}/home"
        command = [
            "soffice",
            home,
            "--headless",
            "--convert-to",
            "xlsx",
            "--outdir",
            str(target),
            str(source),
        ]
        subprocess.run(command, check=True, capture_output=True)
        return target / source.name

    shutil.copy(saved(path, tmp_path / "saved"), path)
    week(tmp_path, 3, "20-MAY-2024")
    write_template(tmp_path, None, update=True)
    again = saved(path, tmp_path / "again")
    assert [row["sample_id"] for row in table(again, "samples")] == ["S001_full", "S002_full", "S003_full"]
    assert table(again, "samples")[-1]["collected_on"] == datetime(2024, 5, 20)


def test_a_workbook_of_prefixed_names_is_updated(tmp_path):
    """Some programs write every element with a prefix: `<x:row>`."""
    path = typed_study(tmp_path)
    prefixed = {}
    for name, content in parts(path).items():
        if re.fullmatch(r"xl/(worksheets/sheet\d+|styles)\.xml", name):
            text = re.sub(r"<(/?)(?=[A-Za-z])(?!\w+:)", r"<\1x:", content.decode("utf-8"))
            prefixed[name] = text.replace('xmlns="http', 'xmlns:x="http', 1).encode("utf-8")
        else:
            prefixed[name] = content
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in prefixed.items():
            archive.writestr(name, content)
    week(tmp_path, 3, "20-MAY-2024")
    write_template(tmp_path, None, update=True)
    assert isinstance(load_workbook(path), Workbook)
    assert [row["sample_id"] for row in table(path, "samples")] == ["S001_full", "S002_full", "S003_full"]
