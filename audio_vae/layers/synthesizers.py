"""Synthesizers that a decoder controls frame by frame: sine oscillators and noise in bands.

A decoder of convolutions alone cannot make sustained tones and noise. It repeats what it makes of a frame, so that low
tones become multiples of the frame rate. Without a source of noise it makes pulses with the spectrum of noise.

Frequencies are in cycles per sample, so that a layer does not depend on the sample rate.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from audio_vae.backend.keras_backend import PACKAGE
from audio_vae.layers.envelopes import linear_weights

LOWEST_CYCLES_PER_SAMPLE = 1 / 735
"""Lowest pitch: 30 Hz at 22.05 kHz. Hardly anything is heard below."""

RANGE_OCTAVES = 6
"""From the lowest to the highest pitch (1.9 kHz at 22.05 kHz). Strongest frequencies above are noise or overtones."""

TONES_PER_OCTAVE = 6
"""Oscillators per octave around the pitch: they lie two semitones apart."""

LOWEST_BAND_CYCLES_PER_SAMPLE = 1 / 40
"""Centre of the lowest noise band: 550 Hz at 22.05 kHz. Its lower edge, half of that, is where noise begins.

With noise down to 30 Hz, low drums were learned as noise around 100 Hz, whose pitch nothing controls."""

INITIAL_BIAS = -1.0
"""Added to amplitude controls: a control of 0 gives an amplitude about 46 dB below the largest, 2."""

_GOLDEN_RATIO = (5**0.5 - 1) / 2
"""Spreads the start phases. Oscillators that all start in phase would make a click at the start of a sound."""


class _Generator(keras.layers.Layer):
    """Base of the layers that make `hop` samples from each frame of controls."""

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
    """Sine oscillators around the pitch of a sound, with amplitudes and frequency offsets that change frame by frame.

    There are `TONES_PER_OCTAVE` oscillators per octave: a third of them lie below the pitch, one at the pitch, the
    others above. Each can be moved as far as its neighbour, so that tones can glide and partials need not be harmonic.
    Phases continue from frame to frame and from sample to sample::

        out[t] = Σ_k a_k(t) · sin(2π (φ_k + Σ_{s<t} f_k (1 + r · tanh(o_k(s)))))
        f_k = LOWEST_CYCLES_PER_SAMPLE · 2^(clip(pitch, 0, RANGE_OCTAVES) + octaves_k)

    The amplitudes a are `exp_sigmoid` of the first controls plus `initial_bias`, the frequency offsets o are the other
    controls, and both are linear between the starts of frames. φ are the start phases, and r is the relative distance
    of two neighbours. Oscillators that could reach half the sample rate are silent, which prevents aliasing. All tones
    fade in over the first frame.

    The pitch gets no gradient from the sound: where two tones share no bin of a spectrogram, the distance of their
    spectra does not tell in which direction to move one. `models.losses.pitch_error` trains the pitch instead.

    Example:
    ```python
    oscillators = Oscillators(n_tones=37, hop=32)
    controls = keras.random.normal((1, 128, 74))     # 128 frames: 37 amplitudes, then 37 frequency offsets
    audio = oscillators(controls, pitch=keras.ops.full((1, 1), 2.0))    # (1, 4096, 1)
    ```

    Args:
        n_tones: number of oscillators, 2 or more.
        hop: samples of a frame.

    Call arguments:
        controls: float tensor: amplitude controls of all oscillators, then their frequency offsets.
        pitch: float tensor: pitch of the whole sound, in octaves above `LOWEST_CYCLES_PER_SAMPLE`.

    Input shape:
        `(B, frames, 2 · n_tones)` and `(B, 1)`.

    Output shape:
        `(B, frames · hop, 1)`.

    Raises:
        ValueError: an argument is out of range.

    References:
        Engel et al. (2020), DDSP, Section 3 (a harmonic oscillator, whose pitch is not trained by its sound either).
    """

    def __init__(self, n_tones=37, hop=32, **kwargs):
        super().__init__(hop, **kwargs)
        if n_tones < 2:
            raise ValueError(f"Expected 2 tones or more, received: n_tones={n_tones}")
        self.n_tones = n_tones

    @property
    def octaves(self) -> np.ndarray:
        """Octaves from the pitch to each oscillator, without offsets: float64 `[n_tones]`, one of them 0."""
        return (np.arange(self.n_tones) - self.n_tones // 3) / TONES_PER_OCTAVE

    @property
    def initial_bias(self) -> np.ndarray:
        """Added to the amplitude controls, so that the oscillator at the pitch starts loudest: float64 `[n_tones]`."""
        return -3 * np.minimum(np.abs(self.octaves), 1)

    def call(self, controls, pitch):
        n_frames, reach = controls.shape[1], 2 ** (1 / TONES_PER_OCTAVE) - 1

        def constant(values):
            return ops.convert_to_tensor(np.asarray(values), dtype=self.compute_dtype)

        pitch = ops.clip(ops.stop_gradient(pitch), 0, RANGE_OCTAVES)
        f0 = LOWEST_CYCLES_PER_SAMPLE * ops.exp(float(np.log(2)) * (pitch + constant(self.octaves)))[:, None]
        amplitudes, offsets = ops.split(controls, 2, axis=-1)
        is_below_nyquist = ops.cast(f0 * (1 + reach) < 0.5, self.compute_dtype)
        amplitudes = exp_sigmoid(amplitudes + constant(self.initial_bias)) * is_below_nyquist
        frequencies = f0 * (1 + reach * ops.tanh(offsets))
        slopes = _differences(frequencies)
        # The cycles of a frame are the integral of the line from its frequency to that of the next frame.
        start_phases = constant(np.arange(self.n_tones) * _GOLDEN_RATIO % 1)
        starts = _cumulative_cycles(self.hop * (frequencies + slopes / 2)) + start_phases
        inside = np.arange(self.hop)[:, None]
        cycles = (
            starts[:, :, None]
            + frequencies[:, :, None] * constant(inside)
            + slopes[:, :, None] * constant(inside**2 / (2 * self.hop))
        )
        envelopes = amplitudes[:, :, None] + _differences(amplitudes)[:, :, None] * constant(inside / self.hop)
        out = ops.reshape(ops.sum(envelopes * ops.sin(2 * np.pi * cycles), axis=-1), (-1, n_frames * self.hop, 1))
        # A tone that starts at its full amplitude makes a click.
        return out * constant(np.minimum(np.arange(n_frames * self.hop) / self.hop, 1)[:, None])

    def compute_output_shape(self, controls_shape, pitch_shape):
        return super().compute_output_shape(controls_shape)

    def get_config(self):
        return {**super().get_config(), "n_tones": self.n_tones}


@keras.saving.register_keras_serializable(PACKAGE)
class NoiseBands(_Generator):
    """Noise in frequency bands, with amplitudes that change frame by frame.

    The noise is the same in every call, so that a latent always decodes to the same sound. It is white noise from a
    seed, cut into bands that are equally wide in octaves, each with a root mean square of 1::

        out[t] = Σ_k a_k(t) · noise_k[t]

    The amplitudes a are `exp_sigmoid` of the inputs, linear between the starts of frames.

    Example:
    ```python
    noise = NoiseBands(n_bands=24, hop=32)
    audio = noise(keras.random.normal((1, 128, 24)))    # (1, 4096, 1)
    ```

    Args:
        n_bands: number of bands, 2 or more.
        hop: samples of a frame.
        seed: seed for the noise.

    Call arguments:
        inputs: float tensor: amplitude control of each band.

    Input shape:
        `(B, frames, n_bands)`.

    Output shape:
        `(B, frames · hop, 1)`.

    Raises:
        ValueError: an argument is out of range.

    References:
        Engel et al. (2020), DDSP, Section 3.3 (filtered noise; here the filters are fixed and their outputs are mixed).
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
        lowest = LOWEST_BAND_CYCLES_PER_SAMPLE
        octaves = np.log2(np.maximum(frequencies, lowest / 2) / lowest)
        # Each bin is shared by the two bands that it lies between. The octave below the lowest band belongs to that.
        positions = np.clip(octaves / np.log2(0.5 / lowest) * (self.n_bands - 1), 0, None)
        weights = linear_weights(positions, self.n_bands)
        weights[frequencies < lowest / 2] = 0
        bands = np.fft.irfft(spectrum[:, None] * np.sqrt(weights), n_samples, axis=0)
        # In a sound so short that a band has no bin, this band is silent.
        return bands / np.sqrt(np.maximum(np.mean(bands**2, axis=0), 1e-12))

    def call(self, inputs):
        n_frames = inputs.shape[1]
        noise = self.noise(n_frames * self.hop).reshape(n_frames, self.hop, self.n_bands)
        rising = noise * np.arange(self.hop)[:, None] / self.hop
        amplitudes = exp_sigmoid(inputs)
        out = sum(
            ops.einsum("bfk,fhk->bfh", each, ops.convert_to_tensor(source, dtype=self.compute_dtype))
            for each, source in ((amplitudes, noise), (_differences(amplitudes), rising))
        )
        return ops.reshape(out, (-1, n_frames * self.hop, 1))

    def get_config(self):
        return {**super().get_config(), "n_bands": self.n_bands, "seed": self.seed}


