"""A voice: harmonics of a pitch that moves, and noise in dense bands."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from audio_vae.audio import voice_pitch
from audio_vae.audio.hat_bands import mel_band_weights, mel_positions
from audio_vae.backend.keras_backend import PACKAGE
from audio_vae.layers.band_noise import band_noise, crossfade, noise_in_bands

SILENCE_DB = -70.0
"""Level of the quietest amplitude, relative to full scale: what lies below is silent."""

_LOUDEST = 1.0
"""Largest control of an amplitude, a natural logarithm: 9 dB above full scale."""

_DISPERSION = 0.35
"""Phases of the harmonics grow with the square of their number. In phase, they would add up to sharp pulses."""


@keras.saving.register_keras_serializable(PACKAGE)
class VoiceSynthesis(keras.layers.Layer):
    """Sum of the harmonics of a pitch and of noise bands, all controlled frame by frame.

    With the voice's amplitudes A over frequency and the noise's N, exponentials of the controls and linear between
    frames, and the pitch f, linear between frames::

        φ(t) = 2π Σ f / rate
        out[t] = Σ_k A(k·f, t) · sin(k·φ(t) + φ_k) + Σ_b N_b(t) · noise_b[t]

    The logarithm of A is linear between the centres of its bands, so that a harmonic that moves stays under the same
    formants. Harmonics fade out below half the sample rate. The noise is the same in every call, so that a latent
    always decodes to the same sound.

    Example:
    ```python
    synthesis = VoiceSynthesis(rate_hz=8000, n_samples=4096, hop_length=64)
    pitch = keras.ops.full((1, 64, 1), 7.0)                                 # 2^7 = 128 Hz
    voice, noise = keras.ops.full((1, 64, 24), -3.0), keras.ops.full((1, 64, 40), -9.0)
    audio = synthesis([pitch, voice, noise])                                # (1, 4096)
    ```

    Args:
        rate_hz: sample rate.
        n_samples: length T of a sound, in samples.
        hop_length: samples from one frame to the next.
        seed: seed for the noise.

    Call arguments:
        inputs: three float tensors: the binary logarithm of the pitch in Hz; the natural logarithms of the amplitudes
            in the voice's bands; those in the noise's bands.

    Input shape:
        `(B, frames, 1)`, `(B, frames, voice bands)` and `(B, frames, noise bands)`, with ⌈T / hop_length⌉ frames.

    Output shape:
        `(B, T)`.

    References:
        Serra and Smith (1990), Spectral modeling synthesis; Engel et al. (2020), DDSP (a harmonic oscillator and
        filtered noise); Schroeder (1970), Synthesis of low-peak-factor signals (phases).
    """

    def __init__(self, rate_hz=8000, n_samples=4096, hop_length=64, seed=0, **kwargs):
        super().__init__(**kwargs)
        self.rate_hz = rate_hz
        self.n_samples = n_samples
        self.hop_length = hop_length
        self.seed = seed

    @property
    def n_frames(self) -> int:
        """Number of frames; the last one may end after the sound."""
        return -(-self.n_samples // self.hop_length)

    @property
    def n_harmonics(self) -> int:
        """Number of harmonics that the lowest pitch has below half the sample rate."""
        return int(self.rate_hz / 2 / voice_pitch.LOWEST_HZ)

    @property
    def _numbers(self) -> np.ndarray:
        return np.arange(1, self.n_harmonics + 1, dtype=np.float32)

    def build(self, input_shape):
        _, voice_shape, noise_shape = input_shape
        self.n_voice_bands = voice_shape[-1]
        self._noise = band_noise(
            lambda frequencies_hz: mel_band_weights(frequencies_hz, noise_shape[-1], self.rate_hz),
            self.rate_hz,
            self.n_frames,
            self.hop_length,
            self.seed,
        )

    def call(self, inputs):
        pitch, voice, noise = (ops.concatenate([each, each[:, -1:]], axis=1) for each in inputs)
        pitch_hz = _hz(pitch)
        audio = self._harmonics(pitch_hz, self._of_harmonics(pitch_hz, voice))
        audio = audio + noise_in_bands(self._noise, _amplitudes(noise))
        return ops.reshape(audio, (-1, self.n_frames * self.hop_length))[:, : self.n_samples]

    def harmonic_share(self, inputs):
        """Return the share of the harmonics in the power of each frame, from the controls: `[B, frames]`.

        Args:
            inputs: as in a call.
        """
        pitch, voice, noise = inputs
        of_harmonics = ops.sum(ops.square(self._of_harmonics(_hz(pitch), voice)), axis=-1) / 2
        noise = _amplitudes(noise)
        # Neighbouring bands have the same phases where they overlap, and so add up to more than their powers.
        bands = self._noise.reshape(-1, self._noise.shape[-1]).astype(np.float32)
        of_noise = ops.sum(ops.matmul(noise, ops.convert_to_tensor(bands.T @ bands / len(bands))) * noise, axis=-1)
        return of_harmonics / (of_harmonics + of_noise + 1e-9)

    def _of_harmonics(self, pitch_hz, voice):
        """Amplitudes of the harmonics: `[B, n, 1]`, `[B, n, bands]` → `[B, n, n_harmonics]`."""
        frequencies_hz = pitch_hz * ops.convert_to_tensor(self._numbers)
        # Between the bands' centres the amplitudes are linear in decibels.
        positions = mel_positions(frequencies_hz, self.n_voice_bands, self.rate_hz, ops.log)
        positions = ops.clip(positions, 0.0, self.n_voice_bands - 1.0)
        bands = np.arange(self.n_voice_bands, dtype=np.float32)
        weights = ops.maximum(1 - ops.abs(positions[..., None] - ops.convert_to_tensor(bands)), 0.0)
        amplitudes = _amplitudes(ops.matmul(weights, voice[..., None])[..., 0])
        # The last tenth below half the sample rate is where harmonics fade out.
        return amplitudes * ops.clip((0.5 * self.rate_hz - frequencies_hz) / (0.05 * self.rate_hz), 0.0, 1.0)

    def _harmonics(self, pitch_hz, amplitudes):
        """All harmonics: `[B, n_frames + 1, 1]`, `[B, n_frames + 1, n_harmonics]` → `[B, n_frames, hop_length]`."""
        numbers = self._numbers
        # The pitch is linear within a frame, and so the phase is quadratic.
        cycles = pitch_hz[..., 0] / self.rate_hz
        start, change = cycles[:, :-1], (cycles[:, 1:] - cycles[:, :-1]) / self.hop_length
        per_frame = self.hop_length * start + self.hop_length**2 / 2 * change
        starts = (ops.cumsum(per_frame, axis=1) - per_frame) % 1
        samples = np.arange(self.hop_length, dtype=np.float32)
        within = start[..., None] * ops.convert_to_tensor(samples) + change[..., None] * ops.convert_to_tensor(
            samples**2 / 2
        )
        phases = (starts[..., None] + within)[:, :, None] * ops.convert_to_tensor(numbers[:, None])
        phases = 2 * np.pi * (phases + ops.convert_to_tensor(_DISPERSION / 6 * numbers[:, None] ** 2 % 1))
        waves = ops.sin(phases)
        return crossfade(
            *(ops.matmul(each[:, :, None], waves)[:, :, 0] for each in (amplitudes[:, :-1], amplitudes[:, 1:]))
        )

    def compute_output_shape(self, input_shape):
        return (input_shape[0][0], self.n_samples)

    def get_config(self):
        return {
            **super().get_config(),
            "rate_hz": self.rate_hz,
            "n_samples": self.n_samples,
            "hop_length": self.hop_length,
            "seed": self.seed,
        }


def _hz(pitch):
    """Pitch in Hz. It is found by search and not by the gradient of spectra, which points nowhere (DDSP)."""
    lowest, highest = (float(np.log2(each)) for each in (voice_pitch.LOWEST_HZ, voice_pitch.HIGHEST_HZ))
    return ops.exp(float(np.log(2)) * ops.clip(ops.stop_gradient(pitch), lowest, highest))


def _amplitudes(controls):
    return ops.maximum(ops.exp(ops.clip(controls, -30.0, _LOUDEST)) - 10 ** (SILENCE_DB / 20), 0.0)
