"""The multi-resolution spectral distance of published work on neural audio synthesis, to compare with it."""

from __future__ import annotations

import functools

import numpy as np
import scipy.fft

from audio_vae.audio.features import hann
from audio_vae.audio.waveform import SILENCE

RESOLUTIONS = ((1024, 600, 120), (2048, 1200, 240), (512, 240, 50))
"""Length of the Fourier transform, of the Hann window and of a hop, in samples, at any rate."""

LEAST_POWER = 1e-8
"""Lowest power of a bin, about 120 dB below a full-scale sine: digital silence has no logarithm."""


def multi_resolution_spectral_distance(audio: np.ndarray, reconstruction: np.ndarray) -> np.ndarray:
    """Return the multi-resolution spectral distance of each reconstruction; lower is better, 0 is the same spectra.

    The mean over three resolutions of spectral convergence, `‖|X| − |Y|‖ / ‖|X|‖` (Frobenius norms), plus the mean
    absolute difference of the natural logarithms of the magnitudes: R. Yamamoto, E. Song and J.-M. Kim (2020), Parallel
    WaveGAN, with its resolutions. Sounds are mirrored at their ends, and powers are at
    least 1e-8, as `auraloss.freq.MultiResolutionSTFTLoss` has it by default. No other floor hides what a decoder leaves
    in silence: it counts as much as what is heard, unlike in the other distances.

    Args:
        audio: `[B, T]`, T of 2 or more.
        reconstruction: `[B, T]`.

    Returns:
        float64 `[B]`; NaN where the original is silent (peak below `audio.waveform.SILENCE`).
    """
    distances = np.array([_distance(*pair) for pair in zip(audio, reconstruction, strict=True)], np.float64)
    return np.where(np.abs(audio).max(axis=1) >= SILENCE, distances, np.nan)


def _distance(sound: np.ndarray, reconstruction: np.ndarray) -> float:
    terms = []
    for resolution in RESOLUTIONS:
        of_sound, made = (_magnitudes(each, *resolution) for each in (sound, reconstruction))
        terms.append(np.linalg.norm(of_sound - made) / np.linalg.norm(of_sound))
        terms.append(np.mean(np.abs(np.log(of_sound / made)), dtype=np.float64))
    return float(np.sum(terms)) / len(RESOLUTIONS)


def _magnitudes(samples: np.ndarray, n_points: int, window: int, hop: int) -> np.ndarray:
    """Return the magnitudes of a sound's short-time Fourier transform: `[T]` → float32 `[frames, bins]`."""
    padded = np.pad(np.asarray(samples, np.float32), n_points // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_points)[::hop]
    spectra = scipy.fft.rfft(frames * _centred_window(n_points, window))
    return np.sqrt(np.maximum(spectra.real**2 + spectra.imag**2, np.float32(LEAST_POWER)))


@functools.cache
def _centred_window(n_points: int, window: int) -> np.ndarray:
    """Return a Hann window with zeros on both sides: float32 `[n_points]`, read-only because it is cached."""
    before = (n_points - window) // 2
    centred = np.pad(hann(window), (before, n_points - window - before)).astype(np.float32)
    centred.flags.writeable = False
    return centred
