"""What a decoder can steer frame by frame instead of making it sample by sample: tones that last, and noise.

Convolutions alone repeat what they make of a frame: low tones become multiples of the frame rate, and noise, which no
network without a source of noise can make, becomes pulses that have its spectrum.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from audio_vae.backend.keras_backend import PACKAGE

LOWEST = 1 / 735
"""Lowest pitch, in cycles a sample: 30 Hz at 22.05 kHz. Nothing is heard much below."""

RANGE_OCTAVES = 6
"""From the lowest pitch to the highest, 1.9 kHz at 22.05 kHz. What is strongest above it is noise, or its overtones."""

TONES_PER_OCTAVE = 6
"""Oscillators around the pitch: two semitones apart."""

LOWEST_BAND = 1 / 40
"""Middle of the lowest band of noise, in cycles a sample: 550 Hz at 22.05 kHz; half of it is the lowest noise.

With noise down to 30 Hz, low drums were learned as noise around 100 Hz, whose pitch nothing steers."""

QUIET = -1.0
"""What is asked of a generator where its control is 0: about 46 dB below a generator at its full loudness, 2."""

# Start phases that lie apart: oscillators that all start alike would make a click of the sound's beginning.
_GOLDEN = (5**0.5 - 1) / 2


class _Generator(keras.layers.Layer):
    """What makes `hop` samples of each frame of controls."""

    def __init__(self, hop, **kwargs):
        super().__init__(**kwargs)
        if hop < 1:
            raise ValueError(f"Expected a hop of 1 sample or more, received: hop={hop}")
        self.hop = hop

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[1] * self.hop, 1)

    def get_config(self):
        return {**super().get_config(), "hop": self.hop}


@keras.saving.register_keras_serializable(PACKAGE)
class Oscillators(_Generator):
    """Sine oscillators around a sound's pitch, whose loudness and own pitch are given frame by frame.

    They lie `TONES_PER_OCTAVE` an octave, a third of them below the pitch, one at it and the others above. Each can be
    moved as far as its neighbours, so that a tone can glide and overtones need not be harmonic. Their phases run on
    from frame to frame and from sample to sample::

        out[t] = Σ_k a_k(t) · sin(2π (p_k + Σ_{s<t} f_k (1 + r · tanh(u_k(s)))))
        f_k = LOWEST · 2^(clip(pitch, 0, RANGE_OCTAVES) + octaves_k)

    a is the `loudness` of the first controls less `held_back`, and u are the other controls, both linear between the
    starts of frames; r is how far apart two neighbours are. What could reach half the sample rate is silent. All tones
    fade in over the first frame.

    The pitch takes no gradient from the sound: where two tones share no bin of a spectrogram, its distance does not
    tell which way to move one. `losses.pitch_error` teaches it.

    Args:
        n_tones: number of oscillators, 2 or more.
        hop: samples of a frame.

    Call arguments:
        controls: float tensor: loudness, then pitch offset, of each oscillator.
        pitch: float tensor: of the whole sound, in octaves above `LOWEST`.

    Input shape:
        `(B, frames, 2 · n_tones)` and `(B, 1)`.

    Output shape:
        `(B, frames · hop, 1)`.

    Raises:
        ValueError: an argument is out of range.

    References:
        Engel et al. (2020), DDSP, Section 3 (a harmonic oscillator, whose pitch likewise is not learned by its sound).
    """

    def __init__(self, n_tones=37, hop=32, **kwargs):
        super().__init__(hop, **kwargs)
        if n_tones < 2:
            raise ValueError(f"Expected 2 tones or more, received: n_tones={n_tones}")
        self.n_tones = n_tones

    @property
    def octaves(self) -> np.ndarray:
        """Of the oscillators above the pitch where they are not moved: float64 `[n_tones]`, one of them 0."""
        return (np.arange(self.n_tones) - self.n_tones // 3) / TONES_PER_OCTAVE

    @property
    def held_back(self) -> np.ndarray:
        """What is taken off the controls of loudness, so that the pitch starts as the loudest: float64 `[n_tones]`."""
        return 3 * np.minimum(np.abs(self.octaves), 1)

    def call(self, controls, pitch):
        n_frames, reach = controls.shape[1], 2 ** (1 / TONES_PER_OCTAVE) - 1

        def constant(values):
            return ops.convert_to_tensor(np.asarray(values), dtype=self.compute_dtype)

        pitch = ops.clip(ops.stop_gradient(pitch), 0, RANGE_OCTAVES)
        frequencies = LOWEST * ops.exp(float(np.log(2)) * (pitch + constant(self.octaves)))[:, None]
        amplitudes, moves = ops.split(controls, 2, axis=-1)
        audible = ops.cast(frequencies * (1 + reach) < 0.5, self.compute_dtype)
        amplitudes = loudness(amplitudes - constant(self.held_back)) * audible
        moved = frequencies * (1 + reach * ops.tanh(moves))
        rise = _rise(moved)
        # A frame's cycles are the integral of the line from its frequency to the next one's.
        starts = _summed_cycles(self.hop * (moved + rise / 2)) + constant(np.arange(self.n_tones) * _GOLDEN % 1)
        inside = np.arange(self.hop)[:, None]
        cycles = (
            starts[:, :, None]
            + moved[:, :, None] * constant(inside)
            + rise[:, :, None] * constant(inside**2 / (2 * self.hop))
        )
        amplitude = amplitudes[:, :, None] + _rise(amplitudes)[:, :, None] * constant(inside / self.hop)
        out = ops.reshape(ops.sum(amplitude * ops.sin(2 * np.pi * cycles), axis=-1), (-1, n_frames * self.hop, 1))
        # A tone that is there at once is a click.
        return out * constant(np.minimum(np.arange(n_frames * self.hop) / self.hop, 1)[:, None])

    def compute_output_shape(self, controls_shape, pitch_shape):
        return super().compute_output_shape(controls_shape)

    def get_config(self):
        return {**super().get_config(), "n_tones": self.n_tones}


@keras.saving.register_keras_serializable(PACKAGE)
class NoiseBands(_Generator):
    """Noise in bands, whose loudness is given frame by frame.

    The noise is the same each time, so that a latent always decodes to the same sound: white noise from a seed, cut
    into bands as wide in every octave, each with a root mean square of 1::

        out[t] = Σ_k a_k(t) · noise_k[t]

    a is the `loudness` of the inputs, linear between the starts of frames.

    Args:
        n_bands: number of bands, 2 or more.
        hop: samples of a frame.
        seed: of the noise.

    Call arguments:
        inputs: float tensor: loudness of each band.

    Input shape:
        `(B, frames, n_bands)`.

    Output shape:
        `(B, frames · hop, 1)`.

    Raises:
        ValueError: an argument is out of range.

    References:
        Engel et al. (2020), DDSP, Section 3.3 (filtered noise; here the filters are fixed and mixed).
    """

    def __init__(self, n_bands=24, hop=32, seed=0, **kwargs):
        super().__init__(hop, **kwargs)
        if n_bands < 2:
            raise ValueError(f"Expected 2 bands or more, received: n_bands={n_bands}")
        self.n_bands = n_bands
        self.seed = seed

    def noise(self, n_samples: int) -> np.ndarray:
        """Return the noise of each band: float64 `[n_samples, n_bands]`."""
        spectrum = np.fft.rfft(np.random.default_rng(self.seed).standard_normal(n_samples))
        frequencies = np.fft.rfftfreq(n_samples)
        octaves = np.log2(np.maximum(frequencies, LOWEST_BAND / 2) / LOWEST_BAND)
        # Each bin is shared by the two bands that it lies between; what lies below the lowest is the lowest's, for an
        # octave.
        places = np.clip(octaves / np.log2(0.5 / LOWEST_BAND) * (self.n_bands - 1), 0, None)
        shares = _shares(places, self.n_bands)
        shares[frequencies < LOWEST_BAND / 2] = 0
        bands = np.fft.irfft(spectrum[:, None] * np.sqrt(shares), n_samples, axis=0)
        # A sound so short that a band holds no bin has no noise there.
        return bands / np.sqrt(np.maximum(np.mean(bands**2, axis=0), 1e-12))

    def call(self, inputs):
        n_frames = inputs.shape[1]
        noise = self.noise(n_frames * self.hop).reshape(n_frames, self.hop, self.n_bands)
        rising = noise * np.arange(self.hop)[:, None] / self.hop
        amplitudes = loudness(inputs)
        out = sum(
            ops.einsum("bfk,fhk->bfh", each, ops.convert_to_tensor(source, dtype=self.compute_dtype))
            for each, source in ((amplitudes, noise), (_rise(amplitudes), rising))
        )
        return ops.reshape(out, (-1, n_frames * self.hop, 1))

    def get_config(self):
        return {**super().get_config(), "n_bands": self.n_bands, "seed": self.seed}


@keras.saving.register_keras_serializable(PACKAGE)
class Envelopes(keras.layers.Layer):
    """Lines between values at times that lie ever farther apart, as attack and decay of a one-shot do.

    Value k lies at frame 2^k − 1, and the lines are straight over the logarithm of time.

    Args:
        n_frames: of the output.

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
        """Return how many values there are for some frames."""
        return 1 + int(np.ceil(np.log2(n_frames)))

    @property
    def shares(self) -> np.ndarray:
        """Of each value in each frame: float64 `[n_frames, n_values]`."""
        return _shares(np.log2(1 + np.arange(self.n_frames)), self.n_values(self.n_frames))

    def call(self, inputs):
        # Not an einsum, which LiteRT does not convert where the batch is open.
        shares = ops.convert_to_tensor(self.shares.T, dtype=self.compute_dtype)
        return ops.transpose(ops.matmul(ops.transpose(inputs, (0, 2, 1)), shares), (0, 2, 1))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.n_frames, input_shape[2])

    def get_config(self):
        return {**super().get_config(), "n_frames": self.n_frames}


