import pytest

from calibration import BEAD_KITS, BeadKitError, abc_from_unit, bead_kit


def test_quantibrite_abc_is_pe_molecules_over_f_p():
    assert abc_from_unit(67601.0, bead_kit("quantibrite_pe"), 2.0) == 33800.5


@pytest.mark.parametrize("name", ["quantibrite_pe", "mesf"])
@pytest.mark.parametrize("f_p", [None, 0.0, -1.0, float("nan"), float("inf")])
def test_a_missing_or_impossible_f_p_is_never_silently_one(name, f_p):
    with pytest.raises(BeadKitError, match=r"F:P.*type f_p_ratio"):
        abc_from_unit(1000.0, bead_kit(name), f_p)


@pytest.mark.parametrize("name", ["qsc", "qifikit", "custom"])
def test_kits_in_abc_are_not_divided_even_where_the_panel_lists_an_f_p(name):
    assert abc_from_unit(5899.0, bead_kit(name), 4.0) == 5899.0


def test_rainbow_beads_refuse_to_give_abc():
    with pytest.raises(BeadKitError, match="relative"):
        abc_from_unit(1000.0, bead_kit("rainbow"), 1.0)


def test_a_kit_is_found_in_any_case_and_an_unknown_one_lists_the_known():
    assert bead_kit(" QIFIKIT ").result == "SABC"
    with pytest.raises(
        BeadKitError, match="expected one of quantibrite_pe, qsc, qifikit, mesf, rainbow, custom"
    ):
        bead_kit("quantibright")


def test_differences_keep_their_sign():
    assert abc_from_unit(-150.0, bead_kit("mesf"), 1.5) == -100.0


def test_every_kit_says_its_arithmetic():
    assert all(kit.arithmetic and kit.unit and kit.title for kit in BEAD_KITS)
