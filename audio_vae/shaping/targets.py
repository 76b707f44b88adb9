"""What lies between sounds: powers in bands and times, and the descriptors.

The energy of a band is interpolated near the geometric mean, so that no sound is just added to another. Its
distribution over time is interpolated by moving it and not by mixing it: a decay of 50 ms and one of 500 ms have one
of 160 ms between them, where a mix has both (displacement interpolation; R. McCann, A Convexity Principle for
Interacting Gases, 1997, and for the spectra of sounds T. Henderson and J. Solomon, Audio Transport, 2019).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from audio_vae.audio.bands import log_time
from audio_vae.audio.descriptors import Descriptors

EXPONENT = 0.25
"""Exponent of the mean of energies: 1 would be that of a mix, and 0 the geometric mean, in which both get lost."""

FLOOR_DB = -45.0
"""A band counts as at least so loud, relative to the whole sound."""

# A band without a sound of its own follows the others: it gets so much of their power.
_SHARED = 1e-4
# Logits of the share of the energy that lies before a time: up to 65 dB down a decay.
_LOGITS = np.linspace(-15, 15, 301)

_OFFSETS_MS = Descriptors(0, 5, 2, 0, 2)
"""Added to times before their logarithms are interpolated, so that there is a way from 0."""


def power_between(powers: Sequence[np.ndarray], weights: np.ndarray, edges_s: np.ndarray) -> np.ndarray:
    """Return the powers in bands and log-time cells that lie between those of K sounds.

    Args:
        powers: mean powers in the cells, K of `[bands, cells]`.
        weights: weights that add up to 1, `[K]`; some may be negative, beyond an end.
        edges_s: edges of the cells, `[cells + 1]`; see `audio.bands.cell_edges_s`.

    Returns:
        float64 `[bands, cells]`, at unit energy.
    """
    lengths_s = np.diff(edges_s)
    energies = np.stack([each @ lengths_s for each in powers])
    energies = energies / energies.sum(axis=1, keepdims=True) + 10 ** (FLOOR_DB / 10) / energies.shape[1]
    shares = _moved([each + _SHARED * each.mean(axis=0) for each in powers], weights, edges_s)
    between = shares * energy_between(energies, weights)[:, None]
    return between / between.sum() / lengths_s


def energy_between(energies: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the power mean of energies, `[K, bands]`, with weights `[K]`; the geometric mean beyond an end."""
    if weights.min() < 0:
        return np.exp(weights @ np.log(energies))
    return (weights @ energies**EXPONENT) ** (1 / EXPONENT)


def _moved(powers: Sequence[np.ndarray], weights: np.ndarray, edges_s: np.ndarray) -> np.ndarray:
    """Return the share of each cell in the energy of its band, `[bands, cells]`, between those of K sounds."""
    lengths_s, times = np.diff(edges_s), log_time(edges_s)
    moved = np.zeros_like(powers[0])
    for band in range(len(moved)):
        reached = np.zeros(len(_LOGITS))
        for each, weight in zip(powers, weights, strict=True):
            energy = each[band] * lengths_s + 1e-30
            before = np.concatenate([[0.0], np.cumsum(energy)])
            after = np.concatenate([np.cumsum(energy[::-1])[::-1], [0.0]])
            logits = np.log(np.maximum(before, 1e-9 * before[-1])) - np.log(np.maximum(after, 1e-9 * before[-1]))
            reached += weight * np.interp(_LOGITS, logits, times)
        # Beyond an end the order of times may be lost, and np.interp needs one that rises.
        reached = np.maximum.accumulate(reached + 1e-9 * np.arange(len(reached)))
        logits = np.interp(times, reached, _LOGITS, left=-21, right=21)
        before, after = 1 / (1 + np.exp(-logits)), 1 / (1 + np.exp(logits))
        # Differences of the smaller of the two, which keeps the digits of a faint tail.
        moved[band] = np.where(before[1:] < 0.5, np.diff(before), -np.diff(after))
    return np.maximum(moved, 0)


def descriptors_between(
    described: Sequence[Descriptors], onsets_ms: Sequence[float], weights: np.ndarray
) -> Descriptors:
    """Return the descriptors on the straight line between those of K sounds, of the logarithm for times.

    Args:
        described: the descriptors of the sounds.
        onsets_ms: where the sounds begin. Their temporal centroids are interpolated from there on.
        weights: weights that add up to 1, `[K]`.
    """
    onset_ms = max(float(weights @ np.asarray(onsets_ms)), 0.0)
    values = np.array(described)
    times = values[:, [1, 2, 4]] - np.stack([np.zeros(len(values)), onsets_ms, np.zeros(len(values))], axis=1)
    offsets = np.array(_OFFSETS_MS)[[1, 2, 4]]
    decay, centroid, attack = np.maximum(np.exp(weights @ np.log(np.maximum(times, 0) + offsets)) - offsets, 0)
    loudness, octaves = weights @ values[:, [0, 3]]
    return Descriptors(float(loudness), float(decay), float(onset_ms + centroid), float(octaves), float(attack))
