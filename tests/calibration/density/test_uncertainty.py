from statistics import NormalDist

import numpy as np
import pytest

from calibration import LloqSource, fit_standard_curve, quantify_receptor_density
from validation.simulated_beads import Detector, cells

DETECTOR = Detector(photons=0.05, gain=2.0, noise=15.0, top=np.inf)
TEN_FOLD = fit_standard_curve([100, 1000, 10000], [1000, 10000, 100000])  # ABC = 10 · MFI, no scatter
KITS = {
    "quantibrite_pe": (638.0, 6930.0, 31008.0, 67601.0),
    "mesf": (1500.0, 4400.0, 14500.0, 43800.0, 131200.0),
}


def tube(rd, seed, kit="quantibrite_pe", scatter=0.02, lot=0.05, f_p=0.05, n=300, **options):
    """One tube of one bead day: lot, F:P and bead errors drawn anew, as the budget says they are."""
    rng = np.random.default_rng(seed)
    levels = np.array(KITS[kit])
    shift, ratio = rng.lognormal(0, np.sqrt(np.log1p(lot**2))), rng.lognormal(0, np.sqrt(np.log1p(f_p**2)))
    medians = levels * shift * DETECTOR.per_molecule * 10 ** rng.normal(0, scatter, levels.size)
    stained = cells(rng, rd * ratio, n, detector=DETECTOR, spread=rng.uniform(0.3, 0.6))
    control = cells(rng, 0, n, detector=DETECTOR)
    return quantify_receptor_density(
        stained,
        control,
        fit_standard_curve(medians, levels),
        kit=kit,
        f_p_ratio=1.0,
        f_p_cv=f_p,
        lot_cv=lot,
        seed=seed,
        uloq_extrapolation=100.0,
        **options,
    )


@pytest.mark.slow
def test_intervals_cover_the_truth_93_to_97_percent_of_1200_tubes():
    hits = []
    for kit in KITS:
        for rd in (700, 3000, 20000, 200000):
            results = [tube(rd, 1000 * k + rd, kit) for k in range(150)]
            hits += [r.rd_low <= rd <= r.rd_high for r in results]
    assert len(hits) == 1200
    assert 0.93 <= np.mean(hits) <= 0.97


@pytest.mark.parametrize("rd", [300, 5000, 200000])
@pytest.mark.parametrize("kit", KITS)
def test_first_derivatives_agree_with_the_draws(rd, kit):
    for seed in range(4):
        result = tube(rd, seed, kit)
        drawn = (result.rd_high - result.rd_low) / (2 * 1.96)
        assert result.analytic_sd == pytest.approx(drawn, rel=0.15)


def test_known_sizes_of_the_cell_term():
    # method.md: 20 cells ×/÷ 1.37, 50 ×/÷ 1.22, 100 ×/÷ 1.15, 500 ×/÷ 1.07 for a log-SD of about 0.57
    for n, factor in ((20, 1.37), (100, 1.15), (500, 1.07)):
        sizes = []
        for seed in range(30):
            rng = np.random.default_rng(seed)
            stained = cells(rng, 50000, n, detector=DETECTOR, spread=0.57)
            control = cells(rng, 0, 500, detector=DETECTOR)
            levels = np.array(KITS["mesf"])
            curve = fit_standard_curve(levels * 0.1, levels)
            result = quantify_receptor_density(stained, control, curve, kit="qsc", lot_cv=0.0, seed=seed)
            sizes.append(next(t.sd_dex for t in result.budget if t.name == "stained cells"))
        assert 10 ** (1.96 * np.median(sizes)) == pytest.approx(factor, rel=0.06)


def test_shares_sum_to_one_and_name_what_limits():
    shares = {t.name: t.share for t in tube(50000, 1, lot=0.30).budget}
    assert sum(shares.values()) == pytest.approx(1)
    assert max(shares, key=shares.__getitem__) == "lot assignment"


