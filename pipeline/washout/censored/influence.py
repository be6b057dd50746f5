"""How single rows move the maximum of the likelihood: by their values, or by their weights."""

from __future__ import annotations

import numpy as np

from pipeline.washout.censored.likelihood import CensoredRows, Floats, Maximum, by_z


def resampled(rows: CensoredRows, weight: Floats) -> CensoredRows:
    """Return a stack that holds one data set under B sets of weights, shape (B, n), without copying it."""
    n_sets, n = weight.shape
    return CensoredRows(
        np.broadcast_to(rows.design, (n_sets, n, rows.design.shape[2])),
        np.broadcast_to(rows.y, (n_sets, n)),
        np.broadcast_to(rows.kind, (n_sets, n)),
        np.broadcast_to(rows.sd, (n_sets, n)),
        weight,
        None if rows.lever is None else np.broadcast_to(rows.lever, (n_sets, n)),
    )


def by_values(rows: CensoredRows, best: Maximum) -> Floats:
    """Return the derivative of the gradient at the maximum by each row's value or limit, (B, k+1, n)."""
    variance = rows.variance(best.beta, best.log_sigma)
    scale = np.sqrt(variance + rows.sd**2)
    z = (rows.y - np.einsum("bnk,bk->bn", rows.design, best.beta)) / scale
    first, second = by_z(z, rows.kind)
    of_mean = -rows.weight * second / scale**2
    of_sigma = rows.weight * (variance / scale**2) * -(second * z + first) / scale
    moves = [of_mean[:, None, :] * rows.design.transpose(0, 2, 1), of_sigma[:, None, :]]
    if rows.lever is not None:
        moves[0][:, -1, :] = of_sigma * rows.lever
    return np.concatenate(moves, axis=1)
