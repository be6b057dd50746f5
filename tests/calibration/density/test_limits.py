from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri

from calibration import LloqSource, RdStatus, fit_standard_curve, quantify_receptor_density
from calibration.curve.transfer import Transfer, transferred_curve
from calibration.density.error_model import ConvertedCells, RelativeErrors, blank_spread
from calibration.density.limits import ResultScatter, density_limits, result_scatter

CURVE = fit_standard_curve([100, 1000, 10000], [1000, 10000, 100000])  # ABC = 10 · MFI
LEVELS = [638.0, 6930.0, 31008.0, 67601.0]


def blanks(n, middle=50.0, sd=10.0):
    """Return cells of a blank that lie where the quantiles of a normal law are: no luck in them."""
    return middle + sd * ndtri((np.arange(n) + 0.5) / n)


def tube(n=1000, m=1000, rd=1000.0, sd=30.0):
    control = blanks(m, sd=sd)
    stained = blanks(n, sd=sd) + rd / 10 * np.exp(0.3 * ndtri((np.arange(n) + 0.5) / n))
    return ConvertedCells(stained, control, float(np.median(stained)), 50.0, 0.0, 0.0, 1.0)


def scatter(cells=None, errors=None, curve=CURVE, spread=0.45):
    return result_scatter(cells or tube(), curve, errors or RelativeErrors(), spread=spread)


def test_the_lob_and_lod_are_those_of_simulated_results():
    """EP17-A2, by its definition: 95 % of blank results below the LoB, of results at the LoD above it."""
    rng = np.random.default_rng(0)

    def results(level, n_tubes=4000, n=100):
        stained = rng.normal(50, 30, (n_tubes, n)) + level / 10 * rng.lognormal(0, 0.1, (n_tubes, n))
        lot = rng.lognormal(0, 0.05, n_tubes)
        return 10 * lot * (np.median(stained, axis=1) - np.median(rng.normal(50, 30, (n_tubes, n)), axis=1))

    limits = density_limits(scatter(tube(100, 100), spread=0.1), CURVE, 1.0)
    assert np.mean(results(0.0) < limits.lob) == pytest.approx(0.95, abs=0.015)
    assert np.mean(results(limits.lod) > limits.lob) == pytest.approx(0.95, abs=0.02)


def test_the_lloq_is_where_simulated_results_have_a_cv_of_thirty_percent():
    rng = np.random.default_rng(0)
    level = density_limits(scatter(tube(40, 40)), CURVE, 1.0).cv_level
    stained = rng.normal(50, 30, (6000, 40)) + level / 10 * rng.lognormal(0, 0.45, (6000, 40))
    found = 10 * (np.median(stained, axis=1) - np.median(rng.normal(50, 30, (6000, 40)), axis=1))
    found *= rng.lognormal(0, 0.05, 6000)
    assert np.std(found) / level == pytest.approx(0.30, abs=0.03)


def test_a_few_stained_strays_do_not_move_a_limit():
    strays = np.concatenate([blanks(1000), np.full(20, 5000.0)])
    assert blank_spread(strays) == pytest.approx(blank_spread(blanks(1000)), rel=0.1)


def test_the_lloq_is_the_highest_of_the_four():
    def decided(blank, relative=0.1, lab=None):
        return density_limits(ResultScatter(blank, relative), CURVE, 1.0, lab_lloq=lab).lloq_from

    assert decided(10.0) == "lowest bead"
    assert decided(10.0, lab=2000.0) == "laboratory"
    assert decided(1000.0) == "CV 30 %"
    assert decided(1000.0, relative=0.0) == "CV 30 %"
    assert density_limits(ResultScatter(300.0, 0.1), CURVE, 1.0).cv_level == pytest.approx(
        300 / np.sqrt(0.08)
    )


def test_without_a_control_the_dimmest_bead_is_the_limit():
    limits = density_limits(None, CURVE, 2.0)
    assert (limits.lloq, limits.lloq_from, limits.uloq) == (500, "lowest bead", 50000)
    assert (limits.lob, limits.lod) == (None, None)


@pytest.mark.parametrize("relative", [0.3, 0.31, 0.7, 5.0])
def test_there_is_no_lloq_where_the_relative_error_alone_is_too_large(relative):
    limits = density_limits(ResultScatter(10.0, relative), CURVE, 1.0, lab_lloq=100.0)
    assert (limits.cv_level, limits.lloq, limits.lloq_from) == (None, np.inf, "no level")


