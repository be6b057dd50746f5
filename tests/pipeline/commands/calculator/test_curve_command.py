"""`cd38rd curve`: bead medians that a person typed give the line of a hand calculation, and say what they do not tell."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from openpyxl import Workbook, load_workbook

from calibration.beads.kits import bead_kit
from helpers.r_witness import needs_r, r_numbers
from pipeline.beads.typed_medians import CellMedian, TypedMedians, typed_curve
from pipeline.cli import main
from pipeline.commands.calculator.numbers import typed_numbers
from pipeline.study.errors import UsageError

LEVELS, MEDIANS = "474; 5359; 23843; 62336", "512; 5300; 24100; 63900"
QUANTIBRITE = bead_kit("quantibrite_pe")


def typed(*words: object) -> int:
    """Type `cd38rd curve` with these words; return its exit status."""
    try:
        main(["curve", *map(str, words)])
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def beads(*more: object) -> tuple[object, ...]:
    return ("--levels", LEVELS, "--medians", MEDIANS, *more)


def written(path: Path) -> dict[tuple[str, str], dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return {(row["kind"], row["name"]): row for row in csv.DictReader(file)}


def test_the_line_is_that_of_least_squares_worked_by_hand(tmp_path: Path, capsys) -> None:
    """Log10 of the medians (x) and of the levels (y), to six decimals, and their sums:

    x  2.709270  3.724276  4.382017  4.805501      Σx  15.621064    Σx²  63.505287
    y  2.675778  3.729084  4.377361  4.794739      Σy  15.576962    Σxy  63.360335

    slope = (4 · Σxy − Σx · Σy) / (4 · Σx² − (Σx)²) = 1.0109; intercept = (Σy − slope · Σx) / 4 = −0.0536
    """
    n, sx, sy, sxx, sxy = 4, 15.621064, 15.576962, 63.505287, 63.360335
    slope = (n * sxy - sx * sy) / (n * sxx - sx**2)
    intercept = (sy - slope * sx) / n
    assert (round(slope, 3), round(intercept, 3)) == (1.011, -0.054)
    out = tmp_path / "curve.csv"
    assert typed(*beads("--cells", "1834", "--f-p", "1", "--out", out)) == 0
    rows = written(out)
    assert float(rows["line", "slope"]["value"]) == pytest.approx(slope, abs=2e-5)
    assert float(rows["line", "intercept"]["value"]) == pytest.approx(intercept, abs=1e-4)
    abc = 10 ** (intercept + slope * 3.263399)  # log10 of 1834
    assert float(rows["cells", "1"]["value"]) == pytest.approx(abc, rel=2e-4)
    recovery = [10 ** (intercept + slope * x - y) for x, y in ((2.709270, 2.675778), (3.724276, 3.729084))]
    assert [float(rows["bead", k]["value"]) for k in ("1", "2")] == pytest.approx(
        [474 * recovery[0], 5359 * recovery[1]], rel=2e-4
    )
    assert "slope      1.0109" in capsys.readouterr().out


def test_f_p_divides_and_without_it_the_unit_is_that_of_the_beads(tmp_path: Path, capsys) -> None:
    for name, more in (("with", ("--f-p", "2")), ("without", ())):
        assert typed(*beads("--cells", "1834", "--out", tmp_path / f"{name}.csv", *more)) == 0
    with_f_p, without = (written(tmp_path / f"{name}.csv")["cells", "1"] for name in ("with", "without"))
    assert float(with_f_p["value"]) == pytest.approx(float(without["value"]) / 2, rel=1e-5)
    assert (with_f_p["unit"], without["unit"]) == ("ABC", "PE molecules")
    assert "These are PE molecules, not ABC" in capsys.readouterr().out


def test_qifikit_gives_sabc_only_where_the_isotype_is_taken_off(tmp_path: Path) -> None:
    units = []
    for more in ((), ("--background", "90")):
        words = ("--levels", "2000;9000;48000;180000;520000", "--medians", "90;410;2200;8100;23500")
        assert typed(*words, "--kit", "qifikit", "--cells", "5000", *more, "--out", tmp_path / "q.csv") == 0
        units.append(written(tmp_path / "q.csv")["cells", "1"]["unit"])
    assert units == ["ABC", "SABC"]


def test_the_acceptance_table_is_that_of_a_run_and_a_rejected_curve_converts_nothing(capsys) -> None:
    assert typed("--levels", LEVELS, "--medians", "512; 5300; 3000; 63900", "--cells", "1834") == 3
    printed = " ".join(capsys.readouterr().out.split())
    assert " reject " in printed
    assert "transposed lot values?" in printed
    assert "The curve is rejected: the cells are not converted." in printed


def test_levels_a_thousandfold_too_small_are_warned_of_as_in_a_run(capsys) -> None:
    assert typed("--levels", "0.474;5.3591;23.8431;62.3361", "--medians", MEDIANS) == 0
    assert "in thousands, or the values of another kit?" in " ".join(capsys.readouterr().out.split())


def test_levels_that_only_number_the_beads_convert_nothing(capsys) -> None:
    words = ("--levels", "0;1;2;3", "--medians", "5;50;500;5000", "--kit", "rainbow", "--cells", "600")
    assert typed(*words) == 0
    assert "The levels only rank the beads: the cells are not converted." in capsys.readouterr().out


def test_two_beads_leave_no_scatter_and_it_is_said_what_is_assumed(capsys) -> None:
    assert typed("--levels", "474;5359", "--medians", "512;5300", "--cells", "1834", "--f-p", "1") == 0
    assert "0.02 dex is assumed" in " ".join(capsys.readouterr().out.split())


def test_cells_beyond_the_beads_are_no_plain_numbers(capsys) -> None:
    typed(*beads("--cells", "100; 1834; 150000; 900000", "--f-p", "1"))
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if "  " in line.strip()}
    assert "< 474" in lines["1"]
    assert "estimate" in lines["1"]
    assert "*" not in lines["2"]
    assert lines["3"].endswith("*")
    assert "> 62,336" in lines["4"]


def test_what_is_printed_fits_80_columns(capsys) -> None:
    typed(*beads("--cells", "1834; 150000; 900000", "--blank", "31", "--background", "45", "--f-p", "0.98"))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80


def test_it_is_said_whether_the_background_is_taken_off(tmp_path: Path, capsys) -> None:
    rows = ["level,median,cell,cell_median,control_median", "474,512,P1,1834,45", "5359,5300,P2,1700,"]
    (tmp_path / "some.csv").write_text("\n".join([*rows, "23843,24100,,,", "62336,63900,,,"]), "utf-8")
    said = []
    for words in (
        beads("--cells", "1834"),
        beads("--cells", "1834", "--background", "45"),
        (tmp_path / "some.csv",),
    ):
        typed(*words)
        said.append(" ".join(capsys.readouterr().out.split()))
    assert "No background is subtracted" in said[0]
    assert "The background is subtracted: the PE molecules of the control." in said[1]
    assert "the control, where its median is given; from the other cells nothing is subtracted." in said[2]


def test_the_background_is_taken_off_as_molecules(tmp_path: Path) -> None:
    for name, more in (("less", ("--background", "600")), ("plain", ())):
        typed(*beads("--cells", "1834; 600", "--out", tmp_path / f"{name}.csv", *more))
    less, plain = (written(tmp_path / f"{name}.csv") for name in ("less", "plain"))
    cells = [float(plain["cells", k]["value"]) for k in ("1", "2")]
    assert float(less["cells", "1"]["value"]) == pytest.approx(cells[0] - cells[1], rel=1e-5)
    assert float(less["cells", "2"]["value"]) == 0
    assert less["cells", "2"]["low"] == ""


@needs_r()
def test_the_interval_of_the_line_alone_is_that_of_r() -> None:
    levels, medians = (474.0, 5359.0, 23843.0, 62336.0), (512.0, 5300.0, 24100.0, 63900.0)
    result = typed_curve(
        TypedMedians(medians, levels, QUANTIBRITE, lot_cv=0.0, cells=(CellMedian("a", 1834.0),))
    )
    told = r_numbers(
        "d <- data.frame(x = log10(m), y = log10(l)); f <- lm(y ~ x, d)\n"
        'p <- predict(f, data.frame(x = log10(1834)), interval = "confidence"); tell("ends", 10^p[1, ])',
        m=medians,
        l=levels,
    )["ends"]
    (cell,) = result.cells
    assert (cell.amount, cell.low, cell.high) == pytest.approx(told, rel=1e-8)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """Beads that scatter by 0.02 dex about their line, and a lot whose values are all off by 5 %."""
    rng = np.random.default_rng(20240607)
    levels, truth, n, inside = np.array([474.0, 5359.0, 23843.0, 62336.0]), 2500.0, 1000, 0
    for _ in range(n):
        assigned = levels * np.exp(rng.normal(0, 0.05)) * 10 ** rng.normal(0, 0.02, 4)
        medians = levels / 1.1
        typed = TypedMedians(
            tuple(medians), tuple(assigned), QUANTIBRITE, cells=(CellMedian("a", truth / 1.1),)
        )
        for cell in typed_curve(typed).cells:
            inside += cell.low <= truth <= cell.high
    assert 0.93 <= inside / n <= 0.97


def test_a_sheet_gives_what_the_options_give(tmp_path: Path) -> None:
    typed(*beads("--cells", "1834", "--background", "45", "--out", tmp_path / "options.csv"))
    (tmp_path / "typed.csv").write_text(
        "level;median;cell;cell_median;control_median\n"
        "5359;5300;lymphocytes;1834,0;45\n474;512;;;\n23843;24100;;;\n62336;63900;;;\n",
        encoding="utf-8",
    )
    book = Workbook()
    book.active.append(["Standard curve of the week"])
    book.active.append(["Level", "Median", "cell", "cell_median", "control_median"])
    book.active.append([474, 512, "lymphocytes", 1834, 45])
    for row in ((5359, 5300), (23843, 24100), (62336, 63900)):
        book.active.append(row)
    book.save(tmp_path / "typed.xlsx")
    expected = written(tmp_path / "options.csv")
    for name in ("typed.csv", "typed.xlsx"):
        assert typed(tmp_path / name, "--out", tmp_path / "sheet.csv") == 0
        found = written(tmp_path / "sheet.csv")
        assert found["line", "slope"] == expected["line", "slope"]
        assert found["cells", "lymphocytes"]["value"] == expected["cells", "1"]["value"]


def test_a_workbook_is_written_with_numbers_as_numbers_and_names_as_text(tmp_path: Path) -> None:
    (tmp_path / "typed.csv").write_text(
        'level,median,cell,cell_median\n474,512,"=HYPERLINK(1)",1834\n5359,5300,,\n23843,24100,,\n',
        encoding="utf-8",
    )
    assert typed(tmp_path / "typed.csv", "--out", tmp_path / "curve.xlsx") == 0
    rows = list(load_workbook(tmp_path / "curve.xlsx").active.iter_rows())
    (named,) = (row for row in rows if row[0].value == "cells")
    assert (named[1].value, named[1].data_type) == ("=HYPERLINK(1)", "s")
    assert isinstance(named[5].value, float)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("474; 5359; 23843", (474, 5359, 23843)),
        ("474, 5359, 23843", (474, 5359, 23843)),
        ("474,5359,23843", (474, 5359, 23843)),
        ("474 5359 23843", (474, 5359, 23843)),
        ("474,5; 5359,25", (474.5, 5359.25)),
        ("474,5 5359,25", (474.5, 5359.25)),
        ("474.512; 5359.5", (474.512, 5359.5)),
        ("1e3; -2", (1000, -2)),
    ],
)
def test_numbers_are_read_as_people_type_them(text: str, numbers: tuple[float, ...]) -> None:
    assert typed_numbers(text, "--cells") == numbers


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("1,834", "1834, or the two numbers 1 and 834"),
        ("1 834", "1834, or the two numbers 1 and 834"),
        ("2500,1,834", "1834, or the two numbers 1 and 834"),
        ("1.834", "1834 or 1.834"),
        ("1,834; 2,500", "1834 or 1.834"),
        ("1,834, 2,500", "1834 or 1.834"),
        ("1'834; 2'500", "1834;"),
        ("1.834; 2.500", "1834 or 1.834"),
    ],
)
def test_a_thousands_separator_is_refused_with_both_readings(text: str, readings: str) -> None:
    with pytest.raises(UsageError, match="split numbers with ;") as refused:
        typed_numbers(text, "--cells")
    assert readings in str(refused.value)


def test_the_number_of_levels_tells_what_the_commas_of_the_medians_mean() -> None:
    assert typed_numbers("35,512,2410,6390", "--medians", 4) == (35, 512, 2410, 6390)
    with pytest.raises(UsageError, match="may be 35512"):
        typed_numbers("35,512,2410,6390", "--medians", 3)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--levels", LEVELS, "--medians", "512; 5300"), "--medians: found 2 numbers, expected 4"),
        (("--levels", LEVELS, "--medians", "512"), "--medians: found 1 number, expected 4"),
        (("--levels", "62336; 5359", "--medians", "1; 2"), "are the lot values transposed?"),
        (("--levels", "1,000,5,359", "--medians", "1; 2"), "may be 1000"),
        (("--levels", "474; many", "--medians", "1; 2"), 'found "many", expected a number'),
        (("--levels", LEVELS), "not both --levels and --medians"),
        ((*beads(), "--kit", "quantibright"), "is not a bead kit"),
        ((*beads(), "--f-p", "0"), "--f-p: found 0, expected a number from 0.01 to 100"),
        ((*beads(), "--model", "cubic"), "expected loglog"),
        ((*beads(), "--out", "curve.pdf"), "ends in .csv or .xlsx"),
        (("nothing.xlsx",), "found nothing, expected a CSV file or workbook with the columns level"),
        (("--levels", "474", "--medians", "512"), "at least 2 different bead levels"),
    ],
)
def test_what_cannot_be_used_is_one_sentence_and_wrong_usage(
    words, said, capsys, tmp_path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert typed(*words) == 2
    complaint = capsys.readouterr().err.strip()
    assert said in complaint
    assert "\n" not in complaint


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a workbook", b"a,b\n1,2\n"])
@pytest.mark.parametrize("name", ["typed.csv", "typed.xlsx"])
def test_a_sheet_that_is_none_is_refused_in_one_sentence(tmp_path, capsys, content, name) -> None:
    (tmp_path / name).write_bytes(content)
    assert typed(tmp_path / name) == 2
    assert "defect" not in capsys.readouterr().err
