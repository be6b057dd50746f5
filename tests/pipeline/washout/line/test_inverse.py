from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize

from calibration.density.result import RdStatus
from helpers.washout_truth import LLOQ, SLOPE, patients_on_a_line, slow_log_likelihood
from pipeline.patients.patient_rd import PatientRd, SharedError
from pipeline.study.settings import Settings
from pipeline.washout import NotEstimableError, fit_tobit, weeks_to_reach
from pipeline.washout.censored.likelihood import log_likelihood
from pipeline.washout.censored.profile import critical_value
from pipeline.washout.line.intervals import level_at, shared_variance, slope_of
from pipeline.washout.line.line import fit_line
from pipeline.washout.line.tobit import fit_observations
from pipeline.washout.observations.selection import select_rows


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
    half, most = weeks_to_reach(found, 9_000), weeks_to_reach(found, 9_000, 0.9)
    assert np.log2(most.weeks / half.weeks) == pytest.approx(1.2815516 * found.sigma / found.slope)
    assert most.high > found.data.weeks.max()
    assert most.weeks < found.data.weeks.max()
    assert most.note == "the interval goes beyond the washouts that were seen"


def test_only_weeks_that_were_not_seen_are_called_extrapolated():
    found = fit()
    beyond = weeks_to_reach(found, float(found.predict(0.95 * found.data.weeks.min())))
    assert beyond.note == "the weeks lie beyond the washouts that were seen: extrapolated"
    within = weeks_to_reach(found, float(found.predict(found.data.weeks.max() / 2)))
    assert within.note == ""


@pytest.mark.parametrize(("share", "z"), [(0.5, 0.0), (0.9, 1.2815515655), (0.2, -0.8416212336)])
def test_the_limits_are_those_of_an_independent_profile(share, z):
    weeks, rd, status = patients_on_a_line(30, 5)
    found = fit_tobit(weeks, rd, status, lloq=LLOQ, doubts=False)
    wait = weeks_to_reach(found, 10_000, share)
    columns = (np.full(30, LLOQ), np.full(30, np.inf), np.zeros(30))
    for limit in (wait.low, wait.high):
        held = optimize.minimize(
            lambda p, limit=limit: -slow_log_likelihood(
                (4 - p[0] * np.log2(limit) + z * np.exp(p[1]), p[0], p[1]), weeks, rd, status, *columns
            ),
            [found.slope, np.log(found.sigma)], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12},
        )  # fmt: skip
        drop = 2 * (found.log_likelihood + held.fun)
        assert drop == pytest.approx(critical_value(found.data.kind, 2), abs=1e-4)


def test_the_limits_of_nine_of_ten_follow_a_scatter_that_changes():
    weeks, rd, status = patients_on_a_line(60, 5)
    rows = replace(fit_tobit(weeks, rd, status, lloq=LLOQ).data, scatter_varies=True)
    found, line = fit_observations(rows, doubts=False), fit_line(rows)
    wait, level = weeks_to_reach(found, 10_000, 0.9), line.axes.y(4.0)
    for limit in (wait.low, wait.high):
        x = line.axes.x(np.log2(limit))
        at = np.clip(x, line.rows.lever.min(), line.rows.lever.max())

        def lowest(p, x=x, at=at):
            a = level - p[0] * x + 1.2815515655 * np.exp(p[2] + p[1] * at)
            return -log_likelihood(line.rows, np.array([[a, p[0], p[1]]]), p[2:])[0]

        held = optimize.minimize(
            lowest, line.maximum[1:], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12}
        )
        drop = 2 * (line.best.log_likelihood[0] + held.fun)
        assert drop == pytest.approx(critical_value(rows.kind, 3), abs=1e-4)


def test_nine_of_ten_have_an_interval_where_the_rows_lie_on_a_line():
    weeks = 2.0 ** np.linspace(1, 6, 12)
    found = fit_tobit(weeks, 1000 * weeks, [RdStatus.OK] * 12, lloq=1, doubts=False)
    wait = weeks_to_reach(found, 8_000, 0.9)
    assert wait.low == pytest.approx(8, rel=1e-3)
    assert wait.weeks == pytest.approx(8, rel=1e-3)
    assert wait.high == pytest.approx(8, rel=1e-3)


@pytest.mark.parametrize(("n", "share", "said"), [(19, 0.9, True), (19, 0.5, False), (60, 0.9, False)])
def test_from_few_rows_the_wait_of_nine_of_ten_says_that_its_upper_limit_errs_early(n, share, said):
    wait = weeks_to_reach(fit(n, seed=5), 12_000, share)
    assert wait.weeks is not None
    assert ("the upper limit is too early more often" in wait.note) is said


