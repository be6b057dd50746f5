import numpy as np
import pytest

from calibration.density.background import AMOUNTS, _shares_medians, subtraction_bias
from validation.simulated_beads import Detector, cells


def pair(rd, spread, seed, detector=None, n=1000):
    rng = np.random.default_rng(seed)
    detector = detector or Detector(0.05, 2.0, 30.0, np.inf)
    return cells(rng, rd, n, detector=detector, spread=spread), cells(rng, 0, n, detector=detector)


@pytest.mark.parametrize("spread", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("rd", [500, 1000, 5000])
def test_the_estimate_is_the_bias_that_the_truth_shows(rd, spread):
    pairs = [pair(rd, spread, s) for s in range(40)]
    left = [np.median(a) - np.median(b) - subtraction_bias(a, b, 2.0).mfi - 0.1 * rd for a, b in pairs]
    assert abs(np.mean(left)) < 0.03 * 0.1 * rd


def test_photon_noise_is_not_taken_for_a_spread_of_receptors():
    detector = Detector(0.01, 10.0, 10.0, np.inf)
    pairs = [pair(1000, 0.2, s, detector) for s in range(40)]
    told, untold = (
        np.mean([np.median(a) - np.median(b) - subtraction_bias(a, b, step).mfi for a, b in pairs]) / 100 - 1
        for step in (10.0, 0.0)
    )
    assert abs(told) < 0.015 < abs(untold)


def test_there_is_no_bias_where_there_is_no_stain_or_no_background_to_speak_of():
    rng = np.random.default_rng(1)
    control = rng.normal(100, 10, 500)
    assert subtraction_bias(control - 1, control).mfi == 0
    assert subtraction_bias(rng.lognormal(12, 0.5, 500), control).mfi == 0


def test_the_bias_is_continuous_where_it_is_no_longer_computed():
    rng = np.random.default_rng(1)
    control = rng.normal(100, 10, 2000)
    stained = control + 1900 * rng.lognormal(0, 0.5, 2000)
    assert subtraction_bias(stained, control).mfi / 1900 < 1e-3


def test_a_control_that_is_one_value_is_no_fault():
    assert np.isfinite(subtraction_bias(np.linspace(10, 20, 50), np.full(30, 5.0)).mfi)


def backgrounds(rng, law, size):
    """Autofluorescence in molecules by other laws than a log-normal of one width."""
    n = size.size
    if law == "gamma":
        return 500 * rng.gamma(4, 0.25, n)
    if law == "heavy tails":
        return 500 * np.exp(0.3 * rng.standard_t(3, n))
    if law == "two groups":
        return np.where(rng.random(n) < 0.25, 1800, 450) * rng.lognormal(0, 0.25, n)
    return 600 * size * rng.lognormal(0, 0.2, n)


def relative_error(law, seed, *, with_size=False, true=1000.0, n=3000):
    """Error of the corrected difference of medians; `with_size`: receptors grow with the cell as background does."""
    rng = np.random.default_rng([seed, 5])
    spread = rng.uniform(0.3, 0.6)
    size, other = rng.lognormal(0, 0.25, n), rng.lognormal(0, 0.25, n)
    receptors = true * (size**1.5 * rng.lognormal(0, 0.3, n) if with_size else rng.lognormal(0, spread, n))
    detector = Detector(photons=0.1, gain=25.0, noise=40.0, top=np.inf)
    stained = detector.read(backgrounds(rng, law, size) + receptors, rng)
    control = detector.read(backgrounds(rng, law, other), rng)
    bias = subtraction_bias(stained, control, detector.gain).mfi
    return (np.median(stained) - np.median(control) - bias) / (true * detector.per_molecule) - 1


@pytest.mark.parametrize("law", ["gamma", "heavy tails", "two groups", "cell size"])
def test_the_law_of_the_background_does_not_matter(law):
    errors = [relative_error(law, seed) for seed in range(24)]
    assert abs(np.mean(errors)) <= 0.02


SHAPES_SEEN = {
    "two groups": lambda rng, n: np.where(rng.random(n) < 0.6, 1.0, 0.1) * rng.lognormal(0, 0.35, n),
    "two groups, most dim": lambda rng, n: (
        np.where(rng.random(n) < 0.35, 8.0, 1.0) * rng.lognormal(0, 0.3, n)
    ),
    "bright tail": lambda rng, n: np.where(rng.random(n) < 0.1, 20.0, 1.0) * rng.lognormal(0, 0.35, n),
    "three groups": lambda rng, n: rng.choice([0.1, 1.0, 10.0], n) * rng.lognormal(0, 0.2, n),
}


def shaped(shape, true, seed, n=5000):
    """Return stain and control of receptors of a shape, and the difference of medians that they would have alone."""
    rng = np.random.default_rng([seed, 9])
    detector = Detector(photons=0.08, gain=5.0, noise=20.0, top=np.inf)
    receptors = SHAPES_SEEN[shape](rng, n)
    receptors *= true / np.median(SHAPES_SEEN[shape](np.random.default_rng(0), 200_000))
    stained = detector.read(600 * rng.lognormal(0, 0.5, n) + receptors, rng)
    return stained, detector.read(600 * rng.lognormal(0, 0.5, n), rng), true * detector.per_molecule


@pytest.mark.parametrize("shape", list(SHAPES_SEEN))
def test_cells_that_are_no_single_group_are_flagged_where_it_moves_the_number(shape):
    assert all(subtraction_bias(*shaped(shape, 1000.0, seed)[:2], 5.0).mixed for seed in range(4))


@pytest.mark.parametrize("shape", ["two groups", "two groups, most dim", "three groups"])
@pytest.mark.parametrize("true", [20_000.0, 600_000.0])
def test_bright_groups_are_flagged_and_move_no_number(shape, true):
    stained, control, _ = shaped(shape, true, 1)
    found = subtraction_bias(stained, control, 5.0)
    assert found.mixed
    assert abs(found.mfi) < 0.02 * (np.median(stained) - np.median(control))


@pytest.mark.parametrize("rd", [300, 1000, 5000, 50_000])
@pytest.mark.parametrize("spread", [0.2, 0.45, 0.7])
def test_a_single_log_normal_group_is_not_flagged(rd, spread):
    detector = Detector(0.08, 5.0, 20.0, np.inf)
    assert not any(subtraction_bias(*pair(rd, spread, s, detector, n=4000), 5.0).mixed for s in range(12))


@pytest.mark.parametrize("shape", ["two groups", "bright tail"])
def test_dim_cells_of_two_groups_are_read_without_a_law(shape):
    errors = []
    for seed in range(6):
        stained, control, true = shaped(shape, 1000.0, seed)
        found = subtraction_bias(stained, control, 5.0)
        errors.append((np.median(stained) - np.median(control) - found.mfi) / true - 1)
        assert found.sd > 0.5 * abs(found.mfi)
    assert abs(np.mean(errors)) < 0.06


def test_receptors_that_grow_with_the_cells_own_light_are_read_a_little_low():
    errors = [relative_error("cell size", seed, with_size=True) for seed in range(24)]
    assert -0.05 <= np.mean(errors) <= 0.0


def test_where_half_of_the_cells_have_no_receptors_the_median_lies_toward_the_smallest_amount():
    # each amount has a bin of its own; 80 % of the cells have none, 20 % have the 30th amount
    chance = np.eye(AMOUNTS.size) + 1e-12
    observed = np.zeros((1, AMOUNTS.size))
    observed[0, [0, 30]] = 0.8, 0.2
    # half of the cells: a quarter of the way from the middle of the 80 % to where they end; half of the
    # smallest amount stands for none
    assert _shares_medians(chance, observed)[0] == pytest.approx(AMOUNTS[1] / 2 * 2**0.25, rel=1e-6)