def exp_sigmoid(controls):
    """Return amplitudes, 0 to 2: 2 · sigmoid(u + `INITIAL_BIAS`)^ln 10, so that steps of u are steps in decibels.

    Args:
        controls: u, of any shape.

    Returns:
        The same shape.

    References:
        Engel et al. (2020), DDSP, Appendix B (the scaled sigmoid).
    """
    return 2 * ops.sigmoid(controls + INITIAL_BIAS) ** float(np.log(10))


def _cumulative_cycles(cycles):
    """Sum the cycles of all frames before each frame, without whole cycles: `[B, frames, K]` → the same.

    Whole cycles would use up the digits of float32. A running sum would drop them only at its end, so each step here
    adds up twice as many frames and drops them at once.
    """
    summed = ops.pad(cycles[:, :-1] % 1, ((0, 0), (1, 0), (0, 0)))
    n_summed = 1
    while n_summed < summed.shape[1]:
        summed = (summed + ops.pad(summed[:, :-n_summed], ((0, 0), (n_summed, 0), (0, 0)))) % 1
        n_summed *= 2
    return summed


def _differences(values):
    """Difference from each frame to the next one, 0 for the last: `[B, frames, K]` → the same."""
    return ops.concatenate([values[:, 1:] - values[:, :-1], ops.zeros_like(values[:, :1])], axis=1)
