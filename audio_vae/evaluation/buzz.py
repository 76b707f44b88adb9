"""Buzz: what a decoder adds at the multiples of its own frame rate, whatever sound it decodes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.fft

from audio_vae.audio.features import hann
from audio_vae.audio.waveform import SILENCE

LOWEST_FRAME_RATE_HZ = 20.0
"""Slower repetitions are heard as a tremolo, not as a tone."""

DYNAMIC_RANGE_DB = 50.0
"""Multiples around which a sound is further below its loudest range count as silent."""

WINDOW_S = 0.1
"""About the window of the spectra: lines are then about as wide as the ear's narrowest critical band."""

_LEAST_PERIODS = 8
_LINE, _GAP = 1, 3
"""A line is the bins up to the first from a multiple, a gap those from the third on: Hann's main lobe lies between."""


def audible_hop_lengths(hop_lengths: Sequence[int], rate_hz: int, n_samples: int) -> list[int]:
    """Return the hop lengths whose frame rates can be heard as buzz in sounds of some length, in samples.

    Those are left out whose frame rate is below `LOWEST_FRAME_RATE_HZ`, or above a third of the sample rate, or has
    fewer than 8 periods in a sound.

    Args:
        hop_lengths: samples from one frame to the next, of each stage of a decoder.
        rate_hz: sample rate.
        n_samples: length of the sounds.
    """
    longest = min(rate_hz / LOWEST_FRAME_RATE_HZ, n_samples / _LEAST_PERIODS)
    return sorted({hop_length for hop_length in hop_lengths if 3 <= hop_length <= longest})


def buzz_db(audio: np.ndarray, reconstruction: np.ndarray, rate_hz: int, hop_length: int) -> np.ndarray:
    """Return how far each reconstruction stands out at the multiples of a frame rate, more than its original does.

    Around each multiple, from half a frame rate below to half a frame rate above, the power in the line (30 Hz wide)
    is compared with that in the gaps beside it. Both are means of decibels over bins of the whole sound's spectrum, so
    that a partial in a gap counts little and noise gives 0 on average. The buzz is the difference of this ratio from
    the original's, averaged over the multiples around which the original or the reconstruction is heard. A pulse train
    of 689 Hz that is added 20 dB below white noise gives 0.9 dB at 44.1 kHz, 10 dB below it 4.9, at its level 13 dB.

    Args:
        audio: `[B, T]`.
        reconstruction: `[B, T]`.
        rate_hz: their sample rate.
        hop_length: samples from one frame of the decoder to the next, 3 or more.

    Returns:
        float64 `[B]`: above 0 is buzz. NaN where one of the two is silent (peak below `audio.waveform.SILENCE`), and 0
        where nothing is heard from half the frame rate on.

    Raises:
        ValueError: the hop length is too small to have a multiple of its frame rate with gaps.
    """
    if hop_length < 3:
        raise ValueError(f"Expected a hop length of 3 samples or more, received: hop_length={hop_length}")
    is_sound = np.minimum(*(np.abs(each).max(axis=1) for each in (audio, reconstruction))) >= SILENCE
    n_periods = scipy.fft.next_fast_len(max(_LEAST_PERIODS, round(WINDOW_S * rate_hz / hop_length)), real=True)
    (before, heard_before), (after, heard_after) = (
        _prominences_db(np.asarray(each, np.float32), hop_length, n_periods) for each in (audio, reconstruction)
    )
    heard = heard_before | heard_after
    buzz = np.sum((after - before) * heard, axis=1) / np.maximum(heard.sum(axis=1), 1)
    return np.where(is_sound, buzz, np.nan)


def _prominences_db(audio: np.ndarray, hop_length: int, n_periods: int) -> tuple[np.ndarray, np.ndarray]:
    """Return how far the line at each multiple stands above its gaps, and whether the sound is heard there.

    Args:
        audio: `[B, T]`.
        hop_length: samples of a period of the frame rate.
        n_periods: periods in a window, and so bins from one multiple to the next.

    Returns:
        float64 and bool `[B, multiples]`.
    """
    power = _mean_power(audio, hop_length * n_periods)
    half = n_periods // 2
    n_multiples = (power.shape[1] - half) // n_periods
    around = power[:, half : half + n_multiples * n_periods].reshape(len(power), n_multiples, n_periods)
    levels = around.mean(axis=2)
    loudest = np.maximum(levels.max(axis=1), power[:, : max(half, 1)].mean(axis=1))[:, None]
    floor = np.maximum(loudest * 10 ** (-DYNAMIC_RANGE_DB / 10), np.finfo(float).tiny)
    decibels = 10 * np.log10(around + floor[:, :, None])
    # Bin `n_periods · k` is multiple k, and the ranges start half of them below.
    offsets = np.abs(np.arange(n_periods) - (n_periods - half))
    prominences = decibels[:, :, offsets <= _LINE].mean(axis=2) - decibels[:, :, offsets >= _GAP].mean(axis=2)
    return prominences, levels > floor


def _mean_power(audio: np.ndarray, window: int) -> np.ndarray:
    """Return the power spectrum of each sound, averaged over half-overlapping windows: `[B, T]` → `[B, bins]`."""
    padded = np.pad(audio, ((0, 0), (window // 2, window)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, window, axis=1)[:, :: window // 2]
    spectra = scipy.fft.rfft(frames * hann(window).astype(np.float32), axis=2)
    return np.mean(spectra.real**2 + spectra.imag**2, axis=1, dtype=np.float64)
