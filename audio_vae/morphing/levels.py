"""Levels and lengths of the steps of a morph: pure functions on numbers and waveforms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from audio_vae.audio import waveform
from audio_vae.config import AudioConfig
from audio_vae.morphing import interpolation


def step_levels(peaks: Sequence[float], positions: np.ndarray) -> np.ndarray:
    """Return the peak at each position, linear in decibels and at most full scale.

    Args:
        peaks: peak levels of the points, K numbers above 0.
        positions: `[S]`.

    Returns:
        float64 `[S]`.
    """
    return np.minimum(np.exp(interpolation.along(np.log(np.asarray(peaks, np.float64)), positions)), 1.0)


def step_lengths(lengths: Sequence[int], full: int, positions: np.ndarray, length: str) -> list[int]:
    """Return the number of samples of every step, at least that of the shortest point and at most T.

    Args:
        lengths: numbers of samples of the points.
        full: T.
        positions: `[S]`.
        length: one of `morphing.options.LENGTHS`.
    """
    fixed = {"A": lengths[0], "B": lengths[-1], "full": full}.get(length)
    if fixed is not None:
        return [fixed] * len(positions)
    shortest = min(lengths)
    between = interpolation.along(np.array(lengths), positions).tolist()
    return [min(max(round(each), shortest), full) for each in between]


def to_level(samples: np.ndarray, level: float) -> np.ndarray:
    """Scale float `[n]` so that its peak is `level`; silence stays silence."""
    peak = waveform.peak(samples)
    if peak == 0:
        return samples
    # In float64, because the gain of a nearly silent sound may exceed the range of float32.
    return (samples.astype(np.float64) * (level / peak)).astype(np.float32)


def cut(samples: np.ndarray, n_samples: int, config: AudioConfig, rate_hz: int | None = None) -> np.ndarray:
    """Return the first samples of a sound, faded out unless only silence was cut off and the sound has ended.

    Args:
        samples: float `[n]` or `[n, channels]`.
        n_samples: how many to keep.
        config: the sample rate and the length of the fade-out.
        rate_hz: another sample rate.
    """
    kept = samples[:n_samples]
    n_fade = round(config.fade_s * (rate_hz or config.rate_hz))
    # What a model decodes may still ring at the end of its length.
    least = waveform.peak(kept) * 10 ** (-waveform.END_DB / 20)
    still_rings = n_fade > 0 and waveform.peak(kept[-n_fade:]) > least
    return waveform.fade_out(kept, n_fade) if still_rings or np.any(samples[n_samples:]) else kept
