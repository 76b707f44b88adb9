"""What the model says of the way from one sound to another: where its spectrum leaves the straight line.

The model decodes the path and its ends. Where a decoded step is louder or quieter, in a band and at a time, than on
the line between the decoded ends, the step that is made of the real sounds is moved likewise, by little. At the ends
there is nothing to move, however far the model's version of a sound is from the sound.
"""

from __future__ import annotations

import numpy as np

from audio_vae.audio import bands, waveform
from audio_vae.audio.bands import Bands

MOST_DB = 6.0
"""Bound of what the model moves."""

_FLOOR_DB = -50.0
_SMOOTHING = np.array([0.25, 0.5, 0.25])


def moves_db(decoded: np.ndarray, ends: np.ndarray, weights: np.ndarray, rate_hz: int) -> np.ndarray:
    """Return by how much steps leave the line between the ends.

    Args:
        decoded: decoded steps, `[S, T]`.
        ends: decoded ends, `[K, T]`.
        weights: the weight of each end in each step, `[S, K]`.
        rate_hz: the model's sample rate.

    Returns:
        float64 `[S, bands, cells]` in decibels, within `MOST_DB`; cells as `audio.bands.cell_edges_s` has them.
    """
    levels_db = smooth_levels_db(np.concatenate([decoded, ends]), rate_hz)
    steps_db, ends_db = levels_db[: len(decoded)], levels_db[len(decoded) :]
    return np.clip(steps_db - np.einsum("sk,kbc->sbc", weights, ends_db), -MOST_DB, MOST_DB)


def smooth_levels_db(sounds: np.ndarray, rate_hz: int) -> np.ndarray:
    """Return the levels of sounds in bands and log-time cells, below the loudest cell of each, down to −50 dB.

    Args:
        sounds: `[S, T]`.
        rate_hz: their sample rate.

    Returns:
        float64 `[S, bands, cells]` in decibels; cells as `audio.bands.cell_edges_s` has them.
    """
    levels = np.array([max(waveform.peak(each), 1e-9) for each in sounds])
    split = Bands(sounds.shape[1], rate_hz)
    edges_s = bands.cell_edges_s(sounds.shape[1] / rate_hz)
    powers = split.cell_powers(split.split((sounds / levels[:, None]).T), edges_s, 0.0)
    loudest = powers.max(axis=(0, 1)) + 1e-20
    levels_db = np.moveaxis(10 * np.log10(np.maximum(powers / loudest, 10 ** (_FLOOR_DB / 10))), 2, 0)
    for axis in (1, 2):
        levels_db = np.apply_along_axis(_smoothed, axis, levels_db)
    return levels_db


def _smoothed(values: np.ndarray) -> np.ndarray:
    return np.convolve(np.pad(values, 1, mode="edge"), _SMOOTHING, "valid")
