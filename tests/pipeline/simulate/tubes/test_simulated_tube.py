from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.simulate import (
    SCENARIOS,
    Clone,
    TubeParameters,
    control_of,
    draw_tube,
    scenario_named,
    simulate_tube,
)
from pipeline.simulate.tubes.cytometer import CYTOMETERS, THREE_LASERS, WIDE_SCALE
from pipeline.simulate.tubes.optics import detect, photoelectron_spill, spillover_of_day
from pipeline.simulate.tubes.populations import POPULATION_NAMES
from pipeline.study.errors import UsageError

SEED = 20240607


def rng(seed: int = SEED) -> np.random.Generator:
    return np.random.default_rng(seed)


def median(tube, channel, mask):
    return float(np.median(tube.compensated(true=True).column(channel)[mask]))


@pytest.mark.parametrize("cytometer", CYTOMETERS, ids=lambda cytometer: cytometer.panel)
def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(cytometer):
    parameters = TubeParameters(cytometer, n_events=2_000)
    first, again, other = (simulate_tube(parameters, rng(seed)) for seed in (1, 1, 2))
    assert first.values.tobytes() == again.values.tobytes()
    assert first.values.tobytes() != other.values.tobytes()


@pytest.mark.parametrize("cytometer", CYTOMETERS, ids=lambda cytometer: cytometer.panel)
def test_values_are_float32_below_the_end_of_the_scale_and_in_the_order_of_time(cytometer):
    tube = simulate_tube(TubeParameters(cytometer, n_events=4_000), rng())
    assert tube.values.dtype == np.float32
    assert tube.values.shape == (len(cytometer.channels), 4_000)
    scale = [row for row, detector in enumerate(cytometer.detectors) if detector.role != "time"]
    assert tube.values[scale].max() <= cytometer.top - 1
    time = tube.events().column("Time")
    assert (np.diff(time) >= 0).all()
    assert time[-1] > 0


def test_photoelectrons_have_the_mean_and_variance_of_poisson():
    dark, gain, noise = THREE_LASERS.cd38.dark, THREE_LASERS.cd38.gain, THREE_LASERS.cd38.noise
    row = [detector.role for detector in THREE_LASERS.fluorescence].index("cd38")
    n, molecules = 40_000, 2_000.0
    dyes = np.zeros((len(THREE_LASERS.fluorescence), n))
    dyes[row] = molecules
    seen = detect(THREE_LASERS, dyes, np.zeros(n), np.ones(n), (), rng())[row]
    electrons = molecules * THREE_LASERS.cd38.efficiency
    assert seen.mean() == pytest.approx(gain * electrons, rel=0.005)
    assert seen.var() == pytest.approx(gain**2 * (electrons + dark) + noise**2, rel=0.03)


def test_one_dye_spills_into_the_other_detectors_as_the_matrix_says():
    n = 2_000
    for row, _ in enumerate(THREE_LASERS.fluorescence):
        dyes = np.zeros((len(THREE_LASERS.fluorescence), n))
        dyes[row] = 200_000 / THREE_LASERS.fluorescence[row].gain
        seen = detect(THREE_LASERS, dyes, np.zeros(n), np.ones(n), (), rng(row)).mean(axis=1)
        np.testing.assert_allclose(seen / seen[row], THREE_LASERS.spillover()[row], atol=0.004)


def test_a_day_s_gains_move_the_spillover_with_them():
    gains = tuple(2.0 if detector.role == "cd38" else 1.0 for detector in THREE_LASERS.fluorescence)
    row = [detector.role for detector in THREE_LASERS.fluorescence].index("cd38")
    day, nominal = spillover_of_day(THREE_LASERS, gains), THREE_LASERS.spillover()
    others = [other for other in range(len(gains)) if other != row]
    np.testing.assert_allclose(day[others, row], 2 * nominal[others, row])
    np.testing.assert_allclose(day[row, others], nominal[row, others] / 2)


def test_the_spill_of_photoelectrons_and_of_linear_units_are_one_matrix_at_two_scales():
    gains = np.array([detector.gain for detector in WIDE_SCALE.fluorescence])
    back = photoelectron_spill(WIDE_SCALE) * gains[None, :] / gains[:, None]
    np.testing.assert_allclose(back, WIDE_SCALE.spillover())


def test_the_true_cells_and_the_true_conversion_give_the_true_receptor_density():
    parameters = TubeParameters(n_events=30_000, aberrant_percent=15, clone=Clone(cd38=40_000))
    tube, control = simulate_tube(parameters, rng(1)), simulate_tube(parameters.as_control(), rng(2))
    units = THREE_LASERS.cd38.efficiency * THREE_LASERS.cd38.gain
    seen = median(tube, "PE-A", tube.aberrant) - median(control, "PE-A", control.aberrant)
    assert seen / units == pytest.approx(tube.true_rd(), rel=0.01)
    assert tube.true_rd() == pytest.approx(40_000, rel=0.03)


def test_compensation_brings_a_channel_without_antigen_to_its_autofluorescence():
    tube = simulate_tube(TubeParameters(n_events=20_000, spillover_error=0), rng())
    t_cells = tube.labels.of(("t_cell",))
    assert abs(median(tube, "BV421-A", t_cells)) < 150
    raw = float(np.median(tube.events().column("BV421-A")[t_cells]))
    assert raw > 1_000  # CD45 on V500 spills


def test_a_doublet_adds_area_but_hardly_height():
    tube = simulate_tube(TubeParameters(n_events=20_000, debris_percent=0, dead_percent=0), rng())
    ratio = tube.events().column("FSC-A") / tube.events().column("FSC-H")
    doublets = tube.labels.doublet & ~tube.labels.carry_over
    assert np.median(ratio[doublets]) > 1.3 * np.median(ratio[~tube.labels.doublet])


