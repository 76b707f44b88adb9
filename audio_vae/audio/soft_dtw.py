"""Soft-DTW: dynamic time warping with a gradient, on any Keras backend."""

from __future__ import annotations

import functools

from keras import ops

_UNREACHABLE = 1e10


def soft_dtw(first, second, gamma: float):
    """Return the Soft-DTW of pairs of sequences, with a squared Euclidean local cost.

    DTW takes the minimum over the three steps that lead into a cell. Here it becomes `−γ·log Σ exp(−·/γ)`, which has
    a gradient everywhere and approaches the squared DTW distance as γ approaches 0. The paper names it as future work.

    Args:
        first: `[B, n, d]`.
        second: `[B, m, d]`.
        gamma: γ > 0, in the unit of the cost.

    Returns:
        `[B]`; it can be negative, because all alignments contribute.

    Raises:
        ValueError: gamma is not positive.

    References:
        Cuturi and Blondel (2017), Soft-DTW: a Differentiable Loss Function for Time-Series, Eq. 1.
    """
    if not gamma > 0:
        raise ValueError(f"Expected a positive gamma, received: gamma={gamma!r}")
    cost = (
        ops.sum(ops.square(first), axis=-1)[:, :, None]
        + ops.sum(ops.square(second), axis=-1)[:, None, :]
        - 2 * ops.matmul(first, ops.transpose(second, (0, 2, 1)))
    )
    return _least_path(ops.maximum(cost, 0.0), gamma)


def _least_path(cost, gamma: float):
    """Soft minimum of the costs of all paths through `[B, n, m]`: `[B]`.

    The cells of an anti-diagonal do not depend on each other, so all of them are computed at once.
    """
    n_rows = cost.shape[1]
    diagonals = ops.unstack(_skew(cost), axis=2)
    beyond = ops.full_like(cost[:, :1, 0], _UNREACHABLE)

    def down(values):
        """Move the values of a diagonal down by one row."""
        return ops.concatenate([beyond, values[:, :-1]], axis=1)

    # Every path starts in the first cell, so nothing is added to its cost.
    nothing = ops.full_like(cost[:, :, 0], _UNREACHABLE)
    before, last = nothing, ops.concatenate([diagonals[0][:, :1], nothing[:, 1:]], axis=1)
    for diagonal in diagonals[1:]:
        before, last = last, diagonal + _soft_minimum([last, down(last), down(before)], gamma)
    return last[:, n_rows - 1]


def _soft_minimum(values: list, gamma: float):
    """Return −γ·log Σ exp(−values/γ) of tensors of one shape, element by element."""
    least = ops.stop_gradient(functools.reduce(ops.minimum, values))
    # The exponents are at most 0, except for rounding: a compiler that computes an unreachable value twice may round it
    # in two ways, and exp would make that infinite.
    parts = [ops.exp(ops.minimum((least - each) / gamma, 0.0)) for each in values]
    return least - gamma * ops.log(sum(parts))


def _skew(cost):
    """Shift row i right by i, so that anti-diagonals become columns: `[B, n, m]` → `[B, n, n + m − 1]`."""
    n_rows, n_columns = cost.shape[1:]
    width = n_rows + n_columns
    padded = ops.pad(cost, ((0, 0), (0, 0), (0, n_rows)), constant_values=_UNREACHABLE)
    flat = ops.reshape(padded, (-1, n_rows * width))[:, : n_rows * (width - 1)]
    return ops.reshape(flat, (-1, n_rows, width - 1))
