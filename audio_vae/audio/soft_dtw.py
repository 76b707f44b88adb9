"""Soft-DTW: dynamic time warping with a gradient, on any Keras backend."""

from __future__ import annotations

import functools

from keras import ops

_UNREACHABLE = 1e10


def soft_dtw(first, second, gamma: float):
    """Return the Soft-DTW of pairs of sequences, squared Euclidean local cost.

    DTW's minimum over the three ways into a cell becomes `−γ·log Σ exp(−·/γ)` (Cuturi and Blondel, Soft-DTW: a
    Differentiable Loss Function for Time-Series, 2017, Eq. 1), which has a gradient everywhere and nears the squared
    DTW distance as γ nears 0. It is what the paper names as its future work.

    Args:
        first: `[B, n, d]`.
        second: `[B, m, d]`.
        gamma: γ > 0, in units of the cost.

    Returns:
        `[B]`; it may be negative, because it counts all alignments.

    Raises:
        ValueError: gamma is not positive.
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
    """Soft minimum over all paths through `[B, n, m]`: `[B]`.

    The cells of an anti-diagonal do not depend on each other, so each is filled at once.
    """
    n_rows = cost.shape[1]
    diagonals = ops.unstack(_skew(cost), axis=2)
    beyond = ops.full_like(cost[:, :1, 0], _UNREACHABLE)

    def down(values):
        """Move the values of a diagonal to the rows below."""
        return ops.concatenate([beyond, values[:, :-1]], axis=1)

    # Into the first cell leads one way alone, which costs nothing.
    nothing = ops.full_like(cost[:, :, 0], _UNREACHABLE)
    before, last = nothing, ops.concatenate([diagonals[0][:, :1], nothing[:, 1:]], axis=1)
    for diagonal in diagonals[1:]:
        before, last = last, diagonal + _soft_minimum([last, down(last), down(before)], gamma)
    return last[:, n_rows - 1]


def _soft_minimum(values: list, gamma: float):
    """−γ·log Σ exp(−values/γ) of tensors, element by element."""
    least = ops.stop_gradient(functools.reduce(ops.minimum, values))
    # At most 0 but for the rounding of what is unreachable, which a compiler that computes a value twice may do in two
    # ways; exp would make infinities of that.
    parts = [ops.exp(ops.minimum((least - each) / gamma, 0.0)) for each in values]
    return least - gamma * ops.log(sum(parts))


def _skew(cost):
    """Move each row right by its number: `[B, n, m]` → `[B, n, n + m − 1]`, whose columns are anti-diagonals."""
    n_rows, n_columns = cost.shape[1:]
    width = n_rows + n_columns
    padded = ops.pad(cost, ((0, 0), (0, 0), (0, n_rows)), constant_values=_UNREACHABLE)
    flat = ops.reshape(padded, (-1, n_rows * width))[:, : n_rows * (width - 1)]
    return ops.reshape(flat, (-1, n_rows, width - 1))
