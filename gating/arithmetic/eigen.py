"""Many symmetric matrices at once: solutions, inverses, eigenvalues, with the same bits on every processor.

Every step is an addition, multiplication, division or square root, in a stated order: IEEE 754 fixes each.
One matrix alone is computed with Python numbers, several with arrays that hold one number per matrix. The
steps are the same, so the bits are the same, whatever the other matrices are.
"""

from __future__ import annotations

from itertools import combinations
from math import copysign, inf, sqrt
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gating.arithmetic.numbers import Floats

MatrixEntry: TypeAlias = Any
"""A float, or an array (n,) with one number per matrix."""
Square: TypeAlias = list[list[MatrixEntry]]

LEAST_PIVOT: Final = 1e-8
"""Least size of a pivot, as a part of the largest diagonal entry; rounding alone leaves 1e-15. From the
precision of float64 (IEEE 754)."""
CUTOFF: Final = 1e-13
"""Part of the largest eigenvalue below which an eigenvalue counts as zero; rounding leaves about 1e-15. From
the precision of float64 (IEEE 754)."""
_NEGLIGIBLE: Final = 2.0**-60
"""Off-diagonal entry, in a matrix with entries up to 1, below which a rotation changes no eigenvalue in
float64. From the precision of float64 (IEEE 754)."""
_MOST_SWEEPS: Final = 30
"""Most sweeps of rotations. Convention: a bound on the work."""


