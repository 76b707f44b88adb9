"""The pitch of voices over time, found by search: fundamental frequency and how periodic a sound is, frame by frame.

Differentiable networks do not find a pitch by following the gradient of spectra; they are told it.
"""

from __future__ import annotations

import numpy as np
from keras import ops

from audio_vae.audio import features, spectral_ops

LOWEST_HZ, HIGHEST_HZ = 65.0, 450.0
"""Pitches that are searched: those of spoken voices."""

_CANDIDATES_PER_OCTAVE = 48
_WINDOW_S = 0.064
"""About four periods of the lowest pitch; the method asks for three."""

_OCTAVE_COST = 0.02
"""What a pitch that is an octave lower has to be more periodic, so that no pitch is taken for half of it."""

_WIDE_OCTAVES = 0.8
"""At this distance from the pitch that a sound has most of the time, no frame has its pitch."""

_SHARPNESS = 100.0
"""Candidates are weighted by the exponential of this times their merit: the best one decides, and where two are equally
good, rounding does not."""

_LEAST_POWER = 1e-6


def candidates_hz() -> np.ndarray:
    """Return the pitches that are searched, in ascending order: float64 `[n]`."""
    n_candidates = 1 + int(_CANDIDATES_PER_OCTAVE * np.log2(HIGHEST_HZ / LOWEST_HZ))
    return LOWEST_HZ * 2 ** (np.arange(n_candidates) / _CANDIDATES_PER_OCTAVE)


def window(rate_hz: int) -> int:
    """Return the samples of the windows in which a pitch is searched."""
    return round(_WINDOW_S * rate_hz)


def voice_pitch(audio, rate_hz: int, hop_length: int):
    """Find the pitch of voices by their autocorrelation (P. Boersma 1993), in frames centred on multiples of a hop.

    The autocorrelation of a windowed frame is divided by that of the window. A second look, near the pitch that the
    sound has most of the time, keeps a frame from being taken an octave off.

    Args:
        audio: `[B, n]`.
        rate_hz: sample rate.
        hop_length: hop length in samples.

    Returns:
        The binary logarithm of the pitch in Hz, and the autocorrelation at this pitch's period, 0 (noise, silence) to
        1 (periodic): two of `[B, 1 + n // hop_length]`.
    """
    periodicity, level = _periodicities(audio, rate_hz, hop_length)
    octaves = np.log2(candidates_hz()).astype(np.float32)
    candidates = ops.convert_to_tensor(octaves[:, None])
    merit = periodicity + ops.convert_to_tensor(_OCTAVE_COST * (octaves - octaves[0]))
    # Frames vote for the pitch of the sound: loud and periodic ones most.
    votes = ops.square(ops.square(ops.maximum(merit, 0.0))) * level
    votes = ops.sum(votes, axis=1) / (ops.sum(level, axis=1) + _LEAST_POWER)
    centre = ops.matmul(ops.softmax(_SHARPNESS * votes, axis=-1), candidates)
    distance = (ops.convert_to_tensor(octaves) - centre)[:, None] / _WIDE_OCTAVES
    chosen = ops.softmax(_SHARPNESS * (merit - ops.square(ops.square(distance))), axis=-1)
    found = ops.matmul(chosen, candidates)[..., 0]
    return found, ops.clip(ops.sum(chosen * periodicity, axis=-1), 0.0, 1.0)


def _periodicities(audio, rate_hz: int, hop_length: int):
    """Autocorrelation at the period of each candidate, `[B, frames, candidates]`, and power, `[B, frames, 1]`."""
    n_points = window(rate_hz)
    power = spectral_ops.power_spectrogram(audio, n_points, hop_length)
    # The cosine transform of a power spectrum is the autocorrelation, at any period.
    bins = np.arange(power.shape[-1])
    twice = np.where((bins == 0) | (2 * bins == n_points), 1, 2)[:, None]
    waves = twice * np.cos(2 * np.pi * np.outer(bins / n_points, rate_hz / candidates_hz()))
    of_window = np.abs(np.fft.rfft(features.hann(n_points))) ** 2
    waves *= of_window @ twice / (of_window @ waves)
    total = ops.matmul(power, ops.convert_to_tensor(twice.astype(np.float32)))
    shares = ops.matmul(power, ops.convert_to_tensor(waves.astype(np.float32))) / (total + _LEAST_POWER)
    return shares, total
