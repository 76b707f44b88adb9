"""Where sounds lie on the map: by principal components at once, by t-SNE some seconds later."""

from __future__ import annotations

import numpy as np

from audio_vae.plots.latent_map import principal_components, project

MOST = 4000
"""Most points that t-SNE places itself; others are put between the nearest of these."""

_NEIGHBOURS = 3


def quick_layout(latents: np.ndarray) -> tuple[np.ndarray, str]:
    """Place latents by their first two principal components.

    Args:
        latents: `[N, d]`.

    Returns:
        Points `[N, 2]`, and the method in words.
    """
    return principal_components(latents), "principal components"


def layout(latents: np.ndarray, seed: int = 0) -> tuple[np.ndarray, str]:
    """Place latents by t-SNE.

    Args:
        latents: `[N, d]`.
        seed: seed of t-SNE, and of the sample of more than `MOST` points that it places.

    Returns:
        Points `[N, 2]`, and the method in words.
    """
    from threadpoolctl import threadpool_limits

    n_placed = min(len(latents), MOST)
    chosen = np.sort(np.random.default_rng(seed).choice(len(latents), n_placed, replace=False))
    # One thread, so that sounds are made meanwhile.
    with threadpool_limits(1):
        placed, method = project(latents[chosen], seed)
    if n_placed == len(latents):
        return placed, method
    neighbours, weights = nearest(latents, latents[chosen])
    points = np.einsum("nk,nkc->nc", weights, placed[neighbours])
    return points, f"{method} of {MOST} of {len(latents)} sounds, the others between their neighbours"


def nearest(latents: np.ndarray, among: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the points between which latents lie on the map.

    Args:
        latents: `[N, d]`.
        among: the points, `[M, d]`.

    Returns:
        The up to three nearest of the points, int64 `[N, k]`, and their weights, which add up to 1.
    """
    from sklearn.neighbors import NearestNeighbors

    finder = NearestNeighbors(n_neighbors=min(_NEIGHBOURS, len(among))).fit(among)
    distances, found = finder.kneighbors(latents)
    weights = 1 / np.maximum(distances, 1e-9)
    return found, weights / weights.sum(axis=1, keepdims=True)