def test_the_true_washout_is_found_from_many_patients():
    true = 2 ** (4 + (4 - 3.8) / SLOPE)
    wait = weeks_to_reach(fit(3000, 1), 10_000)
    assert wait.weeks == pytest.approx(true, rel=0.06)
    assert wait.low < true < wait.high


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_repeated_patients_widen_the_interval(share):
    weeks, rd, status = patients_on_a_line(20, 2)
    often = np.repeat(weeks, 3), np.repeat(rd, 3), list(np.repeat(status, 3))
    density = 10_000 if share == 0.5 else 5_000
    alone = weeks_to_reach(fit_tobit(*often, lloq=LLOQ, doubts=False), density, share)
    patients = list(np.repeat(np.arange(20), 3))
    together = weeks_to_reach(fit_tobit(*often, lloq=LLOQ, patients=patients, doubts=False), density, share)
    assert together.weeks == pytest.approx(
        alone.weeks, rel=0.15
    )  # less bias taken off where rows count alone
    assert np.log2(together.high / together.low) > 1.3 * np.log2(alone.high / alone.low)
    assert together.interval_method.endswith("scaled to the jackknife of patients")


def test_without_a_sure_rise_nothing_is_told():
    weeks, rd, status = patients_on_a_line(20, 3, slope=0.0)
    with pytest.raises(NotEstimableError, match="the interval of the slope contains 0") as refusal:
        weeks_to_reach(fit_tobit(weeks, rd, status, lloq=LLOQ), 10_000)
    assert refusal.value.why == "the interval of the slope contains 0, so a rise is not sure"
    assert str(refusal.value) == f"cannot be estimated from these data: {refusal.value.why}"


def test_beyond_the_data_only_the_least_wait_is_told():
    line = fit()
    wait = weeks_to_reach(line, 150_000)
    assert (wait.weeks, wait.high) == (None, None)
    assert wait.low < line.data.weeks.max() * 2
    seen = f"{line.data.weeks.max():.3g}"
    assert wait.note == (
        f"not within the observed range: by {seen} weeks half of the patients do not have {150000:,} on the line"
    )


def test_far_before_the_data_nothing_is_told():
    with pytest.raises(NotEstimableError, match=r"would be reached at \S+ weeks, far before the"):
        weeks_to_reach(fit(), 10)


def test_rows_that_contradict_the_answer_withhold_it():
    # half of the late rows lack the density that the line gives to nine of ten
    weeks = np.concatenate([2 ** np.linspace(1, 4.2, 40), 2 ** np.linspace(4.5, 6.5, 20)])
    rng = np.random.default_rng(1)
    rd = 10 ** (3.5 + 0.4 * np.log2(weeks) + 0.1 * rng.standard_normal(60))
    rd[40::2] = 10**4.8
    found = fit_tobit(weeks, rd, [RdStatus.OK] * 60, lloq=1, doubts=False)
    wait = weeks_to_reach(found, 10**4.9, 0.9)
    assert (wait.weeks, wait.high) == (None, None)
    assert wait.note.startswith("not within the observed range: the line would say")
    assert "rows from" in wait.note
    assert wait.low is not None
    rd[40::2] = 10**5.2
    assert weeks_to_reach(fit_tobit(weeks, rd, [RdStatus.OK] * 60, lloq=1, doubts=False), 10**4.9, 0.9).weeks


def test_a_rise_that_slows_tells_no_weeks():
    weeks = 2 ** np.linspace(1, 6.5, 60)
    rng = np.random.default_rng(2)
    log_rd = np.minimum(3.5 + 0.5 * np.log2(weeks), 5.0) + 0.15 * rng.standard_normal(60)
    found = fit_tobit(weeks, 10**log_rd, [RdStatus.OK] * 60, lloq=1)
    with pytest.raises(
        NotEstimableError, match="estimated from a line: the rise slows with weeks"
    ) as refusal:
        weeks_to_reach(found, 60_000)
    assert refusal.value.why.startswith("the rise slows with weeks")
    assert any("the rise slows with weeks" in note for note in found.notes)


def shared_rows(n, seed, off, sd=0.06):
    """Return rows of one lot whose assigned values are off by `off` dex: values and limits alike."""
    weeks, rd, _ = patients_on_a_line(n, seed, log_rd_at_16_weeks=4.5)
    limit = LLOQ * 10**off
    rd = rd * 10**off
    return [
        PatientRd(
            f"P{i}", "", float(weeks[i]), float(rd[i]), RdStatus.OK if rd[i] >= limit else RdStatus.BELOW_LLOQ, limit, None,
            float(np.hypot(sd, 0.05)), shared=(SharedError("lot A", sd),),
        )
        for i in range(n)
    ]  # fmt: skip


