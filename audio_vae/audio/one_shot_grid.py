"""The grid of times and frequencies on which one-shots are analysed and synthesised, and the layout of its controls.

A one-shot changes fast at its onset and slowly in its decay, and the ear resolves pitch on a logarithmic scale. So the
times of the grid lie close together at the onset, and its frequencies are equally wide in mels (noise) or octaves
(tones). A value of the grid belongs to a hat-shaped range: its weight falls linearly to 0 at both of its neighbours.
The analysis averages power with these weights, and the synthesis interpolates with them.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from audio_vae.audio.hat_bands import hats, mel_band_weights

FRAME_S = 64 / 44100
"""About the hop length of a frame; it is rounded to a power of two samples."""

_FRAMES_AT_ONSET = 3
"""Times are about equally spaced within this many frames from the onset, and equally spaced in octaves after them."""

_TIMES_PER_OCTAVE = 2

LOWEST_TONE_HZ = 40.0
TONES_PER_OCTAVE = 6
HIGHEST_TONE_HZ = 7300.0
"""Above, one noise band suffices for a group of partials: the ear hardly tells them from noise."""

_HIGHEST_TONE_OF_RATE = 0.42
"""The highest tone also lies below this share of the sample rate."""

HIGHEST_PHASED_HZ = 800.0
"""Up to this frequency, tones have the phases of the sound: they decide where the waveform of an attack peaks."""


@dataclass(frozen=True)
class Grid:
    """Times, noise bands and tones for sounds of a sample rate and length.

    Attributes:
        rate_hz: sample rate.
        n_samples: length T of a sound, in samples.
        n_noise_bands: number of noise bands, from 0 Hz to half the sample rate.
    """

    rate_hz: int
    n_samples: int
    n_noise_bands: int = 40

    @property
    def hop_length(self) -> int:
        """Samples of a frame: a power of two."""
        return 2 ** max(3, round(float(np.log2(FRAME_S * self.rate_hz))))

    @property
    def n_frames(self) -> int:
        """Number of frames; the last one may end after the sound."""
        return -(-self.n_samples // self.hop_length)

    @property
    def n_times(self) -> int:
        """Number of times at which the controls have values."""
        return int(np.ceil(self._positions(np.array([self.n_frames - 1]))[0])) + 1

    @functools.cached_property
    def tones_hz(self) -> np.ndarray:
        """Centre of each tone's range: float64 `[n_tones]`."""
        highest = min(HIGHEST_TONE_HZ, _HIGHEST_TONE_OF_RATE * self.rate_hz)
        n_tones = 1 + int(TONES_PER_OCTAVE * np.log2(highest / LOWEST_TONE_HZ))
        return LOWEST_TONE_HZ * 2 ** (np.arange(n_tones) / TONES_PER_OCTAVE)

    @property
    def n_tones(self) -> int:
        return len(self.tones_hz)

    @property
    def n_phased(self) -> int:
        """Number of tones, from the lowest on, whose phases are controlled."""
        return int(np.sum(self.tones_hz < HIGHEST_PHASED_HZ))

    @property
    def sizes(self) -> dict[str, int]:
        """Part of a control vector → number of its values, in the order of the vector.

        `level` is the natural logarithm of the whole sound's amplitude; `noise` and `tones` are logarithms of the
        amplitudes relative to it, time by time; `offsets` are the tones' distances from the centres of their ranges, in
        units of the distance of two neighbours; `phasors` point to the tones' phases: all real, then all imaginary.
        """
        return {
            "level": 1,
            "noise": self.n_times * self.n_noise_bands,
            "tones": self.n_times * self.n_tones,
            "offsets": self.n_tones,
            "phasors": 2 * self.n_phased,
        }

    @property
    def n_controls(self) -> int:
        return sum(self.sizes.values())

    def split(self, controls) -> dict:
        """Return the parts of control vectors `[B, n_controls]`, by name: `[B, size]` each."""
        parts, start = {}, 0
        for name, size in self.sizes.items():
            parts[name] = controls[:, start : start + size]
            start += size
        return parts

    def time_weights(self, hop_length: int, n_frames: int) -> np.ndarray:
        """Return the weight of each time of the grid in frames of some hop length: float32 `[n_frames, n_times]`."""
        frames = np.arange(n_frames) * hop_length / self.hop_length
        return hats(np.clip(self._positions(frames), 0, self.n_times - 1), self.n_times)

    def noise_weights(self, frequencies_hz, n_bands: int | None = None) -> np.ndarray:
        """Return the share of each noise band in the power at some frequencies; the shares add up to 1.

        Args:
            frequencies_hz: `[n]`.
            n_bands: number of bands; `None` takes `n_noise_bands`.

        Returns:
            float32 `[n, n_bands]`.
        """
        return mel_band_weights(frequencies_hz, n_bands or self.n_noise_bands, self.rate_hz)

    def tone_weights(self, frequencies_hz) -> np.ndarray:
        """Return the share of each tone's range in the power at some frequencies: float32 `[n, n_tones]`.

        What lies below the lowest tone belongs to it; what lies above the highest one belongs to none.
        """
        octaves = np.log2(np.maximum(frequencies_hz, 1.0) / LOWEST_TONE_HZ)
        return hats(np.clip(octaves * TONES_PER_OCTAVE, 0, None), self.n_tones)

    def _positions(self, frames: np.ndarray) -> np.ndarray:
        """Position on the grid of each of some frames, in units of its steps."""
        return _TIMES_PER_OCTAVE * np.log2(1 + frames / _FRAMES_AT_ONSET)
