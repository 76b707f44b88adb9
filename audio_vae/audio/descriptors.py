"""Descriptors: what is heard of a sound first, each as one number. How loud, how long, how bright, how sharp an attack.

They follow G. Peeters, A large set of audio features for sound description, CUIDADO report (2004).
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from scipy import fft

from audio_vae.audio.waveform import mean_of_columns

WINDOW_S = 0.005
"""Length of the window over which the envelope's power is averaged."""

DECAY_DB = 30.0
"""The decay is the time during which the envelope is at most this far below its peak."""

ATTACK_DB = 40.0
"""The attack begins where the envelope first comes within this of its peak, and ends at the peak."""

SPECTRUM_S = 1.5
"""The spectral centroid is that of so much of a sound, from its beginning."""

LOWEST_HZ = 20.0

_LEAST_POWER = 1e-12


class Descriptors(NamedTuple):
    """What is heard of a sound.

    Attributes:
        loudness_db: energy in decibels: 0 is a full-scale square wave of one second.
        decay_ms: how long the envelope is within `DECAY_DB` of its peak.
        temporal_centroid_ms: mean time of the sound, weighted by its power, from its first sample on.
        spectral_centroid_octaves: mean of log2 of the frequency in hertz, weighted by power, above `LOWEST_HZ`.
        attack_ms: from where the envelope comes within `ATTACK_DB` of its peak to the peak.
    """

    loudness_db: float
    decay_ms: float
    temporal_centroid_ms: float
    spectral_centroid_octaves: float
    attack_ms: float


def describe(samples: np.ndarray, rate_hz: int) -> Descriptors:
    """Return the descriptors of a sound, float `[n]` or `[n, channels]`, n of 1 or more."""
    power = power_of(samples)
    envelope_db = average_db(power, window_length(rate_hz))
    return Descriptors(
        loudness_db=loudness_db(power, rate_hz),
        decay_ms=1e3 / rate_hz * decay_length(envelope_db),
        temporal_centroid_ms=1e3 / rate_hz * float(np.arange(len(power)) @ power / (power.sum() + _LEAST_POWER)),
        spectral_centroid_octaves=centroid_octaves(power_spectrum(samples, rate_hz), rate_hz),
        attack_ms=1e3 / rate_hz * attack_length(envelope_db),
    )


def power_of(samples: np.ndarray) -> np.ndarray:
    """Return the power of each sample, the mean over the channels: `[n]` or `[n, channels]` → float64 `[n]`."""
    power = np.asarray(samples, np.float64) ** 2
    return power if power.ndim == 1 else mean_of_columns(power)


def loudness_db(power: np.ndarray, rate_hz: int) -> float:
    """Return the energy in decibels of what `power_of` returns; −120 for silence."""
    return float(10 * np.log10(power.sum() / rate_hz + _LEAST_POWER))


def window_length(rate_hz: float) -> int:
    """Return the number of samples of the envelope's window at a rate."""
    return max(1, int(WINDOW_S * rate_hz))


def average_db(power: np.ndarray, window: int) -> np.ndarray:
    """Return the envelope, the mean of the power `[n]` over a centred window with silence around, in decibels `[n]`."""
    total = np.concatenate([[0.0], np.cumsum(power)])
    at = np.arange(len(power))
    last = np.minimum(at + window - window // 2, len(power))
    first = np.maximum(at - window // 2, 0)
    return 10 * np.log10(np.maximum(total[last] - total[first], 0) / window + _LEAST_POWER)


def decay_length(envelope_db: np.ndarray) -> int:
    """Return the number of samples from the first to the last that is within `DECAY_DB` of the peak of an envelope."""
    is_heard = envelope_db > envelope_db.max() - DECAY_DB
    return len(is_heard) - 1 - int(is_heard[::-1].argmax()) - int(is_heard.argmax())


def attack_length(envelope_db: np.ndarray) -> int:
    """Return the number of samples from where an envelope comes within `ATTACK_DB` of its peak to the peak."""
    peak = int(envelope_db.argmax())
    return peak - int(np.argmax(envelope_db > envelope_db[peak] - ATTACK_DB))


def power_spectrum(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    """Return the power spectrum of the first `SPECTRUM_S`, the mean over the channels, float64 `[bins]`."""
    n_points = _n_points(rate_hz)
    spectrum = np.abs(fft.rfft(np.asarray(samples[:n_points], np.float64), n_points, axis=0)) ** 2
    return spectrum if spectrum.ndim == 1 else mean_of_columns(spectrum)


def centroid_octaves(spectrum: np.ndarray, rate_hz: int) -> float:
    """Return the spectral centroid in octaves above 1 Hz of what `power_spectrum` returns."""
    octaves, lowest = bin_octaves(rate_hz), first_heard_bin(rate_hz)
    return float(octaves[lowest:] @ spectrum[lowest:] / (spectrum[lowest:].sum() + 1e-30))


@functools.cache
def bin_octaves(rate_hz: int) -> np.ndarray:
    """Return log2 of the frequency in hertz of each bin of `power_spectrum`, 0 below 1 Hz; read-only."""
    octaves = np.log2(np.maximum(np.fft.rfftfreq(_n_points(rate_hz), 1 / rate_hz), 1))
    octaves.flags.writeable = False
    return octaves


def first_heard_bin(rate_hz: int) -> int:
    """Return the number of the first bin of `power_spectrum` above `LOWEST_HZ`."""
    return int(np.searchsorted(bin_octaves(rate_hz), np.log2(LOWEST_HZ), side="right"))


def _n_points(rate_hz: int) -> int:
    return fft.next_fast_len(round(SPECTRUM_S * rate_hz), real=True)
