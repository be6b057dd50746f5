"""Checks of the sheets against the files: what stops a run, what fails one tube, what is flagged."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.builders import (
    CHANNELS,
    MARKERS,
    good_sheets,
    good_study,
    with_cells,
    write_csvs,
    write_files,
    write_tube,
)
from helpers.fcs_bytes import FcsBytes
from pipeline.checks import TubeFindings, check_folder, check_study, tube_findings
from pipeline.checks.acquisition import detector_difference, instrument_difference
from pipeline.checks.typed import days_of
from pipeline.fcs import read_fcs
from pipeline.study.faults import Severity, fault_report, stops_run
from pipeline.study.sheets.reading import read_study
from pipeline.study.study import PanelChannel, Study
from pipeline.tube.names.channels import suggestion

CONTROLS = {"samples!H3": "fcs/S2_FMO.fcs"}


def study_of(
    folder: Path, cells: dict[str, object] | None = None, tubes: dict[str, dict] | None = None
) -> Study:
    """A study whose tubes all have a control, with some cells and some tubes changed."""
    good_study(folder, {**CONTROLS, **(cells or {})})
    write_tube(folder / "fcs" / "S2_FMO.fcs")
    for name, changes in (tubes or {}).items():
        write_tube(folder / "fcs" / f"{name}.fcs", **changes)
    study, faults = read_study(folder)
    assert not stops_run(faults), fault_report(faults)
    return study


def report(study: Study) -> list[str]:
    return [f"{fault.severity.value} {fault}" for fault in check_study(study)]


def settings(*rows: tuple[str, str]) -> dict[str, object]:
    cells: dict[str, object] = {}
    for number, (name, value) in enumerate(rows, start=2):
        cells |= {f"settings!A{number}": name, f"settings!B{number}": value}
    return {"settings!A1": "name", "settings!B1": "value", **cells}


@pytest.fixture(autouse=True)
def _settings_sheet(monkeypatch):
    """Let cells of a settings sheet be given to `good_study`."""
    from helpers import builders

    plain = builders.good_sheets
    monkeypatch.setattr(builders, "good_sheets", lambda: plain() | {"settings": [["name", "value"]]})


def test_a_good_study_has_nothing_to_report(tmp_path):
    study = study_of(tmp_path)
    assert check_study(study) == ()
    assert tube_findings(study) == {"S1": TubeFindings(), "S2": TubeFindings()}


def test_a_tube_without_control_is_a_warning(tmp_path):
    study = study_of(tmp_path, {"samples!H3": None})
    assert report(study) == [
        (
            "WARNING samples!H3: found no fmo_file and no isotype_file, expected a control tube. "
            "The row will say NO_BACKGROUND."
        )
    ]


def test_a_channel_that_no_tube_has_stops_the_run_with_a_suggestion(tmp_path):
    study = study_of(tmp_path, {"panels!B6": "BV510-A"})
    assert report(study)[0] == (
        'ERROR panels!B6: found "BV510-A" (cd138), which is not in any of the panel\'s 2 tubes, expected a channel of the '
        "files, such as S1.fcs has: FSC-A, FSC-H, SSC-A, PE-A (CD38 PE), BV421-A (CD138 BV421), APC-H7-A (CD45 APC-H7), "
        "Time. Did you mean BV421-A (CD138 BV421)? Add it as an alias: BV510-A; BV421-A"
    )
    assert all(findings.failure for findings in tube_findings(study).values())


def test_a_channel_that_one_tube_lacks_fails_that_tube_alone(tmp_path):
    names = ("FSC-A", "FSC-H", "SSC-A", "YG585-A", "V450-A", "APC-H7-A", "Time")
    study = study_of(tmp_path, tubes={"S2": {"channels": names}})
    faults = check_study(study)
    assert [(fault.where, fault.severity) for fault in faults] == [
        ("samples!D3", Severity.TUBE),
    ]
    assert (
        'S2.fcs has 6 of the 7 channels of panel "MM"; missing: BV421-A (cd138); the file has FSC-A'
        in str(faults[0])
    )
    assert "Did you mean V450-A (CD138 BV421)? Add it as an alias: BV421-A; V450-A" in str(faults[0])
    found = tube_findings(study)
    assert found["S1"] == TubeFindings()
    assert found["S2"].failure.startswith("S2.fcs has 6 of the 7 channels")
    assert found["S2"].flags == ()


def test_a_tube_of_another_panel_is_one_short_line(tmp_path):
    names = ("FSC-A", "FSC-H", "SSC-A", *(f"X{number}-A" for number in range(40)))
    tube = {"channels": names, "markers": ("",) * len(names)}
    found = report(study_of(tmp_path / "a", tubes={"S2": tube}))
    assert [line for line in found if "panel" in line] == [
        'TUBE samples!D3: S2.fcs has 3 of the 7 channels of panel "MM"; missing: PE-A or YG585-A (cd38), BV421-A (cd138), '
        "APC-H7-A (cd45), Time (time); the file has FSC-A, FSC-H, SSC-A, "
        + ", ".join(f"X{number}-A" for number in range(13))
        + " and 27 more"
    ]
    study = study_of(tmp_path / "b", tubes={"S1": tube, "S2": tube})
    (line,) = [line for line in report(study) if "panel" in line]
    assert line.startswith(
        'ERROR panels!B5: 4 of the 7 channels of panel "MM" are not in its 2 tubes; missing: PE-A'
    )
    assert all(
        found.failure.count(" has 3 of the 7 channels") == 1 for found in tube_findings(study).values()
    )


@pytest.mark.parametrize(
    ("row", "channel", "marker", "meant"),
    [
        (("BV421-A", "cd138"), "BL2-A", "", False),
        (("PE-Cy7-A", "cd19"), "PE-A", "", False),
        (("APC-A", "cd45"), "PE-A", "", False),
        (("SSC-H", "ssc_height"), "FSC-H", "", False),
        (("FITC-A", "other"), "FSC-A", "", False),
        (("Time", "time"), "Tiger-A", "", False),
        (("PE-A", "other", "CD3"), "X1-A", "CD38 PE", False),
        (("PE-A", "cd45"), "X1-A", "CD45RA", False),
        (("PE-A", "other"), "Comp-PE-A", "", True),
        (("PE-Cy7-A", "cd19"), "PE-Cyan7-A", "", True),
        (("PE-A", "other", "CD3"), "X1-A", "CD3 PE", True),
    ],
)
def test_only_what_can_be_the_same_detector_is_suggested(row, channel, marker, meant):
    alias, role, *stain = row
    wanted = PanelChannel((alias,), role, marker="".join(stain))
    assert bool(suggestion(wanted, [channel], [marker])) is meant
    assert suggestion(wanted, [channel], [marker], taken=[channel]) == ""


def test_channels_match_their_aliases_and_other_cases(tmp_path):
    names = ("fsc-a", "FSC H", "SSC-A", "YG585-A", "BV421-A", "APC-H7-A", "Time")
    assert report(study_of(tmp_path, tubes={name: {"channels": names} for name in ("S1", "S1_FMO")})) == []


def test_two_rows_that_mean_one_channel_stop_the_run(tmp_path):
    study = study_of(tmp_path, {"panels!B6": "BV 421-A", "panels!B7": "bv421_a"})
    assert report(study)[-1] == (
        'ERROR panels!B7: found "bv421_a", which in S1.fcs is BV421-A as in panels!B6, '
        "expected another channel for each row of a panel"
    )


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.write_bytes(b"no such thing" * 20), "S2.fcs"),
        (lambda path: path.write_bytes(b""), "S2.fcs"),
        (lambda path: path.write_bytes(path.read_bytes()[:-20]), "S2.fcs"),
        (lambda path: write_tube(path, n_events=0), "S2.fcs holds no events ($TOT 0)"),
    ],
)
def test_a_file_that_cannot_be_used_fails_its_tube_and_no_other(tmp_path, spoil, said):
    study = study_of(tmp_path)
    spoil(tmp_path / "fcs" / "S2.fcs")
    (fault,) = check_study(study)
    assert (fault.where, fault.severity) == ("samples!D3", Severity.TUBE)
    assert said in str(fault)
    found = tube_findings(study)
    assert found["S1"] == TubeFindings()
    assert said in found["S2"].failure
    assert str(tmp_path) not in str(fault)


def test_a_control_that_cannot_be_used_is_flagged_and_the_tube_goes_on(tmp_path):
    study = study_of(tmp_path)
    (tmp_path / "fcs" / "S1_FMO.fcs").write_bytes(b"")
    assert [(fault.where, fault.severity) for fault in check_study(study)] == [("samples!H2", Severity.TUBE)]
    found = tube_findings(study)["S1"]
    assert (found.failure, found.flags) == ("", ("CONTROL_UNUSABLE",))
    assert found.notes[0].startswith("the FMO control cannot be used: S1_FMO.fcs")


def test_beads_that_cannot_be_read_leave_their_tubes_without_a_curve(tmp_path):
    study = study_of(tmp_path)
    (tmp_path / "fcs" / "beads.fcs").write_bytes(b"")
    (fault,) = check_study(study)
    assert (fault.where, fault.severity) == ("beads!B2", Severity.TUBE)
    assert "2 tubes have no curve" in str(fault)


def test_beads_at_another_voltage_stop_the_run_unless_accepted_with_a_reason(tmp_path):
    study = study_of(tmp_path / "a", tubes={"beads": {"keywords": {"$P4V": "480"}}})
    assert report(study) == [
        (
            'ERROR samples!F2: found beads "QB1" acquired with other settings of PE-A: voltage 450 V in S1.fcs, 480 V in '
            "beads.fcs, expected the tube's voltage and gain. If it is meant, give the reason in the setting "
            "accept_voltage_mismatch."
        ),
        (
            'ERROR samples!F3: found beads "QB1" acquired with other settings of PE-A: voltage 450 V in S2.fcs, 480 V in '
            "beads.fcs, expected the tube's voltage and gain. If it is meant, give the reason in the setting "
            "accept_voltage_mismatch."
        ),
    ]
    reason = settings(("accept_voltage_mismatch", "linear within 30 V on this detector"))
    study = study_of(tmp_path / "b", reason, {"beads": {"keywords": {"$P4V": "480"}}})
    assert not stops_run(check_study(study))
    found = tube_findings(study)["S1"]
    assert found.flags == ("VOLTAGE_MISMATCH",)
    assert found.notes == (
        (
            'beads "QB1" acquired with other settings of PE-A: voltage 450 V in S1.fcs, 480 V in beads.fcs; '
            "accepted: linear within 30 V on this detector"
        ),
    )


@pytest.mark.parametrize(
    ("keyword", "text", "flag"),
    [("$P4G", "2.0", "VOLTAGE_MISMATCH"), ("$CYTSN", "V96101177", "INSTRUMENT_MISMATCH")],
)
def test_other_differences_of_the_beads_stop_the_run_too(tmp_path, keyword, text, flag):
    study = study_of(tmp_path, tubes={"beads": {"keywords": {keyword: text}}})
    assert stops_run(check_study(study))
    assert tube_findings(study)["S1"].flags == (flag,)


@pytest.mark.parametrize("tube", ["beads", "S1_FMO"])
def test_another_end_of_scale_of_floats_is_flagged_since_the_values_may_have_been_scaled(tmp_path, tube):
    study = study_of(tmp_path, tubes={tube: {"keywords": {"$P4R": "65536"}}})
    assert not stops_run(check_study(study))
    assert tube_findings(study)["S1"].flags == ("VOLTAGE_MISMATCH",)
    assert f"a scale to 262,143 in S1.fcs, to 65,535 in {tube}.fcs ($PnR) on PE-A" in report(study)[0]


@pytest.mark.parametrize("top", ["262143", "0"])
def test_an_end_of_scale_that_is_rounded_or_says_nothing_is_no_difference(tmp_path, top):
    assert report(study_of(tmp_path, tubes={"beads": {"keywords": {"$P4R": top}}})) == []


@pytest.mark.parametrize(("bits", "tops"), [(16, (1024, 4096)), (32, (65536, 262144))])
def test_detectors_that_count_to_another_end_differ(tmp_path, bits, tops):
    files = []
    for top in tops:
        keywords = {"$P1N": "PE-A"}
        path = tmp_path / f"{top}.fcs"
        path.write_bytes(FcsBytes(((1,), (2,)), (bits,), (top,), keywords=keywords).build())
        files.append(read_fcs(path, channels=()))
    differ, _ = detector_difference(files[0], "PE-A", files[1], "PE-A")
    assert (
        differ == f"a scale to {tops[0] - 1:,} in {tops[0]}.fcs, to {tops[1] - 1:,} in {tops[1]}.fcs ($PnR)"
    )
    assert not detector_difference(files[0], "PE-A", files[0], "PE-A")[0]


def test_voltages_of_two_instruments_that_differ_are_flagged_but_stop_nothing(tmp_path):
    other = {"keywords": {"$CYTSN": "V96101177", "$P4V": "600"}}
    said = (
        'beads "QB1": the voltages of two instruments cannot be compared; those of PE-A differ: '
        "voltage 450 V in S1.fcs, 600 V in beads.fcs"
    )
    reason = settings(("accept_instrument_mismatch", "cross-calibrated on 2024-05-30"))
    study = study_of(tmp_path / "a", reason, {"beads": other})
    assert not stops_run(check_study(study))
    found = tube_findings(study)["S1"]
    assert found.flags == ("INSTRUMENT_MISMATCH", "VOLTAGE_MISMATCH")
    assert said in found.notes
    lines = [
        line for line in report(study_of(tmp_path / "b", tubes={"beads": other})) if "samples!F2" in line
    ]
    assert [line.split()[0] for line in lines] == ["ERROR", "WARNING"]
    assert "give the reason in the setting accept_instrument_mismatch" in lines[0]
    assert said in lines[1]


def test_a_bead_channel_is_not_hinted_as_an_alias_that_the_panel_has(tmp_path):
    found = report(study_of(tmp_path, {"beads!E2": "FITC-A"}))
    assert any(line.endswith("Did you mean PE-A?") for line in found)


@pytest.mark.parametrize(
    ("matrix", "lines"),
    [
        ("PE-A,BV421-A,APC-H7-A\n1,0,0\n0,1,0\n0,0,1\n", []),
        (
            "FL1-A,FL2-A\n1,0\n0,1\n",
            [
                (
                    'ERROR settings!B3: found "m.csv", a matrix of FL1-A, FL2-A, none of panel "MM", expected the panel\'s '
                    "channels: PE-A or YG585-A (cd38), BV421-A (cd138), APC-H7-A (cd45)"
                )
            ],
        ),
        (
            "PE-A,APC-H7-A\n1,0\n0,1\n",
            [
                (
                    'WARNING settings!B3: found "m.csv", a matrix without BV421-A (cd138) of panel "MM", expected every '
                    "fluorescence channel of the panel. What spills into or from them is not compensated."
                )
            ],
        ),
        ("PE-A\n", ["ERROR settings!B3: "]),
    ],
)
def test_a_named_matrix_is_compared_with_the_panels(tmp_path, matrix, lines):
    study = study_of(tmp_path, settings(("washed_out_drug", "daratumumab"), ("spillover_file", "m.csv")))
    (tmp_path / "m.csv").write_text(matrix, encoding="utf-8")
    found = report(study)
    assert len(found) == len(lines)
    assert all(line.startswith(start) for line, start in zip(found, lines, strict=True))


def test_a_voltage_on_the_edge_of_rounding_is_the_same(tmp_path):
    assert report(study_of(tmp_path, tubes={"beads": {"keywords": {"$P4V": "450.2"}}})) == []


def test_a_voltage_that_nobody_tells_is_flagged_and_an_instrument_noted(tmp_path):
    silent = {"keywords": {"$CYT": "", "$CYTSN": "", "$P4V": ""}}
    study = study_of(tmp_path, tubes=dict.fromkeys(("S1", "S1_FMO", "S2", "S2_FMO", "beads"), silent))
    problem = 'beads "QB1": S1.fcs and beads.fcs do not both give the voltage or gain of PE-A: not compared'
    assert report(study)[0] == (
        f"WARNING samples!F2: found {problem}, expected $PnV in both files. Make sure that beads and tube were "
        "acquired with the same settings: another voltage changes RD."
    )
    findings = tube_findings(study)["S1"]
    assert "VOLTAGE_UNKNOWN" in findings.flags
    assert findings.notes == (
        'neither the tube nor beads "QB1" names its instrument: not compared',
        problem,
        "neither the tube nor the control names its instrument: not compared",
        "tube and the control do not both give the voltage of PE-A: not compared",
    )


@pytest.mark.parametrize("silent", ["S1", "beads"])
def test_a_voltage_that_one_of_the_two_files_does_not_tell_is_flagged(tmp_path, silent):
    study = study_of(tmp_path, tubes={silent: {"keywords": {"$P4V": ""}}})
    assert "VOLTAGE_UNKNOWN" in tube_findings(study)["S1"].flags


def test_gains_in_both_files_are_as_good_as_voltages(tmp_path):
    gained = {"keywords": {"$P4V": "", "$P4G": "72"}}
    study = study_of(tmp_path, tubes=dict.fromkeys(("S1", "S1_FMO", "S2", "S2_FMO", "beads"), gained))
    assert report(study) == []


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("Canto", "V657338000098"), ("FACSCanto II", "V657338000098"), True),
        (("FACSCanto II", "V657338000098"), ("FACSCanto II", "V96101177"), False),
        (("FACSCanto II", "1"), ("facs canto ii", "1"), True),
        (("LSRII", "1"), ("FACSAria", "1"), False),
        (("LSRII", "1"), ("LSRII", "2"), False),
        (("LSRII", ""), ("LSRII", "H1234"), True),
        (("LSRII", ""), ("", ""), False),
        (("", ""), ("", ""), None),
        (("", "1"), ("", "1"), True),
    ],
)
def test_instruments_are_the_same_by_serial_else_by_name(tmp_path, one, other, same):
    files = [
        read_fcs(write_tube(tmp_path / f"{n}.fcs", keywords={"$CYT": cyt, "$CYTSN": serial}), channels=())
        for n, (cyt, serial) in enumerate((one, other))
    ]
    difference = instrument_difference(*files)
    assert {"": True, None: None}.get(difference, False) is same
    assert (instrument_difference(*reversed(files)) == "") is (difference == "")


@pytest.mark.parametrize(
    ("date", "time", "severity", "flags"),
    [
        ("31-MAY-2024", "09:00:00", None, ()),
        ("30-MAY-2024", "10:00:00", None, ()),
        ("30-MAY-2024", "09:00:00", "WARNING", ("BEADS_AGED",)),
        ("28-MAY-2024", "10:00:00", "WARNING", ("BEADS_AGED",)),
        ("28-MAY-2024", "09:00:00", "ERROR", ("BEADS_AGED",)),
        ("04-JUN-2024", "10:00:00", "ERROR", ("BEADS_AGED",)),
    ],
)
def test_the_age_of_the_beads_is_judged_in_hours(tmp_path, date, time, severity, flags):
    study = study_of(tmp_path, tubes={"beads": {"keywords": {"$DATE": date, "$BTIM": time}}})
    assert {fault.severity.value for fault in check_study(study)} == ({severity} if severity else set())
    assert tube_findings(study)["S1"].flags == flags


def test_beads_that_are_too_old_are_named_and_can_be_accepted(tmp_path):
    old = {"beads": {"keywords": {"$DATE": "20-MAY-2024"}}}
    assert report(study_of(tmp_path / "a", tubes=old))[0] == (
        'ERROR samples!F2: found beads "QB1" 264 hours from the tube (tube 2024-05-31 10:00, beads 2024-05-20 10:00), '
        "expected beads within 72 hours. If it is meant, give the reason in the setting accept_bead_age."
    )
    study = study_of(tmp_path / "b", settings(("accept_bead_age", "weekly beads, lasers logged")), old)
    assert not stops_run(check_study(study))
    assert tube_findings(study)["S2"].notes[-1].endswith("; accepted: weekly beads, lasers logged")


def test_where_files_have_no_date_what_was_typed_counts_and_that_is_said(tmp_path):
    undated = {"keywords": {"$DATE": "", "$BTIM": ""}}
    cells = {"beads!G1": "acquired_on", "beads!G2": "2024-05-30"}
    study = study_of(tmp_path / "a", cells, {"beads": undated, "S1": undated})
    assert report(study) == []
    assert tube_findings(study)["S1"].notes == (
        "no time of day is known, so the age of the beads is in whole days: tube 2024-05-31 by the column collected_on, beads 2024-05-30 by the column acquired_on",
    )
    study = study_of(tmp_path / "b", tubes={"beads": undated})
    assert tube_findings(study)["S1"].flags == ("BEAD_AGE_UNKNOWN",)
    assert "acquired_on is empty" in report(study)[0]


def test_a_control_at_other_voltages_is_named(tmp_path):
    study = study_of(tmp_path, tubes={"S1_FMO": {"keywords": {"$P5V": "600", "$P6V": "530"}}})
    assert report(study) == [
        (
            "WARNING samples!H2: found the control acquired with other settings of BV421-A: voltage 510 V in S1.fcs, 600 V in "
            "S1_FMO.fcs · APC-H7-A: voltage 520 V in S1.fcs, 530 V in S1_FMO.fcs, expected the tube's settings on every "
            "channel, since its gates are put on the control"
        )
    ]
    assert tube_findings(study)["S1"].flags == ("CONTROL_SETTINGS_DIFFER",)
    study = study_of(tmp_path, tubes={"S1_FMO": {"keywords": {"$P4V": "600"}}})
    assert report(study)[0].startswith(
        "ERROR samples!H2: found the control acquired with other settings of PE-A"
    )


def test_beads_of_another_channel_than_the_quantified_one_stop_the_run(tmp_path):
    study = study_of(tmp_path / "a", {"beads!E2": "BV421-A"})
    assert report(study) == [
        (
            'ERROR beads!E2: found "BV421-A", but panel "MM" quantifies "PE-A; YG585-A", expected the panel\'s cd38 channel. '
            "If both are one detector, list both names in the panel's channel, split by ;."
        )
    ]
    assert report(study_of(tmp_path / "b", {"beads!E2": "pe a"})) == []


def test_a_bead_channel_that_the_bead_file_lacks_stops_the_run(tmp_path):
    study = study_of(tmp_path, {"beads!E2": "YG585-A"})
    assert report(study)[0].startswith(
        'ERROR beads!E2: found "YG585-A", which is not in beads.fcs, expected one of FSC-A'
    )


def test_a_marker_that_contradicts_the_panel_is_flagged(tmp_path):
    markers = (*MARKERS[:4], "CD45 BV421", "CD138 APC-H7", "")
    study = study_of(tmp_path, tubes={"S2": {"markers": markers}})
    assert report(study) == [
        (
            "WARNING samples!D3: found S2.fcs, which calls channel BV421-A (CD45 BV421): that is cd45, not cd138, expected the "
            'marker that panel "MM" has on it. Was a tube mislabelled, or is the panel\'s role wrong?'
        ),
        (
            "WARNING samples!D3: found S2.fcs, which calls channel APC-H7-A (CD138 APC-H7): that is cd138, not cd45, expected "
            'the marker that panel "MM" has on it. Was a tube mislabelled, or is the panel\'s role wrong?'
        ),
    ]
    assert tube_findings(study)["S2"].flags == ("MARKER_DIFFERS",)


@pytest.mark.parametrize(
    ("kit", "levels", "said"),
    [
        (
            "quantibrite_pe",
            "638; 6930; 31008",
            "WARNING beads!F2: found 3 levels above 0, expected 4 for BD QuantiBRITE PE",
        ),
        ("qsc", "0; 5899; 68458; 281582; 621651", "WARNING beads!2: found nothing, expected captures"),
        ("custom", "100; 1000; 5000", None),
        (
            "custom",
            "0; 86901",
            "ERROR beads!F2: found 1 level above 0, expected at least 2 for a standard curve",
        ),
        ("rainbow", "0; 1; 2; 3; 4; 5; 6; 7", 'WARNING samples!F2: found beads "QB1" of the kit rainbow'),
        ("qifikit", "0; 1; 2; 3; 4; 5", "WARNING samples!I2: found no isotype_file with the kit qifikit"),
    ],
)
def test_levels_and_kits_are_compared(tmp_path, kit, levels, said):
    cells = {"beads!C2": kit, "beads!F2": levels, "samples!I1": "isotype_file"}
    lines = report(study_of(tmp_path, cells))
    assert (lines == []) if said is None else any(line.startswith(said) for line in lines)


def test_dates_before_the_doses_are_said_in_words(tmp_path):
    cells = {
        "doses!A4": "P1", "doses!B4": "2024-06-10", "doses!C4": "DARATUMUMAB",
        "doses!B3": "2024-07-01", "doses!A5": "P1", "doses!B5": "2024-07-01", "doses!C5": "isatuximab",
    }  # fmt: skip
    assert report(study_of(tmp_path, cells)) == [
        (
            "WARNING samples!C2: found 2024-05-31, before daratumumab was given on 2024-06-10, expected a day after the last "
            "dose of daratumumab. Washout is counted from the last dose before it. Are both dates right?"
        ),
        (
            "WARNING samples!C3: found 2024-05-31, before daratumumab was given on 2024-07-01, expected a day after the last "
            "dose of daratumumab. It was collected before the first dose: there is no washout time. Are both dates right?"
        ),
    ]


def test_a_patient_without_a_dose_is_named_once(tmp_path):
    study = study_of(tmp_path, {"doses!A3": "P1"})
    assert report(study) == [
        (
            'WARNING samples!B3: found no dose of daratumumab for patient "P2", expected a dose in the doses sheet. '
            "There is no washout time."
        )
    ]


def test_a_file_acquired_long_before_or_after_collection_is_named(tmp_path):
    study = study_of(tmp_path, {"samples!C2": "2024-06-03", "samples!C3": "2024-05-01"})
    assert report(study) == [
        (
            "WARNING samples!C2: found S1.fcs acquired on 2024-05-31, 3 days before it was collected (2024-06-03), expected an "
            "acquisition 0 to 7 days after collection. Washout counts to collected_on."
        ),
        (
            "WARNING samples!C3: found S2.fcs acquired on 2024-05-31, 30 days after it was collected (2024-05-01), expected an "
            "acquisition 0 to 7 days after collection. Washout counts to collected_on."
        ),
    ]


def test_a_typed_day_of_the_beads_that_differs_from_the_file_is_named(tmp_path):
    cells = {"beads!G1": "acquired_on", "beads!G2": "2024-05-30"}
    assert report(study_of(tmp_path, cells)) == [
        (
            "WARNING beads!G2: found 2024-05-30, but beads.fcs was acquired on 2024-05-31, expected the day of the file. "
            "The file's day is used."
        )
    ]


def test_patient_dates_in_an_impossible_order_are_named(tmp_path):
    sheets = with_cells(good_sheets(), CONTROLS)
    sheets["patients"] = [
        ["patient_id", "treatment_start", "died_on"],
        ["P1", "2024-06-10", "2024-06-01"],
        ["P2", "", ""],
    ]
    write_tube(tmp_path / "fcs" / "S2_FMO.fcs")
    study, _ = read_study(write_csvs(write_files(tmp_path), sheets))
    assert report(study) == [
        (
            "ERROR patients!C2: found 2024-06-01, expected a day after the first day of treatment "
            "(patients!B2 has 2024-06-10). Were two days exchanged, or is a year wrong?"
        )
    ]


def test_files_are_checked_in_the_same_go_where_sheets_have_faults(tmp_path):
    good_study(tmp_path, {**CONTROLS, "doses!B2": "03/04/2024"})
    write_tube(tmp_path / "fcs" / "S2_FMO.fcs")
    write_tube(tmp_path / "fcs" / "beads.fcs", keywords={"$P4V": "480"})
    (tmp_path / "fcs" / "S2.fcs").write_bytes(b"")
    study, faults = check_folder(tmp_path)
    assert study is None
    assert [(fault.where, fault.severity.value) for fault in faults] == [
        ("samples!F2", "ERROR"),
        ("samples!D3", "TUBE"),
        ("doses!B2", "ERROR"),
    ]


def test_a_faulty_panel_or_bead_run_takes_its_tubes_out_of_the_files_check(tmp_path):
    good_study(tmp_path, {**CONTROLS, "panels!C6": "cd139"})
    write_tube(tmp_path / "fcs" / "S2_FMO.fcs")
    (tmp_path / "fcs" / "S2.fcs").write_bytes(b"")
    assert [fault.where for fault in check_folder(tmp_path)[1]] == ["panels!C6"]


def test_check_of_a_good_folder_gives_the_study(tmp_path):
    good_study(tmp_path, CONTROLS)
    write_tube(tmp_path / "fcs" / "S2_FMO.fcs")
    study, faults = check_folder(tmp_path)
    assert (study.samples[0].sample_id, faults) == ("S1", ())
    assert check_folder(tmp_path / "nowhere")[0] is None


@given(st.floats(1, 1000), st.floats(-0.2, 0.2))
def test_two_detectors_differ_the_same_way_round(tmp_path_factory, voltage, change):
    folder = tmp_path_factory.mktemp("pair")
    one = read_fcs(write_tube(folder / "a.fcs", keywords={"$P4V": f"{voltage:.3f}"}), channels=())
    other = read_fcs(
        write_tube(folder / "b.fcs", keywords={"$P4V": f"{voltage * (1 + change):.3f}"}), channels=()
    )
    there, _ = detector_difference(one, "PE-A", other, "PE-A")
    back, _ = detector_difference(other, "PE-A", one, "PE-A")
    assert bool(there) == bool(back)
    assert not detector_difference(one, "PE-A", one, "PE-A")[0]


@pytest.mark.real
def test_a_real_marrow_with_beads_of_another_instrument_and_year_needs_two_reasons(tmp_path, real_data):
    import shutil

    shutil.copy(real_data / "marrow" / "vie14" / "494.fcs", tmp_path)
    shutil.copy(real_data / "beads" / "dako" / "beads_2008-01-21.fcs", tmp_path / "dako.fcs")
    sheets = {
        "samples": [["sample_id", "patient_id", "collected_on", "fcs_file", "panel", "beads"],
                    ["V", "V", "2014-07-18", "494.fcs", "B", "D"]],
        "panels": [["panel", "channel", "role", "target", "f_p_ratio"], ["B", "FSC-A", "fsc_area", "", ""],
                   ["B", "SSC-A", "ssc_area", "", ""], ["B", "PE-A", "cd38", "", 1], ["B", "APC-A", "cd19", "positive", ""],
                   ["B", "PacificBlue-A", "other", "positive", ""], ["B", "Time", "time", "", ""]],
        "beads": [["beads", "fcs_file", "kit", "lot", "channel", "levels"],
                  ["D", "dako.fcs", "mesf", "K0110", "PE-A", "0; 1500; 5000; 15000; 45000; 131200"]],
        "settings": [["name", "value"]],
    }  # fmt: skip
    study, _ = read_study(write_csvs(tmp_path, sheets))
    errors = [fault for fault in check_study(study) if fault.severity is Severity.ERROR]
    assert [fault.hint.split()[-1] for fault in errors] == ["accept_instrument_mismatch.", "accept_bead_age."]
    sheets["settings"] += [["accept_instrument_mismatch", "public data"], ["accept_bead_age", "public data"]]
    study, _ = read_study(write_csvs(tmp_path, sheets))
    assert not stops_run(check_study(study))
    assert tube_findings(study)["V"].flags == ("INSTRUMENT_MISMATCH", "VOLTAGE_MISMATCH", "BEADS_AGED")


@pytest.mark.real
def test_real_files_of_any_instrument_as_tubes_get_one_clear_message_each(tmp_path, real_data):
    import shutil

    files = sorted((real_data / "readers").glob("*.[fFlL][cCmM][sSdD]"))[:60] + sorted(
        (real_data / "flowjo").glob("*.fcs")
    )
    rows = []
    for number, path in enumerate(files):
        shutil.copy(path, tmp_path / path.name)
        rows.append([f"T{number}", f"P{number}", "2020-01-01", path.name, "MM", "QB1", "", ""])
    sheets = good_sheets()
    sheets["samples"] = [sheets["samples"][0], *rows]
    study, faults = read_study(write_csvs(write_files(tmp_path), sheets))
    assert study is not None, fault_report(faults)
    found = tube_findings(study)
    assert all(findings.failure for findings in found.values())
    assert all("\n" not in findings.failure for findings in found.values())
    assert len(CHANNELS) == 7


def test_the_names_that_a_setting_lists_are_one_drug_everywhere(tmp_path):
    sheets = settings(("washed_out_drug", "daratumumab; Darzalex"))
    study = study_of(tmp_path, sheets)
    assert not any("dose of" in line or "drug" in line for line in report(study))
    assert set(days_of(study, "daratumumab; Darzalex")) == {"P1", "P2"}
    assert days_of(study, "Darzalex") == days_of(study, "daratumumab")
    assert days_of(study, "isatuximab") == {}


def test_a_file_of_gates_that_may_not_be_read_and_lacks_its_population_is_told_both(tmp_path):
    cells = {"samples!I1": "gates_file", "samples!I2": "../lab.wsp", "samples!J1": "population"}
    places = [fault.where for fault in check_study(study_of(tmp_path, cells))]
    assert places == ["samples!I2", "samples!J2"]
