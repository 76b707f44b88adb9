"""Operations on a waveform: level, onset, sample rate, length."""

from __future__ import annotations

import numpy as np
import soxr

from audio_vae.config import AudioConfig

SILENCE = 1e-4
"""Peak below which a sound counts as silent (−80 dB of full scale)."""


QUIET = 0.01
"""Peak of what a model decodes below which it counts as nearly silent (−40 dB of full scale)."""


class AudioError(Exception):
    """A file that cannot become a sound; the message is the reason, without the file's name."""


def resample(samples: np.ndarray, from_hz: int, to_hz: int) -> np.ndarray:
    """Resample float32 `[n]` with soxr's high quality; the same rate returns the samples untouched."""
    if from_hz == to_hz:
        return samples
    return soxr.resample(samples, from_hz, to_hz, quality="HQ").astype(np.float32)


def peak(samples: np.ndarray) -> float:
    """Return the largest absolute sample; 0 for no samples."""
    return float(np.max(np.abs(samples), initial=0.0))


def normalised(samples: np.ndarray) -> np.ndarray:
    """Return a sound with peak 1; a silent one as it is, so that noise of rounding is not blown up."""
    level = peak(samples)
    return samples if level < SILENCE else samples / level


def onset(samples: np.ndarray, onset_db: float) -> int:
    """Return the first sample that comes within `onset_db` decibels of the peak."""
    threshold = peak(samples) * 10 ** (-onset_db / 20)
    return int(np.argmax(np.abs(samples) >= threshold))


def fit(samples: np.ndarray, config: AudioConfig) -> tuple[np.ndarray, float, int]:
    """Make a sound the model's input: from its onset, cut or padded to T, peak-normalised.

    A longer sound is faded out over the last `config.fade_s`; a shorter one is padded with silence.

    Args:
        samples: mono `[n]` at `config.rate_hz`, not silent.
        config: length, onset rule and fade.

    Returns:
        float32 `[T]` with peak 1, the peak it had, and its length in samples before padding (at most T).
    """
    start = 0 if config.onset_db is None else onset(samples, config.onset_db)
    kept = np.array(samples[start : start + config.n_samples], np.float32)
    if len(samples) - start > config.n_samples:
        kept = fade_out(kept, round(config.fade_s * config.rate_hz))
    original_peak = peak(kept)
    if original_peak < SILENCE:
        raise AudioError(f"silent for the first {config.n_samples / config.rate_hz:.2f} s")
    fitted = np.zeros(config.n_samples, np.float32)
    fitted[: len(kept)] = kept / original_peak
    return fitted, original_peak, len(kept)


def fade_out(samples: np.ndarray, n_fade: int) -> np.ndarray:
    """Return the samples with a raised-cosine fade to zero over the last `n_fade`."""
    n_fade = min(n_fade, len(samples))
    faded = np.array(samples, np.float32)
    if n_fade:
        faded[-n_fade:] *= 0.5 * (1 + np.cos(np.linspace(0, np.pi, n_fade, dtype=np.float32)))
    return faded
