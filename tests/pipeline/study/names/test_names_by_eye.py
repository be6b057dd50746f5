"""Names that look the same: folded where they can only mean one thing, named visibly where they may not."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from helpers.builders import good_sheets, good_study, with_cells, write_csvs, write_files, write_workbook
from pipeline.study.faults import fault_report
from pipeline.study.names.ids import ids_in, known_ids
from pipeline.study.names.look import caseless, look_alike, odd_letters, plain, unseen
from pipeline.study.sheets.reading import read_study
from pipeline.study.wording import quoted

UNSEEN = ["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u200e", "\u200f", "\u202a", "\u202c", "\u2066", "\u061c", "\u034f", "\u3164", "\ufe0f"]  # fmt: skip
BLANKS = ["\u00a0", "\u202f", "\u2007", "\u2003", "\u3000", "\u2800"]


def lines(folder: Path) -> list[str]:
    return [str(fault) for fault in read_study(folder)[1]]


@pytest.mark.slow
@pytest.mark.parametrize("odd", UNSEEN)
@pytest.mark.parametrize(
    "cell", ["doses!A2", "samples!F2", "samples!E2", "beads!A2", "panels!A4", "samples!B2"]
)
def test_invisible_characters_in_a_key_mean_nothing(tmp_path, odd, cell):
    sheet, at = cell.split("!")
    typed = good_sheets()[sheet][int(at[1]) - 1][ord(at[0]) - ord("A")]
    for written in (f"{odd}{typed}", f"{typed}{odd}", f"{typed[:1]}{odd}{typed[1:]}"):
        assert lines(good_study(tmp_path, {cell: written})) == []


@pytest.mark.parametrize("blank", BLANKS)
def test_blanks_of_all_kinds_are_blanks_and_count_once(tmp_path, blank):
    cells = {"samples!B2": f"P{blank}{blank}1 ", "doses!A2": "P 1"}
    assert lines(good_study(tmp_path, cells)) == []


def test_a_name_written_as_on_a_mac_and_in_full_width_letters_is_the_same(tmp_path):
    cells = {"samples!B2": unicodedata.normalize("NFD", "Ü1"), "doses!A2": "Ü1", "samples!B3": "Ｐ２"}
    study, faults = read_study(write_workbook(write_files(tmp_path), with_cells(good_sheets(), cells)))
    assert faults == ()
    assert [sample.patient_id for sample in study.samples] == ["Ü1", "P2"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Baseline", "baseline "),
        ("BİTİŞ", "bitiş"),
        ("Weiß", "WEISS"),
        ("C1\u200b D1", "c1\u00a0\u00a0d1"),
        ("Ｖ1", "v1"),
        ("Kasım", "KASIM"),
    ],
)
def test_a_visit_in_other_case_is_one_visit_under_its_first_spelling(tmp_path, one, other):
    study, faults = read_study(
        good_study(tmp_path, {"samples!B3": "P1", "doses!A3": "P1", "samples!G2": one, "samples!G3": other})
    )
    assert faults == ()
    first, second = study.samples
    assert first.visit == second.visit == " ".join(plain(one).split())


def test_visits_that_differ_by_a_blank_are_a_warning_and_by_look_alike_letters_a_fault(tmp_path):
    cells = {"samples!B3": "P1", "doses!A3": "P1", "samples!G2": "C1 D1", "samples!G3": "C1D1"}
    assert lines(good_study(tmp_path / "a", cells)) == [
        'samples!G3: found "C1D1", expected one spelling of a visit: samples!G2 has "C1 D1". They are taken for two visits.'
    ]
    assert lines(good_study(tmp_path / "b", cells | {"samples!G3": "С1 D1"})) == [
        (
            'samples!G3: found "С1 D1", expected one spelling everywhere: samples!G2 has "C1 D1". '
            "What was typed has U+0421 CYRILLIC CAPITAL LETTER ES for C."
        )
    ]


@pytest.mark.parametrize(
    ("cell", "typed", "said"),
    [
        ("doses!A2", "Р1", 'doses!A2: found "Р1", expected one spelling everywhere: samples!B2 has "P1". What was typed has U+0420 CYRILLIC CAPITAL LETTER ER for P.'),
        ("doses!A2", "Ρ1", 'doses!A2: found "Ρ1", expected one spelling everywhere: samples!B2 has "P1". What was typed has U+03A1 GREEK CAPITAL LETTER RHO for P.'),
        ("doses!A2", "PI", 'doses!A2: found "PI", expected a patient of the samples or patients sheet. Did you mean "P1"? What was typed has the letter I for the digit 1.'),
        ("samples!F2", "QВ1", 'samples!F2: found "QВ1", expected a bead run of the beads sheet. Did you mean "QB1"? What was typed has U+0412 CYRILLIC CAPITAL LETTER VE for B.'),
        ("samples!A3", "Ѕ1", 'samples!A3: found "Ѕ1" again (already in samples!A2 as "S1"), expected a name of its own for each tube. What was typed has U+0405 CYRILLIC CAPITAL LETTER DZE for S.'),
        ("samples!A3", "S\u0007", 'samples!A3: found "S" (with U+0007), expected an id that can name a file, without < > : " / \\ | ? * ;. Leave out U+0007.'),
        ("samples!E2", "М\u041c", 'samples!E2: found "ММ", expected a panel of the panels sheet. Did you mean "MM"? What was typed has U+041C CYRILLIC CAPITAL LETTER EM for M.'),
    ],
)  # fmt: skip
def test_letters_that_only_look_the_same_are_named(tmp_path, cell, typed, said):
    assert said in lines(good_study(tmp_path, {cell: typed}))


def test_what_a_message_quotes_shows_what_cannot_be_seen():
    assert quoted("P01\u200b") == '"P01" (with U+200B ZERO WIDTH SPACE)'
    assert quoted("a\u00a0b\u202e") == '"a b" (with U+00A0 NO-BREAK SPACE and U+202E RIGHT-TO-LEFT OVERRIDE)'
    assert quoted("Müller, 5 µg") == '"Müller, 5 µg"'
    assert unseen("P01\n") == ()


@pytest.mark.parametrize("name", ["Ä-7_b (2)", "P²", "½", "n°1", "naïve"])
def test_what_can_be_seen_stays_as_typed(name):
    assert plain(name) == name


def test_names_of_one_look_have_one_key_and_others_have_not():
    assert look_alike("РО1") == look_alike("po1") != look_alike("P01")
    assert caseless("Straße") == caseless("STRASSE")
    assert odd_letters("P1", "P2") == odd_letters("P1", "p1") == ""


def named_on_disk(folder: Path, name: str) -> Path:
    write_files(folder)
    (folder / "fcs" / "S1.fcs").rename(folder / "fcs" / name)
    return folder


@pytest.mark.parametrize(
    ("on_disk", "typed"),
    [
        (unicodedata.normalize("NFD", "Müller_1.fcs"), "Müller_1.fcs"), ("Müller_1.fcs", unicodedata.normalize("NFD", "Müller_1.fcs")),
        ("S 1.fcs", "S\u00a01.fcs"), ("S\u00a01.fcs", "S 1.fcs"), ("S 1.fcs", "S  1.fcs"), ("S1\u200b.fcs", "S1.fcs"), ("S1.fcs", "S\u00ad1.fcs"),
    ],
)  # fmt: skip
def test_a_file_is_found_by_what_can_be_seen_of_its_name(tmp_path, on_disk, typed):
    folder = named_on_disk(tmp_path, on_disk)
    study, faults = read_study(write_csvs(folder, with_cells(good_sheets(), {"samples!D2": f"fcs/{typed}"})))
    assert faults == ()
    assert (folder / study.samples[0].fcs_file).is_file()


def test_a_folder_and_a_data_set_are_found_so_too(tmp_path):
    folder = named_on_disk(tmp_path, "S1.lmd")
    (folder / "fcs").rename(folder / unicodedata.normalize("NFD", "Mär z"))
    names = {f"samples!D{row}": f"Mär z/S{row - 1}.{'lmd#1' if row == 2 else 'fcs'}" for row in (2, 3)}
    cells = {**names, "samples!H2": "Mär z/S1_FMO.fcs", "beads!B2": "Mär  z/beads.fcs"}
    study, faults = read_study(write_csvs(folder, with_cells(good_sheets(), cells)))
    assert faults == ()
    assert study.samples[0].fcs_file.endswith("/S1.lmd#1")


def test_a_name_that_two_files_have_to_the_eye_is_refused_with_both(tmp_path):
    folder = named_on_disk(tmp_path, "S 1\u200b.fcs")
    (folder / "fcs" / "S2.fcs").rename(folder / "fcs" / "S\u00a01.fcs")
    found = lines(write_csvs(folder, with_cells(good_sheets(), {"samples!D2": "fcs/S 1.fcs"})))
    assert found[0] == (
        'samples!D2: found "fcs/S 1.fcs", which may be one of two files, expected a file in the study folder. '
        'The folder has "S 1.fcs" (with U+200B ZERO WIDTH SPACE) and "S 1.fcs" (with U+00A0 NO-BREAK SPACE): rename one of them.'
    )


def test_ids_are_found_in_names_as_whole_words():
    known = known_ids(["P01", "P010", "P01_BM2", "7", "S-1"])
    assert ids_in("fcs/P01/tube.fcs", known) == {"P01"}
    assert ids_in("P01_BM2_FMO", known) == {"P01_BM2"}
    assert ids_in("p01 s1", known) == {"P01", "S-1"}
    assert ids_in("P012_7", known) == frozenset()


def test_faults_of_one_cause_are_one_line_with_the_first_cells_errors_first(tmp_path):
    sheets = with_cells(good_sheets(), {"samples!I1": "comment", "samples!I2": "x"})
    for row in range(2, 22):
        sheets = with_cells(
            sheets, {f"doses!A{row}": "P1", f"doses!B{row}": f"{row}.3.2023", f"doses!C{row}": None}
        )
    report = fault_report(read_study(write_csvs(write_files(tmp_path), sheets))[1]).splitlines()
    assert report[0] == (
        'ERROR   doses!B2: found "2.3.2023", expected a date such as 2024-05-31. It can be read in two ways: '
        "2023-03-02 or 2023-02-03."
    )
    assert report[1].startswith("        alike in doses!B4, doses!B5, doses!B6")
    (drug,) = (
        number for number, line in enumerate(report) if line.startswith("ERROR   doses!C2: found nothing")
    )
    assert report[drug + 1].startswith("        the same in doses!C3")
    assert report[drug + 1].endswith("doses!C14 and 7 more")
    severities = [line.split()[0] for line in report[:-1] if not line.startswith(" ")]
    assert severities == sorted(severities)
    assert any(line.startswith("WARNING samples!I1") for line in report)
    assert report[-1] == "40 faults that stop the run, 2 warnings"
