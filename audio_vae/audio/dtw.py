"""Distances by dynamic time warping."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial.distance import cdist
from tslearn.metrics import cdist_dtw

# So that what one row of the recursion needs stays in the processor's cache.
_PAIRS_AT_ONCE = 4096


def dtw_matrix(first: Sequence[np.ndarray], second: Sequence[np.ndarray] | None = None) -> np.ndarray:
    """DTW distances between sequences of MFCCs, Euclidean local cost (tslearn's DTW).

    The distance is the root of the path's summed squared local costs, without a window.

    Args:
        first: sequences `[frames, n_mfcc]`.
        second: likewise; left out, `first` against itself.

    Returns:
        float64 `[len(first), len(second)]`.
    """
    others = first if second is None else second
    if all(len({np.shape(each) for each in group}) == 1 for group in (first, others)):
        first, others = np.asarray(first, np.float64), np.asarray(others, np.float64)
        at_once = max(1, _PAIRS_AT_ONCE // len(others))
        parts = [first[start : start + at_once] for start in range(0, len(first), at_once)]
        return np.concatenate([_dtw_of_equal_lengths(part, others) for part in parts])
    # One call for all pairs: tslearn's `dtw` on single pairs spends a hundred times longer on its own overhead.
    return cdist_dtw(list(first), None if second is None else list(second))


def _dtw_of_equal_lengths(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The same for `[N, n, d]` and `[M, m, d]` → `[N, M]`: one cell of the recursion is filled for all pairs at once.

    tslearn goes through the pairs one by one, ten times as long for the 33 frames of a digit, and compiles itself
    first, which takes longer than all else in a morph.
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
