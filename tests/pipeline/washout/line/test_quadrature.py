import numpy as np
import pytest
from numpy.testing import assert_allclose

from pipeline.washout.line.quadrature import hermite


@pytest.mark.parametrize("n", [1, 2, 3, 8, 15, 40, 41])
def test_nodes_and_weights_are_those_of_numpy(n):
    nodes, weights = np.polynomial.hermite.hermgauss(n)
    found, log_weights = hermite(n)
    assert_allclose(found, nodes, rtol=1e-13, atol=1e-14)
    assert_allclose(log_weights, np.log(weights), rtol=0, atol=3e-12)
