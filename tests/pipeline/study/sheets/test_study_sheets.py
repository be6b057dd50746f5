"""A study folder as typed: a `Study`, or every fault of every sheet at once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from helpers.builders import good_sheets, good_study, with_cells, write_csvs, write_files, write_workbook
from pipeline.study.faults import Severity, fault_count, fault_report
from pipeline.study.locations import fcs_location
from pipeline.study.sheets.reading import read_study
from pipeline.study.study import Study


def faults_of(folder: Path, cells: dict[str, object]) -> list[str]:
    """The faults that changing some cells of a good study makes."""
    return [str(fault) for fault in read_study(good_study(folder, cells))[1]]


def study_of(folder: Path, cells: dict[str, object]) -> Study:
    study, faults = read_study(good_study(folder, cells))
    assert [str(fault) for fault in faults if fault.severity is Severity.ERROR] == []
    return study


def test_a_good_study_has_no_fault(tmp_path):
    study, faults = read_study(good_study(tmp_path))
    assert faults == ()
    assert [sample.sample_id for sample in study.samples] == ["S1", "S2"]
    assert study.samples[0].collected_on == date(2024, 5, 31)
    assert study.samples[1].fmo_file == ""
    assert study.samples[0].tissue == "marrow"
    assert study.bead_run("QB1").levels == (638, 6930, 31008, 67601)
    assert study.panel("MM").quantified.aliases == ("PE-A", "YG585-A")
    assert study.panel("MM").quantified.f_p_ratio == 1.02


def test_targets_follow_from_the_role_unless_typed(tmp_path):
    study = study_of(tmp_path, {"panels!D7": "any", "panels!C4": "CD19", "panels!D4": "Positive"})
    targets = {channel.role: channel.target for channel in study.panel("MM").channels}
    assert targets == {
        "fsc_area": "any", "fsc_height": "any", "cd19": "positive", "cd38": "any", "cd138": "positive",
        "cd45": "any", "time": "any",
    }  # fmt: skip


def test_every_fault_of_every_sheet_is_reported_in_one_go(tmp_path):
    sheets = with_cells(
        good_sheets(),
        {
            "samples!C2": "2024-13-01", "samples!D2": "fcs/S_1.fcs", "samples!E3": "MN", "samples!G1": "vizit",
            "samples!A4": "s1", "samples!B4": "P1", "panels!C6": "CD-38", "panels!F5": "", "beads!C2": "quantibrit",
            "beads!F2": "638; 31008; 6930; 67601", "doses!A3": "P22", "doses!B2": "03/04/2024",
        },
    )  # fmt: skip
    study, faults = read_study(write_csvs(write_files(tmp_path), sheets))
    assert study is None
    assert (
        fault_report(faults)
        == """\
