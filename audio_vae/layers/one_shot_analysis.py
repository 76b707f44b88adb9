"""What is heard of a one-shot, as features on its grid: the first layer of the encoder of one-shots."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from keras import ops

from audio_vae.audio import features, spectral_ops
from audio_vae.audio.one_shot_grid import TONES_PER_OCTAVE, Grid
from audio_vae.backend.keras_backend import PACKAGE

FLOOR = 1e-6
"""Power that counts as silence, relative to a sound's loudest cell: 60 dB below it."""

_N_WIDE_BANDS = 32
_LOW_RATE_HZ, _TONE_RATE_HZ = 5512, 11025
"""About the rates at which low bands and tones are analysed: low frequencies need long windows, but few samples."""

_HIGHEST_LOW_HZ = 1300.0
_WINDOW_FRAMES = 4
_LOW_WINDOW = 256
_TONE_WINDOW = 2048
_PHASE_WINDOW = 512
"""Windows: wide bands in frames; low bands, tones and phases in samples at their own rates."""

_LOBE_BINS = 10.0
"""Bins that a steady tone occupies in the spectrum of `_tone_features`."""

_LEAST_POWER = 1e-9

_LOW_HZ, LOW_TONE_HZ = 1000.0, 400.0
"""Below, long windows measure the power of noise bands and of tones. Below the latter, tones stand in for noise."""

_LONG_WINDOW, _SHORT_WINDOW_FRAMES = 512, 8
"""Long windows, at about 11 kHz; short ones, in frames."""


