"""The workbook that init writes: complete, guessed where it can be, never over something, ready but for lots and dates."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill

from helpers.builders import CHANNELS, MARKERS, write_tube
from pipeline.checks import check_folder, check_study
from pipeline.study.errors import UserError
from pipeline.study.faults import Severity, fault_report
from pipeline.study.settings import Settings
from pipeline.study.sheets.columns import column_names
from pipeline.study.sheets.reading import read_study, read_typed
from pipeline.study.sheets.rows import STUDY_SHEETS
from pipeline.template.names import patient_of, safe_id
from pipeline.template.workbook import TO_FILL
from pipeline.template.write import write_template
from pipeline.tube.names.markers import contradicts, f_p_keyword, guess_role, marker_role, scatter_role

NO_MARKERS = ("",) * len(CHANNELS)
FMO_MARKERS = ("", "", "", "", *MARKERS[4:])


def table(workbook: Workbook, name: str) -> list[dict[str, object]]:
    """The rows of a sheet that hold something, by column."""
    header, *rows = workbook[name].iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows if any(value is not None for value in row)]


def lab_folder(folder: Path) -> Path:
    """FCS files as a lab names them: two days, two patients, FMO tubes, beads, and what is none of these."""
    for day, keyword in (("2024-05-31", "31-MAY-2024"), ("2024-06-14", "14-JUN-2024")):
        facts = {"keywords": {"$DATE": keyword}}
        patient = "P01" if day.endswith("31") else "P02"
        write_tube(folder / "fcs" / day / f"{patient}_BM.fcs", **facts)
        write_tube(folder / "fcs" / day / f"{patient}_BM_FMO.fcs", markers=FMO_MARKERS, **facts)
        write_tube(folder / "fcs" / day / f"Quantibrite {day}.fcs", markers=NO_MARKERS, **facts)
    write_tube(folder / "fcs" / "2024-05-31" / "unstained.fcs", markers=NO_MARKERS)
    (folder / "fcs" / "broken.fcs").write_bytes(b"no")
    return folder


def written(folder: Path) -> Workbook:
    return load_workbook(write_template(folder, folder / "fcs").path)


def filled_in(folder: Path) -> None:
    """Type what only the lab can know: lots, levels, F:P, the clone and the days of the doses."""
    workbook = load_workbook(folder / "study.xlsx")
    sheets = {name: workbook[name] for name in ("panels", "beads", "doses")}
    columns = {
        name: {cell.value: cell.column for cell in sheet[1] if cell.value} for name, sheet in sheets.items()
    }
    for name, column, value in (
        ("beads", "lot", "96597"),
        ("beads", "levels", "638; 6930; 31008; 67601"),
        ("doses", "given_on", datetime(2023, 11, 2)),
    ):
        for row in range(2, 50):
            if sheets[name].cell(row, 1).value:
                sheets[name].cell(row, columns[name][column]).value = value
    for row in range(2, 50):
        if sheets["panels"].cell(row, columns["panels"]["role"]).value == "cd38":
            sheets["panels"].cell(row, columns["panels"]["f_p_ratio"]).value = 1.02
            sheets["panels"].cell(row, columns["panels"]["clone"]).value = "HIT2"
    workbook.save(folder / "study.xlsx")


def test_tubes_controls_and_beads_are_told_apart(tmp_path):
    workbook = written(lab_folder(tmp_path))
    shown = (
        "sample_id",
        "patient_id",
        "collected_on",
        "fcs_file",
        "panel",
        "beads",
        "fmo_file",
        "isotype_file",
    )
    assert [tuple(row[column] for column in shown) for row in table(workbook, "samples")] == [
        ("P01_BM", "P01", datetime(2024, 5, 31), "fcs/2024-05-31/P01_BM.fcs", "panel_1", "Quantibrite 2024-05-31",
         "fcs/2024-05-31/P01_BM_FMO.fcs", None),
        ("P02_BM", "P02", datetime(2024, 6, 14), "fcs/2024-06-14/P02_BM.fcs", "panel_1", "Quantibrite 2024-06-14",
         "fcs/2024-06-14/P02_BM_FMO.fcs", None),
    ]  # fmt: skip
    assert [
        (row["beads"], row["kit"], row["lot"], row["channel"], row["levels"])
        for row in table(workbook, "beads")
    ] == [
        ("Quantibrite 2024-05-31", "quantibrite_pe", None, "PE-A", None),
        ("Quantibrite 2024-06-14", "quantibrite_pe", None, "PE-A", None),
    ]
    assert [
        (row["channel"], row["role"], row["marker"], row["fluorochrome"]) for row in table(workbook, "panels")
    ] == [
        ("FSC-A", "fsc_area", None, None),
        ("FSC-H", "fsc_height", None, None),
        ("SSC-A", "ssc_area", None, None),
        ("PE-A", "cd38", "CD38", "PE"),
        ("BV421-A", "cd138", "CD138", "BV421"),
        ("APC-H7-A", "cd45", "CD45", "APC-H7"),
        ("Time", "time", None, None),
    ]
    assert [(row["patient_id"], row["given_on"], row["drug"]) for row in table(workbook, "doses")] == [
        ("P01", None, "daratumumab"),
        ("P02", None, "daratumumab"),
    ]
    unstained, broken = table(workbook, "_files_not_used")
    assert tuple(unstained.values()) == ("fcs/2024-05-31/unstained.fcs", "taken for other (its name)")
    assert broken["why it is in no row"].startswith("broken.fcs is not an FCS file")


def test_what_is_still_empty_is_reported_with_its_cell(tmp_path):
    written(lab_folder(tmp_path))
    study, faults = read_study(tmp_path)
    assert study is None
    assert [(fault.where, fault.expected.split()[0]) for fault in faults] == [
        ("panels!G5", "the"),
        ("panels!I5", "the"),
        ("beads!D2", "lot"),
        ("beads!F2", "levels"),
        ("beads!D3", "lot"),
        ("beads!F3", "levels"),
        ("doses!B2", "given_on"),
        ("doses!B3", "given_on"),
    ]


def test_with_lots_and_dates_filled_in_nothing_is_wrong(tmp_path):
    written(lab_folder(tmp_path))
    filled_in(tmp_path)
    study, faults = read_study(tmp_path)
    assert fault_report(faults) == ""
    assert fault_report(check_study(study)) == ""
    assert study.settings == Settings()


def test_a_simulated_folder_needs_only_lots_and_dates(tmp_path):
    from pipeline.simulate.study import simulate_study

    made = simulate_study(tmp_path / "made", patients=3, events=300, seed=5)
    (made / "fcs").rename(tmp_path / "fcs")
    typed, _ = read_study_of_sheets(made, tmp_path / "fcs")
    written(tmp_path)
    filled_in(tmp_path)
    study, faults = check_folder(tmp_path)
    assert [str(fault) for fault in faults if fault.severity is not Severity.WARNING] == []
    assert [(s.sample_id, s.patient_id, s.collected_on, s.fmo_file, s.bead_run) for s in study.samples] == [
        (s.sample_id, s.patient_id, s.collected_on, s.fmo_file, s.bead_run) for s in typed.samples
    ]
    roles = {channel.aliases[0]: channel.role for channel in typed.panels[0].channels}
    assert {channel.aliases[0]: channel.role for channel in study.panels[0].channels} == roles


def read_study_of_sheets(made: Path, fcs: Path):
    """The simulated study as its own sheets have it; its FCS files were moved."""
    import shutil

    shutil.copytree(fcs, made / "fcs")
    return read_study(made)


def test_every_sheet_has_every_column_with_a_comment_and_a_frozen_header(tmp_path):
    workbook = load_workbook(write_template(tmp_path / "new", None).path)
    for name, model in STUDY_SHEETS.items():
        header = {cell.value: cell for cell in workbook[name][1] if cell.value}
        assert set(column_names(model)) <= set(header)
        assert all(header[column].comment.text for column in column_names(model))
        assert workbook[name].freeze_panes is not None
    samples = {cell.value: cell for cell in workbook["samples"][1]}
    assert samples["sample_id"].font.bold
    assert not samples["visit"].font.bold
    assert "Example: 2024-05-31" in samples["collected_on"].comment.text


def test_every_setting_is_printed_with_default_unit_and_sentence(tmp_path):
    workbook = load_workbook(write_template(tmp_path, None).path)
    rows = table(workbook, "_more_settings")
    assert sorted(row["name"] for row in rows) == sorted(Settings.model_fields)
    assert all(row["what it does"] for row in rows)
    month = next(row for row in rows if row["name"] == "month_days")
    assert (month["unit"], month["default"]) == ("days", "30.4375")


def test_the_settings_that_people_set_are_few_and_the_others_are_chosen_from_a_locked_list(tmp_path):
    workbook = load_workbook(write_template(tmp_path, None).path)
    rows = table(workbook, "settings")
    assert len(rows) <= 20
    assert {"washed_out_drug", "lab_lloq", "accept_bead_age"} <= {row["name"] for row in rows}
    assert all(row["_what_it_does"] for row in rows)
    assert workbook["_more_settings"].protection.sheet
    assert workbook.sheetnames[-1] == "_more_settings"
    free = f"A{len(rows) + 2}"
    (rule,) = (rule for rule in workbook["settings"].data_validations.dataValidation if free in rule.sqref)
    assert rule.formula1 == f"=_more_settings!$A$2:$A${len(Settings.model_fields) + 1}"
    workbook["settings"][free], workbook["settings"][f"B{len(rows) + 2}"] = "curve_slope_reject", "0.2"
    workbook.save(tmp_path / "study.xlsx")
    typed, _ = read_typed(tmp_path)
    assert typed.settings.curve_slope_reject == 0.2


def test_the_guide_explains_every_sheet(tmp_path):
    workbook = load_workbook(write_template(lab_folder(tmp_path), None).path)
    told = {str(row[0]).split(":")[0] for row in workbook["_guide"].iter_rows(values_only=True)}
    assert set(workbook.sheetnames) - {"_guide"} <= told


@pytest.mark.parametrize("sheet", ["samples", "panels", "beads", "doses"])
def test_the_reason_of_a_guess_is_seen_without_scrolling(tmp_path, sheet):
    page = written(lab_folder(tmp_path))[sheet]
    names = [cell.value for cell in page[1]]
    before = names[: names.index("_guessed")]
    widths = [page.column_dimensions[page.cell(1, k).column_letter].width for k in range(1, len(before) + 1)]
    assert sum(widths) <= 150  # characters; a screen of 1280 pixels has about 180


def test_a_tube_without_a_control_is_orange_where_the_control_belongs(tmp_path):
    for name in ("S1_full", "S1_fmo", "S2_full"):
        write_tube(tmp_path / "fcs" / f"{name}.fcs")
    workbook = written(tmp_path)
    place = [cell.value for cell in workbook["samples"][1]].index("fmo_file") + 1
    colours = [workbook["samples"].cell(row, place).fill.fgColor.rgb[-6:] for row in (2, 3)]
    assert colours == ["FFF2CC", TO_FILL]
    assert "no control was found" in table(workbook, "samples")[1]["_guessed"]


def test_drop_downs_offer_what_is_allowed(tmp_path):
    workbook = load_workbook(write_template(tmp_path, None).path)
    rules = {
        (name, str(rule.sqref).split(":")[0]): rule.formula1
        for name in STUDY_SHEETS
        for rule in workbook[name].data_validations.dataValidation
    }
    assert rules["panels", "C2"].strip('"').split(",")[:2] == ["fsc_area", "fsc_height"]
    assert rules["panels", "D2"] == '"positive,negative,low,any"'
    assert rules["beads", "C2"] == '"quantibrite_pe,qsc,qifikit,mesf,rainbow,custom"'
    assert rules["patients", "B2"] == '"sCR,CR,VGPR,PR,MR,SD,PD,NE"'
    assert rules["patients", "C2"] == '"yes,no"'
    assert rules["samples", "E2"].startswith("=panels!") or rules["samples", "E2"].startswith("panels!")
    assert max(len(formula) for formula in rules.values()) <= 257


def test_guesses_are_coloured_and_explained_and_gaps_are_marked(tmp_path):
    workbook = written(lab_folder(tmp_path))
    samples, beads = workbook["samples"], workbook["beads"]
    assert samples["A2"].fill.fgColor.rgb == "00FFF2CC"
    assert samples["D2"].fill.fgColor.rgb != "00FFF2CC"
    assert beads["F2"].fill.fgColor.rgb == "00F8CBAD"
    assert "collected_on is the day of acquisition: confirm it" in table(workbook, "samples")[0]["_guessed"]
    assert samples["C2"].number_format == "yyyy-mm-dd"
    assert samples.column_dimensions["C"].number_format == "yyyy-mm-dd"
    assert samples.column_dimensions["A"].number_format == "@"


def test_a_workbook_that_somebody_typed_into_is_never_overwritten(tmp_path):
    path = write_template(tmp_path / "a", None).path
    workbook = load_workbook(path)
    workbook["samples"]["A2"] = "P01"
    workbook.save(path)
    before = path.read_bytes()
    with pytest.raises(UserError, match=r"found study\.xlsx, expected a folder without sheets"):
        write_template(tmp_path / "a", None)
    assert path.read_bytes() == before
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "Samples.csv").write_text("x", encoding="utf-8")
    with pytest.raises(UserError, match=r"found Samples\.csv"):
        write_template(tmp_path / "b", None)
    assert sorted(path.name for path in (tmp_path / "b").iterdir()) == ["Samples.csv"]


def test_a_guessed_ratio_of_fluorophores_says_where_it_is_from(tmp_path):
    keyword = f_p_keyword(CHANNELS.index("PE-A") + 1)
    write_tube(tmp_path / "fcs" / "P1_full.fcs", keywords={keyword: "1.02"})
    (row,) = (row for row in table(written(tmp_path), "panels") if row["role"] == "cd38")
    assert row["f_p_ratio"] == 1.02
    assert "f_p_ratio is typed in the files" in row["_guessed"]


@pytest.mark.parametrize("work", ["comment", "colour", "line through", "hidden row", "time of day"])
def test_a_workbook_that_somebody_marked_is_never_overwritten(tmp_path, work):
    path = write_template(lab_folder(tmp_path), None).path
    workbook = load_workbook(path)
    sheet = workbook["samples"]
    if work == "comment":
        sheet["B2"].comment = Comment("ask the ward", "a person")
    elif work == "colour":
        sheet["B2"].fill = PatternFill("solid", fgColor="FF0000")
    elif work == "line through":
        sheet["B2"].font = Font(strike=True)
    elif work == "hidden row":
        sheet.row_dimensions[2].hidden = True
    else:
        sheet["C2"] = sheet["C2"].value + timedelta(hours=9)
    workbook.save(path)
    before = path.read_bytes()
    with pytest.raises(UserError, match=r"found study\.xlsx"):
        write_template(tmp_path, None)
    assert path.read_bytes() == before


def test_a_workbook_that_nobody_typed_into_is_written_again_even_after_excel_saved_it(tmp_path):
    path = write_template(tmp_path, None).path
    load_workbook(path).save(path)
    write_tube(tmp_path / "fcs" / "P1.fcs")
    template = write_template(tmp_path, None)
    assert [row["fcs_file"] for row in table(load_workbook(template.path), "samples")] == ["fcs/P1.fcs"]
    assert " not read; each is in a row." in template.summary


def test_without_a_folder_the_files_of_the_study_itself_are_found_and_told(tmp_path):
    template = write_template(lab_folder(tmp_path), None)
    assert len(table(load_workbook(template.path), "samples")) == 2
    assert template.summary.startswith(
        "8 FCS files: 2 tubes (2 with a control, 2 with beads), 2 controls, 2 bead runs, 1 not read; 2 in no row"
    )
    orange = sum(
        cell.fill.fgColor.rgb == f"00{TO_FILL}"
        for sheet in load_workbook(template.path).worksheets
        for row in sheet.iter_rows(min_row=2)
        for cell in row
    )
    assert f"{orange} orange cells to fill in or check" in template.summary


def test_a_folder_named_from_within_the_study_is_found(tmp_path):
    lab_folder(tmp_path)
    assert len(table(load_workbook(write_template(tmp_path, Path("fcs")).path), "samples")) == 2


def test_a_study_without_files_says_so(tmp_path):
    assert write_template(tmp_path, None).summary.startswith("No FCS file was found")


@pytest.mark.parametrize(
    ("tube", "control"),
    [
        ("S001_full", "S001_fmo"),
        ("S001 stained", "S001-FMO"),
        ("MM7_tube", "MM7_minus_CD38"),
        ("P3_all", "P3 ctrl FMO"),
    ],
)
def test_a_tube_and_its_control_are_paired_by_what_is_left_of_their_names(tmp_path, tube, control):
    for name in (tube, control, "X9_full", "X9_fmo"):
        write_tube(tmp_path / "fcs" / f"{name}.fcs")
    rows = {row["fcs_file"]: row["fmo_file"] for row in table(written(tmp_path), "samples")}
    assert rows[f"fcs/{tube}.fcs"] == f"fcs/{control}.fcs"


def test_a_control_goes_to_the_only_tube_whose_name_begins_like_it(tmp_path):
    for patient in ("Wei J", "Wei K", "Wei KL"):
        for kind in ("2024-02-05 voll", "2024-02-05 FMO CD38"):
            write_tube(tmp_path / "fcs" / f"{patient} {kind}.fcs")
    rows = {row["fcs_file"]: row["fmo_file"] for row in table(written(tmp_path), "samples")}
    assert rows == {
        f"fcs/{patient} 2024-02-05 voll.fcs": f"fcs/{patient} 2024-02-05 FMO CD38.fcs"
        for patient in ("Wei J", "Wei K", "Wei KL")
    }


def test_a_control_whose_name_is_part_of_a_longer_word_is_of_another_patient(tmp_path):
    for name in ("Weiss voll", "Wei FMO", "Ada voll", "Ada FMO"):
        write_tube(tmp_path / "fcs" / f"{name}.fcs")
    rows = {row["fcs_file"]: row["fmo_file"] for row in table(written(tmp_path), "samples")}
    assert rows == {"fcs/Weiss voll.fcs": None, "fcs/Ada voll.fcs": "fcs/Ada FMO.fcs"}


def test_a_control_that_two_tubes_begin_like_is_left_to_the_user(tmp_path):
    for name in ("Wei voll rechts", "Wei voll links", "Wei FMO"):
        write_tube(tmp_path / "fcs" / f"{name}.fcs")
    rows = {row["fcs_file"]: row["fmo_file"] for row in table(written(tmp_path), "samples")}
    assert rows == {"fcs/Wei voll rechts.fcs": None, "fcs/Wei voll links.fcs": None}


def test_the_control_of_another_number_is_not_taken_however_alike(tmp_path):
    for name in ("S001_full", "S002_full", "S002_fmo"):
        write_tube(tmp_path / "fcs" / f"{name}.fcs")
    rows = {row["fcs_file"]: row["fmo_file"] for row in table(written(tmp_path), "samples")}
    assert rows == {"fcs/S001_full.fcs": None, "fcs/S002_full.fcs": "fcs/S002_fmo.fcs"}


def test_one_control_of_a_patient_and_day_is_that_tube_s(tmp_path):
    for name in ("P1_marrow", "P1_negative FMO", "P2_marrow", "P2_negative FMO"):
        write_tube(tmp_path / "fcs" / f"{name}.fcs", keywords={"$DATE": "31-MAY-2024"})
    rows = {row["patient_id"]: row["fmo_file"] for row in table(written(tmp_path), "samples")}
    assert rows == {"P1": "fcs/P1_negative FMO.fcs", "P2": "fcs/P2_negative FMO.fcs"}


def test_of_two_tubes_of_a_patient_and_day_none_takes_the_one_control(tmp_path):
    for name in ("P1_marrow", "P1_blood", "P1_negative FMO"):
        write_tube(tmp_path / "fcs" / f"{name}.fcs", keywords={"$DATE": "31-MAY-2024"})
    assert [row["fmo_file"] for row in table(written(tmp_path), "samples")] == [None, None]


def test_beads_without_a_date_are_no_claim_of_time_and_are_orange(tmp_path):
    write_tube(tmp_path / "fcs" / "P1.fcs", keywords={"$DATE": ""})
    for name in ("beads_1", "beads_2"):
        write_tube(tmp_path / "fcs" / f"{name}.fcs", markers=NO_MARKERS, keywords={"$DATE": ""})
    workbook = written(tmp_path)
    (row,) = table(workbook, "samples")
    assert "nearest in time" not in row["_guessed"]
    assert "no date in the files: beads_1 is the first of 2 by name, check them" in row["_guessed"]
    place = list(row).index("beads") + 1
    assert workbook["samples"].cell(2, place).fill.fgColor.rgb == f"00{TO_FILL}"


def test_clone_and_competition_are_asked_for(tmp_path):
    workbook = written(lab_folder(tmp_path))
    header = [cell.value for cell in workbook["panels"][1]]
    (row,) = [
        row for row in workbook["panels"].iter_rows(min_row=2) if row[header.index("role")].value == "cd38"
    ]
    for column in ("clone", "competes_with_drug"):
        assert row[header.index(column)].fill.fgColor.rgb == f"00{TO_FILL}"


def test_a_column_that_names_a_file_offers_every_file(tmp_path):
    workbook = written(lab_folder(tmp_path))
    offered = [cell.value for cell in workbook["_files"]["A"]]
    assert "fcs/2024-05-31/unstained.fcs" in offered
    rules = [rule.formula1 for rule in workbook["samples"].data_validations.dataValidation]
    assert rules.count(f"=_files!$A$1:$A${len(offered)}") == 3


def test_fcs_files_outside_the_study_folder_are_refused_with_what_to_do(tmp_path):
    lab_folder(tmp_path / "elsewhere")
    with pytest.raises(UserError, match=r"outside the study folder .* copy or move them to"):
        write_template(tmp_path / "study", tmp_path / "elsewhere")
    with pytest.raises(UserError, match="found no such folder"):
        write_template(tmp_path / "study", tmp_path / "nowhere")
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(UserError, match="found a file, expected a folder"):
        write_template(tmp_path / "file", None)


def test_an_empty_template_is_read_as_a_study_without_rows(tmp_path):
    write_template(tmp_path, None)
    _, faults = read_study(tmp_path)
    assert [str(fault) for fault in faults if fault.severity is Severity.ERROR] == [
        "samples: found no row below the header, expected a row per tube to quantify",
        "panels: found no row below the header, expected a row per channel of each panel",
        "beads: found no row below the header, expected a row per bead acquisition",
    ]


def test_two_antibody_mixes_on_the_same_channels_are_two_panels(tmp_path):
    write_tube(tmp_path / "fcs" / "A_1.fcs")
    write_tube(tmp_path / "fcs" / "A_2.fcs", markers=(*MARKERS[:4], "CD56 BV421", "CD19 APC-H7", ""))
    write_tube(tmp_path / "fcs" / "B_1.fcs", markers=(*MARKERS[:5], "", ""))
    assert [row["panel"] for row in table(written(tmp_path), "samples")] == ["panel_1", "panel_2", "panel_1"]


def test_a_second_channel_of_one_role_is_other_and_heights_beside_areas_are_left_out(tmp_path):
    channels = ("FSC-A", "PE-A", "PE-H", "BV421-A", "BV421-H", "APC-A", "FITC-A")
    markers = ("", "CD38", "CD38", "CD138", "CD138", "CD138 (VS38c)", "")
    write_tube(tmp_path / "fcs" / "P1.fcs", channels=channels, markers=markers, keywords={"$P6V": ""})
    rows = table(written(tmp_path), "panels")
    assert [(row["channel"], row["role"]) for row in rows] == [
        ("FSC-A", "fsc_area"),
        ("PE-A", "cd38"),
        ("BV421-A", "cd138"),
        ("APC-A", "other"),
    ]
    assert rows[-1]["_guessed"] == "cd138 is taken by another channel"


def test_one_fmo_tube_of_a_day_serves_every_tube_of_its_folder(tmp_path):
    for name in ("P1", "P2", "FMO"):
        write_tube(tmp_path / "fcs" / "monday" / f"{name}.fcs")
    rows = table(written(tmp_path), "samples")
    assert {row["sample_id"]: row["fmo_file"] for row in rows} == {
        "P1": "fcs/monday/FMO.fcs",
        "P2": "fcs/monday/FMO.fcs",
    }


def test_an_fmo_tube_is_known_by_its_missing_marker_too(tmp_path):
    write_tube(tmp_path / "fcs" / "P1 tube 1.fcs")
    write_tube(tmp_path / "fcs" / "P1 tube 2.fcs", markers=FMO_MARKERS)
    (row,) = table(written(tmp_path), "samples")
    assert row["fmo_file"] == "fcs/P1 tube 2.fcs"


def test_a_control_of_another_tube_is_not_borrowed(tmp_path):
    for name in ("P06_BM1", "P06_BM1b", "P06_BM1b_FMO"):
        write_tube(tmp_path / "fcs" / f"{name}.fcs")
    rows = {row["sample_id"]: row["fmo_file"] for row in table(written(tmp_path), "samples")}
    assert rows == {"P06_BM1": None, "P06_BM1b": "fcs/P06_BM1b_FMO.fcs"}


def test_files_of_the_same_name_get_names_of_their_own(tmp_path):
    for folder in ("P1", "P2"):
        write_tube(tmp_path / "fcs" / folder / "marrow.fcs")
    rows = table(written(tmp_path), "samples")
    assert [(row["sample_id"], row["patient_id"]) for row in rows] == [
        ("P1_marrow", "P1"),
        ("P2_marrow", "P2"),
    ]


@pytest.mark.parametrize(
    ("channel", "role"),
    [
        ("FSC-A", "fsc_area"), ("FSC-H", "fsc_height"), ("FSC-W", "fsc_width"), ("SSC-A", "ssc_area"),
        ("SSC-H", "ssc_height"), ("SSC-W", "other"), ("FS", "fsc_area"), ("FS INT LIN", "fsc_area"),
        ("FS TOF LIN", "fsc_width"), ("FSC-Height", "fsc_height"), ("SSCA", "ssc_area"), ("FSCW", "fsc_width"),
        ("HDR-T", "time"), ("TIME", "time"), ("Width", None), ("PE-A", None), ("SSC-B-A", "ssc_area"),
    ],
)  # fmt: skip
def test_scatter_and_time_are_known_by_name(channel, role):
    assert scatter_role(channel) == role


@pytest.mark.parametrize(
    ("marker", "role"),
    [
        ("CD138 BV421", "cd138"), ("anti-CD38-PE", "cd38"), ("CD 45", "cd45"), ("CD45RA", "other"), ("CD45RO", "other"),
        ("CD381", "other"), ("CD3", "dump"), ("CD3/CD14/CD235a", "dump"), ("Lineage", "dump"), ("7-AAD", "viability"),
        ("L/D Aqua", "viability"), ("Zombie NIR", "viability"), ("FVS 510", "viability"), ("VIVID / CD14", "dump"),
        ("cyLambda", "lambda"), ("Kappa", "kappa"), ("CS1 (CD319)", "cd319"), ("c-kit", "cd117"), ("CD10", "other"),
        ("Syto 41", "other"), ("", None), ("HLA-DR", "other"),
    ],
)  # fmt: skip
def test_markers_suggest_roles(marker, role):
    assert marker_role(marker) == role


def test_a_detector_named_after_a_dye_suggests_nothing():
    assert [guess_role(name, "") for name in ("DAPI-A", "PI-A", "PE-A", "AmCyan-A")] == [None] * 4
    assert guess_role("CD138 BV421-A", "") == "cd138"


def test_only_what_is_plainly_another_marker_contradicts():
    assert contradicts("cd138", "BV421-A", "CD45 BV421") == "cd45"
    assert contradicts("cd38", "PE-A", "CD10") is None
    assert contradicts("other", "PE-A", "CD19") is None
    assert contradicts("viability", "V450-A", "VIVID / CD14") is None
    assert contradicts("fsc_area", "FSC-H", "") == "fsc_height"


@pytest.mark.parametrize(
    ("name", "patient"),
    [
        ("fcs/P01_BM1.fcs", "P01"),
        ("fcs/P07/marrow.fcs", "P07"),
        ("2024-05-31/P08.fcs", "P08"),
        ("P9.fcs", "P9"),
        ("2024-05-31_P08.fcs", "P08"),
        ("05.02.24 pt 17 full panel.fcs", "pt 17"),
        ("Specimen_001_Tube_002.fcs", "Specimen_001"),
        ("MM_01_BM1.fcs", "MM_01"),
        ("full_S001.fcs", "S001"),
        ("fcs/P07/full_stain.fcs", "P07"),
        ("Smith_2024-05-31.fcs", "Smith"),
        ("Smith_20240531.fcs", "Smith"),
        ("Smith_BM2_full.fcs", "Smith"),
    ],
)
def test_patients_are_guessed_from_names(name, patient):
    assert patient_of(name) == patient


def test_tubes_of_several_patients_are_never_made_replicates_of_a_word_without_saying_so(tmp_path):
    for name in (
        "Specimen_001_full",
        "Specimen_002_full",
        "05.02.24 pt 17 full panel",
        "05.02.24 pt 18 full panel",
    ):
        write_tube(tmp_path / "fcs" / f"{name}.fcs")
    for name in ("monday", "tuesday"):
        write_tube(tmp_path / "fcs" / name / "marrow_full.fcs")
    workbook = written(tmp_path)
    rows = table(workbook, "samples")
    told = {row["fcs_file"]: row["patient_id"] for row in rows}
    assert {told[f"fcs/Specimen_00{k}_full.fcs"] for k in (1, 2)} == {"Specimen_001", "Specimen_002"}
    assert {told[f"fcs/05.02.24 pt {k} full panel.fcs"] for k in (17, 18)} == {"pt 17", "pt 18"}
    colours = {
        row["patient_id"]: workbook["samples"].cell(k, 2).fill.fgColor.rgb[-6:]
        for k, row in enumerate(rows, start=2)
    }
    assert colours == {**dict.fromkeys(told.values(), "FFF2CC"), "marrow": TO_FILL}
    assert "if they are of several patients" in next(
        row["_guessed"] for row in rows if row["patient_id"] == "marrow"
    )


def test_a_word_that_the_folders_of_patients_share_is_no_patient(tmp_path):
    for name in ("P07", "P08"):
        write_tube(tmp_path / "fcs" / name / "marrow_full.fcs")
    assert [row["patient_id"] for row in table(written(tmp_path), "samples")] == ["P07", "P08"]


def test_a_file_whose_name_begins_as_a_formula_does_is_a_file(tmp_path):
    for name in ("=S1_full", "=S1_fmo", "+S2_full", "@S3_full"):
        write_tube(tmp_path / "fcs" / f"{name}.fcs")
    write_tube(tmp_path / "=1+1 beads.fcs", markers=NO_MARKERS)
    workbook = load_workbook(write_template(tmp_path, None).path)
    assert {row["beads"] for row in table(workbook, "samples")} == {"=1+1 beads"}
    for name in ("samples", "beads", "_files"):
        assert all(cell.data_type != "f" for row in workbook[name].iter_rows() for cell in row)
    _, faults = read_study(tmp_path)
    assert not [fault for fault in faults if "formula" in fault.found]


def test_a_folder_of_several_tubes_is_no_patient(tmp_path):
    for name in ("batch2/marrow_full", "batch3/marrow_full", "batch3/marrow full 2"):
        write_tube(tmp_path / "fcs" / f"{name}.fcs")
    assert "batch3" not in {row["patient_id"] for row in table(written(tmp_path), "samples")}


@pytest.mark.parametrize("text", ["con", "a/b:c", "", "..", "x" * 300, "tab\tname", "Ä 1"])
def test_guessed_ids_are_valid_ids(text):
    from pipeline.study.cells import as_file_safe_id

    assert as_file_safe_id(safe_id(text)) == safe_id(text)


@pytest.mark.real
def test_real_files_of_many_instruments_are_listed_without_a_stumble(tmp_path, real_data):
    import shutil

    shutil.copytree(real_data / "readers", tmp_path / "fcs", ignore=shutil.ignore_patterns("*.csv"))
    shutil.copy(real_data / "marrow" / "vie14" / "494.fcs", tmp_path / "fcs")
    shutil.copy(real_data / "beads" / "dako" / "beads_2008-01-21.fcs", tmp_path / "fcs")
    workbook = written(tmp_path)
    files = {row["fcs_file"] for name in ("samples", "beads") for row in table(workbook, name)}
    unused = {row["file"] for row in table(workbook, "_files_not_used")}
    assert "fcs/494.fcs" in files
    assert "fcs/beads_2008-01-21.fcs" in {row["fcs_file"] for row in table(workbook, "beads")}
    assert "fcs/fcsparser__wrongFile.fcs" in unused
    _, faults = read_study(tmp_path)
    assert all(fault.where.split("!")[0] in STUDY_SHEETS for fault in faults)


def test_levels_are_asked_for_once_and_the_lot_of_another_run_is_to_be_looked_at(tmp_path):
    for name in ("QB_day1", "QB_day2"):
        write_tube(tmp_path / "fcs" / f"{name}.fcs", markers=("",) * 7)
    write_tube(tmp_path / "fcs" / "S1.fcs")
    book = load_workbook(write_template(tmp_path, tmp_path / "fcs").path)
    sheet = book["beads"]
    columns = [cell.value for cell in sheet[1]]
    asked = {
        row: {
            column
            for column in ("lot", "levels")
            if sheet.cell(row, columns.index(column) + 1).fill.fgColor.rgb.endswith(TO_FILL)
        }
        for row in (2, 3)
    }
    assert asked == {2: {"lot", "levels"}, 3: {"lot"}}
    assert "leave empty" in sheet.cell(3, columns.index("_guessed") + 1).value


def test_guessed_names_of_bead_runs_can_name_a_file(tmp_path):
    from pipeline.files.safe_name import name_problem

    folder = lab_folder(tmp_path)
    (folder / "fcs" / "2024-05-31" / "Quantibrite 2024-05-31.fcs").rename(
        folder / "fcs" / "2024-05-31" / "Quantibrite; run? .1.fcs"
    )
    names = [str(row["beads"]) for row in table(written(folder), "beads")]
    assert len(names) == 2
    assert [name_problem(name) for name in names] == [("", "")] * 2


VENDORS = {
    "Sony": ("FSC_A", "FSC_H", "SSC_A", "PE_A", "BV421_A", "APC-H7_A", "TIME"),
    "CytoFLEX": ("FSC-A", "FSC-H", "SSC-A", "PE-A", "PB450-A", "APC-A750-A", "Time"),
    "Navios": ("FS INT LIN", "FS PEAK LIN", "SS INT LIN", "FL2 INT LIN", "FL9 INT LIN", "FL8 INT LIN", "TIME"),
    "Guava": ("Forward Scatter (FSC-ALin)", "Forward Scatter (FSC-HLin)", "Side Scatter (SSC-ALin)", "YEL-ALin", "BLU-ALin",
              "NIR-ALin", "Time"),
    "MoFlo": ("*FSC-A", "*FSC-H", "SSC1-A", "Y580-A", "V450-A", "R780-A", "HDR-T"),
}  # fmt: skip


@pytest.mark.parametrize("vendor", VENDORS)
def test_scatter_and_time_have_their_roles_under_every_vendors_names(tmp_path, vendor):
    for name, markers in (("P01_BM", MARKERS), ("P01_BM_FMO", FMO_MARKERS)):
        write_tube(tmp_path / "fcs" / f"{name}.fcs", channels=VENDORS[vendor], markers=markers)
    roles = ["fsc_area", "fsc_height", "ssc_area", "cd38", "cd138", "cd45", "time"]
    assert [row["role"] for row in table(written(tmp_path), "panels")] == roles


def test_a_second_detector_of_scatter_takes_no_row(tmp_path):
    channels = (*CHANNELS, "VSSC-A", "VSSC-H")
    write_tube(tmp_path / "fcs" / "P01_BM.fcs", channels=channels, markers=(*MARKERS, "", ""))
    assert [row["channel"] for row in table(written(tmp_path), "panels")][:7] == list(CHANNELS)
    assert "VSSC-A" not in [row["channel"] for row in table(written(tmp_path), "panels")]
