"""The kit of a bead run is guessed from the number and the spacing of its peaks, and said how sure it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from openpyxl import load_workbook

from helpers.builders import ACQUIRED, write_tube
from pipeline.fcs import write_fcs
from pipeline.template import write_template
from pipeline.template.kits import bead_peaks, kits_of_peaks
from pipeline.template.workbook import GUESSED, TO_FILL

QUANTIBRITE = (474.0, 5359.0, 23843.0, 62336.0)
CHANNELS = ("FSC-A", "FSC-H", "SSC-A", "PE-A", "BV421-A", "APC-H7-A", "Time")


def beads(path: Path, medians: tuple[float, ...], seed: int = 1, cv: float = 0.06) -> None:
    """A bead run with these peaks on PE-A; a peak at zero is as wide as a detector's noise."""
    rng = np.random.default_rng(seed)
    light = np.concatenate([rng.normal(m, max(cv * m, 15.0), 1500) for m in medians])
    n = light.size
    scatter = [rng.normal(50_000, 1_500, n) for _ in range(3)]
    others = [rng.normal(0, 20, n) for _ in range(2)]
    columns = [*scatter, light, *others, np.arange(n) / 100]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_fcs(path, np.array(columns), CHANNELS, keywords=ACQUIRED)


def bead_row(folder: Path) -> tuple[dict[str, object], str]:
    """The first row of the beads sheet, and the colour of its kit."""
    write_tube(folder / "fcs" / "S001_full.fcs")
    sheet = load_workbook(write_template(folder, None).path)["beads"]
    names = [cell.value for cell in sheet[1]]
    row = dict(zip(names, (cell.value for cell in sheet[2]), strict=True))
    return row, sheet.cell(2, names.index("kit") + 1).fill.fgColor.rgb[-6:]


@pytest.mark.parametrize("gain", [0.05, 1.0, 1.7])
@pytest.mark.parametrize(
    "lot", [QUANTIBRITE, (638.0, 6930.0, 31008.0, 67601.0), (758.0, 6300.0, 30000.0, 70000.0)]
)
def test_four_peaks_as_far_apart_as_quantibrite_are_that_and_are_to_be_checked(tmp_path, lot, gain):
    beads(tmp_path / "fcs" / "run 1 beads.fcs", tuple(gain * level for level in lot))
    row, colour = bead_row(tmp_path)
    assert row["kit"] == "quantibrite_pe"
    assert colour == TO_FILL
    assert "4 peaks on PE-A" in row["_guessed"]
    assert "compare with the lot's slip" in row["_guessed"]


def test_a_name_and_peaks_that_agree_are_yellow(tmp_path):
    beads(tmp_path / "fcs" / "QuantiBRITE.fcs", QUANTIBRITE)
    row, colour = bead_row(tmp_path)
    assert (row["kit"], colour) == ("quantibrite_pe", GUESSED)
    assert "kit by its name, and 4 peaks on PE-A" in row["_guessed"]


def test_a_name_and_peaks_that_disagree_are_orange_and_say_so(tmp_path):
    beads(tmp_path / "fcs" / "QuantiBRITE.fcs", tuple(30.0 * 2.6**k for k in range(8)))
    row, colour = bead_row(tmp_path)
    assert (row["kit"], colour) == ("quantibrite_pe", TO_FILL)
    assert "8 peaks" in row["_guessed"]
    assert "do not fit it" in row["_guessed"]


def test_eight_peaks_are_rainbow_beads(tmp_path):
    beads(tmp_path / "fcs" / "beads.fcs", (0.0, *(150.0 * 2.6**k for k in range(7))))
    assert bead_row(tmp_path)[0]["kit"] == "rainbow"


def test_peaks_that_may_be_of_several_kits_give_no_kit_and_name_them(tmp_path):
    beads(tmp_path / "fcs" / "beads.fcs", (0.0, 900.0, 3600.0, 14_000.0, 56_000.0))
    row, colour = bead_row(tmp_path)
    assert (row["kit"], colour) == (None, TO_FILL)
    assert "5 peaks" in row["_guessed"]
    assert "qsc" in row["_guessed"]
    assert "mesf" in row["_guessed"]


def test_four_peaks_spaced_otherwise_are_not_called_quantibrite():
    assert "quantibrite_pe" not in {kit.name for kit in kits_of_peaks((900.0, 3600.0, 14_000.0, 56_000.0))}


@pytest.mark.parametrize(("kit", "asked"), [("qsc", {"host"}), ("QuantiBRITE", {"f_p_ratio"})])
def test_what_is_asked_of_the_antibody_follows_from_the_kit(tmp_path, kit, asked):
    beads(tmp_path / "fcs" / f"{kit} beads.fcs", QUANTIBRITE)
    write_tube(tmp_path / "fcs" / "S001_full.fcs")
    sheet = load_workbook(write_template(tmp_path, None).path)["panels"]
    names = [cell.value for cell in sheet[1]]
    orange = {
        names[cell.column - 1]
        for row in sheet.iter_rows(min_row=2)
        for cell in row
        if cell.fill.fgColor.rgb[-6:] == TO_FILL
    }
    assert orange == {"clone", "competes_with_drug", *asked}


def test_steps_of_single_photoelectrons_are_no_beads():
    assert kits_of_peaks((17.0, 21.0, 25.0, 29.0, 33.0, 37.0, 41.0, 45.0)) == []


@pytest.mark.real
@pytest.mark.parametrize(
    ("file", "channel", "kits"),
    [
        ("dako/beads_2008-01-21.fcs", "PE-A", {"mesf", "qifikit", "rainbow"}),
        ("dako/beads_2008-03-14.fcs", "PE-A", {"mesf", "qifikit", "rainbow"}),
        ("rcp30/B0001.fcs", "FL2", {"rainbow"}),
        ("su2b/933731.fcs", "PE-A", set()),
        ("su2b/933729.fcs", "APC-Cy5-5-H", set()),
    ],
)
def test_real_bead_runs_are_not_called_another_kit(real_data, file, channel, kits):
    """Of Dako's six peaks nobody can tell the maker; the antibody-capture beads have too few for any kit."""
    assert {kit.name for kit in kits_of_peaks(bead_peaks(real_data / "beads" / file, channel))} == kits