def test_an_error_that_is_not_there_has_no_share():
    shares = {t.name: t.share for t in tube(50000, 1, lot=0.0, f_p=0.0).budget}
    assert shares["lot assignment"] == 0
    assert not {"F:P ratio", "between runs", "transfer between runs of beads"} & set(shares)


def test_more_error_widens_the_interval_and_moves_nothing_else():
    narrow, wide = tube(50000, 2), tube(50000, 2, between_run_cv=0.3)
    assert wide.rd == narrow.rd
    assert wide.rd_high - wide.rd_low > 1.5 * (narrow.rd_high - narrow.rd_low)
    assert wide.gcv_percent == pytest.approx(np.hypot(narrow.gcv_percent, 30), rel=0.1)


def test_what_stain_and_control_share_cancels_near_zero():
    # The background is 600 here: a lot shift of 50 % drawn for each tube on its own would spread RD by 400.
    assert all(r.rd_high - r.rd_low < 300 for r in (tube(0, s, lot=0.5) for s in range(5)))


def normal_cells(mean, sd, n):
    """Cells whose quantiles are those of a normal distribution: no sample, so that a formula can be checked."""
    return [mean + sd * NormalDist().inv_cdf((k + 0.5) / n) for k in range(n)]


def test_the_lloq_is_where_the_medians_of_blank_cells_reach_a_cv_of_30_percent():
    # SD of a median of normal cells: √(π/2) · SD / √n. The level with 30 % is that over 0.30; ABC = 10 · MFI.
    stained, control = normal_cells(900, 300, 40), normal_cells(400, 300, 400)
    result = quantify_receptor_density(stained, control, TEN_FOLD, kit="qsc", lot_cv=0.0, n_draws=20_000)
    sd = 10 * np.sqrt(np.pi / 2) * np.hypot(300 / np.sqrt(40), 300 / np.sqrt(400))
    assert result.lloq_from is LloqSource.CV_LEVEL
    assert result.lloq == pytest.approx(sd / 0.30, rel=0.05)


def test_the_interval_of_dim_cells_is_that_of_their_medians():
    stained, control = normal_cells(900, 300, 200), normal_cells(400, 10, 400)
    result = quantify_receptor_density(stained, control, TEN_FOLD, kit="qsc", lot_cv=0.0, n_draws=20_000)
    sd = 10 * np.sqrt(np.pi / 2) * np.hypot(300 / np.sqrt(200), 10 / np.sqrt(400))
    assert result.rd_high - result.rd_low == pytest.approx(2 * 1.96 * sd, rel=0.03)
    assert result.analytic_sd == pytest.approx(sd, rel=0.03)


@pytest.mark.parametrize(("lot", "f_p"), [(0.10, 0.0), (0.0, 0.20), (0.10, 0.20)])
def test_an_interval_of_known_errors_alone_is_that_of_a_log_normal_variable(lot, f_p):
    # Cells that are all alike and beads on a line add nothing. ln CV² adds: √ln(1 + CV²) is the SD of a logarithm.
    result = quantify_receptor_density(
        np.full(500, 900.0),
        np.full(500, 400.0),
        TEN_FOLD,
        kit="mesf",
        f_p_ratio=1.0,
        lot_cv=lot,
        f_p_cv=f_p,
        n_draws=40_000,
    )
    log_sd = np.sqrt(np.log(1 + lot**2) + np.log(1 + f_p**2))
    assert result.rd == pytest.approx(5000, rel=1e-4)
    assert np.log(result.rd_low / 5000) == pytest.approx(-1.96 * log_sd, rel=0.03)
    assert np.log(result.rd_high / 5000) == pytest.approx(1.96 * log_sd, rel=0.03)
    assert result.gcv_percent == pytest.approx(100 * np.sqrt(np.expm1(log_sd**2)), rel=0.03)
    assert result.analytic_sd == pytest.approx(5000 * log_sd, rel=1e-4)
    shares = {term.name: term.share for term in result.budget}
    assert shares["lot assignment"] == pytest.approx(np.log(1 + lot**2) / log_sd**2, abs=0.02)