ERROR   samples!G1: found the column "vizit", expected a column of this sheet: sample_id, patient_id, collected_on, \
fcs_file, panel, beads, visit, fmo_file, isotype_file, tissue, collected_time, remark, gates_file, population, serum_washed_out_ug_ml or serum_study_drug_ug_ml. Did you mean "visit"?
ERROR   samples!C2: found "2024-13-01", expected a date such as 2024-05-31. There is no such day (month must be in 1..12).
ERROR   samples!D2: found "fcs/S_1.fcs", which is not there, expected a file in the study folder. \
Did you mean "fcs/S1.fcs"?
ERROR   samples!E3: found "MN", expected a panel of the panels sheet. There is "MM".
ERROR   samples!A4: found "s1" again (already in samples!A2 as "S1"), expected a name of its own for each tube
ERROR   samples!C4: found nothing, expected collected_on (Day the marrow or blood was taken), for example 2024-05-31
ERROR   samples!D4: found nothing, expected fcs_file (FCS file of the stained tube, from the study folder), \
for example fcs/P01_BM1.fcs
ERROR   samples!E4: found nothing, expected panel (Name of a panel in the panels sheet), for example MM8
ERROR   samples!F4: found nothing, expected beads (Name of the bead run of the same day in the beads sheet), \
for example QB_2024-05-31
ERROR   panels!C6: found "CD-38", expected fsc_area, fsc_height, fsc_width, ssc_area, ssc_height, time, viability, \
dump, cd38, cd138, cd45, cd319, cd229, cd54, cd19, cd56, cd117, cd81, cd27, cd20, kappa, lambda or other. \
Did you mean "cd38"?
ERROR   beads!C2: found "quantibrit", expected quantibrite_pe, qsc, qifikit, mesf, rainbow or custom. \
Did you mean "quantibrite_pe"?
ERROR   beads!F2: found "638; 31008; 6930; 67601", expected levels from dim to bright such as 638; 6930; 31008; 67601 \
(a blank bead is 0). Level 3 (6930) is not above level 2 (31008): are the lot values transposed?
ERROR   doses!B2: found "03/04/2024", expected a date such as 2024-05-31. It can be read in two ways: 2024-04-03 \
or 2024-03-04.
ERROR   doses!A3: found "P22", expected a patient of the samples or patients sheet. Did you mean "P2"?
14 faults that stop the run"""
    )


def test_a_required_column_that_is_missing_is_one_fault_not_one_per_row(tmp_path):
    sheets = good_sheets()
    sheets["samples"] = [row[:5] + row[6:] for row in sheets["samples"]]
    _, faults = read_study(write_csvs(write_files(tmp_path), sheets))
    assert [str(fault) for fault in faults] == [
        (
            "samples: found no column beads, expected a column beads: beads (Name of the bead run of the same day "
            "in the beads sheet), for example QB_2024-05-31"
        )
    ]


def test_a_column_given_twice_is_a_fault(tmp_path):
    assert faults_of(tmp_path, {"samples!I1": "Sample-ID"}) == [
        'samples!I1: found the column "Sample-ID" again (first samples!A1), expected each column once'
    ]


@pytest.mark.parametrize("sheet", ["samples", "panels", "beads"])
def test_a_sheet_that_is_missing_or_has_no_row_is_a_fault(tmp_path, sheet):
    sheets = good_sheets()
    del sheets[sheet][1:]
    _, faults = read_study(write_csvs(write_files(tmp_path / "a"), sheets))
    assert f"{sheet}: found no row below the header" in "\n".join(map(str, faults))
    del sheets[sheet]
    _, faults = read_study(write_csvs(write_files(tmp_path / "b"), sheets))
    assert f"{sheet}: found no such sheet, expected a sheet {sheet}" in "\n".join(map(str, faults))


def test_without_doses_there_is_a_warning(tmp_path):
    sheets = good_sheets()
    del sheets["doses"]
    study, faults = read_study(write_csvs(write_files(tmp_path), sheets))
    assert study is not None
    assert fault_report(faults) == (
        "WARNING doses: found no dose, expected doses of the washed-out drug. Without them there is no washout time.\n"
        "1 warning"
    )


def test_a_misspelt_sheet_is_a_fault_and_an_unrelated_one_a_warning(tmp_path):
    sheets = good_sheets() | {"pateints": [["patient_id"], ["P1"]], "freezer": [["box"], [7]], "empty": []}
    _, faults = read_study(write_workbook(write_files(tmp_path), sheets))
    assert [(fault.severity.value, fault.found, fault.hint) for fault in faults] == [
        ("ERROR", 'the sheet "pateints"', 'Did you mean "patients"?'),
        ("WARNING", 'the sheet "freezer"', "It is not read; a sheet of your own starts with _."),
    ]


def test_a_misspelt_csv_is_a_warning(tmp_path):
    folder = good_study(tmp_path)
    (folder / "patient.csv").write_text("patient_id\nP1\n", encoding="utf-8")
    assert "patient.csv: found a CSV that is not read" in str(read_study(folder)[1][0])


def test_a_data_set_of_a_file_can_be_named(tmp_path):
    folder = write_files(tmp_path)
    (folder / "fcs" / "S2.fcs").rename(folder / "fcs" / "S1.lmd")
    cells = {"samples!D2": "fcs/S1.lmd#1", "samples!D3": "fcs/S1.lmd#2"}
    study, faults = read_study(write_csvs(folder, with_cells(good_sheets(), cells)))
    assert faults == ()
    assert fcs_location(folder, study.samples[1].fcs_file) == (folder / "fcs" / "S1.lmd", 2)


GATES = [["sample_id", "gate", "value", "set_by", "reason"], ["S1", "cd138", "850,5", "AB", "debris"]]


def test_gates_and_review_make_overrides_and_a_verdict_alone_makes_none(tmp_path):
    sheets = good_sheets() | {
        "gates": GATES,
        "review": [
            ["sample_id", "gate", "value", "set_by", "reason", "set_at", "verdict"],
            ["S2", "cd45", 300, "CD", "valley", "2024-06-03T10:00:00", ""],
            ["S2", "", "", "CD", "", "2024-06-03T10:00:00", "accepted"],
        ],
    }
    study, faults = read_study(write_csvs(write_files(tmp_path), sheets))
    assert faults == ()
    assert [(gate.sample_id, gate.gate, gate.value, gate.source) for gate in study.gates] == [
        ("S1", "cd138", 850.5, "gates"),
        ("S2", "cd45", 300.0, "review.csv"),
    ]


def test_the_same_gate_in_both_places_on_cd38_or_of_no_tube_is_a_fault(tmp_path):
    sheets = good_sheets() | {
        "gates": [*GATES, ["S1", "CD38", 5, "AB", "x"], ["S11", "cd138", 5, "AB", "x"]],
        "review": [
            ["sample_id", "gate", "value", "set_by", "reason", "set_at", "verdict"],
            ["S1", "CD138", 300, "CD", "valley", "", ""],
            ["S2", "cd45", "", "CD", "valley", "", ""],
        ],
    }
    _, faults = read_study(write_csvs(write_files(tmp_path), sheets))
    assert [str(fault) for fault in faults] == [
        (
            'gates!B3: found "CD38", expected a gate on another channel. CD38 never gates: a gate on it '
            "would select the cells by the value that is to be measured."
        ),
        'gates!A4: found "S11", expected a tube of the samples sheet. Did you mean "S1"?',
        (
            'review!B2: found gate "CD138" of "S1" again (already in gates!B2), expected each gate of a tube once, '
            "in the gates sheet or in review.csv"
        ),
        "review!C3: found nothing, expected gate and value together",
    ]


def test_review_csv_is_read_beside_a_workbook(tmp_path):
    folder = write_workbook(write_files(tmp_path), good_sheets())
    (folder / "review.csv").write_text(
        "sample_id,gate,value,set_by,reason,verdict\nS1,cd45,300,AB,valley,rejected\n", encoding="utf-8"
    )
    study, faults = read_study(folder)
    assert (faults, study.gates[0].value, study.gates[0].source) == ((), 300.0, "review.csv")


def test_faults_are_counted_by_what_they_do(tmp_path):
    _, faults = read_study(good_study(tmp_path, {"samples!A3": "S1", "samples!H2": "fcs/S2.fcs"}))
    assert fault_count(faults) == "1 fault that stops the run, 1 warning"


@pytest.mark.slow
def test_a_thousand_rows_read_in_one_go(tmp_path):
    sheets = good_sheets()
    line = sheets["samples"][1]
    sheets["samples"] += [
        [f"T{i}", f"Q{i}", line[2], "fcs/absent.fcs", *line[4:7], None] for i in range(1000)
    ]
    _, faults = read_study(write_workbook(write_files(tmp_path), sheets))
    assert len(faults) == 1999
    assert faults[0].where == "samples!D4"


@pytest.mark.parametrize("later", ["", '"as planned"'])
def test_a_quote_that_is_never_closed_hides_no_row_below_it(tmp_path, later):
    """Half a line, as a text editor leaves it: the doses below it would stand in one cell."""
    folder = good_study(tmp_path)
    path = folder / "doses.csv"
    lines = path.read_text("utf-8-sig").splitlines()
    lines = [lines[0] + ",note", lines[1] + ',"half of it', *(f"{line}," for line in lines[2:])]
    lines[-1] += later
    path.write_text("\n".join(lines) + "\n", "utf-8")
    _, faults = read_study(folder)
    (fault,) = [fault for fault in faults if "quote that is not closed" in fault.found]
    assert (fault.where, fault.severity) == ("doses!2", Severity.ERROR)
    path.write_text(
        path.read_text("utf-8").replace('"half of it', '"two\nlines"').replace(later, "x" * len(later)),
        "utf-8",
    )
    assert "quote that is not closed" not in str(read_study(folder)[1])


def test_a_quote_in_the_middle_of_a_cell_is_a_letter(tmp_path):
    folder = good_study(tmp_path)
    path = folder / "doses.csv"
    first, *rest = path.read_text("utf-8-sig").splitlines()
    path.write_text("\n".join([first + ",note", *(f'{line},5" needle' for line in rest)]), "utf-8")
    assert "quote" not in str(read_study(folder)[1])


def test_a_nul_character_in_a_csv_is_named_by_its_row(tmp_path):
    folder = good_study(tmp_path)
    path = folder / "doses.csv"
    path.write_bytes(path.read_bytes().replace(b"Daratumumab", b"Dara\0tumumab"))
    _, faults = read_study(folder)
    assert [fault.where for fault in faults if "NUL" in fault.found] == ["doses!3"]
