"""Tones and noise in dense bands, from the controls of a one-shot."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from audio_vae.audio.one_shot_grid import TONES_PER_OCTAVE, Grid
from audio_vae.backend.keras_backend import PACKAGE
from audio_vae.layers.band_noise import band_noise, crossfade, noise_in_bands

SILENCE_DB = -66.0
"""Level of the quietest control, relative to the loudest of a sound: what lies below is silent."""

_LOUDEST = 1.5
"""Largest control of an amplitude, a natural logarithm: 13 dB above a full-scale sine's."""

_WIDEST_OFFSET = 0.6
"""A tone stays within its range, in units of the distance of two neighbours."""

_GOLDEN_RATIO = (5**0.5 - 1) / 2
"""Spreads the phases of tones that have no controlled phase. In phase, they would add up to a click."""


@keras.saving.register_keras_serializable(PACKAGE)
class OneShotSynthesis(keras.layers.Layer):
    """Sum of steady tones and of noise bands, whose amplitudes follow the times of a grid.

    With the amplitudes A and N, which are exponentials of the controls, linear in decibels between the times of the
    grid and linear between frames::

        out[t] = Σ_k A_k(t) · sin(2π (f_k t / rate + φ_k)) + Σ_b N_b(t) · noise_b[t]

    A tone's frequency f is constant within a sound; a sweep goes through the ranges of several tones. The noise is a
    spectrum of constant magnitude and random phases, cut into the bands of the grid, each with a root mean square of 1.
    It is the same in every call, so that a latent always decodes to the same sound. All fades in within 0.7 ms.

    Example:
    ```python
    synthesis = OneShotSynthesis(rate_hz=44100, n_samples=66560)
    audio = synthesis(keras.ops.full((1, synthesis.grid.n_controls), -3.0))    # (1, 66560)
    ```

    Args:
        rate_hz: sample rate.
        n_samples: length T of a sound, in samples.
        n_noise_bands: number of noise bands.
        seed: seed for the noise.

    Call arguments:
        inputs: float tensor: controls (`audio.one_shot_grid.Grid.sizes`).

    Input shape:
        `(B, n_controls)`.

    Output shape:
        `(B, T)`.

    References:
        Serra and Smith (1990), Spectral modeling synthesis; Barahona-Ríos and Collins (2024), NoiseBandNet (dense noise
        bands); Shier et al. (2023), drumblender (modes, noise and transients of drums).
    """

    def __init__(self, rate_hz=44100, n_samples=66560, n_noise_bands=40, seed=0, **kwargs):
        super().__init__(**kwargs)
        self.grid = Grid(rate_hz, n_samples, n_noise_bands)
        self.seed = seed
        self._noise = band_noise(self.grid.noise_weights, rate_hz, self.grid.n_frames, self.grid.hop_length, seed)

    @property
    def n_faded(self) -> int:
        """Number of samples at the start over which a sound fades in: 0.7 ms."""
        return self.grid.hop_length // 2

    def call(self, inputs):
        parts = self.grid.split(inputs)
        noise = noise_in_bands(self._noise, self._amplitudes(parts["noise"], parts["level"]))
        tones = self._tones(
            self._amplitudes(parts["tones"], parts["level"]),
            ops.clip(parts["offsets"], -_WIDEST_OFFSET, _WIDEST_OFFSET),
            parts["phasors"],
        )
        n_samples = self.grid.n_frames * self.grid.hop_length
        audio = ops.reshape(noise + tones, (-1, n_samples))[:, : self.grid.n_samples]
        # A sound that starts at its full amplitude makes a click.
        fade = np.minimum(np.arange(self.grid.n_samples) / self.n_faded, 1).astype(np.float32)
        return audio * ops.convert_to_tensor(fade)

    def _amplitudes(self, controls, level):
        """Amplitudes at the start of each frame and after the last one: `[B, n_times · K]` → `[B, n_frames + 1, K]`."""
        grid = self.grid
        n_values = controls.shape[1] // grid.n_times
        controls = ops.reshape(controls, (-1, grid.n_times, n_values))
        weights = grid.time_weights(grid.hop_length, grid.n_frames + 1)
        # LiteRT does not convert an einsum with an open batch size.
        by_frame = ops.matmul(ops.transpose(controls, (0, 2, 1)), ops.convert_to_tensor(weights.T))
        amplitudes = ops.exp(ops.clip(ops.transpose(by_frame, (0, 2, 1)) + level[:, :, None], -30.0, _LOUDEST))
        floor = ops.exp(level[:, :, None] + float(SILENCE_DB / 20 * np.log(10)))
        return ops.maximum(amplitudes - floor, 0.0)

    def _tones(self, amplitudes, offsets, phasors):
        """All tones: `[B, n_frames + 1, n_tones]`, `[B, n_tones]`, `[B, 2 · n_phased]` → `[B, n_frames, hop_length]`.

        A tone in a frame is the phasor at the frame's start, turned by the tone's frequency: two products of matrices,
        so that only one sine for each frame and tone is computed, not one for each sample.
        """
        grid = self.grid
        cycles = ops.convert_to_tensor((grid.tones_hz / grid.rate_hz).astype(np.float32)) * ops.exp(
            float(np.log(2) / TONES_PER_OCTAVE) * offsets
        )
        # Without whole cycles, which would use up the digits of float32.
        per_frame = (cycles * grid.hop_length) % 1
        frames = ops.convert_to_tensor(np.arange(grid.n_frames, dtype=np.float32))
        starts = 2 * np.pi * ((per_frame[:, None] * frames[:, None]) % 1)
        cosine, sine = ops.cos(starts), ops.sin(starts)
        start_cosine, start_sine = (each[:, None] for each in self._start_phases(phasors))
        real = cosine * start_cosine - sine * start_sine
        imaginary = sine * start_cosine + cosine * start_sine
        turns = 2 * np.pi * cycles[:, :, None] * ops.convert_to_tensor(np.arange(grid.hop_length, dtype=np.float32))
        turned = ops.concatenate([ops.sin(turns), ops.cos(turns)], axis=1)
        at_start, at_end = (
            ops.matmul(ops.concatenate([each * real, each * imaginary], axis=-1), turned)
            for each in (amplitudes[:, :-1], amplitudes[:, 1:])
        )
        return crossfade(at_start, at_end)

    def _start_phases(self, phasors):
        """Cosine and sine of each tone's phase at the onset: `[B, 2 · n_phased]` → two of `[B, n_tones]`."""
        grid = self.grid
        real, imaginary = ops.split(phasors, 2, axis=1)
        length = ops.sqrt(ops.square(real) + ops.square(imaginary) + 1e-12)
        others = 2 * np.pi * (np.arange(grid.n_phased, grid.n_tones) * _GOLDEN_RATIO % 1)
        rest = ops.zeros_like(phasors[:, :1])
        return [
            ops.concatenate([each / length, rest + ops.convert_to_tensor(constant.astype(np.float32))], axis=1)
            for each, constant in ((real, np.cos(others)), (imaginary, np.sin(others)))
        ]

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.grid.n_samples)

    def get_config(self):
        return {
            **super().get_config(),
            "rate_hz": self.grid.rate_hz,
            "n_samples": self.grid.n_samples,
            "n_noise_bands": self.grid.n_noise_bands,
            "seed": self.seed,
        }
