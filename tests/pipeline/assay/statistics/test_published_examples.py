"""The arithmetic of the assay's validation against worked examples that others published."""

from __future__ import annotations

import pytest

from pipeline.assay.statistics.limits import detection_limits
from pipeline.assay.statistics.linearity import least_squares
from pipeline.assay.statistics.nested import nested_precision

TURNIP = (
    3.28, 3.09, 3.52, 3.48, 2.88, 2.80, 2.46, 2.44, 1.87, 1.92, 2.19, 2.19,
    2.77, 2.66, 3.74, 3.44, 2.55, 2.55, 3.78, 3.87, 4.07, 4.12, 3.31, 3.31,
)  # fmt: skip
"""Calcium in turnip greens: four plants, three leaves of each, two determinations of each leaf (Snedecor and
Cochran 1967, Statistical Methods, p. 286). Worked in SAS/STAT User's Guide, The NESTED Procedure, example
"Variability of Calcium Concentration in Turnip Greens". The design of CLSI EP05-A3: days, runs, replicates."""

GLUCOSE = (
    242, 246, 245, 246, 243, 242, 238, 238, 247, 239, 241, 240, 249, 241, 250, 245, 246, 242, 243, 240,
    244, 245, 251, 247, 241, 246, 245, 247, 245, 245, 243, 245, 243, 239, 244, 245, 244, 246, 247, 239,
    252, 251, 247, 241, 249, 248, 251, 246, 242, 240, 251, 245, 246, 249, 248, 240, 247, 248, 245, 246,
    240, 238, 239, 242, 241, 244, 245, 248, 244, 244, 237, 242, 241, 239, 247, 245, 247, 240, 245, 242,
)  # fmt: skip
"""Glucose, mg/dL, on twenty days, two runs a day, two replicates a run: CLSI EP05-A3, Table A1. The components are
those of R's VCA package, `anovaVCA(result ~ day/run, Glucose)`; the guideline rounds between its steps."""

CALCIUM = (4.7, 4.6, 7.8, 7.6, 10.4, 10.2, 13.0, 13.1, 15.5, 15.3, 16.3, 16.1)
"""Calcium, mg/dL, at six equally spaced levels, two replicates each: example 1 of CLSI EP06-A. Coefficients and errors
are those of R: `summary(lm(y ~ x + I(x^2) + I(x^3)))`."""

REPORTABLE_RANGE = (352, 348, 1009, 991, 1603, 1584, 3100, 3200, 4482, 4390, 5101, 5046, 5669, 5516)
"""Two replicates at seven levels: Kroll et al. 2000, doi:10.5858/2000-124-1331-EOTEON. The average deviation of the
cubic from the line is 8.63 % of the mean, as in the tests of R's lancer package."""

BLANKS = (
    (2.6, -0.8, 5.5, 6.0, 4.5, 0.6, -2.3, 3.4, 5.9, 7.6, 4.1, -1.4),
    (1.0, 2.9, 4.9, 8.0, 6.9, 5.0, 3.4, 1.2, 6.5, 5.6, -2.2, 2.3),
    (-4.4, -3.4, 7.0, 6.9, 4.3, 3.2, -1.4, -4.2, 5.9, 7.6, 3.8, 5.8),
    (1.5, -1.9, 5.1, 5.7, 4.1, 4.5, -0.6, 0.5, 5.4, 7.6, 4.4, 6.6),
    (1.2, -0.7, 6.1, 5.1, 4.8, 3.3, -2.8, -1.4, 8.7, 3.6, 5.1, 3.5),
)
DIM = (
    ("L1", (21.0, 22.8, 28.2, 25.9, 26.4, 28.3, 20.7, 21.9, 24.7, 22.5, 28.5, 29.2)),
    ("L2", (13.3, 12.6, 18.2, 14.7, 17.8, 14.0, 14.1, 12.5, 11.3, 12.2, 16.2, 13.9)),
    ("L3", (12.8, 12.9, 17.4, 16.0, 15.9, 14.1, 11.3, 9.4, 10.6, 13.6, 17.6, 14.9)),
    ("L4", (17.3, 19.2, 21.5, 22.2, 24.1, 25.8, 16.0, 16.4, 24.9, 23.8, 22.1, 26.1)),
    ("L5", (19.2, 22.7, 28.3, 26.2, 25.1, 30.3, 23.4, 19.2, 26.3, 23.1, 27.5, 30.1)),
)
"""Five blanks and five dim samples, pg/mL, four replicates on three days with reagent lot 1: CLSI EP17-A2, Appendix A.
The limits are the guideline's rules by hand: rank 57.5 of 60, and LoB + 1.645 / (1 - 1 / (4 * 55)) * pooled SD."""

