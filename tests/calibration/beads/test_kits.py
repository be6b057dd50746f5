import re
from pathlib import Path

import pytest

from calibration import BEAD_KITS, BeadKitError, CalibrationError, CurveLimits, abc_from_unit, bead_kit
from calibration.beads.kits import kit_names
from calibration.curve.curve_checks.every_check import checked
from calibration.curve.curve_checks.typed_levels import TypedLevels
from pipeline.study.sheets import rows
from pipeline.study.sheets.columns import column_facts
from pipeline.study.sheets.rules import panels, transfers

LOTS = {
    "quantibrite_pe": ("QuantiBRITE_PE_96597", (638, 6930, 31008, 67601)),
    "qsc": ("Quantum Simply Cellular", (0, 5899, 68458, 281582, 621651)),
    "qifikit": ("QIFIKIT beads", (0, 1900, 7600, 31000, 170000, 480000)),
    "mesf": ("FluoroSpheres 6-peak", (0, 1500, 4400, 14500, 43800)),
    "rainbow": ("RCP-30-5A", (0, 300, 1000, 3200, 10000, 30000)),
    "custom": ("our beads", (0, 10, 1e9)),
}
"""One case for each kit: what a file of it may be called, and the assigned values of a lot."""


def typed_kit(word):
    """Return what the beads sheet makes of a word in its column kit."""
    (reader,) = [part for part in rows.BeadRow.model_fields["kit"].metadata if hasattr(part, "func")]
    return reader.func(word)


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


def test_every_kit_has_a_case_here():
    assert set(LOTS) == set(kit_names())


@pytest.mark.parametrize("kit", BEAD_KITS, ids=kit_names())
def test_what_sheets_checks_and_templates_know_of_a_kit_is_in_the_registry(kit):
    file_name, levels = LOTS[kit.name]
    assert all((kit.arithmetic, kit.unit, kit.title))
    assert bead_kit(kit.name) is kit
    assert kit.result in ("ABC", "SABC")
    assert kit.name in column_facts(rows.BeadRow, "kit")["choices"]
    for word in (kit.name, kit.name.upper().replace("_", " "), *kit.also_typed):
        assert typed_kit(word) == kit.name
    assert (kit.name in panels.F_P_KITS) is kit.needs_f_p
    assert (kit.name in transfers.RELATIVE_KITS) is not kit.quantifies
    assert not kit.usual_levels or sum(level > 0 for level in levels) in kit.usual_levels
    assert checked(TypedLevels(kit, levels), CurveLimits()) == ()
    patterns = {other.name: other.in_file_names for other in BEAD_KITS if other.in_file_names}
    matching = [name for name, pattern in patterns.items() if re.search(pattern, file_name, re.IGNORECASE)]
    assert matching == ([kit.name] if kit.in_file_names else [])


@pytest.mark.parametrize("kit", BEAD_KITS, ids=kit_names())
def test_a_kit_gives_abc_by_its_arithmetic_or_refuses(kit):
    if not kit.quantifies:
        with pytest.raises(CalibrationError, match="relative"):
            abc_from_unit(1000.0, kit, 2.0)
    else:
        assert abc_from_unit(1000.0, kit, 2.0) == (500.0 if kit.needs_f_p else 1000.0)


def test_no_module_keeps_its_own_list_of_kits():
    root = Path(__file__).resolve().parents[3]
    names = [f'"{name}"' for name in kit_names() if name != "custom"]
    for path in [*(root / "calibration").rglob("*.py"), *(root / "pipeline").rglob("*.py")]:
        if path.name != "kits.py" and "simulate" not in path.parts:
            assert sum(name in path.read_text("utf-8") for name in names) < 2, path