def test_pulse_width_is_larger_of_doublets_where_there_is_no_height():
    tube = simulate_tube(TubeParameters(WIDE_SCALE, n_events=10_000), rng())
    width = tube.events().column("FSC-W")
    assert np.median(width[tube.labels.doublet]) > 1.3 * np.median(width[~tube.labels.doublet])


def test_dead_cells_take_up_the_viability_dye_and_bind_every_antibody():
    tube = simulate_tube(TubeParameters(n_events=20_000), rng())
    whole = ~tube.labels.debris & ~tube.labels.doublet
    dead, living = whole & tube.labels.dead, whole & ~tube.labels.dead
    assert median(tube, "APC-H7-A", dead) > 30 * abs(median(tube, "APC-H7-A", living))
    assert median(tube, "BV421-A", dead) > 3 * median(tube, "BV421-A", living)


def test_a_control_without_the_antibody_shows_no_receptor_but_the_same_cells():
    tube = simulate_tube(TubeParameters(n_events=10_000, aberrant_percent=20, carry_over=0), rng())
    control = control_of(tube, rng(3))
    assert median(control, "PE-A", control.aberrant) < 0.01 * median(tube, "PE-A", tube.aberrant)
    assert control.aberrant.mean() == pytest.approx(tube.aberrant.mean(), abs=0.02)
    assert control.markers[control.channels.index("PE-A")] == ""


def test_the_drug_masks_the_sentinels_as_it_masks_the_plasma_cells():
    free, masked = (
        simulate_tube(TubeParameters(n_events=20_000, occupancy=part), rng()) for part in (0, 0.99)
    )
    for name in ("nk_cell", "b_precursor", "normal_plasma_cell"):
        cells = free.labels.of((name,))
        ratio = masked.true_rd(masked.labels.of((name,))) / free.true_rd(cells)
        assert ratio == pytest.approx(0.01, rel=0.3)


def test_a_clog_is_one_slow_dim_stretch_of_events():
    tube = simulate_tube(replace(draw_tube("clog", rng(), n_events=20_000), drift=0), rng())
    clog = tube.labels.clog
    assert 0.05 < clog.mean() < 0.2
    assert np.abs(np.diff(clog.astype(int))).sum() == 2
    scatter, time = tube.events().column("FSC-A"), tube.events().column("Time")
    assert np.median(scatter[clog]) < 0.85 * np.median(scatter[~clog])
    assert np.diff(time)[clog[1:]].mean() > 2 * np.diff(time)[~clog[1:]].mean()


def test_light_fades_by_the_drift():
    tube = simulate_tube(TubeParameters(n_events=30_000, drift=0.2), rng())
    cells = np.flatnonzero(tube.labels.of(("t_cell",)))
    cd45 = tube.compensated(true=True).column("V500-C-A")[cells]
    n = cells.size // 5
    assert np.median(cd45[-n:]) / np.median(cd45[:n]) == pytest.approx(0.92 / 1.08, abs=0.02)


def test_carry_over_is_early_and_counts_as_nobody_s_plasma_cell():
    tube = simulate_tube(TubeParameters(n_events=20_000, carry_over=0.01, aberrant_percent=30), rng())
    seconds = tube.events().column("Time") * THREE_LASERS.time_step
    assert tube.labels.carry_over.sum() > 100
    assert np.median(seconds[tube.labels.carry_over]) < 4
    assert not (tube.plasma_cells & tube.labels.carry_over).any()


def test_a_bimodal_clone_has_two_levels_of_cd38():
    clone = Clone(cd38=60_000, dim_fraction=0.4)
    tube = simulate_tube(TubeParameters(n_events=20_000, aberrant_percent=20, clone=clone), rng())
    bright, dim = (tube.labels.of((name,)) for name in POPULATION_NAMES[-2:])
    assert dim.sum() / tube.aberrant.sum() == pytest.approx(0.4, abs=0.03)
    assert tube.true_rd(dim) == pytest.approx(tube.true_rd(bright) / 10, rel=0.1)


def test_antibodies_swapped_at_the_bench_are_named_where_they_are():
    tube = simulate_tube(draw_tube("mislabelled_channel", rng(), n_events=2_000), rng())
    named = dict(zip(tube.channels, tube.markers, strict=True))
    assert (named["BV421-A"], named["BV605-A"]) == ("CD56", "CD138")


def test_a_tube_without_plasma_cells_has_no_true_density():
    tube = simulate_tube(draw_tube("no_plasma_cells", rng(), n_events=5_000), rng())
    assert not tube.plasma_cells.any()
    assert np.isnan(tube.true_rd())


@pytest.mark.parametrize("name", [scenario.name for scenario in SCENARIOS if scenario.name != "faulty"])
def test_every_scenario_draws_a_tube_that_keeps_its_word(name):
    scenario, tube = scenario_named(name), simulate_tube(draw_tube(name, rng(), n_events=3_000), rng())
    assert (tube.spillover is not None) is scenario.spillover_in_file
    assert tube.labels.clog.any() == scenario.clog
    assert scenario.title.endswith(".")


def test_rare_and_low_event_tubes_have_as_few_plasma_cells_as_they_say():
    rare = [draw_tube("rare", rng(seed)).aberrant_percent for seed in range(20)]
    assert 0.06 <= min(rare) <= max(rare) <= 0.3
    low = simulate_tube(draw_tube("low_events", rng()), rng())
    assert 0 < low.plasma_cells.sum() < 20


def test_a_scenario_that_is_not_known_is_named_with_those_there_are():
    with pytest.raises(UsageError, match="no scenario 'plian'; there are plain, masked"):
        scenario_named("plian")
