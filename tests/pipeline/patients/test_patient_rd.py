"""A row of the models: what a density above the upper limit is known to exceed."""

from pipeline.patients.patient_rd import upper_limit


def test_a_saturated_row_is_censored_at_the_limit_it_is_known_to_exceed():
    assert upper_limit(400_000.0, 67_601.0, 4) == 4 * 67_601.0
    assert upper_limit(None, 67_601.0, 4) == 67_601.0
    assert upper_limit(100_000.0, 67_601.0, 4) == 67_601.0
    assert upper_limit(400_000.0, None, 4) is None
