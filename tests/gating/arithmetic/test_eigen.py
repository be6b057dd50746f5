import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from gating.arithmetic.eigen import (
    CUTOFF,
    eigenpairs,
    inverse_definite,
    is_definite,
    pseudo_inverse,
    solve_definite,
)

KINDS = ("any", "positive", "singular", "nearly diagonal", "equal", "zero", "graded")


def symmetric(kind: str, seed: int, n: int, k: int):
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(n, k, k)) * 10.0 ** rng.integers(-8, 8)
    if kind == "positive":
        a = a @ np.swapaxes(a, 1, 2) + 1e-3 * np.abs(a).max() ** 2 * np.eye(k)
    elif kind == "singular":
        part = a[:, :, : max(1, k // 2)]
        a = part @ np.swapaxes(part, 1, 2)
    elif kind == "nearly diagonal":
        a = a * (np.eye(k) + 1e-12)
    elif kind == "equal":
        a = np.repeat(np.eye(k)[None] * a[:, :1, :1], 1, axis=0)
    elif kind == "zero":
        a = np.zeros((n, k, k))
    elif kind == "graded":
        scale = 10.0 ** -np.arange(k)
        a = a * scale[:, None] * scale
    return (a + np.swapaxes(a, 1, 2)) / 2


matrices = st.builds(
    symmetric, st.sampled_from(KINDS), st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 9)
)


@given(matrices)
def test_eigenvalues_and_their_vectors_agree_with_lapack(given_ones):
    values, vectors = eigenpairs(given_ones)
    size = np.abs(given_ones).max(axis=(1, 2)) + 1e-300
    assert (np.abs(values - np.linalg.eigvalsh(given_ones)) <= 1e-12 * size[:, None]).all()
    turned = np.swapaxes(vectors, 1, 2) @ vectors
    assert_allclose(turned, np.broadcast_to(np.eye(values.shape[1]), turned.shape), atol=1e-13)
    again = (vectors * values[:, None, :]) @ np.swapaxes(vectors, 1, 2)
    assert (np.abs(again - given_ones) <= 1e-12 * size[:, None, None]).all()


@given(matrices)
def test_a_matrix_has_the_same_bits_alone_and_among_others(given_ones):
    right = given_ones[:, 0]
    for of in (eigenpairs, pseudo_inverse, inverse_definite, lambda a: solve_definite(a, right[: len(a)])):
        among, alone = of(given_ones), of(given_ones[:1])
        pairs = zip(among, alone, strict=True) if isinstance(among, tuple) else [(among, alone)]
        assert all(np.array_equal(several[:1], one) for several, one in pairs)


@given(matrices)
def test_the_pseudo_inverse_is_that_of_numpy(given_ones):
    expected = np.linalg.pinv(given_ones, rcond=CUTOFF, hermitian=True)
    sizes = np.abs(np.linalg.eigvalsh(given_ones))
    relative = sizes / (sizes.max(axis=1, keepdims=True) + 1e-300)
    clear = ((relative > 1e-7) | (relative < 1e-14)).all(axis=1)
    found = pseudo_inverse(given_ones)
    scale = np.abs(expected).max(axis=(1, 2), keepdims=True)
    assert (np.abs(found - expected) <= 1e-8 * scale)[clear].all()


@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 9))
def test_positive_definite_systems_are_solved(seed, n, k):
    given_ones = symmetric("positive", seed, n, k)
    right = np.random.default_rng(seed + 1).normal(size=(n, k))
    found, definite = solve_definite(given_ones, right)
    inverse, also = inverse_definite(given_ones)
    assert definite.all()
    assert also.all()
    expected = np.linalg.inv(given_ones)
    scale = np.abs(expected).max(axis=(1, 2))
    assert (np.abs(inverse - expected) <= 1e-10 * scale[:, None, None]).all()
    assert np.array_equal(inverse, np.swapaxes(inverse, 1, 2))
    solved = np.linalg.solve(given_ones, right[:, :, None])[:, :, 0]
    assert (np.abs(found - solved) <= 1e-9 * scale[:, None]).all()


@pytest.mark.parametrize("n", [1, 3])
def test_what_is_not_positive_definite_is_told(n):
    given_ones = np.repeat(np.array([[[1.0, 2.0], [2.0, 1.0]]]), n, axis=0)
    assert not solve_definite(given_ones, np.ones((n, 2)))[1].any()
    assert not is_definite(given_ones).any()
    assert not is_definite(-given_ones).any()
    assert not is_definite(np.zeros((n, 2, 2))).any()
    assert is_definite(given_ones + 2 * np.eye(2)).all()
    assert not is_definite(np.full((n, 2, 2), np.nan)).any()


def test_a_smallest_eigenvalue_is_above_a_limit_where_the_rest_stays_definite():
    given_ones = symmetric("positive", 3, 40, 4)
    smallest = np.linalg.eigvalsh(given_ones).min(axis=1)
    limit = float(np.median(smallest))
    assert np.array_equal(is_definite(given_ones - limit * np.eye(4)), smallest > limit)
