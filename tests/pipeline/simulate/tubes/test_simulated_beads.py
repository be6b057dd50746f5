from __future__ import annotations

import numpy as np
import pytest

from pipeline.simulate import BeadParameters, draw_lot, simulate_beads
from pipeline.simulate.tubes.beads import DEBRIS, gain_of_volts
from pipeline.simulate.tubes.cytometer import THREE_LASERS, WIDE_SCALE


def rng(seed: int = 5) -> np.random.Generator:
    return np.random.default_rng(seed)


def medians(beads, channel):
    seen = beads.events().column(channel)
    return np.array(
        [np.median(seen[beads.singlets(level)]) for level in range(len(beads.parameters.lot.true))]
    )


@pytest.mark.parametrize("cytometer", [THREE_LASERS, WIDE_SCALE], ids=lambda cytometer: cytometer.panel)
@pytest.mark.parametrize("kit", ["quantibrite_pe", "qsc"])
def test_the_true_curve_turns_the_medians_of_single_beads_into_the_true_levels(cytometer, kit):
    gains = tuple(0.7 if detector.role == "cd38" else 1.0 for detector in cytometer.fluorescence)
    lot = draw_lot(kit, rng())
    beads = simulate_beads(BeadParameters(lot, cytometer, 8_000, gains, f_p=1.1), rng())
    found = medians(beads, cytometer.cd38.channel)
    levels = 10 ** (beads.slope * np.log10(np.maximum(found, 1)) + beads.intercept)
    np.testing.assert_allclose(levels[1:], lot.true[1:], rtol=0.015)


def test_a_lot_s_true_levels_are_off_the_printed_ones_by_the_assignment_error():
    lots = [draw_lot("quantibrite_pe", rng(seed), cv=0.02) for seed in range(200)]
    errors = np.array([np.array(lot.true) / np.array(lot.assigned) - 1 for lot in lots])
    assert errors.std() == pytest.approx(0.02, rel=0.1)
    assert all(level == round(level) for lot in lots for level in lot.assigned)


def test_the_blank_of_qsc_is_the_dimmest_and_binds_next_to_nothing():
    lot = draw_lot("qsc", rng())
    beads = simulate_beads(BeadParameters(lot), rng())
    assert lot.assigned[0] == 0
    assert medians(beads, "PE-A")[0] < 0.01 * medians(beads, "PE-A")[1]


def test_doublets_and_debris_are_there_and_labelled():
    beads = simulate_beads(BeadParameters(draw_lot("quantibrite_pe", rng())), rng())
    assert 0.04 < beads.doublet.mean() < 0.08
    assert 0.03 < (beads.level == DEBRIS).mean() < 0.07
    scatter = beads.events().column("FSC-A")
    assert np.median(scatter[beads.doublet]) == pytest.approx(
        2 * np.median(scatter[beads.singlets(1)]), rel=0.03
    )


def test_too_high_a_gain_cuts_off_the_top_bead():
    gains = tuple(12.0 if detector.role == "cd38" else 1.0 for detector in THREE_LASERS.fluorescence)
    beads = simulate_beads(BeadParameters(draw_lot("quantibrite_pe", rng()), gains=gains), rng())
    top = beads.events().column("PE-A")[beads.singlets(3)]
    assert (top == THREE_LASERS.top - 1).mean() > 0.9


def test_a_photomultiplier_s_gain_doubles_with_a_tenth_more_voltage():
    assert gain_of_volts(500, 50) == pytest.approx(2.04, abs=0.01)
