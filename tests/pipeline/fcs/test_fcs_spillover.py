"""The matrix of a file, under every keyword that instruments use, and what is said where it cannot be used."""

from __future__ import annotations

import numpy as np
import pytest

from helpers.fcs_bytes import FcsBytes
from pipeline.fcs import read_fcs

ROWS = ((1, 2, 3), (4, 5, 6))
GIVEN = [[1.0, 0.25], [0.05, 1.0]]


def read(tmp_path, **keywords):
    path = tmp_path / "tube.fcs"
    named = {"$P1N": "FSC-A", "$P2N": "PE-A", "$P3N": "APC-A", "$P2S": "CD38", "$P3S": "CD138"}
    path.write_bytes(FcsBytes(ROWS, (16, 16, 16), (1024,) * 3, keywords={**named, **keywords}).build())
    return read_fcs(path)


@pytest.mark.parametrize("keyword", ["$SPILLOVER", "SPILL", "SPILLOVER", "$SPILL", "spill"])
def test_every_keyword_of_a_matrix_is_known(tmp_path, keyword):
    file = read(tmp_path, **{keyword: "2,PE-A,APC-A,1,0.25,0.05,1"})
    assert file.spillover.channels == ("PE-A", "APC-A")
    assert file.spillover.values.tolist() == GIVEN
    assert file.spillover.source == keyword.upper()
    assert file.repairs == ()


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("2;PE-A;APC-A;1;0,25;0,05;1", "SPILL_DECIMAL_COMMA"),
        ("2,PE-A,APC-A,1,0,0,25,0,05,1,0", "SPILL_DECIMAL_COMMA"),
        ("2,2,3,1,0.25,0.05,1", "SPILL_NAMES"),
        ("2,CD38,CD138,1,0.25,0.05,1", "SPILL_NAMES"),
        ("2,pe_a,APC A,1,0.25,0.05,1", "SPILL_NAMES"),
        ("2,Comp-PE-A,Comp-APC-A,1,0.25,0.05,1", "SPILL_NAMES"),
        ("2,FJComp-PE-A,FJComp-APC-A,1,0.25,0.05,1", "SPILL_NAMES"),
        ('2,"PE-A","APC-A",1,0.25,0.05,1', "SPILL_NAMES"),
        ("2,'PE-A','APC-A',1,0.25,0.05,1", "SPILL_NAMES"),
        ('"2,PE-A,APC-A,1,0.25,0.05,1"', "SPILL_NAMES"),
        ('2,PE-A,APC-A,"1","0.25","0.05","1"', "SPILL_NAMES"),
        ("2\tPE-A\tAPC-A\t1\t0.25\t0.05\t1", "SPILL_NAMES"),
        ("2,PE-A,APC-A,100,25,5,100", "SPILL_PERCENT"),
        ("2,PE-A,APC-A,99.9,24.975,4.995,99.9", "SPILL_PERCENT"),
        ("2,PE-A,APC-A,0.995,0.24875,0.05,1", "SPILL_DIAGONAL"),
    ],
)
def test_other_ways_to_write_it_are_read_and_reported(tmp_path, value, code):
    file = read(tmp_path, **{"$SPILLOVER": value})
    assert file.spillover.channels == ("PE-A", "APC-A")
    np.testing.assert_allclose(file.spillover.values, GIVEN)
    assert [repair.code for repair in file.repairs] == [code]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("2,PE-A,APC-A,1,1,1,1", "singular"),
        ("2,PE-A,FITC-A,1,0.25,0.05,1", "does not have"),
        ("2,PE-A,APC-A,1,0.25,0.05", "2×2 numbers"),
        ("2,PE-A,APC-A,1,0.25,x,1", "numbers"),
        ("2,PE-A,PE-A,1,0.25,0.05,1", "twice"),
        ("many", "count, names"),
        ("6,PE-A,APC-A", "count, names"),
        ("999999,PE-A", "count, names"),
        ("2,PE-A,APC-A,1,1e300,-1e300,1", "physically impossible"),
        ("2,PE-A,APC-A,5,0.25,0.05,5", "own light"),
        ("2,PE-A,APC-A,1,0.25,0.05,100", "own light"),
        ("2,PE-A,APC-A,1,1,1,1.0000000001", "is singular, or so nearly"),
        ("2,PE-A,APC-A,1,0.9999999,1,1", "is singular, or so nearly"),
    ],
)
def test_a_matrix_that_cannot_be_used_is_left_out_and_named(tmp_path, value, why):
    file = read(tmp_path, **{"$SPILLOVER": value})
    assert file.spillover is None
    assert [repair.code for repair in file.repairs] == ["SPILL_UNUSABLE"]
    assert why in file.repairs[0].text