@keras.saving.register_keras_serializable(PACKAGE)
class OneShotAnalysis(keras.layers.Layer):
    """Features of one-shots: level, spectrum over time, and tones with their phases, minus their means.

    The logarithms of the power in wide bands (short windows) and in narrow low bands (long windows) at the times of the
    grid, relative to the loudest; from one long window at the onset, for each tone's range, the share of the power,
    where in the range it lies and how narrow it is; and the phases of low tones at the onset. The means over the
    training sounds are a weight of the layer, which is not trained (`models.one_shot_start`).

    Example:
    ```python
    analysis = OneShotAnalysis(rate_hz=44100)
    values = analysis(keras.random.uniform((1, 66560), -1, 1))    # (1, 1325)
    ```

    Args:
        rate_hz: sample rate.

    Call arguments:
        inputs: float tensor, full scale ±1; a sound starts at its onset.

    Input shape:
        `(B, T)`.

    Output shape:
        `(B, n_features)`.
    """

    def __init__(self, rate_hz=44100, **kwargs):
        super().__init__(**kwargs)
        self.rate_hz = rate_hz

    def build(self, input_shape):
        self.grid = Grid(self.rate_hz, input_shape[1])
        self.low_hz = self.grid.tones_hz[self.grid.tones_hz < min(_HIGHEST_LOW_HZ, self.rate_hz / 4)]
        self.means = self.add_weight(shape=(self.n_features,), initializer="zeros", trainable=False, name="means")

    @property
    def n_features(self) -> int:
        grid = self.grid
        cells = grid.n_times * (_N_WIDE_BANDS + len(self.low_hz))
        return 1 + cells + 3 * grid.n_tones + 2 * grid.n_phased

    def call(self, inputs):
        grid = self.grid
        hop = grid.hop_length
        wide = _Spectrogram(inputs, grid, _WINDOW_FRAMES * hop, hop).cells(
            lambda frequencies_hz: grid.noise_weights(frequencies_hz, _N_WIDE_BANDS)
        )
        low = _Spectrogram(inputs, grid, _LOW_WINDOW, 2 * hop, _factor(self.rate_hz, _LOW_RATE_HZ)).cells(
            lambda frequencies_hz: grid.tone_weights(frequencies_hz)[:, : len(self.low_hz)]
        )
        loudest = loudest_cell(wide)
        cells = [
            ops.reshape(ops.log(each / loudest + FLOOR) / 2, (-1, each.shape[1] * each.shape[2]))
            for each in (wide, low)
        ]
        offsets, narrowness, share = self.tones(inputs)
        joined = [
            ops.log(loudest)[:, 0] / 2,
            *cells,
            4 * offsets * ops.sqrt(narrowness),
            2 * narrowness,
            ops.log(share + 1e-4) / 2,
            3 * self.phasors(inputs),
        ]
        return ops.concatenate(joined, axis=-1) - self.means

    def tones(self, audio):
        """Describe what lies in each tone's range, in one window of 0.19 s from the onset.

        Args:
            audio: `[B, T]`.

        Returns:
            Three of `[B, n_tones]`: the centre of the power, as the distance from the centre of the range in units of
            the distance of two neighbours; how narrow it is, from 0 (noise) to 1 (a steady tone); the share in the
            power of all ranges.
        """
        factor = _factor(self.rate_hz, _TONE_RATE_HZ)
        start = _first(decimated(audio, factor), _TONE_WINDOW)
        falling = features.hann(2 * _TONE_WINDOW)[_TONE_WINDOW:].astype(np.float32)
        n_points = 4 * _TONE_WINDOW
        frequencies_hz = np.fft.rfftfreq(n_points, factor / self.rate_hz)
        power = spectral_ops.power_spectrum(start * ops.convert_to_tensor(falling), n_points)
        weights = self.grid.tone_weights(frequencies_hz)
        octaves = np.log2(np.maximum(frequencies_hz, 1) / self.grid.tones_hz[0])
        total = ops.matmul(power, ops.convert_to_tensor(weights)) + 1e-12
        positions = (weights * TONES_PER_OCTAVE * octaves[:, None]).astype(np.float32)
        centres = ops.matmul(power, ops.convert_to_tensor(positions)) / total
        offsets = ops.clip(centres - np.arange(self.grid.n_tones, dtype=np.float32), -0.5, 0.5)
        n_bins = ops.square(total) / (ops.matmul(ops.square(power), ops.convert_to_tensor(weights**2)) + 1e-20)
        n_bins_of_noise = (weights.sum(axis=0) ** 2 / np.maximum((weights**2).sum(axis=0), 1e-9)) / 2
        span = np.log(np.maximum(n_bins_of_noise / _LOBE_BINS, 1.5)).astype(np.float32)
        narrowness = ops.clip(1 - ops.log(ops.maximum(n_bins, 1e-6) / _LOBE_BINS) / span, 0.0, 1.0)
        # The highest ranges may lie beyond what the lower rate can hold.
        is_held = (self.grid.tones_hz < 0.45 * self.rate_hz / factor).astype(np.float32)
        is_heard = ops.cast(total > 1e-9, narrowness.dtype) * is_held
        return offsets * is_heard, narrowness * is_heard, total / ops.sum(total, axis=1, keepdims=True)

    def phasors(self, audio):
        """Amplitudes and phases of low tones at the onset, relative to the loudest one of them, as phasors.

        Args:
            audio: `[B, T]`.

        Returns:
            `[B, 2 · n_phased]`: all real parts, then all imaginary parts.
        """
        factor = _factor(self.rate_hz, _TONE_RATE_HZ)
        start = _first(decimated(audio, factor), _PHASE_WINDOW)
        falling = features.hann(2 * _PHASE_WINDOW)[_PHASE_WINDOW:]
        turns = np.outer(np.arange(_PHASE_WINDOW), self.grid.tones_hz[: self.grid.n_phased] * factor / self.rate_hz)
        waves = falling[:, None] * np.exp(-2j * np.pi * turns)
        # The transform of a sine of phase φ points to φ − 90°.
        real, imaginary = (
            ops.matmul(start, ops.convert_to_tensor(each.astype(np.float32))) for each in (-waves.imag, waves.real)
        )
        longest = ops.sqrt(ops.max(ops.square(real) + ops.square(imaginary), axis=1, keepdims=True) + 1e-12)
        return ops.concatenate([real / longest, imaginary / longest], axis=-1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.n_features)

    def get_config(self):
        return {**super().get_config(), "rate_hz": self.rate_hz}


def cell_powers(audio, grid: Grid):
    """Return the mean power of sounds in the cells of a grid, from long windows for low frequencies, short ones above.

    Args:
        audio: `[B, T]`.
        grid: the grid.

    Returns:
        The power in the noise bands, `[B, n_times, n_noise_bands]`, and in the tones' ranges, `[B, n_times, n_tones]`.
    """
    hop, factor = grid.hop_length, _factor(grid.rate_hz, _TONE_RATE_HZ)
    long = _Spectrogram(audio, grid, _LONG_WINDOW, 2 * hop, factor)
    short = _Spectrogram(audio, grid, _SHORT_WINDOW_FRAMES * hop, hop)
    # Which noise bands and tones are low.
    centres_hz = np.linspace(0, grid.rate_hz / 2, 4096)
    band_centres_hz = centres_hz[grid.noise_weights(centres_hz).argmax(axis=0)]
    return tuple(
        ops.where(is_low, long.cells(weights_of), short.cells(weights_of))
        for is_low, weights_of in (
            (band_centres_hz < min(_LOW_HZ, 0.3 * grid.rate_hz / factor), grid.noise_weights),
            (grid.tones_hz < LOW_TONE_HZ, grid.tone_weights),
        )
    )


