"""A bank of oscillators, which gives a decoder tones that last: convolutions alone repeat what they make of a frame."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from audio_vae.layers import PACKAGE

LOWEST, HIGHEST = 1 / 1280, 1 / 6
"""Range of the oscillators, in cycles a sample: 17 Hz to 3.7 kHz at 22.05 kHz."""

# Start phases that lie apart: oscillators that all start alike would make a click of the sound's beginning.
_GOLDEN = (5**0.5 - 1) / 2


@keras.saving.register_keras_serializable(PACKAGE)
class Oscillators(keras.layers.Layer):
    """Sine oscillators, equally spaced in pitch, whose loudness and pitch are given frame by frame.

    The pitch of each can be moved as far as its neighbours', so that a tone of any pitch in the range can be made by
    one of them, and can glide. Their phases run on from frame to frame and from sample to sample::

        out[t] = Σ_k a_k(t) · sin(2π (p_k + Σ_{s<t} f_k (1 + r · tanh(u_k(s)))))

    a and u are the inputs, linear between the starts of frames; r is how far apart two neighbours are.

    Args:
        n_tones: number of oscillators, 2 or more.
        hop: samples of a frame.

    Call arguments:
        inputs: float tensor: amplitudes, then pitch offsets, of each oscillator.

    Input shape:
        `(B, frames, 2 · n_tones)`.

    Output shape:
        `(B, frames · hop, 1)`.

    Raises:
        ValueError: an argument is out of range.

    References:
        Engel et al. (2020), DDSP, Section 3 (a harmonic oscillator; here without the harmonic series).
    """

    def __init__(self, n_tones=40, hop=32, **kwargs):
        super().__init__(**kwargs)
        if n_tones < 2:
            raise ValueError(f"Expected 2 tones or more, received: n_tones={n_tones}")
        if hop < 1:
            raise ValueError(f"Expected a hop of 1 sample or more, received: hop={hop}")
        self.n_tones = n_tones
        self.hop = hop

    @property
    def frequencies(self) -> np.ndarray:
        """Of the oscillators where their pitch is not moved, in cycles a sample: float64 `[n_tones]`."""
        return np.geomspace(LOWEST, HIGHEST, self.n_tones)

    def call(self, inputs):
        n_frames, frequencies = inputs.shape[1], self.frequencies
        # Sums over the sound are made here, in float64 and without whole cycles, which float32 has not digits for.
        phases = np.arange(n_frames)[:, None] * self.hop * frequencies + np.arange(self.n_tones) * _GOLDEN
        inside = np.arange(self.hop)[:, None]
        reach = frequencies * (frequencies[1] / frequencies[0] - 1)

        def constant(values):
            return ops.convert_to_tensor(np.asarray(values), dtype=self.compute_dtype)

        amplitudes, moves = ops.split(inputs, 2, axis=-1)
        moves = ops.tanh(moves) * constant(reach)
        rise = _rise(moves)
        # What the moves add up to: where a frame starts, and inside it, as their line's integral.
        added = self.hop * (moves + rise / 2)
        moved = ops.cumsum(added, axis=1) - added
        cycles = (
            (constant(phases % 1)[:, None] + constant(inside * frequencies))
            + moved[:, :, None]
            + moves[:, :, None] * constant(inside)
            + rise[:, :, None] * constant(inside**2 / (2 * self.hop))
        )
        loudness = amplitudes[:, :, None] + _rise(amplitudes)[:, :, None] * constant(inside / self.hop)
        out = ops.sum(loudness * ops.sin(2 * np.pi * cycles), axis=-1)
        return ops.reshape(out, (-1, n_frames * self.hop, 1))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[1] * self.hop, 1)

    def get_config(self):
        return {**super().get_config(), "n_tones": self.n_tones, "hop": self.hop}


def _rise(values):
    """From each frame to the next, 0 from the last: `[B, frames, K]`."""
    return ops.concatenate([values[:, 1:] - values[:, :-1], ops.zeros_like(values[:, :1])], axis=1)