def test_an_error_that_all_rows_share_widens_the_wait_and_not_the_slope():
    alone = [replace(row, rd_log_sd=0.05, shared=()) for row in shared_rows(200, 3, 0.0)]
    first, second = (
        fit_observations(select_rows(rows, Settings()).data) for rows in (alone, shared_rows(200, 3, 0.0))
    )
    assert second.slope_interval == pytest.approx(first.slope_interval, abs=1e-9)
    for share in (0.5, 0.9):
        narrow, wide = (weeks_to_reach(fit, 20_000, share) for fit in (first, second))
        assert wide.weeks == pytest.approx(narrow.weeks)
        half = np.log2(narrow.high / narrow.low) / 2
        by_lot = 1.96 * 0.06 / first.slope
        assert np.log2(wide.high / wide.low) / 2 == pytest.approx(np.hypot(half, by_lot), rel=0.1)
    wide, narrow = (np.diff(fit.intercept_interval)[0] for fit in (second, first))
    assert wide > narrow


def test_a_common_factor_moves_the_level_by_itself_and_the_slope_by_nothing():
    # against the maximum of an independent likelihood of moved values and limits
    data = select_rows(shared_rows(40, 5, 0.0), Settings()).data
    line = fit_line(data)
    moved = replace(data, log_rd=data.log_rd + 0.01)
    other = fit_line(moved)
    assert other.most_likely.slope == pytest.approx(line.most_likely.slope, abs=1e-9)
    assert shared_variance(line, slope_of) < 1e-20
    level = line.axes.scale_y**2 * shared_variance(line, level_at(0.0))
    assert level == pytest.approx(0.06**2, rel=1e-6)


def test_two_lots_that_stand_apart_in_time_make_the_slope_less_sure():
    rows = shared_rows(60, 7, 0.0)
    late = [replace(row, shared=(SharedError("lot B" if row.weeks > 14 else "lot A", 0.06),)) for row in rows]
    one, two = (fit_observations(select_rows(each, Settings()).data) for each in (rows, late))
    assert np.diff(two.slope_interval)[0] > 1.05 * np.diff(one.slope_interval)[0]
    # independent: the slope of least squares of a step of 0.06 dex, when nothing is censored
    clear = fit_line(replace(select_rows(late, Settings()).data, kind=np.zeros(60, np.int8)))
    x = np.log2(clear.data.weeks)
    lots = [clear.data.shared.row[clear.data.shared.source == lot] for lot in (0, 1)]
    steps = [np.polyfit(x, np.where(np.isin(np.arange(60), lot), 0.06, 0.0), 1)[0] for lot in lots]
    found = shared_variance(clear, slope_of) * (clear.axes.scale_y / clear.axes.scale_x) ** 2
    assert found == pytest.approx(sum(step**2 for step in steps), rel=1e-3)


def test_a_share_that_rounds_to_one_half_has_the_interval_of_the_median_patient():
    found = fit()
    half, rounded = weeks_to_reach(found, 20_000), weeks_to_reach(found, 20_000, 0.7 - 0.2)
    assert 0.7 - 0.2 != 0.5
    assert half.interval_method == rounded.interval_method == "profile likelihood"
    assert (half.low, half.weeks, half.high) == (rounded.low, rounded.weeks, rounded.high)


@pytest.mark.parametrize("share", [0, 1, 1.5])
def test_a_share_lies_between_none_and_all(share):
    with pytest.raises(ValueError, match="share is"):
        weeks_to_reach(fit(), 20_000, share)


@pytest.mark.parametrize("seed", range(4))
def test_a_kit_that_reads_low_does_not_withhold_the_wait_of_the_usual_one(seed):
    rng = np.random.default_rng(seed)
    weeks = 2 ** np.append(rng.uniform(2, 6, 24), rng.uniform(5.2, 6.7, 14))
    rd = 10 ** (3.6 + 0.36 * np.log2(weeks) + 0.3 * rng.standard_normal(38))

    def waits(factor):
        rows = [
            PatientRd(
                f"P{i}",
                "",
                weeks[i],
                value,
                RdStatus.OK,
                500.0,
                1e6,
                0.05,
                beads_kit="qsc" if i > 23 else "pe",
            )
            for i, value in enumerate(np.append(rd[:24], factor * rd[24:]))
        ]
        fitted = fit_observations(select_rows(rows, Settings()).data)
        return [weeks_to_reach(fitted, 100_000, share) for share in (0.5, 0.9)]

    for low, usual in zip(waits(0.2), waits(1.0), strict=True):
        assert low.weeks == pytest.approx(usual.weeks, rel=0.01)
        assert low.note == usual.note == ""