def loudness(controls):
    """Return the amplitudes that are asked for: 2 σ(u + `QUIET`)^ln 10, so that steps of u are steps in decibels.

    References:
        Engel et al. (2020), DDSP, Appendix B (the scaled sigmoid).
    """
    return 2 * ops.sigmoid(controls + QUIET) ** float(np.log(10))


def _shares(places, n_neighbours: int) -> np.ndarray:
    """How much of 0, 1, … each place has, which lies between two of them: float64 `[places, n_neighbours]`."""
    return np.clip(1 - np.abs(places[:, None] - np.arange(n_neighbours)), 0, None)


def _summed_cycles(cycles):
    """What the frames before each add up to, less whole cycles, which float32 has no digits for: `[B, frames, K]`.

    Sums of twice as many frames at each step; a running sum would keep the whole cycles until its end.
    """
    summed = ops.pad(cycles[:, :-1] % 1, ((0, 0), (1, 0), (0, 0)))
    n_summed = 1
    while n_summed < summed.shape[1]:
        summed = (summed + ops.pad(summed[:, :-n_summed], ((0, 0), (n_summed, 0), (0, 0)))) % 1
        n_summed *= 2
    return summed


def _rise(values):
    """From each frame to the next, 0 from the last: `[B, frames, K]`."""
    return ops.concatenate([values[:, 1:] - values[:, :-1], ops.zeros_like(values[:, :1])], axis=1)