CVS = st.floats(0, 1)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_error_makes_the_lloq_smaller(data):
    cvs = [data.draw(CVS) for _ in range(3)]
    n, m = data.draw(st.integers(20, 3000)), data.draw(st.integers(5, 3000))
    curve = replace(CURVE, residual_sd=data.draw(st.floats(0, 0.2)))
    worse_cvs = [data.draw(st.floats(cv, 1)) for cv in cvs]
    worse_n, worse_m = data.draw(st.integers(20, n)), data.draw(st.integers(5, m))
    worse_curve = replace(CURVE, residual_sd=data.draw(st.floats(curve.residual_sd, 0.3)))
    sd = data.draw(st.floats(1, 60))
    worse_sd = data.draw(st.floats(sd, 80))

    def lloq(cvs, n, m, curve, sd):
        return density_limits(scatter(tube(n, m, sd=sd), RelativeErrors(*cvs), curve), curve, 1.0).lloq

    right, wrong = lloq(cvs, n, m, curve, sd), lloq(worse_cvs, worse_n, worse_m, worse_curve, worse_sd)
    assert wrong >= right * (1 - 0.02 * (worse_m < m))  # the MAD of other quantiles moves by so much


def density(stained, control, **options):
    curve = fit_standard_curve([level / 10 for level in LEVELS], LEVELS)
    return quantify_receptor_density(
        stained, control, curve, **{"kit": "quantibrite_pe", "f_p_ratio": 1.0, **options}
    )


RANK = {RdStatus.OK: 0, RdStatus.BELOW_LLOQ: 1, RdStatus.NOT_QUANTIFIABLE: 2}


@pytest.mark.parametrize("setting", ["between_run_cv", "lot_cv", "f_p_cv"])
def test_a_worse_assay_never_turns_a_tube_into_a_number(setting):
    rng = np.random.default_rng(3)
    control = 60 * rng.lognormal(0, 0.5, 30)
    stained = 60 * rng.lognormal(0, 0.5, 30) + 200 * rng.lognormal(0, 0.45, 30)
    found = [density(stained, control, **{setting: cv}) for cv in np.linspace(0.0, 1.0, 41)]
    lloqs = [np.inf if one.lloq is None else one.lloq for one in found]
    assert lloqs == sorted(lloqs)
    assert [RANK[one.status] for one in found] == sorted(RANK[one.status] for one in found)
    assert found[-1].status is RdStatus.NOT_QUANTIFIABLE
    assert (found[-1].lloq, found[-1].lloq_from) == (None, LloqSource.NO_LEVEL)
    assert "CV of 30 %" in found[-1].notes[-1]


def test_a_thousand_molecules_known_well_are_a_number():
    rng = np.random.default_rng(1)
    found = [
        density(
            60 * rng.lognormal(0, 0.5, 5000) + 100 * rng.lognormal(0, 0.45, 5000),
            60 * rng.lognormal(0, 0.5, n),
        )
        for n in (500, 5000, 25000)
    ]
    assert {(one.status, one.lloq_from) for one in found} == {(RdStatus.OK, LloqSource.LOWEST_BEAD)}
    assert all(one.rd_high / one.rd < 1.25 for one in found)


@pytest.mark.slow
def test_few_control_cells_make_the_lloq_larger_and_not_lucky():
    rng = np.random.default_rng(2)
    stained = 60 * rng.lognormal(0, 0.5, 500) + 100 * rng.lognormal(0, 0.45, 500)
    five, many = (
        [density(stained, 60 * rng.lognormal(0, 0.5, n)).lod for _ in range(150)] for n in (5, 2000)
    )
    low, high = np.quantile(five, [0.02, 0.90])
    assert low > 1.5 * max(many)
    assert high / low < 5


@pytest.mark.parametrize("model", ["slope of 1", "line"])
def test_a_carried_curve_adds_level_tilt_and_assumed_error_of_its_transfer(model):
    """The tilt by its definition: by how much log10 RD changes where the curve turns about the transfer's centre."""
    lever = 0.0 if model == "slope of 1" else 1.4
    transfer = Transfer(0.9, 0.1, 0.02, 4, 6, 3.6, lever, 0.01, 100.0, 1e5, assumed_cv=0.03)
    there = fit_standard_curve([64, 700, 3100, 6760], LEVELS)
    here, cells = transferred_curve(there, transfer), tube()
    amounts = float(here.to_abc(50.0)) + np.array([here.bottom_level, 0.0])
    log_mfi = (np.log10(amounts) - here.intercept) / here.slope

    def log_rd(turn):
        return np.log10(np.array([1.0, -1.0]) @ 10 ** (np.log10(amounts) + turn * (log_mfi - 3.6)))

    steep = here.slope / 0.9
    turned = (log_rd(1e-5) - log_rd(-1e-5)) / 2e-5
    tilt = steep * 0.02 / np.sqrt(lever) * turned if lever else 0.0
    wanted = np.log(10) ** 2 * ((steep * 0.02) ** 2 / 6 + tilt**2) + np.log(1 + 0.03**2)
    exact = RelativeErrors(0.0, 0.0, 0.0)
    carried, own = (
        np.log(1 + scatter(cells, exact, curve).relative ** 2)
        for curve in (here, replace(here, transfer=None))
    )
    assert carried - own == pytest.approx(wanted, rel=1e-5)
