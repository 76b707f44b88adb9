"""Distances between sequences by dynamic time warping (DTW)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial.distance import cdist
from tslearn.metrics import cdist_dtw

_PAIRS_AT_ONCE = 4096
"""With this many, the data of a row of the recursion fits into the processor's cache."""


def dtw_matrix(first: Sequence[np.ndarray], second: Sequence[np.ndarray] | None = None) -> np.ndarray:
    """Return the DTW distances of all pairs of sequences, as tslearn defines them.

    The distance is the square root of the sum of squared Euclidean distances along the best path. The path is free: no
    band around the diagonal restricts it.

    Args:
        first: sequences, each `[frames, n_mfcc]`.
        second: likewise; `None` compares `first` with itself.

    Returns:
        float64 `[len(first), len(second)]`.
    """
    others = first if second is None else second
    if all(len({np.shape(each) for each in group}) == 1 for group in (first, others)):
        first, others = np.asarray(first, np.float64), np.asarray(others, np.float64)
        at_once = max(1, _PAIRS_AT_ONCE // len(others))
        parts = [first[start : start + at_once] for start in range(0, len(first), at_once)]
        return np.concatenate([_dtw_of_equal_lengths(part, others) for part in parts])
    # One call for all pairs, because the overhead of tslearn's `dtw` on single pairs takes a hundred times longer.
    return cdist_dtw(list(first), None if second is None else list(second))


def _dtw_of_equal_lengths(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the DTW distances of `[N, n, d]` and `[M, m, d]`: `[N, M]`. A cell is computed for all pairs at once.

    tslearn computes one pair after the other, which takes ten times longer for the 33 frames of a digit, and compiles
    itself first, which takes longer than the rest of a morph.
    """
    n_pairs = len(first), len(second)
    n_rows, n_columns = first.shape[1], second.shape[1]
    frames = second.transpose(1, 0, 2).reshape(n_columns * len(second), -1)
    above = np.full((n_columns + 1, *n_pairs), np.inf)
    above[0] = 0
    for row in range(n_rows):
        local = cdist(first[:, row], frames, "sqeuclidean").reshape(n_pairs[0], n_columns, n_pairs[1])
        current = np.full_like(above, np.inf)
        for column in range(n_columns):
            cheapest = np.minimum(np.minimum(above[column], above[column + 1]), current[column])
            np.add(local[:, column], cheapest, out=current[column + 1])
        above = current
    return np.sqrt(above[-1])
