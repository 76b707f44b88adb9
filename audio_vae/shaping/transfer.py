"""What changes between two sounds of a model, done to a real sound.

The model's versions of a sound and of its neighbour differ from the sound itself by what the model cannot render, but
by nearly the same of it. So the change from one to the other, in levels over bands and times and in pitch, is heard
more truly on the real sound than in what the model decodes. The sound keeps its rate, channels and length.
"""

from __future__ import annotations

import numpy as np

from audio_vae.audio import bands, descriptors, waveform
from audio_vae.audio.bands import Bands
from audio_vae.shaping import guide, pitch
from audio_vae.shaping.correction import at_loudness
from audio_vae.shaping.pitch import BEFORE_S
from audio_vae.shaping.shaper import factors, onset_of

MOST_DB = 24.0
"""Bound of the change of a level."""

# A gain that raises a band further than this raises its noise, too.
_MOST_RAISED_DB = 12.0
_FADE_S = 0.003


class Transfer:
    """Does to a real sound what changes between two sounds of a model.

    Args:
        samples: the real sound, float `[n, channels]`, not silent.
        rate_hz: its sample rate.
        before: what the model makes of it, `[T]`, not silent.
        model_hz: the model's sample rate.

    Raises:
        ValueError: one of the two is silent (peak below `audio.waveform.SILENCE`).
    """

    def __init__(self, samples: np.ndarray, rate_hz: int, before: np.ndarray, model_hz: int):
        if min(waveform.peak(samples), waveform.peak(before)) < waveform.SILENCE:
            raise ValueError("Expected sounds, received silence")
        self.rate_hz, self.model_hz = rate_hz, model_hz
        self._samples = np.asarray(samples, np.float32)
        self._onset = onset_of(self._samples)
        self._loudness_db = _loudness_db(self._samples, rate_hz)
        self._before = waveform.normalised(before)

    def sound(self, after: np.ndarray) -> np.ndarray:
        """Return the real sound, changed as the model's version changes from `before` to `after`.

        Args:
            after: `[T]` at the model's rate, not silent.

        Returns:
            float32 `[n, channels]`. If `after` is `before`, it is the sound as it was given.
        """
        after = waveform.normalised(after)
        if np.array_equal(after, self._before):
            return self._samples
        octaves = self._shift_octaves(after)
        made = self._faded(self._shaped(octaves, after), is_cut=octaves < 0)
        wanted_db = self._loudness_db + _loudness_db(after, self.model_hz) - _loudness_db(self._before, self.model_hz)
        return at_loudness(made, self.rate_hz, wanted_db)

    def _shift_octaves(self, after: np.ndarray) -> float:
        """Return by how much the model's version is shifted in pitch; 0 without a pitch."""
        partials = [pitch.strongest_partial(each[:, np.newaxis], self.model_hz) for each in (self._before, after)]
        octaves = np.log2(partials[1].frequency_hz / partials[0].frequency_hz)
        return float(np.clip(pitch.tonality(partials) * octaves, -pitch.MOST_OCTAVES, pitch.MOST_OCTAVES))

    def _shaped(self, octaves: float, after: np.ndarray) -> np.ndarray:
        """Shift the sound in pitch and change its levels over bands and times, `[n, channels]`."""
        n_samples, before = len(self._samples), round(BEFORE_S * self.rate_hz)
        buffer = pitch.shifted_into_buffer(
            self._samples, self._onset, self.rate_hz, octaves, BEFORE_S, before + n_samples - self._onset
        )
        split = Bands(len(buffer), self.rate_hz)
        gains_db = self._gains_db(octaves, after, split.n_bands)
        edges_s = bands.cell_edges_s(len(after) / self.model_hz)
        parts = [
            part * factors(gains, edges_s, bands.log_time(split.times_s(band) - BEFORE_S))
            for band, (part, gains) in enumerate(zip(split.split(buffer), gains_db, strict=True))
        ]
        joined = split.join(parts)
        made = np.zeros_like(self._samples)
        first = max(0, self._onset - before)
        tail = joined[max(0, before - self._onset) :][: n_samples - first]
        made[first : first + len(tail)] = tail
        return made

    def _faded(self, made: np.ndarray, is_cut: bool) -> np.ndarray:
        """Fade in what filters made before the onset, and out what was cut off at the end: the rest is as it was."""
        n_fade = round(_FADE_S * self.rate_hz)
        times = np.arange(len(made))
        gains = 0.5 * (1 + np.cos(np.pi * np.clip((self._onset - times) / n_fade, 0, 1)))
        if is_cut:
            gains *= 0.5 * (1 - np.cos(np.pi * np.clip((len(made) - 1 - times) / n_fade, 0, 1)))
        return made * gains.astype(np.float32)[:, np.newaxis]

    def _gains_db(self, octaves: float, after: np.ndarray, n_bands: int) -> np.ndarray:
        """Return the change of the levels beyond that of the shift, `[bands, cells]`; above the model's, its last."""
        shifted = np.zeros_like(after)
        moved = pitch.shifted(self._before[:, np.newaxis], self.model_hz, octaves)[: len(after), 0]
        shifted[: len(moved)] = moved
        levels_db = guide.smooth_levels_db(np.stack([shifted, after]), self.model_hz)
        gains_db = np.clip(levels_db[1] - levels_db[0], -MOST_DB, _MOST_RAISED_DB)
        missing = max(0, n_bands - len(gains_db))
        return np.pad(gains_db, ((0, missing), (0, 0)), mode="edge")[:n_bands]


def _loudness_db(samples: np.ndarray, rate_hz: int) -> float:
    return descriptors.loudness_db(descriptors.power_of(samples), rate_hz)
