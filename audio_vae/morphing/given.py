"""Sounds as they were given: at their own rate, with their own channels, length and level."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import soundfile

from audio_vae.audio import decoding, waveform
from audio_vae.audio.channels import mixed_down
from audio_vae.config import AudioConfig
from audio_vae.morphing.levels import cut, to_level
from audio_vae.shaping.correction import at_most_true_peak

MOST_HZ = 48000
"""Highest rate of a morph: files at a higher one are resampled."""


class Given(NamedTuple):
    """A sound as it was given.

    Attributes:
        samples: float32 `[n, channels]` at its own level.
        rate_hz: its own sample rate, at most `MOST_HZ`.
    """

    samples: np.ndarray
    rate_hz: int

    @property
    def mono(self) -> np.ndarray:
        """The mean of the channels, `[n]`; the loudest channel where they cancel each other."""
        return mixed_down(self.samples)[0]


def read_given(path: str | os.PathLike, fallback: np.ndarray, fallback_hz: int) -> Given:
    """Read a sound file as it is.

    Args:
        path: a file that has been validated.
        fallback: what to take if the first `decoding.MAX_DURATION_S` of the file are silent, mono `[n]`.
        fallback_hz: its sample rate.
    """
    with soundfile.SoundFile(decoding.openable(path)) as file:
        rate_hz = file.samplerate
        samples = file.read(int(decoding.MAX_DURATION_S * rate_hz), dtype="float32", always_2d=True)
    if waveform.peak(samples) < waveform.SILENCE or not np.isfinite(samples).all():
        samples, rate_hz = fallback[:, None], fallback_hz
    return _at_most_hz(samples, rate_hz)


def given_array(samples: np.ndarray, rate_hz: int) -> Given:
    """Take an array that has been validated as it is, float `[n]` or `[n, channels]`."""
    return _at_most_hz(decoding.as_columns(samples)[: int(decoding.MAX_DURATION_S * rate_hz)], int(rate_hz))


def given_decoded(decoded: np.ndarray, peak: float, config: AudioConfig) -> Given:
    """Take what a model decoded for a sound: up to where it ends, at some peak.

    Args:
        decoded: `[T]`, not silent.
        peak: the peak; a true peak above −0.3 dB of full scale is brought down to that.
        config: the sample rate and the length of the fade-out.
    """
    _, end = waveform.extent(decoded, config.rate_hz, None)
    levelled = to_level(cut(decoded, end, config), peak)[:, np.newaxis]
    return Given(at_most_true_peak(levelled, config.rate_hz), config.rate_hz)


def _at_most_hz(samples: np.ndarray, rate_hz: int) -> Given:
    if rate_hz > MOST_HZ:
        samples, rate_hz = waveform.resample(samples, rate_hz, MOST_HZ), MOST_HZ
    return Given(samples, rate_hz)


def together(givens: Sequence[Given]) -> tuple[list[np.ndarray], int]:
    """Return sounds at one rate, the highest of theirs, and with as many channels as the one that has most.

    A mono sound is the same in all channels. Other channels that a sound lacks are silent.

    Returns:
        float32 `[n, channels]` each, and their sample rate.
    """
    rate_hz = max(given.rate_hz for given in givens)
    n_channels = max(given.samples.shape[1] for given in givens)
    sounds = []
    for given in givens:
        samples = waveform.resample(given.samples, given.rate_hz, rate_hz)
        missing = n_channels - samples.shape[1]
        if samples.shape[1] == 1:
            samples = np.repeat(samples, n_channels, axis=1)
        elif missing:
            samples = np.pad(samples, ((0, 0), (0, missing)))
        sounds.append(samples)
    return sounds, rate_hz
