"""The log-mel spectrogram that the encoder of voices starts with; with it, few sounds suffice to learn similarities."""

from __future__ import annotations

import keras
from keras import ops

from audio_vae.audio import features, spectral_ops
from audio_vae.backend.keras_backend import PACKAGE

_FLOOR = 3e-5
"""Power that counts as silence: noise 45 dB below full scale. What is quieter is background noise of a recording."""

_SCALE = 3
"""Divides the logarithms, which reach about 12, to bring them into a range that suits networks."""


@keras.saving.register_keras_serializable(PACKAGE)
class LogMel(keras.layers.Layer):
    """Log-mel spectrograms of one window length, or of several side by side.

    They ignore phase and polarity, so that a network need not learn to do so. Long windows resolve low tones, short
    windows resolve onsets. The layer has no weights.

    Example:
    ```python
    log_mel = LogMel(rate_hz=8000, windows=(256,), hop=64, n_mels=40)
    spectrogram = log_mel(keras.random.uniform((1, 4096), -1, 1))    # (1, 65, 40)
    ```

    Args:
        rate_hz: sample rate.
        windows: window lengths, in samples.
        hop: hop length, in samples.
        n_mels: number of mel bands for each window (`audio.features.mel_bands`).
        silence: value of silence. Choose it so that the mean over all sounds is about 0.

    Call arguments:
        inputs: float tensor, full scale ±1.

    Input shape:
        `(B, T)`.

    Output shape:
        `(B, 1 + T // hop, n_mels · windows)`: the scaled logarithm of the power, from `silence` to about
        `silence` + 4 at full scale.

    Raises:
        ValueError: an argument is out of range.
    """

    def __init__(self, rate_hz=8000, windows=(256,), hop=64, n_mels=40, silence=0.0, **kwargs):
        super().__init__(**kwargs)
        for name, value in {"rate_hz": rate_hz, "window": min(windows), "hop": hop, "n_mels": n_mels}.items():
            if value < 1:
                raise ValueError(f"Expected a {name} of 1 or more, received: {name}={value}")
        self.rate_hz = rate_hz
        self.windows = tuple(windows)
        self.hop = hop
        self.n_mels = n_mels
        self.silence = silence

    def call(self, inputs):
        return ops.concatenate([self._spectrogram(window, inputs) for window in self.windows], axis=-1)

    def _spectrogram(self, window: int, audio):
        """`[B, T]` → `[B, 1 + T // hop, n_mels]`."""
        power = spectral_ops.noise_scale(window) * spectral_ops.power_spectrogram(audio, window, self.hop)
        bands = features.mel_bands(self.rate_hz, window, self.n_mels).T
        # The mean power of each band's bins; `features.mel_bands` alone would give densities, as MFCCs have them.
        means = bands / bands.sum(axis=0).clip(1e-9)
        # ONNX has no log1p; its precision for powers far below the floor is not needed.
        return ops.log(1 + ops.matmul(power, ops.convert_to_tensor(means)) / _FLOOR) / _SCALE + self.silence

    def compute_output_shape(self, input_shape):
        return (input_shape[0], 1 + input_shape[1] // self.hop, self.n_mels * len(self.windows))

    def get_config(self):
        return {
            **super().get_config(),
            "rate_hz": self.rate_hz,
            "windows": self.windows,
            "hop": self.hop,
            "n_mels": self.n_mels,
            "silence": self.silence,
        }
