"""Envelopes of one-shots: values that lie close together in the attack and far apart in the decay."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from audio_vae.backend.keras_backend import PACKAGE


@keras.saving.register_keras_serializable(PACKAGE)
class Envelopes(keras.layers.Layer):
    """Envelopes that are dense in time at the attack of a sound and sparse in its decay, as one-shots need them.

    Value k lies at frame 2^k − 1. Between two values the envelope is linear in the logarithm of time.

    Example:
    ```python
    envelopes = Envelopes(n_frames=128)
    values = keras.random.normal((1, Envelopes.n_values(128), 24))    # (1, 8, 24)
    controls = envelopes(values)    # (1, 128, 24)
    ```

    Args:
        n_frames: frames of the output.

    Call arguments:
        inputs: float tensor: values of K envelopes.

    Input shape:
        `(B, n_values(n_frames), K)`.

    Output shape:
        `(B, n_frames, K)`.

    Raises:
        ValueError: `n_frames` is out of range.
    """

    def __init__(self, n_frames, **kwargs):
        super().__init__(**kwargs)
        if n_frames < 1:
            raise ValueError(f"Expected 1 frame or more, received: n_frames={n_frames}")
        self.n_frames = n_frames

    @staticmethod
    def n_values(n_frames: int) -> int:
        """Return the number of values of an envelope with some number of frames."""
        return 1 + int(np.ceil(np.log2(n_frames)))

    @property
    def weights_of_values(self) -> np.ndarray:
        """Weight of each value in each frame: float64 `[n_frames, n_values]`."""
        return linear_weights(np.log2(1 + np.arange(self.n_frames)), self.n_values(self.n_frames))

    def call(self, inputs):
        # LiteRT does not convert an einsum with an open batch size.
        weights = ops.convert_to_tensor(self.weights_of_values.T, dtype=self.compute_dtype)
        return ops.transpose(ops.matmul(ops.transpose(inputs, (0, 2, 1)), weights), (0, 2, 1))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.n_frames, input_shape[2])

    def get_config(self):
        return {**super().get_config(), "n_frames": self.n_frames}


def linear_weights(positions, n_neighbours: int) -> np.ndarray:
    """Return the weights of the values at 0, 1, … in a linear interpolation.

    Args:
        positions: where to interpolate, float `[n]`.
        n_neighbours: number of values.

    Returns:
        float64 `[n, n_neighbours]`; a row has at most two weights that are not 0.
    """
    return np.clip(1 - np.abs(positions[:, None] - np.arange(n_neighbours)), 0, None)
