"""Linear algebra that gives the same bits on every processor: no BLAS, no LAPACK kernel decides a rounding.

BLAS adds up in an order that depends on the processor. Large products are therefore made of whole numbers
so small that no sum is ever rounded (Ozaki et al. 2012, doi:10.1007/s11075-011-9478-1): they come out the
same in any order of summation, on any processor. Small systems are written out in order.
"""

from __future__ import annotations

from math import frexp

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MANTISSA_BITS = 53
"""Whole numbers up to 2^53 are exact in float64 (IEEE 754)."""
GRID = 2.0**-11
"""Step to which places are rounded before they are multiplied, natural log units; a group spans 300 steps."""
SLICES = 2
"""Whole-number parts that a factor is cut into; two keep 24 bits or more."""


def on_grid(places: Floats) -> Floats:
    """Return places rounded to multiples of `GRID`, same shape; their differences and products are exact.

    Examples
    --------
    >>> on_grid(np.array([0.1, -1.0])).tolist()
    [0.10009765625, -1.0]
    """
    return np.asarray(np.rint(places * (1 / GRID)) * GRID, np.float64)


def exact_product(factors: Floats, gridded: Floats, step: float) -> Floats:
    """Return `factors @ gridded`, shape (m, n), the same on every processor.

    Parameters
    ----------
    factors
        Shape (m, k). Rounded, row by row, to as many bits as leave every sum exact.
    gridded
        Shape (k, n): whole multiples of `step`.
    step
        A power of two.

    Examples
    --------
    >>> exact_product(np.array([[0.5, 0.25]]), np.array([[1.0], [2.0]]), 1.0).tolist()
    [[1.0]]
    """
    if not gridded.size or not factors.size:
        return np.zeros((factors.shape[0], gridded.shape[1]))
    largest = float(max(gridded.max(), -float(gridded.min()))) / step
    taken = frexp(largest)[1] + frexp(float(factors.shape[1]))[1]
    bits = MANTISSA_BITS - taken
    if bits < 1:
        raise OverflowError(f"a product of {taken} bits leaves none for its factor")
    rest, parts = factors, []
    for _ in range(SLICES):
        top = np.frexp(np.abs(rest).max(axis=1, keepdims=True))[1]
        part = np.ldexp(np.rint(np.ldexp(rest, bits - top)), top - bits)
        parts.append(part)
        rest = rest - part
    m = factors.shape[0]
    every = np.concatenate(parts) @ gridded  # exact: see the module's docstring
    total = every[:m].copy()
    for part in range(1, SLICES):
        total += every[part * m : (part + 1) * m]
    return np.asarray(total, np.float64)


def product(left: NDArray[np.floating], right: NDArray[np.floating]) -> Floats:
    """Return `left @ right` of small matrices, float64, summed in the order of the inner axis.

    Leading axes are batches.

    Examples
    --------
    >>> product(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]])).tolist()
    [[11.0]]
    """
    total = left[..., :, :1] * right[..., :1, :]
    for inner in range(1, left.shape[-1]):
        total = total + left[..., :, inner : inner + 1] * right[..., inner : inner + 1, :]
    return np.asarray(total, np.float64)


def times(matrix: Floats, vector: Floats) -> Floats:
    """Return `matrix @ vector`, shapes (…, m, k) and (…, k) → (…, m)."""
    return product(matrix, vector[..., None])[..., 0]


def cholesky(matrices: Floats) -> Floats:
    """Return the lower factor L of L @ L.T, shape (…, k, k), column by column.

    Raises
    ------
    numpy.linalg.LinAlgError
        If a matrix is not positive definite.
    """
    lower = np.zeros_like(matrices, dtype=np.float64)
    for j in range(matrices.shape[-1]):
        column = matrices[..., j:, j].astype(np.float64)
        for i in range(j):
            column = column - lower[..., j:, i] * lower[..., j : j + 1, i]
        pivot = column[..., :1]
        if not (pivot > 0).all():
            raise np.linalg.LinAlgError("matrix is not positive definite")
        lower[..., j:, j] = column / np.sqrt(pivot)
    return lower


def lower_inverse(lower: Floats) -> Floats:
    """Return the inverse of lower triangular matrices, shape (…, k, k), row by row."""
    k = lower.shape[-1]
    inverse = np.zeros_like(lower)
    for row in range(k):
        total = np.zeros((*lower.shape[:-2], k))
        total[..., row] = 1.0
        for i in range(row):
            total = total - lower[..., row, i, None] * inverse[..., i, :]
        inverse[..., row, :] = total / lower[..., row, row, None]
    return inverse


def log_determinant(covariance: Floats) -> float:
    """Return the natural log of a positive definite matrix's determinant."""
    return 2 * float(np.log(np.diagonal(cholesky(covariance))).sum())


def inverse_of(matrix: Floats) -> Floats:
    """Return the inverse of one square matrix, by Gauss and Jordan with the largest pivot of each column.

    Raises
    ------
    numpy.linalg.LinAlgError
        If the matrix is singular.

    Examples
    --------
    >>> inverse_of(np.array([[0.0, 2.0], [1.0, 0.0]])).tolist()
    [[0.0, 1.0], [0.5, 0.0]]
    """
    k = matrix.shape[0]
    work = np.concatenate([matrix.astype(np.float64), np.eye(k)], axis=1)
    for column in range(k):
        pivot = column + int(np.argmax(np.abs(work[column:, column])))
        if work[pivot, column] == 0:
            raise np.linalg.LinAlgError("matrix is singular")
        if pivot != column:
            work[[column, pivot]] = work[[pivot, column]]
        work[column] /= work[column, column]
        factors = work[:, column].copy()
        factors[column] = 0.0
        work -= factors[:, None] * work[column]
    return work[:, k:].copy()


def solve(matrix: Floats, right: Floats) -> Floats:
    """Return x of matrix @ x = right for one square matrix, right of shape (k,)."""
    return times(inverse_of(matrix), right)
