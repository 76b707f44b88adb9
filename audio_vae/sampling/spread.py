"""Where sounds lie in a latent space, and draws from there: pure functions on latents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_LEAST_SCALE = 1e-6
"""Added to standard deviations: a dimension that the model does not use can have none."""


@dataclass(frozen=True, eq=False)
class Spread:
    """A normal distribution in the latent space.

    Attributes:
        mean: float64 `[d]`.
        covariance: float64 `[d, d]`.
    """

    mean: np.ndarray
    covariance: np.ndarray

    def draw(self, n: int, rng: np.random.Generator, temperature: float = 1.0) -> np.ndarray:
        """Return `n` points, float32 `[n, d]`; `temperature` scales the standard deviation, and 0 is the mean."""
        variances, axes = np.linalg.eigh(self.covariance)
        scaled = rng.normal(size=(n, len(variances))) * np.sqrt(np.maximum(variances, 0))
        return (self.mean + temperature * scaled @ axes.T).astype(np.float32)


def spread_of(latents: np.ndarray, scales: np.ndarray) -> Spread:
    """Return the mean and the covariance of some sounds, `[N, d]`, N of 2 or more.

    There are often fewer sounds than dimensions, so the covariance is shrunk (O. Ledoit and M. Wolf, A
    Well-Conditioned Estimator for Large-Dimensional Covariance Matrices, 2004): not towards equal variances in all
    dimensions, but towards a multiple of the squared `scales`, because a latent space may have dimensions in which
    all sounds lie close together.

    Args:
        latents: the sounds, `[N, d]`.
        scales: how far sounds of one class usually lie apart in each dimension, `[d]` (`scales_within_classes`).
    """
    return Spread(latents.mean(axis=0, dtype=np.float64), _covariance(latents - latents.mean(axis=0), scales))


def scales_within_classes(latents: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the standard deviation of sounds within their classes in each dimension: float64 `[d]`, above 0.

    Args:
        latents: `[N, d]`.
        labels: the class of each, `[N]`.
    """
    return less_class_means(latents, labels).std(axis=0) + _LEAST_SCALE


def spread_within_classes(latents: np.ndarray, labels: np.ndarray) -> Spread:
    """Return how sounds vary within their classes: mean 0, and the pooled covariance, shrunk as in `spread_of`.

    Args:
        latents: `[N, d]`, N of 2 or more.
        labels: the class of each, `[N]`.
    """
    centred, scales = less_class_means(latents, labels), scales_within_classes(latents, labels)
    return Spread(np.zeros(latents.shape[1]), _covariance(centred, scales))


def less_class_means(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return values `[N]` or `[N, d]` less the mean of their class, float64; labels are `[N]`."""
    away = np.array(values, np.float64)
    for label in np.unique(labels):
        away[labels == label] -= away[labels == label].mean(axis=0)
    return away


def farthest_first(distances: np.ndarray, first: int) -> list[int]:
    """Order points so that each is as far as can be from all before it (T. Gonzalez, 1985).

    Args:
        distances: of each point from each, `[N, N]`.
        first: the point to start with.

    Returns:
        N positions.
    """
    order, nearest = [first], np.array(distances[first], np.float64)
    while len(order) < len(distances):
        nearest[order] = -1
        order.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, distances[order[-1]])
    return order


def _covariance(centred: np.ndarray, scales: np.ndarray) -> np.ndarray:
    from sklearn.covariance import LedoitWolf

    shrunk = LedoitWolf(assume_centered=True).fit(np.asarray(centred, np.float64) / scales).covariance_
    return shrunk * np.outer(scales, scales)
