"""Noise in dense bands, which a synthesis scales frame by frame."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from keras import ops


def band_noise(weights_of: Callable, rate_hz: int, n_frames: int, hop_length: int, seed: int) -> np.ndarray:
    """Return the noise of each band, with a root mean square of 1: a spectrum of random phases, cut into bands.

    Args:
        weights_of: the share of each band in the power at some frequencies, `[n]` → `[n, bands]`.
        rate_hz: sample rate.
        n_frames: number of frames.
        hop_length: samples of a frame.
        seed: seed for the phases.

    Returns:
        float16 `[n_frames, hop_length, bands]`.
    """
    n_samples = n_frames * hop_length
    frequencies_hz = np.fft.rfftfreq(n_samples, 1 / rate_hz)
    spectrum = np.exp(2j * np.pi * np.random.default_rng(seed).random(len(frequencies_hz)))
    spectrum[0] = 0
    bands = np.fft.irfft(spectrum[:, None] * np.sqrt(weights_of(frequencies_hz)), n_samples, axis=0)
    # In a sound so short that a band has no bin, this band is silent.
    bands /= np.sqrt(np.maximum(np.mean(bands**2, axis=0), 1e-12))
    return bands.reshape(n_frames, hop_length, -1).astype(np.float16)


def noise_in_bands(noise: np.ndarray, amplitudes):
    """Add up noise bands whose amplitudes are linear between frames.

    Args:
        noise: `[n_frames, hop_length, bands]` of `band_noise`.
        amplitudes: at the start of each frame and after the last one, `[B, n_frames + 1, bands]`.

    Returns:
        `[B, n_frames, hop_length]`.
    """
    noise = ops.cast(ops.convert_to_tensor(noise), amplitudes.dtype)
    at_start, at_end = (
        ops.transpose(ops.matmul(noise, ops.transpose(each, (1, 2, 0))), (2, 0, 1))
        for each in (amplitudes[:, :-1], amplitudes[:, 1:])
    )
    return crossfade(at_start, at_end)


def crossfade(at_start, at_end):
    """Fade linearly within each frame: two of `[B, n_frames, hop_length]` → the same."""
    hop_length = at_start.shape[-1]
    rising = np.arange(hop_length, dtype=np.float32) / hop_length
    return at_start + (at_end - at_start) * ops.convert_to_tensor(rising)