def test_quoted_names_with_commas_and_tabs_about_words_are_those_of_the_file(tmp_path):
    commas = {"$P2N": "PE-A,CD38", "$SPILLOVER": '2,"PE-A,CD38",\t"APC-A"\t,1,0.25,0.05,1'}
    assert read(tmp_path, **commas).spillover.channels == ("PE-A,CD38", "APC-A")


def test_the_compensated_channel_is_meant_if_the_file_has_it_and_the_raw_one(tmp_path):
    both = {"$P1N": "Comp-PE-A", "$SPILLOVER": "2,Comp-PE-A,APC-A,1,0.25,0.05,1"}
    file = read(tmp_path, **both)
    assert file.spillover.channels == ("Comp-PE-A", "APC-A")
    assert file.repairs == ()


@pytest.mark.parametrize(
    "names", ["Comp-PE-A,PE-A", "Comp-FITC-A,Comp-APC-A", "Comp-PE-A,FJComp-PE-A", '"PE-A,APC-A"']
)
def test_names_that_fit_no_channel_or_one_twice_make_no_matrix(tmp_path, names):
    file = read(tmp_path, **{"$SPILLOVER": f"2,{names},1,0.25,0.05,1"})
    assert file.spillover is None
    assert "SPILL_UNUSABLE" in [repair.code for repair in file.repairs]


def test_negative_spillover_is_kept_and_reported(tmp_path):
    file = read(tmp_path, SPILL="2,PE-A,APC-A,1,-0.02,0.05,1")
    assert file.spillover.values[0, 1] == -0.02
    assert [repair.code for repair in file.repairs] == ["SPILL_NEGATIVE"]


def test_an_identity_says_that_nobody_compensated(tmp_path):
    file = read(tmp_path, SPILL="2,PE-A,APC-A,1,0,0,1")
    assert file.spillover.is_identity
    assert [repair.code for repair in file.repairs] == ["SPILL_IDENTITY"]


def test_another_matrix_goes_before_an_identity(tmp_path):
    file = read(tmp_path, **{"$SPILLOVER": "2,PE-A,APC-A,1,0,0,1", "SPILL": "2,PE-A,APC-A,1,0.25,0.05,1"})
    assert file.spillover.source == "SPILL"
    assert file.repairs == ()


def test_comp_of_fcs_3_0_names_detectors_by_their_place(tmp_path):
    file = read(tmp_path, **{"$COMP": "3,1,0,0,0,1,0.25,0,0.05,1"})
    assert file.spillover.channels == ("FSC-A", "PE-A", "APC-A")
    assert file.spillover.values[1:, 1:].tolist() == GIVEN


def test_comp_of_zeros_says_nothing(tmp_path):
    file = read(tmp_path, **{"$COMP": "3," + ",".join("0" * 9)})
    assert (file.spillover, file.repairs) == (None, ())


def test_percentages_of_fcs_2_0_make_a_matrix(tmp_path):
    file = read(
        tmp_path, **{"$DFC2TO3": "25", "$DFC3TO2": "5", "$DFC1TO2": "0", "$DFC0TO1": "9", "$DFC9TO1": "9"}
    )
    assert file.spillover.channels == ("PE-A", "APC-A")
    np.testing.assert_allclose(file.spillover.values, GIVEN)
    assert file.spillover.source == "$DFCiTOj"


def test_a_file_without_a_matrix_has_none(tmp_path):
    file = read(tmp_path)
    assert (file.spillover, file.repairs) == (None, ())


