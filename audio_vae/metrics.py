"""How good a model is: 1-NN accuracy, and MFCC-DTW deviation (Eq. 2).

Pure functions on arrays; nothing here knows of models, runs or files.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.neighbors import KNeighborsClassifier
from tslearn.metrics import cdist_dtw

# So that what one row of the recursion needs stays in the processor's cache.
_PAIRS_AT_ONCE = 4096


def one_nn_accuracy(
    train_latents: np.ndarray, train_labels: np.ndarray, test_latents: np.ndarray, test_labels: np.ndarray
) -> float:
    """Share of test sounds whose nearest training sound in the latent space is of their class (Section 5).

    Args:
        train_latents: posterior means `[n_train, d]`.
        train_labels: `[n_train]`.
        test_latents: `[n_test, d]`.
        test_labels: `[n_test]`.

    Returns:
        Between 0 and 1.

    Raises:
        ValueError: a set is empty.
    """
    if not len(train_labels) or not len(test_labels):
        raise ValueError(f"Expected sounds in both sets, received: {len(train_labels)} train, {len(test_labels)} test")
    nearest = KNeighborsClassifier(n_neighbors=1).fit(train_latents, train_labels)
    return float(nearest.score(test_latents, test_labels))


def class_centres(latents: np.ndarray, labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Mean latent of each class, `[n_classes, d]`; NaN where a class has no sound."""
    return np.stack(
        [
            latents[labels == label].mean(axis=0) if (labels == label).any() else np.full(latents.shape[1], np.nan)
            for label in range(n_classes)
        ]
    )


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


def mfcc_dtw_deviation(
    centre: np.ndarray, sounds: Sequence[np.ndarray], between: np.ndarray | None = None
) -> np.ndarray:
    """MFCC-DTW deviation of a class's sounds from its decoded centre (Eq. 2).

    `dev_j = (dtw(x_j, centre) − mean_k dtw(x_j, x_k)) / std_k dtw(x_j, x_k)`, k ≠ j: lower is better,
    0 is "as far as a typical other sound of the class". The standard deviation is the population's.

    Args:
        centre: MFCCs of the decoded class centre, `[frames, n_mfcc]`.
        sounds: MFCCs of the class's test sounds, at least three of `[frames, n_mfcc]`.
        between: `dtw_matrix(sounds)`, for a caller that judges several centres by the same sounds.

    Returns:
        `[len(sounds)]`; NaN where a sound is equally far from all others.

    Raises:
        ValueError: fewer than three sounds, so that no spread is defined.
    """
    if len(sounds) < 3:
        raise ValueError(f"Expected at least 3 sounds of a class, received: {len(sounds)}")
    if between is None:
        between = dtw_matrix(sounds)
    to_centre = dtw_matrix(sounds, [centre])[:, 0]
    others = between[~np.eye(len(sounds), dtype=bool)].reshape(len(sounds), -1)
    spread = others.std(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(spread > 0, (to_centre - others.mean(axis=1)) / spread, np.nan)


def signal_to_noise_db(audio: np.ndarray, reconstruction: np.ndarray) -> np.ndarray:
    """Reconstruction SNR of each sound in decibels: `[B, T]`, `[B, T]` → `[B]`."""
    noise = np.sum((audio - reconstruction) ** 2, axis=-1)
    return 10 * np.log10(np.sum(audio**2, axis=-1) / np.maximum(noise, 1e-20))
