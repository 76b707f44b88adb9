"""How good a model is: 1-NN accuracy, MFCC-DTW deviation (Eq. 2), and the scorecard of a morph.

Pure functions on arrays; nothing here knows of models, runs or files.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from sklearn.neighbors import KNeighborsClassifier
from tslearn.metrics import cdist_dtw


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

    Args:
        first: sequences `[frames, n_mfcc]`.
        second: likewise; left out, `first` against itself, each pair once.

    Returns:
        float64 `[len(first), len(second)]`.
    """
    # One call for all pairs: tslearn's `dtw` on single pairs spends a hundred times longer on its own overhead.
    return cdist_dtw(list(first), None if second is None else list(second))


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


def morph_scorecard(steps: Sequence[np.ndarray]) -> dict[str, object]:
    """Judge a path from one sound to another by the MFCC-DTW distances between its steps.

    Args:
        steps: MFCCs of the steps in order, `[frames, n_mfcc]` each; the first and last are the ends.

    Returns:
        `step_distances` (between neighbours), `smoothness` (their standard deviation over their mean; 0 is
        perfectly even), and `intermediateness`: the mean rank correlation of the position on the path with
        the distance to the start (rising) and to the end (falling); 1 is perfectly in order.
    """
    from_start = dtw_matrix(steps, [steps[0]])[:, 0]
    from_end = dtw_matrix(steps, [steps[-1]])[:, 0]
    between = np.array([dtw_matrix([a], [b])[0, 0] for a, b in itertools.pairwise(steps)])
    position = np.arange(len(steps))
    return {
        "step_distances": between.tolist(),
        "smoothness": float(between.std() / between.mean()) if between.mean() > 0 else 0.0,
        "intermediateness": (_rank_correlation(position, from_start) + _rank_correlation(position, -from_end)) / 2,
    }


def _rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's rank correlation; 0 where one side is constant."""
    from scipy.stats import rankdata

    first, second = rankdata(first), rankdata(second)
    if first.std() == 0 or second.std() == 0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])
