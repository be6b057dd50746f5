"""The arithmetic of the assay's validation against worked examples that others published."""

from __future__ import annotations

import pytest

from pipeline.assay.statistics.linearity import least_squares
from pipeline.assay.statistics.nested import nested_precision

TURNIP = (
    3.28, 3.09, 3.52, 3.48, 2.88, 2.80, 2.46, 2.44, 1.87, 1.92, 2.19, 2.19,
    2.77, 2.66, 3.74, 3.44, 2.55, 2.55, 3.78, 3.87, 4.07, 4.12, 3.31, 3.31,
)  # fmt: skip
"""Calcium in turnip greens: four plants, three leaves of each, two determinations of each leaf (Snedecor and
Cochran 1967, Statistical Methods, p. 286). Worked in SAS/STAT User's Guide, The NESTED Procedure, example
"Variability of Calcium Concentration in Turnip Greens". The design of CLSI EP05-A3: days, runs, replicates."""

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
