"""The first interval with a dose, of doses that end at the same sample."""

import numpy as np

from pipeline.patients.pharmacokinetics.integration import PaddedDoses


def test_the_first_interval_with_a_dose_is_found_however_small_the_dose_and_wherever_it_is_given():
    central = np.array([[0.0, 0.5, 900.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    depot = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 0.7], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    assert PaddedDoses(np.ones((4, 3)), central, depot).first.tolist() == [1, 2, 3, 0]
