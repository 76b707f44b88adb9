"""The pitch of a voice as features: where it lies and how periodic the sound is, frame by frame."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from audio_vae.audio import voice_pitch
from audio_vae.backend.keras_backend import PACKAGE

_MIDDLE_OCTAVES = float(np.log2(voice_pitch.LOWEST_HZ * voice_pitch.HIGHEST_HZ) / 2)


@keras.saving.register_keras_serializable(PACKAGE)
class VoicePitch(keras.layers.Layer):
    """Pitch and periodicity of voices, found by search (`audio.voice_pitch`); the layer has no weights.

    Example:
    ```python
    pitch = VoicePitch(rate_hz=8000, hop_length=64)
    features = pitch(keras.random.uniform((1, 4096), -1, 1))    # (1, 65, 2)
    ```

    Args:
        rate_hz: sample rate.
        hop_length: hop length, in samples.

    Call arguments:
        inputs: float tensor, full scale ±1.

    Input shape:
        `(B, T)`.

    Output shape:
        `(B, 1 + T // hop_length, 2)`: octaves above the middle of all pitches, scaled by the periodicity, so that a
        frame without a pitch has 0; and the periodicity, 0 to 1.
    """

    def __init__(self, rate_hz=8000, hop_length=64, **kwargs):
        super().__init__(**kwargs)
        self.rate_hz = rate_hz
        self.hop_length = hop_length

    @property
    def window(self) -> int:
        """Samples of the windows in which a pitch is searched."""
        return voice_pitch.window(self.rate_hz)

    def find(self, audio):
        """Return the pitch, a binary logarithm of Hz, and the periodicity: `[B, T]` → two of `[B, frames]`."""
        return voice_pitch.voice_pitch(audio, self.rate_hz, self.hop_length)

    def call(self, inputs):
        octaves, periodicity = self.find(inputs)
        return ops.stack([(octaves - _MIDDLE_OCTAVES) * periodicity, periodicity], axis=-1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], 1 + input_shape[1] // self.hop_length, 2)

    def get_config(self):
        return {**super().get_config(), "rate_hz": self.rate_hz, "hop_length": self.hop_length}