LOAD = (
    0.11019, 0.21956, 0.32949, 0.43899, 0.54803, 0.65694, 0.76562, 0.87487, 0.98292, 1.09146,
    1.20001, 1.30822, 1.41599, 1.52399, 1.63194, 1.73947, 1.84646, 1.95392, 2.06128, 2.16844,
    0.11052, 0.22018, 0.32939, 0.43886, 0.54798, 0.65739, 0.76596, 0.87474, 0.98300, 1.09150,
    1.20004, 1.30818, 1.41613, 1.52408, 1.63159, 1.73965, 1.84696, 1.95445, 2.06177, 2.16829,
)  # fmt: skip
"""Two replicates at twenty levels, 150,000 to 3,000,000: NIST Statistical Reference Datasets, Pontius."""


def test_nested_components_are_those_of_the_turnip_greens():
    plants = [str(place // 6) for place in range(24)]
    leaves = [str(place // 2) for place in range(24)]
    found = nested_precision(TURNIP, [("day", plants), ("run", leaves)])
    variances = [found.component(name).variance for name in ("day", "run", "repeatability", "total")]
    assert variances == pytest.approx([0.365223, 0.161060, 0.006654, 0.532938], abs=1e-6)
    assert found.mean == pytest.approx(3.012083, abs=1e-6)
    assert found.component("repeatability").freedom == 12


def test_the_quadratic_term_of_a_linearity_experiment_is_the_certified_one():
    level = [150_000.0 * (place % 20 + 1) for place in range(40)]
    terms = [[1.0] * 40, level, [one**2 for one in level]]
    found = least_squares(terms, LOAD, [1.0] * 40)
    certified = (0.673565789473684e-03, 0.732059160401003e-06, -0.316081871345029e-14)
    assert found.coefficients == pytest.approx(certified, rel=1e-8)
    errors = [found.variance(place) ** 0.5 for place in range(3)]
    assert errors == pytest.approx(
        (0.107938612033077e-03, 0.157817399981659e-09, 0.486652849992036e-16), rel=1e-8
    )


def test_the_precision_of_glucose_is_that_of_the_guideline_s_example():
    days = [str(place // 4) for place in range(80)]
    runs = [str(place // 2) for place in range(80)]
    precision = nested_precision(GLUCOSE, [("day", days), ("run", runs)])
    parts = [precision.component(name) for name in ("day", "run", "repeatability", "total")]
    assert precision.mean == pytest.approx(244.2)
    assert [part.variance for part in parts] == pytest.approx([1.958553, 3.075, 7.9, 12.933553], abs=1e-6)
    assert [part.freedom for part in parts] == pytest.approx([19, 20, 40, 64.77732], abs=1e-5)


def test_the_cubic_of_calcium_is_that_of_r():
    level = [place // 2 + 1.0 for place in range(12)]
    fit = least_squares(
        [[1.0] * 12, level, [x**2 for x in level], [x**3 for x in level]], CALCIUM, [1.0] * 12
    )
    assert fit.coefficients == pytest.approx(
        (2.4833333333333, 1.8211640211640, 0.4763888888889, -0.0662037037037), rel=1e-6
    )
    assert [fit.variance(place) ** 0.5 for place in range(4)] == pytest.approx(
        (0.502802167697, 0.572895911215, 0.183323978816, 0.017323592617), rel=1e-6
    )


def test_the_average_deviation_from_linearity_is_the_published_one():
    level = [place // 2 + 1.0 for place in range(14)]
    terms = [[1.0] * 14, level, [x**2 for x in level], [x**3 for x in level]]
    line = least_squares(terms[:2], REPORTABLE_RANGE, [1.0] * 14).coefficients
    cubic = least_squares(terms, REPORTABLE_RANGE, [1.0] * 14).coefficients
    curves = [
        [sum(c * term[place] for c, term in zip(fit, terms, strict=False)) for place in range(14)]
        for fit in (line, cubic)
    ]
    squares = [(straight - bent) ** 2 for straight, bent in zip(*curves, strict=True)]
    mean = sum(REPORTABLE_RANGE) / 14
    assert 100 * (sum(squares) / 14) ** 0.5 / mean == pytest.approx(8.631137, abs=1e-6)


def test_the_limits_of_the_guideline_s_blanks_follow_its_rules():
    limits = detection_limits(BLANKS, DIM)
    ranked = sorted(value for blank in BLANKS for value in blank)
    assert limits.lob == pytest.approx((ranked[56] + ranked[57]) / 2)
    assert limits.lob == pytest.approx(7.6)
    squares = sum((value - sum(values) / 12) ** 2 for _, values in DIM for value in values)
    assert limits.lod == pytest.approx(7.6 + 1.645 / (1 - 1 / 220) * (squares / 55) ** 0.5, abs=1e-6)
