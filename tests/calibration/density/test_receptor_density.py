import numpy as np
import pytest

from calibration import BeadKitError, RdStatus, fit_standard_curve, quantify_receptor_density
from validation.simulated_beads import Detector, cells

DETECTOR = Detector(photons=0.05, gain=2.0, noise=15.0, top=np.inf)
LEVELS = (638.0, 6930.0, 31008.0, 67601.0)


def curve(scatter=0.0, seed=0, levels=LEVELS):
    medians = np.array(levels) * DETECTOR.per_molecule
    return fit_standard_curve(
        medians * 10 ** np.random.default_rng(seed).normal(0, scatter, len(levels)), levels
    )


def density(rd, n=1000, seed=0, spread=0.45, **options):
    rng = np.random.default_rng(seed)
    stained, control = (
        cells(rng, rd, n, detector=DETECTOR, spread=spread),
        cells(rng, 0, n, detector=DETECTOR),
    )
    known = {"kit": "quantibrite_pe", "f_p_ratio": 1.0, "uloq_extrapolation": 10.0, **options}
    return quantify_receptor_density(stained, control, known.pop("curve", curve()), **known)


def bias(rd, seeds, **options):
    results = [density(rd, seed=s, **options) for s in range(seeds)]
    return (np.mean([r.rd for r in results]) / rd - 1, np.mean([r.rd_plain for r in results]) / rd - 1)


@pytest.mark.parametrize(
    ("rd", "within"), [(500, 0.03), (1000, 0.03), (2000, 0.01), (20000, 0.01), (400000, 0.01)]
)
def test_the_bias_of_subtracting_medians_is_removed(rd, within):
    corrected, plain = bias(rd, 60)
    assert abs(corrected) <= within
    if rd <= 1000:
        assert plain > 0.035


def test_few_cells_are_within_twelve_percent_above_five_thousand():
    errors = [
        abs(density(rd, n=n, seed=s).rd / rd - 1)
        for rd in (5000, 50000)
        for n in (60, 400)
        for s in range(40)
    ]
    assert np.quantile(errors, 0.95) <= 0.12


def test_few_dim_cells_are_within_one_hundred_and_fifty_or_a_fifth():
    for rd in (0, 300, 2000):
        errors = [abs(density(rd, n=200, seed=s).rd - rd) for s in range(60)]
        assert np.quantile(errors, 0.95) <= max(150, 0.2 * rd)


def test_f_p_divides_and_other_kits_take_levels_as_abc():
    one, two = density(20000), density(20000, f_p_ratio=2.0)
    assert two.rd == pytest.approx(one.rd / 2)
    assert density(20000, kit="qsc", f_p_ratio=None).rd == pytest.approx(one.rd)


def test_no_control_gives_abc_and_no_density():
    stained = cells(np.random.default_rng(0), 20000, 500, detector=DETECTOR)
    result = quantify_receptor_density(stained, None, curve(), kit="qsc")
    assert result.status is RdStatus.NO_BACKGROUND
    assert result.rd is None
    assert result.abc == pytest.approx(20600, rel=0.05)
    assert "No control tube" in result.notes[0]


def test_a_control_with_too_few_cells_in_the_gate_says_how_many_it_has():
    stained = cells(np.random.default_rng(0), 20000, 500, detector=DETECTOR)
    few = quantify_receptor_density(stained, np.full(4, 20.0), curve(), kit="qsc")
    assert (few.status, few.rd, few.n_control) == (RdStatus.NO_BACKGROUND, None, 4)
    assert few.notes[0] == "The control tube has 4 cells in the gate: at least 5 are needed."
    enough = quantify_receptor_density(stained, np.full(5, 20.0), curve(), kit="qsc")
    assert (enough.status, enough.flags) == (RdStatus.OK, ("FEW_CONTROL_EVENTS",))


@pytest.mark.parametrize("broken", [None, "rejected"])
def test_no_curve_or_a_rejected_one_gives_medians_only(broken):
    bad = fit_standard_curve([10, 100, 1000], [5000, 500, 50000]) if broken else None
    result = density(20000, curve=bad)
    assert result.status is RdStatus.NO_CURVE
    assert (result.rd, result.abc) == (None, None)
    assert result.median_mfi > 0
    assert ("transposed" in result.notes[0]) is bool(broken)


@pytest.mark.parametrize(
    ("n", "status", "flags"),
    [
        (0, RdStatus.LOW_EVENTS, ()),
        (19, RdStatus.LOW_EVENTS, ("FEW_CONTROL_EVENTS",)),
        (20, RdStatus.OK, ("FEW_EVENTS_20_49",)),
        (99, RdStatus.OK, ("FEW_EVENTS_50_99",)),
        (100, RdStatus.OK, ()),
    ],
)
def test_cell_counts_decide_status_and_flag(n, status, flags):
    result = density(20000, n=n)
    assert (result.status, result.flags, result.n_cells) == (status, flags, n)
    assert (result.rd is None) is (status is RdStatus.LOW_EVENTS)


