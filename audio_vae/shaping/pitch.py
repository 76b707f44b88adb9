"""Pitches that move towards one another, and low frequencies that do not cancel.

Two sounds with a pitch of their own are a chord when they are added. They are one sound if each is first shifted to
the pitch between them. Sounds without a pitch are shifted towards the same brightness by a little, as larger and
smaller bodies sound.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import soxr
from scipy import fft

from audio_vae.audio import waveform

MOST_OCTAVES = 2.0
"""Two pitches are shifted towards each other by at most so much in all."""

MOST_NOISE_OCTAVES = 0.5
"""The same for sounds without a pitch."""

BEFORE_S = 0.020
"""In a buffer, a sound begins here, so that filters have room before it."""

# Pitches that are so far apart are heard as two sounds wherever they are shifted, such as a kick and a triangle.
_TOO_FAR_OCTAVES = 3.0
# Share of the energy within a sixth of an octave of the strongest partial: less is no pitch, more is a clear one.
_NO_PITCH, _CLEAR_PITCH = 0.35, 0.6
_NEAR_OCTAVES = 1 / 6
_RANGE_HZ = (30.0, 5000.0)
_HEARD_S, _FADING_S = 0.6, 0.3

_LOW_HZ = 400.0
_ALIGNED_S, _MOST_LAG_S = 0.060, 0.003
_LEAST_LIKENESS = 0.3


class Partial(NamedTuple):
    """The strongest partial of a sound: its frequency, and how much of the sound it is, 0 to 1."""

    frequency_hz: float
    share: float


def strongest_partial(samples: np.ndarray, rate_hz: int) -> Partial:
    """Find the strongest partial of a sound `[n, channels]` from 30 Hz to 5 kHz."""
    onset = waveform.onset(waveform.max_of_columns(np.abs(samples)), waveform.ONSET_DB)
    heard = samples[onset:][: round(_HEARD_S * rate_hz)]
    fading = np.exp(-np.arange(len(heard)) / (_FADING_S * rate_hz))[:, np.newaxis]
    n_points = fft.next_fast_len(3 * round(_HEARD_S * rate_hz), real=True)
    # Of all channels, because their mean is silent where they cancel each other.
    power = waveform.mean_of_columns(np.abs(fft.rfft(heard * fading, n_points, axis=0)) ** 2)
    frequencies_hz = np.fft.rfftfreq(n_points, 1 / rate_hz)
    in_range = (frequencies_hz > _RANGE_HZ[0]) & (frequencies_hz < _RANGE_HZ[1])
    strongest = int(np.argmax(power * in_range))
    octaves = np.log2(np.maximum(frequencies_hz, 1))
    near = np.abs(octaves - octaves[strongest]) < _NEAR_OCTAVES
    total = power[frequencies_hz > 20].sum()
    share = float(power[near].sum() / total) if total > 0 else 0.0
    return Partial(float(max(frequencies_hz[strongest], _RANGE_HZ[0])), min(share, 1.0))


def tonality(partials: list[Partial]) -> float:
    """Return whether sounds have pitches that can meet: 0 for none, 1 if all have a clear one and none is too far."""
    octaves = np.log2([partial.frequency_hz for partial in partials])
    if np.ptp(octaves) >= _TOO_FAR_OCTAVES:
        return 0.0
    least = min(partial.share for partial in partials)
    return float(np.clip((least - _NO_PITCH) / (_CLEAR_PITCH - _NO_PITCH), 0, 1))


def shifts_octaves(partials: list[Partial], brightness: list[float], weights: np.ndarray) -> np.ndarray:
    """Return by how much each sound is shifted at given weights: 0 for a sound of weight 1.

    Args:
        partials: the strongest partials of K sounds.
        brightness: their spectral centroids in octaves.
        weights: weights that add up to 1, `[K]`.

    Returns:
        float64 `[K]`, positive for upwards.
    """
    pitched = tonality(partials)
    shifts = np.zeros(len(weights))
    for values, share, most, scale in (
        (np.log2([partial.frequency_hz for partial in partials]), pitched, MOST_OCTAVES, 1.0),
        (np.asarray(brightness), 1 - pitched, MOST_NOISE_OCTAVES, 0.5),
    ):
        span = np.ptp(values)
        shifts += share * min(scale, most / max(span, 1e-9)) * (weights @ values - values)
    return shifts


def shifted(samples: np.ndarray, rate_hz: int, octaves: float) -> np.ndarray:
    """Play a sound faster and higher, or slower and lower: `[n, channels]` → float32 `[n / 2^octaves, channels]`."""
    samples = np.ascontiguousarray(samples, np.float32)
    if abs(octaves) < 1e-6:
        return samples
    return soxr.resample(samples, rate_hz * 2.0**octaves, rate_hz, quality="HQ")


def shifted_into_buffer(
    samples: np.ndarray, onset: int, rate_hz: int, octaves: float, kept_s: float, n_samples: int
) -> np.ndarray:
    """Shift a sound in pitch, and put its onset at `BEFORE_S` of a buffer.

    Args:
        samples: `[n, channels]`.
        onset: the position at which it begins.
        rate_hz: its sample rate.
        octaves: by how much it is shifted, positive for upwards.
        kept_s: how much of what comes before the onset is kept, as far as it has room once it is shifted.
        n_samples: length of the buffer. A longer sound is cut, a shorter one is followed by silence.

    Returns:
        float32 `[n_samples, channels]`.
    """
    n_kept = min(onset, round(kept_s * rate_hz))
    moved = shifted(samples[onset - n_kept :], rate_hz, octaves)
    n_lead, before = round(n_kept / 2**octaves), round(BEFORE_S * rate_hz)
    moved = moved[max(0, n_lead - before) :]
    start = max(0, before - n_lead)
    buffer = np.zeros((n_samples, moved.shape[1]), np.float32)
    kept = moved[: n_samples - start]
    buffer[start : start + len(kept)] = kept
    return buffer


def lag_and_sign(first: np.ndarray, second: np.ndarray, rate_hz: int) -> tuple[int, int]:
    """Return how the second of two sounds has to be moved and turned so that low frequencies add up.

    Args:
        first: a sound from its onset on, `[n, channels]`.
        second: likewise.
        rate_hz: the sample rate of both.

    Returns:
        Samples by which the second is to be delayed, 3 ms at most, and 1 or −1 for its polarity. 0 and 1 if the two
        have too little in common.
    """
    n_heard, n_lags = round(_ALIGNED_S * rate_hz), round(_MOST_LAG_S * rate_hz)
    n_points = fft.next_fast_len(2 * n_heard, real=True)
    low = 1 / (1 + (np.fft.rfftfreq(n_points, 1 / rate_hz) / _LOW_HZ) ** 4)
    spectra = [fft.rfft(sound[:n_heard], n_points, axis=0) * low[:, np.newaxis] for sound in (first, second)]
    norms = [np.linalg.norm(fft.irfft(spectrum, n_points, axis=0)) for spectrum in spectra]
    in_common = (spectra[0] * np.conj(spectra[1])).sum(axis=1)
    correlation = fft.irfft(in_common, n_points) / (norms[0] * norms[1] + 1e-20)
    lags = np.concatenate([np.arange(n_lags + 1), np.arange(-n_lags, 0)])
    # A short lag is preferred, so that onsets stay together.
    likeness = correlation[lags] * (1 - 0.3 * np.abs(lags) / max(n_lags, 1))
    best = int(np.argmax(np.abs(likeness)))
    if abs(likeness[best]) < _LEAST_LIKENESS:
        return 0, 1
    return int(lags[best]), 1 if likeness[best] > 0 else -1
