import numpy as np
import pytest
from scipy import optimize

from helpers.washout_truth import LLOQ, SLOPE, patients_on_a_line, slow_log_likelihood
from pipeline.washout import NotEstimableError, fit_tobit, weeks_to_reach
from pipeline.washout.censored.profile import critical_value


def fit(n=60, seed=2, **rest):
    weeks, rd, status = patients_on_a_line(n, seed)
    return fit_tobit(weeks, rd, status, lloq=LLOQ, **rest)


def test_the_line_has_that_density_at_that_washout():
    found = fit()
    wait = weeks_to_reach(found, 20_000)
    assert float(found.predict(wait.weeks)) == pytest.approx(20_000)
    assert wait.low < wait.weeks < wait.high
    assert (wait.model, wait.density, wait.share) == ("M1", 20_000, 0.5)


def test_nine_of_ten_patients_wait_longer_by_the_scatter():
    found = fit()
    half, most = weeks_to_reach(found, 20_000), weeks_to_reach(found, 20_000, 0.9)
    assert np.log2(most.weeks / half.weeks) == pytest.approx(1.2815516 * found.sigma / found.slope)
    assert most.note == "reaches beyond the washouts that were seen: extrapolated"


def test_the_limits_are_those_of_an_independent_profile():
    weeks, rd, status = patients_on_a_line(30, 5)
    found = fit_tobit(weeks, rd, status, lloq=LLOQ)
    wait = weeks_to_reach(found, 10_000)
    columns = (np.full(30, LLOQ), np.full(30, np.inf), np.zeros(30))
    for limit in (wait.low, wait.high):
        held = optimize.minimize(
            lambda p, limit=limit: -slow_log_likelihood(
                (4 - p[0] * np.log2(limit), p[0], p[1]), weeks, rd, status, *columns
            ),
            [found.slope, np.log(found.sigma)], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12},
        )  # fmt: skip
        drop = 2 * (found.log_likelihood + held.fun)
        assert drop == pytest.approx(critical_value(found.data.kind, 2), abs=1e-4)


def test_the_true_washout_is_found_from_many_patients():
    true = 2 ** (4 + (4 - 3.8) / SLOPE)
    wait = weeks_to_reach(fit(3000, 1), 10_000)
    assert wait.weeks == pytest.approx(true, rel=0.06)
    assert wait.low < true < wait.high


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_repeated_patients_widen_the_interval(share):
    weeks, rd, status = patients_on_a_line(20, 2)
    often = np.repeat(weeks, 3), np.repeat(rd, 3), list(np.repeat(status, 3))
    alone = weeks_to_reach(fit_tobit(*often, lloq=LLOQ), 10_000, share)
    patients = list(np.repeat(np.arange(20), 3))
    together = weeks_to_reach(fit_tobit(*often, lloq=LLOQ, patients=patients), 10_000, share)
    assert together.weeks == pytest.approx(
        alone.weeks, rel=0.15
    )  # less bias taken off where rows count alone
    assert np.log2(together.high / together.low) > 1.3 * np.log2(alone.high / alone.low)
    assert together.interval_method.endswith("scaled to the jackknife of patients")


def test_without_a_sure_rise_nothing_is_told():
    weeks, rd, status = patients_on_a_line(20, 3, slope=0.0)
    with pytest.raises(NotEstimableError, match="the interval of the slope holds 0"):
        weeks_to_reach(fit_tobit(weeks, rd, status, lloq=LLOQ), 10_000)


def test_far_beyond_the_data_nothing_is_told():
    line = fit()
    seen = f"the {line.data.weeks.min():.3g} to {line.data.weeks.max():.3g} weeks that were seen"
    with pytest.raises(NotEstimableError, match=rf"150000 would be reached at \d+ weeks, far outside {seen}"):
        weeks_to_reach(line, 150_000)


@pytest.mark.parametrize("share", [0, 1, 1.5])
def test_a_share_lies_between_none_and_all(share):
    with pytest.raises(ValueError, match="share is"):
        weeks_to_reach(fit(), 20_000, share)