def loudest_cell(powers):
    """Return the largest power of each sound's cells, above 0 for silence too: `[B, n, bands]` → `[B, 1, 1]`."""
    return ops.maximum(ops.max(powers, axis=(1, 2), keepdims=True), _LEAST_POWER)


class _Spectrogram:
    """Power spectrogram of sounds `[B, T]`, for their power in bands at the times of a grid.

    Args:
        audio: the sounds.
        grid: the grid.
        window: window, in samples at the lower rate.
        hop_length: about the hop length, in samples of the sounds.
        factor: whole factor by which the sample rate is lowered first.
    """

    def __init__(self, audio, grid: Grid, window: int, hop_length: int, factor: int = 1):
        hop_length = max(1, hop_length // factor)
        self.grid, self.hop_length = grid, hop_length * factor
        self.frequencies_hz = np.fft.rfftfreq(window, factor / grid.rate_hz)
        self.power = mean_square_spectrogram(decimated(audio, factor), window, hop_length)

    def cells(self, weights_of: Callable):
        """Return the power in bands, `[B, n_times, bands]`; `weights_of` frequencies `[n]` are `[n, bands]`."""
        bands = ops.convert_to_tensor(weights_of(self.frequencies_hz))
        return pooled(ops.matmul(self.power, bands), self.grid, self.hop_length)


def _factor(rate_hz: int, lower_rate_hz: int) -> int:
    return max(1, round(rate_hz / lower_rate_hz))


def mean_square_spectrogram(audio, window: int, hop_length: int):
    """Return a power spectrogram whose bins add up to the mean square: `[B, n]` → `[B, 1 + n // hop, bins]`."""
    scale = float(2 / (window * np.sum(features.hann(window) ** 2)))
    return scale * spectral_ops.power_spectrogram(audio, window, hop_length)


def pooled(power, grid: Grid, hop_length: int):
    """Average frames into the times of a grid: `[B, frames, bands]` → `[B, n_times, bands]`.

    Args:
        power: power of some bands in frames.
        grid: the grid.
        hop_length: hop length of the frames, in samples at the grid's rate.
    """
    weights = grid.time_weights(hop_length, power.shape[1])
    weights /= np.maximum(weights.sum(axis=0), 1e-6)
    by_band = ops.matmul(ops.transpose(power, (0, 2, 1)), ops.convert_to_tensor(weights))
    return ops.transpose(by_band, (0, 2, 1))


def decimated(audio, factor: int):
    """Lower the sample rate by a whole factor, with a low-pass filter: `[B, n]` → `[B, ⌈n / factor⌉]`."""
    if factor == 1:
        return audio
    taps = low_pass(12 * factor - 1, 0.9 / factor).astype(np.float32)
    padded = ops.pad(audio, ((0, 0), (len(taps) // 2, len(taps) // 2)))[..., None]
    return ops.conv(padded, ops.convert_to_tensor(taps[:, None, None]), strides=factor, data_format="channels_last")[
        ..., 0
    ]


def low_pass(n_taps: int, cutoff: float) -> np.ndarray:
    """Return a low-pass filter with linear phase and a gain of 1: a Hamming window times a sinc, float64 `[n_taps]`.

    The values equal those of `scipy.signal.firwin`, whose import every use of a model would wait for.

    Args:
        n_taps: length.
        cutoff: where the gain is a half, as a share of half the sample rate.
    """
    positions = np.arange(n_taps) - (n_taps - 1) / 2
    taps = np.sinc(cutoff * positions) * np.hamming(n_taps)
    return taps / taps.sum()


def _first(audio, n_samples: int):
    """The first samples, padded with silence where there are fewer: `[B, n]` → `[B, n_samples]`."""
    return ops.pad(audio[:, :n_samples], ((0, 0), (0, max(0, n_samples - audio.shape[1]))))
