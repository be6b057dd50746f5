import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from gating.arithmetic.linear import (
    GRID,
    cholesky,
    exact_product,
    inverse_of,
    inverses,
    log_determinant,
    lower_inverse,
    on_grid,
    product,
    solve,
    times,
)


def covariances(seed: int, n: int, k: int):
    a = np.random.default_rng(seed).normal(size=(n, k, 2 * k))
    return a @ np.swapaxes(a, 1, 2) / k


@given(st.integers(0, 10**6), st.integers(1, 9), st.integers(1, 40), st.integers(1, 300))
def test_a_product_on_the_grid_does_not_depend_on_the_order_of_its_terms(seed, m, k, n):
    rng = np.random.default_rng(seed)
    factors, gridded = rng.normal(size=(m, k)) * 50, on_grid(rng.normal(size=(k, n)) * 4)
    there = rng.permutation(k)
    largest = float(np.abs(gridded).max())
    result = exact_product(factors, gridded, GRID, largest)
    assert np.array_equal(result, exact_product(factors[:, there], gridded[there], GRID, largest))
    sizes = np.abs(factors).max(axis=1, keepdims=True) * np.abs(gridded).sum(axis=0)
    assert (np.abs(result - factors @ gridded) <= 1e-9 * sizes + 1e-300).all()


def test_a_product_that_leaves_no_bits_is_refused():
    with pytest.raises(OverflowError, match="bits"):
        exact_product(np.ones((1, 2)), np.array([[2.0**53], [1.0]]), 1.0, 2.0**53)


def test_small_systems_agree_with_lapack():
    spreads = covariances(3, 5, 7)
    inverse, log_volumes = inverses(spreads)
    assert_allclose(inverse, np.linalg.inv(spreads), rtol=1e-8, atol=1e-9)
    assert_allclose(log_volumes, np.linalg.slogdet(spreads)[1], rtol=1e-10, atol=1e-10)
    lower = cholesky(spreads[1])
    assert_allclose(lower, np.linalg.cholesky(spreads[1]), rtol=1e-10, atol=1e-12)
    assert_allclose(lower_inverse(lower), np.linalg.inv(lower), rtol=1e-8, atol=1e-10)
    assert_allclose(log_determinant(spreads[0]), np.linalg.slogdet(spreads[0])[1], rtol=1e-12)
    matrix, right = np.random.default_rng(1).normal(size=(6, 6)), np.arange(6.0)
    assert_allclose(inverse_of(matrix), np.linalg.inv(matrix), rtol=1e-9, atol=1e-12)
    assert_allclose(solve(matrix, right), np.linalg.solve(matrix, right), rtol=1e-9)
    assert_allclose(times(spreads[0], spreads[0, 0]), spreads[0] @ spreads[0, 0], rtol=1e-12)
    assert_allclose(product(matrix, matrix), matrix @ matrix, rtol=1e-12, atol=1e-14)


def test_what_has_no_inverse_is_refused():
    with pytest.raises(np.linalg.LinAlgError, match="singular"):
        inverse_of(np.zeros((2, 2)))
    with pytest.raises(np.linalg.LinAlgError, match="positive definite"):
        cholesky(-np.eye(2))
    with pytest.raises(np.linalg.LinAlgError, match="positive definite"):
        inverses(-np.eye(2)[None])


KERNELS = ("Haswell", "Zen", "SkylakeX", "SandyBridge", "Nehalem", "Prescott")

MIXTURE = """
import hashlib
import numpy as np
from gating.clusters.mixture import fit_mixture
rng = np.random.default_rng(4)
points = np.vstack([rng.normal(m, 0.4, (n, 8)) for m, n in ((0, 500), (2, 90), (3.2, 60))])
found = fit_mixture(points, np.ones(len(points)) * 1.7)
parts = (found.shares, found.means, found.covariances, found.belongings(points))
parts += tuple(found.distance_square(group, points) for group in range(found.shares.size))
print(hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest())
"""


def digest_under(kernel: str) -> str:
    environment = {**os.environ, "OPENBLAS_CORETYPE": kernel}
    done = subprocess.run(
        [sys.executable, "-c", MIXTURE], env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout if done.returncode == 0 else f"{kernel} cannot run here"


@pytest.mark.slow
def test_a_mixture_has_the_same_bits_under_every_blas_kernel_that_runs_here():
    digests = [digest_under(kernel) for kernel in KERNELS]
    ran = [digest for digest in digests if "cannot" not in digest]
    assert len(ran) >= 2
    assert len(set(ran)) == 1
