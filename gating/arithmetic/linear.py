"""Linear algebra that gives the same bits on every processor: no BLAS, no LAPACK kernel decides a rounding.

BLAS adds up in an order that depends on the processor. Large products are therefore made of whole numbers
so small that no sum is ever rounded (Ozaki et al. 2012, doi:10.1007/s11075-011-9478-1): they come out the
same in any order of summation, on any processor. Small systems are written out in order.
"""

from __future__ import annotations

from math import frexp, sqrt

import numpy as np

from gating.arithmetic.numbers import Floats

MANTISSA_BITS = 53
"""Whole numbers up to 2^53 are exact in float64 (IEEE 754)."""
GRID = 2.0**-11
"""Step to which positions are rounded before they are multiplied, natural log; a group spans 300 steps.
Convention: a step far below a group's spread, so that products stay exact in float64 (IEEE 754)."""
TO_GRID = 1.5 * 2.0**52 * GRID
"""A float64 of this size ends at the grid's step: adding it rounds there. From the format of float64 (IEEE
754)."""
SLICES = 2
"""Whole-number parts that a factor is cut into; two keep 24 bits or more. From the precision of float64
(IEEE 754)."""


def on_grid(positions: Floats) -> Floats:
    """Return positions rounded to multiples of `GRID`, same shape; their differences and products are exact.

    Examples
    --------
    >>> on_grid(np.array([0.1, -1.0])).tolist()
    [0.10009765625, -1.0]
    """
    result = positions + TO_GRID
    result -= TO_GRID
    return np.asarray(result, np.float64)


def exact_product(
    factors: Floats, gridded: Floats, step: float, largest: float, slices: int = SLICES
) -> Floats:
    """Return `factors @ gridded`, shape (m, n), the same on every processor.

    Parameters
    ----------
    factors
        Shape (m, k). Rounded, row by row, to as many bits as leave every sum exact.
    gridded
        Shape (k, n): whole multiples of `step`.
    step
        A power of two.
    largest
        No value of `gridded` is farther from zero.
    slices
        Whole-number parts of each factor: 1 keeps 15 bits or so, 2 twice as many.

    Examples
    --------
    >>> exact_product(np.array([[0.5, 0.25]]), np.array([[1.0], [2.0]]), 1.0, 2.0).tolist()
    [[1.0]]
    """
    if not gridded.size or not factors.size:
        return np.zeros((factors.shape[0], gridded.shape[1]))
    bits = MANTISSA_BITS - frexp(largest / step)[1] - frexp(float(factors.shape[1]))[1]
    if bits < 2:
        raise OverflowError(f"places up to {largest / step:g} steps leave {bits} bits for their factors")
    m, remainder = factors.shape[0], factors
    parts = np.empty((slices * m, factors.shape[1]))
    top = np.frexp(np.abs(factors).max(axis=1, keepdims=True))[1]
    for part in range(slices):
        # a float64 as large as this one ends at the slice's last bit: adding it rounds there
        end = np.ldexp(1.5, MANTISSA_BITS - 1 + top - bits * (part + 1))
        rounded = parts[part * m : (part + 1) * m]
        np.add(remainder, end, out=rounded)
        rounded -= end
        if part + 1 < slices:
            remainder = remainder - rounded
    every = parts @ gridded  # exact: see the module's docstring
    total = every[:m]
    for part in range(1, slices):
        total += every[part * m : (part + 1) * m]
    return total


def product(left: Floats, right: Floats) -> Floats:
    """Return `left @ right` of two small matrices, summed in the order of the inner axis.

    Examples
    --------
    >>> product(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]])).tolist()
    [[11.0]]
    """
    total = left[:, :1] * right[:1]
    for inner in range(1, left.shape[1]):
        total += left[:, inner : inner + 1] * right[inner : inner + 1]
    return np.asarray(total, np.float64)


def times(matrix: Floats, vector: Floats) -> Floats:
    """Return `matrix @ vector`, shapes (…, m, k) and (…, k) → (…, m)."""
    return np.asarray((matrix * vector[..., None, :]).sum(axis=-1), np.float64)


def inverses(covariances: Floats) -> tuple[Floats, Floats]:
    """Return the inverses of positive definite matrices, (n, k, k), and the logs of their determinants, (n,).

    Each variable is swept in turn (Beaton 1964; Goodnight 1979, doi:10.1080/00031305.1979.10482685).

    Raises
    ------
    numpy.linalg.LinAlgError
        If a matrix is not positive definite.

    Examples
    --------
    >>> inverse, log_determinant = inverses(np.array([[[4.0, 0.0], [0.0, 0.25]]]))
    >>> abs(inverse).tolist(), float(log_determinant[0])
    ([[[0.25, 0.0], [0.0, 4.0]]], 0.0)
    """
    swept = covariances.transpose(1, 2, 0).astype(np.float64, order="C")  # (k, k, n): long rows are fast
    pivots, row, column = np.empty((3, *swept.shape[1:]))
    taken = np.empty_like(swept)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # a pivot of 0 is refused below
        for j, pivot in enumerate(pivots):
            pivot[:] = swept[j, j]
            np.divide(swept[j], pivot, out=row)
            np.copyto(column, swept[:, j])
            np.multiply(column[:, None], row, out=taken)
            swept -= taken
            np.divide(column, pivot, out=column)
            np.negative(column, out=swept[:, j])
            swept[j] = row
            np.divide(1, pivot, out=swept[j, j])
    if not (pivots > 0).all():
        raise np.linalg.LinAlgError("matrix is not positive definite")
    return np.ascontiguousarray(swept.transpose(2, 0, 1)), np.asarray(np.log(pivots).sum(axis=0), np.float64)


def cholesky(matrix: Floats) -> Floats:
    """Return the lower factor L of L @ L.T, shape (k, k), column by column.

    Raises
    ------
    numpy.linalg.LinAlgError
        If the matrix is not positive definite.
    """
    elements: list[list[float]] = matrix.tolist()
    k = len(elements)
    lower = [[0.0] * k for _ in range(k)]
    for j in range(k):
        pivot_row = lower[j]
        pivot = elements[j][j]
        for i in range(j):
            pivot -= pivot_row[i] * pivot_row[i]
        if not pivot > 0:
            raise np.linalg.LinAlgError("matrix is not positive definite")
        pivot_row[j] = sqrt(pivot)
        for row in range(j + 1, k):
            lower_row = lower[row]
            total = elements[row][j]
            for i in range(j):
                total -= lower_row[i] * pivot_row[i]
            lower_row[j] = total / pivot_row[j]
    return np.array(lower)


def lower_inverse(lower: Floats) -> Floats:
    """Return the inverse of a lower triangular matrix, shape (k, k), row by row."""
    k = lower.shape[0]
    inverse = np.zeros((k, k))
    for row in range(k):
        total = np.zeros(k)
        total[row] = 1.0
        for i in range(row):
            total -= lower[row, i] * inverse[i]
        inverse[row] = total / lower[row, row]
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
