"""Spectrograms and MFCCs as differentiable functions of tensors, on any Keras backend.

`mfcc` here gives the values of `features.mfcc`, with a gradient.
"""

from __future__ import annotations

import functools

import numpy as np
import scipy.fft
from keras import ops

from audio_vae.audio import features

_LONGEST_MATRIX = 1024
"""Longest window whose Fourier transform is a product of matrices, which all exports know; longer ones are faster as
fast Fourier transforms."""


def frames(audio, window: int, hop: int):
    """Cut sounds into frames.

    Args:
        audio: `[B, n]`.
        window: length of a frame in samples, at most n.
        hop: hop length in samples.

    Returns:
        `[B, 1 + (n − window) // hop, window]`; samples that do not fill a last frame are left out.
    """
    # A frame is made of whole hops, which are slices of a reshaped tensor, because their gradient is cheap.
    n_frames, n_hops = 1 + (audio.shape[1] - window) // hop, -(-window // hop)
    n_needed = (n_frames - 1 + n_hops) * hop
    audio = ops.pad(audio, ((0, 0), (0, max(0, n_needed - audio.shape[1]))))[:, :n_needed]
    hops = ops.reshape(audio, (-1, n_frames - 1 + n_hops, hop))
    joined = ops.concatenate([hops[:, first : first + n_frames] for first in range(n_hops)], axis=-1)
    return joined[..., :window]


def power_spectrogram(audio, window: int, hop: int):
    """Return the power spectrogram with a Hann window.

    Frames are centred on multiples of `hop`; beyond its ends the sound is padded with silence.

    Args:
        audio: `[B, n]`.
        window: length of the window and of the Fourier transform, in samples.
        hop: hop length in samples.

    Returns:
        `[B, 1 + n // hop, 1 + window // 2]`.
    """
    half = window // 2
    padded = ops.pad(audio, ((0, 0), (half, half + window % 2)))
    if window > _LONGEST_MATRIX:
        hann = ops.convert_to_tensor(features.hann(window).astype(np.float32))
        real, imaginary = ops.rfft(frames(padded, window, hop) * hann, window)
        return ops.square(real) + ops.square(imaginary)
    parts = ops.matmul(frames(padded, window, hop), ops.convert_to_tensor(_fourier(window)))
    real, imaginary = ops.split(parts, 2, axis=-1)
    return ops.square(real) + ops.square(imaginary)


def power_spectrum(signal, n_points: int):
    """Return the power spectrum of whole signals, by products of small matrices, which all exports know.

    The transform of n = n₁·n₂ points is made of transforms of n₁ and of n₂ points (Cooley and Tukey 1965).

    Args:
        signal: `[B, n]`, n at most `n_points`; it is padded with silence.
        n_points: a power of two.

    Returns:
        `[B, 1 + n_points // 2]`.
    """
    n_rows = 2 ** ((n_points.bit_length() - 1) // 2)
    n_columns = n_points // n_rows
    if n_rows * n_columns != n_points or n_points & (n_points - 1):
        raise ValueError(f"Expected a power of two, received: n_points={n_points}")
    signal = ops.pad(signal, ((0, 0), (0, n_points - signal.shape[1])))
    values = ops.reshape(signal, (-1, n_rows, n_columns))
    over_rows, over_columns = (_roots(n, np.outer(np.arange(n), np.arange(n))) for n in (n_rows, n_columns))
    twiddles = _roots(n_points, np.outer(np.arange(n_rows), np.arange(n_columns)))
    real, imaginary = (ops.matmul(ops.convert_to_tensor(each), values) for each in over_rows)
    real, imaginary = _complex_product(ops.multiply, real, imaginary, *twiddles)
    real, imaginary = _complex_product(ops.matmul, real, imaginary, *over_columns)
    power = ops.transpose(ops.square(real) + ops.square(imaginary), (0, 2, 1))
    return ops.reshape(power, (-1, n_points))[:, : 1 + n_points // 2]


def _roots(n: int, exponents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Powers of exp(−2πi / n): real and imaginary parts, float32."""
    roots = np.exp(-2j * np.pi / n * (exponents % n))
    return roots.real.astype(np.float32), roots.imag.astype(np.float32)


def _complex_product(product, real, imaginary, other_real, other_imaginary):
    other_real, other_imaginary = (ops.convert_to_tensor(each) for each in (other_real, other_imaginary))
    return (
        product(real, other_real) - product(imaginary, other_imaginary),
        product(real, other_imaginary) + product(imaginary, other_real),
    )


def noise_scale(window: int) -> float:
    """Return the factor for a power spectrogram with which white noise has its variance as power, for any window."""
    return 8 / 3 / window


@functools.cache
def octave_bands(n_bins: int, bands_per_octave: int) -> np.ndarray:
    """Return the weights with which a spectrum's bins are averaged in bands that are equally wide in octaves.

    Where bins are wider than the bands, each bin is a band. Bin 0, the mean of the signal, is a band too.

    Args:
        n_bins: number of bins of the spectrum.
        bands_per_octave: 1 or more.

    Returns:
        float32 `[n_bins, bands]`, read-only because it is cached.
    """
    n_edges = int(np.ceil(bands_per_octave * np.log2(n_bins))) + 1
    edges = np.unique(np.round(np.geomspace(1, n_bins, n_edges)).astype(int))
    band = np.searchsorted(edges, np.arange(n_bins), side="right")
    shares = np.equal.outer(band, np.arange(len(edges))).astype(np.float32)
    shares /= shares.sum(axis=0)
    shares.flags.writeable = False
    return shares


def mfcc(audio, rate_hz: int):
    """Return MFCCs with the values of `features.mfcc` and with a gradient: `[B, n]` → `[B, frames, n_mfcc]`."""
    window, hop = round(features.WINDOW_S * rate_hz), round(features.HOP_S * rate_hz)
    bands = features.mel_bands(rate_hz, window).T
    power = ops.matmul(power_spectrogram(audio, window, hop), ops.convert_to_tensor(bands))
    decibels = ops.log(ops.maximum(power, features.LEAST_POWER)) * (10 / np.log(10))
    loudest = ops.max(decibels, axis=(1, 2), keepdims=True)
    return ops.matmul(ops.maximum(decibels, loudest - features.DECIBELS_BELOW_PEAK), ops.convert_to_tensor(_cepstrum()))


def at_most(sequence, n_frames: int):
    """Average groups of neighbouring frames, so that at most `n_frames` remain: `[B, n, d]` → `[B, ≤ n_frames, d]`."""
    n_together = -(-sequence.shape[1] // n_frames)
    if n_together == 1:
        return sequence
    return ops.average_pool(sequence, n_together, n_together, padding="same", data_format="channels_last")


@functools.cache
def _fourier(window: int) -> np.ndarray:
    """Return the Hann-windowed Fourier transform as a matrix, cosines then sines: float32 `[window, 2 · bins]`."""
    angles = 2 * np.pi / window * (np.outer(np.arange(window), np.arange(window // 2 + 1)) % window)
    hann = features.hann(window)[:, None]
    return np.concatenate([hann * np.cos(angles), hann * np.sin(angles)], axis=1).astype(np.float32)


@functools.cache
def _cepstrum() -> np.ndarray:
    """Return the first columns of the orthonormal DCT-II as a matrix: float32 `[n_mels, n_mfcc]`."""
    return scipy.fft.dct(np.eye(features.N_MELS), norm="ortho")[:, : features.N_MFCC].astype(np.float32)
