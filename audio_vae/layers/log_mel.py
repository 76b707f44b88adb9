"""What the studio encoder starts with: a mel spectrogram, on which few sounds suffice to learn what is alike."""

from __future__ import annotations

import keras
from keras import ops

from audio_vae.audio import features
from audio_vae.audio import spectral_ops as spectra
from audio_vae.backend.keras_backend import PACKAGE

_FLOOR = 3e-5
"""Power that counts as silence: that of noise 45 dB below full scale. Less is background, which tells takes apart."""

_SCALE = 3
"""What brings the logarithms, up to about 12, into the range that networks like."""


@keras.saving.register_keras_serializable(PACKAGE)
class LogMel(keras.layers.Layer):
    """Logarithmic mel spectrograms, with one window or several side by side.

    It is deaf to phase and polarity, which a network would have to learn from each sound anew. Long windows tell low
    tones apart, short ones when something starts. There is nothing to train in it.

    Args:
        rate_hz: sample rate.
        windows: in samples.
        hop: samples from one frame to the next.
        n_mels: mel bands of each window (`features.mel_bands`).
        silence: value of silence. The mean over all sounds should be about 0.

    Call arguments:
        inputs: float tensor, full scale ±1.

    Input shape:
        `(B, T)`.

    Output shape:
        `(B, 1 + T // hop, n_mels · windows)`: the logarithm of the power, from `silence` to about 4 above it
        at full scale.

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
        return ops.concatenate([self._of(window, inputs) for window in self.windows], axis=-1)

    def _of(self, window: int, audio):
        power = spectra.noise_scale(window) * spectra.power_spectrogram(audio, window, self.hop)
        bands = features.mel_bands(self.rate_hz, window, self.n_mels).T
        # Means of the bands' bins, where the evaluation has densities.
        means = bands / bands.sum(axis=0).clip(1e-9)
        # Not log1p, which ONNX lacks; of what is far below the floor nothing is to be heard.
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