def test_below_the_lloq_keeps_the_signed_estimate():
    results = [density(0, seed=s) for s in range(20)]
    assert {r.status for r in results} == {RdStatus.BELOW_LLOQ}
    assert min(r.rd for r in results) < 0 < max(r.rd for r in results)
    assert all(r.rd_low < r.rd < r.rd_high for r in results)


def test_the_laboratorys_limit_counts_where_it_is_the_highest():
    assert density(3000, lab_lloq=5000.0).status is RdStatus.BELOW_LLOQ
    assert density(3000, lab_lloq=5000.0).lloq_from == "laboratory"
    assert density(3000, lab_lloq=1.0).lloq > 100


def test_above_the_top_bead_is_a_status():
    assert density(50000).status is RdStatus.OK
    extrapolated = density(150000, uloq_extrapolation=4.0)
    assert extrapolated.status is RdStatus.ABOVE_ULOQ_EXTRAPOLATED
    assert extrapolated.rd == pytest.approx(150000, rel=0.05)
    assert extrapolated.uloq == 67601
    censored = density(400000, uloq_extrapolation=4.0)
    assert censored.status is RdStatus.ABOVE_ULOQ
    assert (censored.rd, censored.rd_low, censored.rd_high, censored.uloq) == (None, 4 * 67601, None, 67601)


def test_cells_on_the_end_of_the_scale_are_right_censored():
    rng = np.random.default_rng(1)
    stained = np.minimum(cells(rng, 60000, 500, detector=DETECTOR), 5000.0)
    control = cells(rng, 0, 500, detector=DETECTOR)
    result = quantify_receptor_density(stained, control, curve(), kit="qsc", detector_top=5000.0)
    assert result.status is RdStatus.ABOVE_ULOQ
    assert "on the end of the scale" in result.notes[-1]


@pytest.mark.parametrize(("end", "bound"), [(5000.0, 48_000), (50_000.0, 67_601)])
def test_cells_on_the_end_of_the_scale_exceed_that_end_and_not_a_top_bead_beyond_it(end, bound):
    rng = np.random.default_rng(1)
    stained = np.minimum(cells(rng, 100 * end, 500, detector=DETECTOR), end)
    control = cells(rng, 0, 500, detector=DETECTOR)
    result = quantify_receptor_density(stained, control, curve(), kit="qsc", detector_top=end)
    assert result.status is RdStatus.ABOVE_ULOQ
    assert (result.rd, result.rd_high) == (None, None)
    assert (result.rd_low, result.uloq) == (pytest.approx(bound, rel=0.05), 67601)


def test_a_warned_curve_flags_its_densities():
    warned = fit_standard_curve([100, 1000, 10000], [100 * 10**2.26, 1000 * 10**2.13, 10000 * 10**2.0])
    assert warned.verdict == "warn"
    assert "CURVE_WARN" in density(20000, curve=warned).flags


def test_background_methods_that_differ_are_flagged_and_noise_near_zero_is_not():
    bent = fit_standard_curve([10.0 ** ((np.log10(y) - 1.4) / 0.87) for y in LEVELS], LEVELS)
    rng = np.random.default_rng(0)
    stained, control = rng.normal(900, 60, 500), rng.normal(500, 60, 500)
    assert "BG_METHOD_DIFFERS" in quantify_receptor_density(stained, control, bent, kit="qsc").flags
    assert all("BG_METHOD_DIFFERS" not in density(0, seed=s).flags for s in range(20))


def test_qifikit_gives_sabc_and_says_when_the_control_is_not_an_isotype():
    assert density(9000, kit="qifikit", control_kind="isotype").result == "SABC"
    assert "CONTROL_NOT_ISOTYPE" in density(9000, kit="qifikit", control_kind="FMO").flags


@pytest.mark.parametrize("options", [{"kit": "rainbow"}, {"kit": "mesf", "f_p_ratio": None}])
def test_kits_that_cannot_quantify_raise(options):
    with pytest.raises(BeadKitError):
        density(9000, **options)


def test_not_finite_events_are_left_out():
    result = quantify_receptor_density([np.nan] * 10 + [5.0] * 15, [1.0] * 30, curve(), kit="qsc")
    assert (result.n_cells, result.status) == (15, RdStatus.LOW_EVENTS)


def test_the_same_tube_gives_the_same_interval():
    assert density(9000) == density(9000)
