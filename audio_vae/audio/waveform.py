"""Operations on a waveform: level, onset, sample rate, length."""

from __future__ import annotations

import functools

import numpy as np
import soxr

from audio_vae.config import AudioConfig

SILENCE = 1e-4
"""Peak below which a sound counts as silent (−80 dB of full scale)."""

QUIET = 0.01
"""Peak below which a decoded sound counts as nearly silent (−40 dB of full scale)."""

ONSET_DB = 40.0
"""A sound begins at the first sample that is at most this many decibels below its peak."""

END_DB = 60.0
"""A sound has ended where it stays this many decibels below its peak, which is how reverberation times are defined."""

TRIM_BLOCK, TRIM_POWER = 128, 5e-5
"""Samples of a block, and its least mean square at peak 1, for `trim_long`."""

# So much after the end belongs to the sound, so that sounds that are cut there can fade out.
_AFTER_END_S = 0.010


class AudioError(Exception):
    """A file or its samples cannot be used as a sound; the message is the reason, without the file's name.

    `audio.io` raises it for files, and this module for samples.
    """


def resample(samples: np.ndarray, from_hz: int, to_hz: int) -> np.ndarray:
    """Return a sound at another sample rate: band-limited, without delay.

    soxr's high quality, as `librosa.resample` has it by default. At the same rate the samples are returned as they are.

    Args:
        samples: float32 `[n]` or `[n, channels]`.
        from_hz: their sample rate.
        to_hz: the sample rate to return.

    Returns:
        float32 `[n · to_hz / from_hz]`, rounded, with the same channels.
    """
    if from_hz == to_hz:
        return samples
    return soxr.resample(samples, from_hz, to_hz, quality="HQ").astype(np.float32)


def peak(samples: np.ndarray) -> float:
    """Return the largest absolute sample; 0 for no samples."""
    return float(np.max(np.abs(samples), initial=0.0))


def mean_of_columns(values: np.ndarray) -> np.ndarray:
    """Return the mean of each row, `[n, few]` → `[n]`; NumPy's own takes several times longer for a few columns."""
    return sum(values.T[1:], values.T[0]) / values.shape[1]


def max_of_columns(values: np.ndarray) -> np.ndarray:
    """Return the largest value of each row, `[n, few]` → `[n]`; see `mean_of_columns`."""
    return functools.reduce(np.maximum, values.T)


def true_peak(samples: np.ndarray, rate_hz: int) -> float:
    """Return the peak of a sound between its samples as well: at four times the rate, after ITU-R BS.1770.

    Args:
        samples: float `[n]` or `[n, channels]`.
        rate_hz: sample rate.
    """
    if len(samples) == 0:
        return 0.0
    dense = soxr.resample(np.asarray(samples, np.float32), rate_hz, 4 * rate_hz, quality="HQ")
    return max(peak(samples), peak(dense))


def normalised(samples: np.ndarray) -> np.ndarray:
    """Return a sound with peak 1. A silent one is returned as it is, since amplifying it makes rounding errors loud."""
    level = peak(samples)
    return samples if level < SILENCE else samples / level


def onset(samples: np.ndarray, onset_db: float) -> int:
    """Return the position of the first sample that is at most `onset_db` decibels below the peak."""
    threshold = peak(samples) * 10 ** (-onset_db / 20)
    return int(np.argmax(np.abs(samples) >= threshold))


def extent(samples: np.ndarray, rate_hz: int, onset_db: float | None) -> tuple[int, int]:
    """Return the positions at which a sound starts and ends.

    It ends 10 ms after it was last within `END_DB` of its peak, or where its samples end.

    Args:
        samples: mono `[n]`.
        rate_hz: sample rate.
        onset_db: it starts where it first comes within this many decibels of its peak; `None` for its first sample.
    """
    start = 0 if onset_db is None else onset(samples, onset_db)
    # Backwards, the first sample near the peak is the last.
    last = len(samples) - 1 - onset(samples[::-1], END_DB)
    return start, min(len(samples), last + 1 + round(_AFTER_END_S * rate_hz))


def trim_long(samples: np.ndarray, n_samples: int) -> np.ndarray:
    """Trim a long sound as the paper's code does: from its first audible block to as long before `n_samples`.

    The start is that of the first block of `TRIM_BLOCK` samples whose mean square is `TRIM_POWER` or more at peak 1.
    What lies so far before the start is also left out at the end, so that a sound that starts late becomes shorter than
    T by twice that. This looks unintended there, but decides what the published model was shown.

    Args:
        samples: mono `[n]`, not silent.
        n_samples: T.

    Returns:
        `[≤ T]`.

    Raises:
        AudioError: nothing is left, because the sound starts later than T / 2; the code trains on silence then.
    """
    n_blocks = len(samples) // TRIM_BLOCK
    blocks = np.reshape(samples[: n_blocks * TRIM_BLOCK], (n_blocks, TRIM_BLOCK)) / peak(samples)
    start = TRIM_BLOCK * int(np.argmax(np.mean(blocks**2, axis=1) >= TRIM_POWER))
    if 2 * start >= n_samples:
        raise AudioError(f"nothing is left of it where it is trimmed as the paper's code does (it starts at {start})")
    return samples[start : n_samples - start]


def fit(samples: np.ndarray, config: AudioConfig) -> tuple[np.ndarray, float, int]:
    """Fit a sound to a model's input: from its onset, cut or padded to T samples, with peak 1.

    A longer sound is cut and fades out over the last `config.fade_s`, or is trimmed as the paper's code does; a shorter
    one is padded with silence.

    Args:
        samples: mono `[n]` at `config.rate_hz`, not silent.
        config: length, onset rule and fade, whether the mean stays.

    Returns:
        float32 `[T]` with peak 1, the peak that it had, and its number of samples from onset to end (at most T).

    Raises:
        AudioError: the first T samples from the onset are silent, or trimming leaves nothing.
    """
    if config.removes_mean:
        samples = samples - samples.mean(dtype=np.float64).astype(np.float32)
    if config.trims_long and len(samples) > config.n_samples and peak(samples) >= SILENCE:
        samples = trim_long(samples, config.n_samples)
    start, end = extent(samples, config.rate_hz, config.onset_db)
    kept = np.array(samples[start : start + config.n_samples], np.float32)
    if len(samples) - start > config.n_samples:
        kept = fade_out(kept, round(config.fade_s * config.rate_hz))
    original_peak = peak(kept)
    if original_peak < SILENCE:
        raise AudioError(f"silent for the first {config.n_samples / config.rate_hz:.2f} s")
    fitted = np.zeros(config.n_samples, np.float32)
    fitted[: len(kept)] = kept / original_peak
    return fitted, original_peak, min(end - start, config.n_samples)


def fade_out(samples: np.ndarray, n_fade: int) -> np.ndarray:
    """Return the samples, `[n]` or `[n, channels]`, with a raised-cosine fade to zero over the last `n_fade`."""
    n_fade = min(n_fade, len(samples))
    faded = np.array(samples, np.float32)
    if n_fade:
        gains = 0.5 * (1 + np.cos(np.linspace(0, np.pi, n_fade, dtype=np.float32)))
        faded[-n_fade:] *= gains.reshape(-1, *[1] * (faded.ndim - 1))
    return faded