def test_two_different_matrices_are_named_and_that_of_the_newer_standard_is_used(tmp_path):
    file = read(
        tmp_path, **{"$SPILLOVER": "2,PE-A,APC-A,1,0.25,0.05,1", "SPILL": "2,PE-A,APC-A,1,0.3,0.05,1"}
    )
    assert (file.spillover.source, file.spillover.values.tolist()) == ("$SPILLOVER", GIVEN)
    assert [repair.code for repair in file.repairs] == ["SPILL_DIFFERS"]
    assert "SPILL" in file.repairs[0].found


def test_one_matrix_under_two_keywords_in_another_order_is_one_matrix(tmp_path):
    file = read(
        tmp_path, **{"$SPILLOVER": "2,PE-A,APC-A,1,0.25,0.05,1", "SPILL": "2,APC-A,PE-A,1,0.05,0.25,1"}
    )
    assert (file.spillover.source, file.repairs) == ("$SPILLOVER", ())


def test_a_name_that_two_channels_have_tells_no_detector(tmp_path):
    file = read(tmp_path, **{"$P1N": "PE-A", "SPILL": "2,PE-A,APC-A,1,0.25,0.05,1"})
    assert file.spillover is None
    assert [repair.code for repair in file.repairs] == ["NAME_TWICE", "SPILL_UNUSABLE"]
    assert "of which the file has two" in file.repairs[1].text


def test_a_percentage_of_fcs_2_0_that_is_no_number_is_named(tmp_path):
    file = read(tmp_path, **{"$DFC2TO3": "25", "$DFC3TO2": "five"})
    assert file.spillover is None
    assert [(repair.code, repair.found) for repair in file.repairs] == [("SPILL_UNUSABLE", "'five'")]
    assert "$DFC3TO2" in file.repairs[0].text


def test_percentages_of_detectors_that_are_not_there_are_named(tmp_path):
    file = read(tmp_path, **{"$DFC2TO3": "25", "$DFC3TO2": "5", "$DFC9TO1": "9"})
    assert file.spillover.channels == ("PE-A", "APC-A")
    assert [repair.code for repair in file.repairs] == ["SPILL_NAMES"]


def turned(number: float, decimals: str = "g") -> str:
    """Write a number as a computer with decimal commas does: whole ones without."""
    return f"{number:{decimals}}".replace(".", ",")


def of_size(size: int, seed: int = 2, zeros: float = 0.3) -> np.ndarray:
    draw = np.random.default_rng(seed)
    cells = draw.uniform(0, 0.3 / size, (size, size)).round(5) * (draw.random((size, size)) > zeros)
    np.fill_diagonal(cells, 1)
    return cells


def read_matrix(tmp_path, names, written: str, keyword: str = "$SPILLOVER"):
    n = len(names)
    path = tmp_path / "tube.fcs"
    named = {f"$P{i}N": name for i, name in enumerate(("FSC-A", *names), 1)}
    rows = (tuple(range(n + 1)),) * 2
    path.write_bytes(
        FcsBytes(rows, (16,) * (n + 1), (1024,) * (n + 1), keywords={**named, keyword: written}).build()
    )
    return read_fcs(path)


@pytest.mark.parametrize("size", [2, 3, 8, 12, 20])
@pytest.mark.parametrize("decimals", ["g", ".4g", ".3f", "e"])
def test_decimal_commas_beside_whole_numbers_without_one(tmp_path, size, decimals):
    matrix, names = of_size(size), [f"D{i}-A" for i in range(size)]
    cells = [turned(x, "g" if x in (0, 1) else decimals) for x in matrix.ravel().tolist()]
    file = read_matrix(tmp_path, names, ",".join([str(size), *names, *cells]))
    assert [repair.code for repair in file.repairs] == ["SPILL_DECIMAL_COMMA"]
    assert file.spillover.channels == tuple(names)
    expected = [float(cell.replace(",", ".")) for cell in cells]
    np.testing.assert_array_equal(file.spillover.values.ravel(), expected)