def solve_definite(
    matrices: Floats, right: Floats, least: float = LEAST_PIVOT
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return x of matrix · x = right, (n, k), and which matrices are positive definite, (n,).

    Parameters
    ----------
    matrices, right
        Shapes (n, k, k), symmetric, and (n, k).
    least
        A matrix counts as positive definite where every pivot exceeds this part of its largest diagonal
        entry. The solution of any other matrix is meaningless.

    Examples
    --------
    >>> found, definite = solve_definite(np.array([[[4.0, 2.0], [2.0, 3.0]]]), np.array([[8.0, 8.0]]))
    >>> found.tolist(), definite.tolist()
    ([[1.0, 2.0]], [True])
    """
    lower, pivots, definite = _factors(_numbers(matrices), least)
    k = len(pivots)
    solution: list[MatrixEntry] = (
        right[0].tolist() if len(right) == 1 else list(np.ascontiguousarray(right.T))
    )
    for j in range(k):
        for i in range(j):
            solution[j] = solution[j] - lower[j][i] * solution[i]
    for j in reversed(range(k)):
        solution[j] = solution[j] / pivots[j]
        for i in range(j + 1, k):
            solution[j] = solution[j] - lower[i][j] * solution[i]
    return _per_matrix(solution, len(right)), np.atleast_1d(definite)


def inverse_definite(matrices: Floats, least: float = LEAST_PIVOT) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the inverses, (n, k, k), and which matrices are positive definite, as `solve_definite` does.

    Examples
    --------
    >>> found, definite = inverse_definite(np.array([[[4.0, 0.0], [0.0, 0.25]]]))
    >>> found.tolist(), definite.tolist()
    ([[[0.25, 0.0], [0.0, 4.0]]], [True])
    """
    lower, pivots, definite = _factors(_numbers(matrices), least)
    k = len(pivots)
    # `turned`: the inverse of the lower factor, whose diagonal is 1
    turned: Square = [[None] * k for _ in range(k)]
    for j in range(k):
        for i in range(j):
            total = 0.0 - lower[j][i]
            for m in range(i + 1, j):
                total = total - lower[j][m] * turned[m][i]
            turned[j][i] = total
    over: Square = [[turned[m][i] / pivots[m] for i in range(m)] for m in range(k)]
    inverse: Square = [[None] * k for _ in range(k)]
    for i in range(k):
        for j in range(i + 1):
            total = over[i][j] if j < i else 1 / pivots[i]
            for m in range(i + 1, k):
                total = total + turned[m][i] * over[m][j]
            inverse[i][j] = inverse[j][i] = total
    return _per_matrix(inverse, len(matrices)), np.atleast_1d(definite)


def is_definite(matrices: Floats, least: float = 0.0) -> NDArray[np.bool_]:
    """Return which symmetric matrices, (n, k, k), are positive definite, (n,), as `solve_definite` does."""
    return np.atleast_1d(_factors(_numbers(matrices), least)[2])


def eigenpairs(matrices: Floats) -> tuple[Floats, Floats]:
    """Return the eigenvalues of symmetric matrices, (n, k), smallest first, and their vectors, (n, k, k).

    The vectors are the columns, in the order of the values. By rotations, pair by pair, sweep by sweep
    (Jacobi 1846, doi:10.1515/crll.1846.30.51; Golub & Van Loan, Matrix Computations, 8.5).

    Examples
    --------
    >>> values, vectors = eigenpairs(np.array([[[2.0, 1.0], [1.0, 2.0]]]))
    >>> values.round(12).tolist(), vectors[0].round(6).tolist()
    ([[1.0, 3.0]], [[0.707107, 0.707107], [-0.707107, 0.707107]])
    """
    n, k = matrices.shape[:2]
    # scaling by powers of two changes no digit, and prevents overflow and underflow of squares
    power = np.frexp(np.abs(matrices).max(axis=(1, 2), initial=0.0))[1]
    square = _numbers(np.ldexp(matrices, -power[:, None, None]))
    vectors = _numbers(np.repeat(np.eye(k)[None], n, axis=0))
    for _ in range(_MOST_SWEEPS):
        turned = [_rotate(square, vectors, p, q) for p, q in combinations(range(k), 2)]
        if not any(turned):
            break
    values = np.ldexp(_per_matrix([square[j][j] for j in range(k)], n), power[:, None])
    order = np.argsort(values, axis=1, kind="stable")
    columns = np.take_along_axis(_per_matrix(vectors, n), order[:, None, :], axis=2)
    return np.take_along_axis(values, order, axis=1), columns


def pseudo_inverse(matrices: Floats) -> Floats:
    """Return the Moore-Penrose inverses of symmetric matrices, (n, k, k): the inverses where there are any.

    Eigenvalues of less than `CUTOFF` times the largest are left out. `np.linalg.pinv` has 1e-15 there, where
    it is rounding that decides; nothing is known of an eigenvalue between the two.

    Examples
    --------
    >>> pseudo_inverse(np.array([[[2.0, 2.0], [2.0, 2.0]]])).round(12).tolist()
    [[[0.125, 0.125], [0.125, 0.125]]]
    """
    inverse, definite = inverse_definite(matrices)
    left = np.flatnonzero(~definite)
    if len(left):
        values, vectors = eigenpairs(matrices[left])
        size = np.abs(values)
        kept = size > CUTOFF * size.max(axis=1, keepdims=True)
        over = np.divide(1, values, out=np.zeros_like(values), where=kept)
        inverse[left] = np.einsum("nij,nkj->nik", vectors * over[:, None, :], vectors)
    return inverse


def _factors(square: Square, least: float) -> tuple[Square, list[MatrixEntry], MatrixEntry]:
    """Return L below its diagonal of 1, D of L·D·Lᵀ, and whether every pivot is large enough.

    A pivot that is too small is set to infinity, so that no result grows because of it.
    """
    k = len(square)
    lower: Square = [[None] * k for _ in range(k)]
    pivots: list[MatrixEntry] = []
    definite: MatrixEntry = True
    limit = least * _largest([square[j][j] for j in range(k)])
    for j in range(k):
        row, pivot = lower[j], square[j][j]
        for i in range(j):
            total = square[j][i]
            for m in range(i):
                total = total - row[m] * lower[i][m]
            row[i] = total  # still times its pivot
        for i in range(j):
            scaled = row[i]
            row[i] = scaled / pivots[i]
            pivot = pivot - row[i] * scaled
        good = pivot > limit
        definite = definite & good
        pivots.append(_chosen(good, pivot, inf))
    return lower, pivots, definite


def _rotate(square: Square, vectors: Square, p: int, q: int) -> bool:
    """Turn the axes p and q, in place, so that their entry vanishes; return whether any had to be turned."""
    k, off = len(square), square[p][q]
    large = abs(off) > _NEGLIGIBLE
    is_single = isinstance(off, float)
    if not (large if is_single else large.any()):
        return False
    gap = square[q][q] - square[p][p]
    root, with_sign = (sqrt, copysign) if is_single else (np.sqrt, np.copysign)
    reach = abs(gap) + root(gap * gap + 4 * off * off)
    tangent = _chosen(large, 2 * off, 0.0) / with_sign(_chosen(large, reach, 1.0), gap)
    cosine = 1 / root(1 + tangent * tangent)
    sine = tangent * cosine
    square[p][p] = square[p][p] - tangent * off
    square[q][q] = square[q][q] + tangent * off
    square[p][q] = square[q][p] = _chosen(large, 0.0, off)
    for r in range(k):
        if r not in (p, q):
            first, second = square[r][p], square[r][q]
            square[r][p] = square[p][r] = cosine * first - sine * second
            square[r][q] = square[q][r] = sine * first + cosine * second
        first, second = vectors[r][p], vectors[r][q]
        vectors[r][p], vectors[r][q] = cosine * first - sine * second, sine * first + cosine * second
    return True


def _largest(numbers: list[MatrixEntry]) -> MatrixEntry:
    return np.max(numbers, axis=0) if isinstance(numbers[0], np.ndarray) else max(numbers)


def _chosen(where: MatrixEntry, if_true: MatrixEntry, if_false: MatrixEntry) -> MatrixEntry:
    if isinstance(where, np.ndarray):
        return np.where(where, if_true, if_false)
    return if_true if where else if_false


def _numbers(matrices: Floats) -> Square:
    """Return the entries (k, k): floats of one matrix, arrays (n,) of several."""
    if len(matrices) == 1:
        return matrices[0].tolist()  # type: ignore[no-any-return]
    return [list(row) for row in np.ascontiguousarray(np.moveaxis(matrices, 0, -1), np.float64)]


def _per_matrix(numbers: list[MatrixEntry], n: int) -> Floats:
    """Return numbers, (k,) or (k, k), as an array whose first axis is the matrix."""
    joined = np.array(numbers, np.float64)
    return joined[None] if n == 1 else np.ascontiguousarray(np.moveaxis(joined, -1, 0))
