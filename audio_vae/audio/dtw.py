"""Distances between sequences by dynamic time warping (DTW)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial.distance import cdist

_CELLS_AT_ONCE = 2**22
"""Cells of the local distances that are held at once, over all pairs: 32 MiB."""


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
        n_pairs = max(1, _CELLS_AT_ONCE // (first.shape[1] * others.shape[1]))
        columns = [others[start : start + n_pairs] for start in range(0, len(others), n_pairs)]
        at_once = max(1, n_pairs // len(others))
        rows = [first[start : start + at_once] for start in range(0, len(first), at_once)]
        return np.block([[_dtw_of_equal_lengths(row, column) for column in columns] for row in rows])
    # Late, because it takes half a second and the steps of a morph are all as long as the model's sounds.
    from tslearn.metrics import cdist_dtw

    # One call for all pairs, because the overhead of tslearn's `dtw` on single pairs takes a hundred times longer.
    return cdist_dtw(list(first), None if second is None else list(second))


def _dtw_of_equal_lengths(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the DTW distances of `[N, n, d]` and `[M, m, d]`: `[N, M]`.

    All cells on an anti-diagonal are computed at once, for all pairs, because they do not depend on one another.

    tslearn computes one pair after the other, which takes ten times longer for the 33 frames of a digit, and compiles
    itself first, which takes longer than the rest of a morph.
    """
    n_rows, n_columns = first.shape[1], second.shape[1]
    n_pairs = len(first) * len(second)
    frames = second.transpose(1, 0, 2).reshape(n_columns * len(second), -1)
    local = np.empty((n_rows * n_columns, n_pairs))
    for row in range(n_rows):
        of_row = cdist(first[:, row], frames, "sqeuclidean").reshape(len(first), n_columns, len(second))
        local[row * n_columns : (row + 1) * n_columns] = of_row.transpose(1, 0, 2).reshape(n_columns, n_pairs)
    # From a cell to the next on its anti-diagonal, one row down and one column back.
    step = max(1, n_columns - 1)
    # Totals on the last two anti-diagonals, by row; the first of each is the border before the first row.
    before, last = np.full((2, n_rows + 1, n_pairs), np.inf)
    before[0] = 0
    for diagonal in range(n_rows + n_columns - 1):
        start, stop = max(0, diagonal - n_columns + 1), min(n_rows, diagonal + 1)
        cells = local[start * (n_columns - 1) + diagonal : (stop - 1) * (n_columns - 1) + diagonal + 1 : step]
        current = np.full_like(last, np.inf)
        cheapest = np.minimum(last[start:stop], last[start + 1 : stop + 1])
        np.minimum(cheapest, before[start:stop], out=cheapest)
        np.add(cells, cheapest, out=current[start + 1 : stop + 1])
        before, last = last, current
    return np.sqrt(last[n_rows]).reshape(len(first), len(second))