@pytest.mark.parametrize("size", [2, 5, 12])
@pytest.mark.parametrize("style", ["plain", "commas", "mixed"])
@pytest.mark.parametrize("names", [("PE-A,CD38", "APC-A, CD319"), ("A,B,C", "A,B"), ("A,B", "C,A")])
def test_names_with_commas_are_put_together_as_the_file_has_them(tmp_path, size, style, names):
    every = [*names, *(f"D{i}-A" for i in range(size - 2))]
    matrix = of_size(size, seed=4)
    write = {"plain": lambda x: f"{x:g}", "commas": lambda x: f"{x:.6f}".replace(".", ","), "mixed": turned}[
        style
    ]
    written = ",".join([str(size), *every, *map(write, matrix.ravel().tolist())])
    file = read_matrix(tmp_path, every, written)
    assert file.spillover.channels == tuple(every)
    np.testing.assert_allclose(file.spillover.values, matrix, atol=1e-6)
    (repair,) = file.repairs
    assert repair.code == ("SPILL_NAMES" if style == "plain" else "SPILL_DECIMAL_COMMA")
    assert "names with commas" in repair.text


def test_surplus_zeros_behind_the_matrix_are_left_out(tmp_path):
    for zeros in ("0,0", "0", "0.0,0,0"):
        file = read_matrix(tmp_path, ["A", "B"], f"2,A,B,1,0.1,0,1,{zeros}")
        assert [repair.code for repair in file.repairs] == ["SPILL_LONGER"]
        assert file.spillover.values.tolist() == [[1, 0.1], [0, 1]]


@pytest.mark.parametrize(
    ("names", "written", "why"),
    [
        (["A", "B"], "2,A,B,1,0.1,0,1,0.2", "has 8 words between commas, expected 7 for 2 detectors"),
        (["A", "B", "C"], "3,A,B,C,100,25,5,0,3,100,7,25,0,1,5,100", "more than one way to join them fits"),
        (["A", "B", "C"], "3,A,B,C,1,0,0,0,89,1,0,0,2,1,1", "more than one way to join them fits"),
        (["A", "B"], "2,A,X,Y,1,0.1,0,1", "no way to join them fits"),
        (["A", "B"], "2,A,C,1,0.1,0,1", "names detectors that the file does not have"),
    ],
)
def test_what_no_reading_or_more_than_one_fits_is_refused_with_its_cause(tmp_path, names, written, why):
    file = read_matrix(tmp_path, names, written)
    assert file.spillover is None
    (repair,) = file.repairs
    assert repair.code == "SPILL_UNUSABLE"
    assert why in repair.text


def test_names_that_can_be_joined_in_two_ways_are_refused(tmp_path):
    file = read_matrix(tmp_path, ["A,B", "C", "A", "B,C"], "2,A,B,C,1,0.1,0,1")
    assert file.spillover is None
    assert "more than one way" in file.repairs[0].text


@pytest.mark.parametrize("prefix", ["Comp-", "FJComp-", "comp_"])
@pytest.mark.parametrize("size", [2, 3, 8, 12])
def test_decimal_commas_beside_names_of_compensated_channels(tmp_path, size, prefix):
    matrix, names = of_size(size), [f"D{i}-A" for i in range(size)]
    cells = [turned(x) for x in matrix.ravel().tolist()]
    written = ",".join([str(size), *(prefix + name for name in names), *cells])
    file = read_matrix(tmp_path, names, written)
    assert [repair.code for repair in file.repairs] == ["SPILL_NAMES", "SPILL_DECIMAL_COMMA"]
    assert "without Comp-" in file.repairs[0].text
    assert file.spillover.channels == tuple(names)
    np.testing.assert_array_equal(file.spillover.values, matrix)


def test_decimal_commas_beside_markers_with_a_comma(tmp_path):
    written = "2,CD38, bright,CD138,1,0,25,0,05,1"
    markers = {"$P2S": "CD38, bright", "$P3S": "CD138"}
    file = read(tmp_path, **markers, **{"$SPILLOVER": written})
    assert file.spillover.channels == ("PE-A", "APC-A")
    assert file.spillover.values.tolist() == GIVEN


def test_a_name_that_two_channels_may_mean_is_refused_beside_decimal_commas_too(tmp_path):
    file = read_matrix(tmp_path, ["PE-A", "PE A", "APC-A"], "2,Comp-PE_A,Comp-APC-A,1,0,25,0,1")
    assert file.spillover is None
    assert "no way to join them fits" in file.repairs[0].text
