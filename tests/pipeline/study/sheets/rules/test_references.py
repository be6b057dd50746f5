"""Rules between the rows of a study: each names the cell that refers to nothing or stands there twice."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from helpers.builders import good_sheets, good_study, with_cells, write_csvs, write_files
from pipeline.study.faults import fault_report
from pipeline.study.sheets.reading import read_study


def faults_of(folder: Path, cells: dict[str, object]) -> list[str]:
    """The faults that changing some cells of a good study makes."""
    return [str(fault) for fault in read_study(good_study(folder, cells))[1]]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"samples!A3": "S1"}, ['samples!A3: found "S1" again (already in samples!A2), expected a name of its own for each tube']),
        ({"samples!D3": "fcs/../fcs/S1.fcs"},
         ['samples!D3: found "fcs/../fcs/S1.fcs" again (already in samples!D2), expected a file of its own per tube']),
        ({"beads!F3": "0;5", "beads!A3": "QB1", "beads!B3": "fcs/beads.fcs", "beads!C3": "qsc", "beads!D3": "1", "beads!E3": "PE-A"},
         ['beads!A3: found "QB1" again (already in beads!A2), expected a name of its own for each bead run']),
        ({"panels!C6": "cd45"},
         [('panels!C7: found "cd45" again in panel "MM" (already in panels!C6), expected one channel for this role. '
          "For a second channel of this kind use other or dump.")]),
        ({"panels!C6": "cd38"},
         [('panels!C6: found "cd38" again in panel "MM" (already in panels!C5), expected one channel for this role. '
          "For a second channel of this kind use other or dump."),
          ("panels!F6: found nothing, expected the F:P ratio of the cd38 conjugate, which the kit quantibrite_pe needs. "
          'The conjugate\'s data sheet gives it; beads "QB1" are used with this panel.')]),
        ({"panels!C5": "other"},
         ['panels!A2: found no channel with the role cd38 in panel "MM", expected exactly one: the quantified channel']),
        ({"panels!B6": "yg585-a"},
         ['panels!B6: found "yg585-a" again in panel "MM" (already in panels!B5), expected each channel in one row of a panel']),
        ({"panels!D5": "positive"},
         [('panels!D5: found "positive", expected an empty target. cd38 is the quantified channel and never gates: '
          "leave the target empty.")]),
        ({"panels!F5": None},
         [("panels!F5: found nothing, expected the F:P ratio of the cd38 conjugate, which the kit quantibrite_pe needs. "
          'The conjugate\'s data sheet gives it; beads "QB1" are used with this panel.')]),
        ({"samples!H2": "fcs/S1.fcs"},
         ['samples!H2: found "fcs/S1.fcs", the stained tube itself, expected the file of the control tube']),
        ({"samples!D3": "fcs/beads.fcs"},
         ['samples!D3: found "fcs/beads.fcs", which beads!B2 lists as beads, expected a tube\'s own file']),
        ({"samples!H2": "fcs/beads.fcs"},
         ['samples!H2: found "fcs/beads.fcs", which beads!B2 lists as beads, expected a control tube\'s file']),
        ({"samples!H2": "fcs/S2.fcs"},
         [('samples!H2: found "fcs/S2.fcs", which is the stained tube of samples!D3, '
          "expected a tube without the quantified antibody")]),
        ({"samples!F2": "QB 1 "}, ['samples!F2: found "QB 1", expected a bead run of the beads sheet. Did you mean "QB1"?']),
        ({"doses!A2": "p1"}, ['doses!A2: found "p1", expected one spelling everywhere: samples!B2 has "P1"']),
        ({"doses!A2": "007"},
         ['doses!A2: found "007", expected a patient of the samples or patients sheet. There are "P1" and "P2".']),
        ({"doses!C2": "Daratumumab SC"}, ['doses!C2: "Daratumumab SC", which is read as daratumumab']),
        ({"doses!C2": "darzalex"}, ['doses!C2: "darzalex", which is read as daratumumab']),
        ({"doses!C2": "darzlex"},
         [('doses!C2: found "darzlex", expected the drug\'s name as in the settings, or another drug. '
          'Did you mean "daratumumab"?')]),
        ({"doses!C2": "rituximab"}, []),
        ({"samples!D2": "/data/S1.fcs"},
         [('samples!D2: found "/data/S1.fcs", which is an absolute path, expected a path relative to the study folder that '
          "stays inside it. Copy the file into the study folder and name it from there.")]),
        ({"samples!D2": "C:\\data\\S1.fcs"},
         [('samples!D2: found "C:/data/S1.fcs", which is an absolute path, expected a path relative to the study folder '
          "that stays inside it. Copy the file into the study folder and name it from there.")]),
        ({"samples!D2": "fcs/../../S1.fcs"},
         [('samples!D2: found "fcs/../../S1.fcs", which leaves the study folder, expected a path relative to the study '
          "folder that stays inside it. Copy the file into the study folder and name it from there.")]),
        ({"samples!D2": "fcs"}, ['samples!D2: found "fcs", a folder, expected a file in the study folder']),
        ({"samples!D2": "S1.FCS"},
         ['samples!D2: found "S1.FCS", which is not there, expected a file in the study folder. Did you mean "fcs/S1.fcs"?']),
        ({"samples!D2": "fcs\\S1.fcs"}, []),
        ({"samples!A2": "S/1"},
         ['samples!A2: found "S/1", expected an id that can name a file, without < > : " / \\ | ? * ;. Leave out /.']),
    ],
)  # fmt: skip
def test_each_rule_between_rows_names_the_cell(tmp_path, cells, said):
    assert faults_of(tmp_path, cells) == said


def test_a_link_that_leads_out_of_the_folder_is_a_fault(tmp_path):
    folder = good_study(tmp_path / "study")
    outside = write_files(tmp_path / "elsewhere") / "fcs" / "S1.fcs"
    (folder / "fcs" / "S1.fcs").unlink()
    try:
        (folder / "fcs" / "S1.fcs").symlink_to(outside)
    except OSError:
        pytest.skip(f"{sys.platform} does not let this user make links")
    assert 'samples!D2: found "fcs/S1.fcs", which is a link that leads out of the study folder' in str(
        read_study(folder)[1][0]
    )


def test_patients_without_a_row_in_the_patients_sheet_are_a_warning(tmp_path):
    sheets = good_sheets() | {"patients": [["patient_id", "best_response"], ["P1", "sd"], ["P3", "VGPR"]]}
    study, faults = read_study(write_csvs(write_files(tmp_path), sheets))
    assert [patient.best_response for patient in study.patients] == ["SD", "VGPR"]
    assert fault_report(faults) == (
        'WARNING samples!B3: found "P2", expected a row for this patient in the patients sheet\n1 warning'
    )


def test_doses_of_a_patient_of_the_patients_sheet_alone_are_welcome(tmp_path):
    sheets = with_cells(good_sheets(), {"doses!A4": "P9", "doses!B4": "2024-01-01", "doses!C4": "isatuximab"})
    sheets["patients"] = [["patient_id"], ["P1"], ["P2"], ["P9"]]
    assert read_study(write_csvs(write_files(tmp_path), sheets))[1] == ()


@pytest.mark.parametrize(
    ("cells", "n"),
    [
        ({"panels!G5": None, "panels!H5": None}, 1),
        ({"panels!G5": None}, 0),
        ({"panels!H5": None}, 0),
        ({"panels!G5": None, "panels!H5": None, "doses!A2": None, "doses!A3": None}, 0),
    ],
)
def test_the_clone_is_asked_for_once_a_panel_where_a_washout_is_asked_for(tmp_path, cells, n):
    if "doses!A2" in cells:
        cells = {**cells, **{f"doses!{column}{row}": None for column in "ABC" for row in (2, 3)}}
    asked = [text for text in faults_of(tmp_path, cells) if "the clone of the cd38 antibody" in text]
    assert len(asked) == n
    assert all(text.startswith("panels!G5: found nothing") for text in asked)
