import keras
import numpy as np
import pytest
import tensorflow as tf

from audio_vae.evaluation.metrics import strongest_frequency_hz
from audio_vae.layers.synthesizers import (
    INITIAL_BIAS,
    LOWEST_BAND_CYCLES_PER_SAMPLE,
    LOWEST_CYCLES_PER_SAMPLE,
    RANGE_OCTAVES,
    TONES_PER_OCTAVE,
    NoiseBands,
    Oscillators,
    exp_sigmoid,
)

N_TONES, HOP, N_FRAMES = 5, 8, 6

FULL, NONE = 40.0, -40.0
"""Controls of a generator at its loudest, an amplitude of 2, and of a silent one."""


def amplitude(controls):
    return 2 * (1 / (1 + np.exp(-(controls + INITIAL_BIAS)))) ** np.log(10)


def alone(n_frames, n_controls, which, value=FULL):
    """Controls of one generator that is heard alone: `[1, n_frames, n_controls]`."""
    inputs = np.full((1, n_frames, n_controls), NONE, np.float32)
    inputs[..., which] = value
    return inputs


def at(octaves, n_sounds=1):
    """A pitch in octaves above the lowest: `[n_sounds, 1]`."""
    return np.full((n_sounds, 1), octaves, np.float32)


def reference(controls, offsets, pitch, layer):
    """Sample by sample, with the phase as a running sum (trapezoids, exact for what is linear)."""
    n_sounds, n_frames, n_tones = controls.shape
    amplitudes = amplitude(controls + layer.initial_bias)
    reach = 2 ** (1 / TONES_PER_OCTAVE) - 1
    starts = np.arange(n_frames) * layer.hop
    out = np.zeros((n_sounds, n_frames * layer.hop))
    for sound in range(n_sounds):
        for tone in range(n_tones):
            phase = tone * (5**0.5 - 1) / 2
            unmoved = LOWEST_CYCLES_PER_SAMPLE * 2 ** (np.clip(pitch[sound, 0], 0, RANGE_OCTAVES) + layer.octaves[tone])
            if unmoved * (1 + reach) >= 0.5:
                continue
            frequencies = unmoved * (1 + reach * np.tanh(offsets[sound, :, tone]))
            for t in range(n_frames * layer.hop):
                out[sound, t] += np.interp(t, starts, amplitudes[sound, :, tone]) * np.sin(2 * np.pi * phase)
                phase += np.mean(np.interp([t, t + 1], starts, frequencies))
    return out * np.minimum(np.arange(out.shape[1]) / layer.hop, 1)


@pytest.mark.parametrize("octaves", [(0.5, 4.0), (-1.0, 7.0)], ids=["within", "beyond"])
@pytest.mark.parametrize("n_tones", [N_TONES, 37])
def test_output_is_the_running_sum_of_phases(rng, n_tones, octaves):
    layer = Oscillators(n_tones, HOP)
    controls = rng.normal(size=(2, N_FRAMES, 2 * n_tones)).astype(np.float32)
    pitch = np.float32(octaves)[:, None]
    out = keras.ops.convert_to_numpy(layer(controls, pitch))
    assert out.shape == (2, N_FRAMES * HOP, 1)
    np.testing.assert_allclose(out[..., 0], reference(*np.split(controls, 2, axis=-1), pitch, layer), atol=1e-4)


def test_oscillators_lie_around_the_pitch():
    layer = Oscillators(37)
    np.testing.assert_allclose(layer.octaves[[0, 12, 36]], [-2, 0, 4])
    np.testing.assert_allclose(np.diff(layer.octaves), 1 / TONES_PER_OCTAVE)
    np.testing.assert_allclose(layer.initial_bias[[0, 6, 9, 12, 15, 18, 36]], [-3, -3, -1.5, 0, -1.5, -3, -3])


@pytest.mark.parametrize("octaves", [0.0, 1.7, 6.0])
@pytest.mark.parametrize("tone", [0, 12, 15])
def test_a_tone_lasts_at_its_pitch(tone, octaves):
    layer = Oscillators(37, 32)
    controls = alone(256, 74, tone)
    controls[..., 37:] = 0
    out = keras.ops.convert_to_numpy(layer(controls, at(octaves)))[0, :, 0]
    expected = LOWEST_CYCLES_PER_SAMPLE * 2 ** (octaves + layer.octaves[tone])
    assert strongest_frequency_hz(out[None], 1) == pytest.approx(expected, abs=3e-5)


@pytest.mark.parametrize(("offset", "neighbour"), [(10, 1), (-10, -1)])
def test_a_tone_moves_as_far_as_its_neighbour_above(offset, neighbour):
    layer = Oscillators(37, 32)
    controls = alone(256, 74, 12)
    controls[..., 37:] = 0
    controls[..., 37 + 12] = offset
    out = keras.ops.convert_to_numpy(layer(controls, at(3)))[0, :, 0]
    expected = LOWEST_CYCLES_PER_SAMPLE * 2**3 * (1 + neighbour * (2 ** (1 / TONES_PER_OCTAVE) - 1))
    assert strongest_frequency_hz(out[None], 1) == pytest.approx(expected, abs=3e-5)


def test_what_could_reach_half_the_rate_is_silent():
    layer = Oscillators(37, 32)
    is_heard = []
    for tone in range(37):
        controls = alone(8, 74, tone)
        is_heard.append(np.abs(keras.ops.convert_to_numpy(layer(controls, at(RANGE_OCTAVES)))).max() > 1e-3)
    highest = LOWEST_CYCLES_PER_SAMPLE * 2 ** (RANGE_OCTAVES + layer.octaves + 1 / TONES_PER_OCTAVE)
    np.testing.assert_array_equal(is_heard, highest < 0.5)


def test_a_long_sound_is_in_phase_to_its_end():
    """Whole cycles are left out of the sums, of which float32 would be a hundredth of a cycle off here."""
    layer = Oscillators(2, 32)
    controls = alone(2048, 4, 0)
    controls[..., 2:] = 0
    out = keras.ops.convert_to_numpy(layer(controls, at(6)))[0, :, 0] / 2
    expected = np.sin(2 * np.pi * LOWEST_CYCLES_PER_SAMPLE * 2**6 * np.arange(len(out)))
    np.testing.assert_allclose(out[32:], expected[32:], atol=1e-2)


def test_pitch_takes_no_gradient_from_the_sound(rng):
    layer, pitch = Oscillators(N_TONES, HOP), tf.Variable(at(2.0))
    controls = tf.Variable(rng.normal(size=(1, N_FRAMES, 2 * N_TONES)).astype(np.float32))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(layer(controls, pitch)))
    of_controls, of_pitch = tape.gradient(loss, [controls, pitch])
    assert np.abs(of_controls[:, 1:]).min() > 0
    assert of_pitch is None


def test_config_round_trip():
    layer = Oscillators(7, 16, name="tones")
    copy = Oscillators.from_config(layer.get_config())
    assert (copy.n_tones, copy.hop, copy.name) == (7, 16, "tones")
    assert layer.compute_output_shape((None, 4, 14), (None, 1)) == (None, 64, 1)


def test_steps_of_exp_sigmoid_are_decibels():
    steps = np.linspace(-30, -15, 4, dtype=np.float32)
    decibels = 20 * np.log10(keras.ops.convert_to_numpy(exp_sigmoid(steps)))
    np.testing.assert_allclose(np.diff(decibels), 20 * 5, rtol=1e-3)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(exp_sigmoid(np.float32([0, 40]))), [amplitude(0), 2], rtol=1e-5
    )


def test_noise_is_the_sum_of_its_bands(rng):
    layer = NoiseBands(5, HOP, seed=3)
    controls = rng.normal(size=(2, N_FRAMES, 5)).astype(np.float32)
    starts, times = np.arange(N_FRAMES) * HOP, np.arange(N_FRAMES * HOP)
    noise = layer.noise(len(times))
    expected = [
        sum(np.interp(times, starts, amplitude(sound[:, band])) * noise[:, band] for band in range(5))
        for sound in controls
    ]
    out = keras.ops.convert_to_numpy(layer(controls))
    assert out.shape == (2, N_FRAMES * HOP, 1)
    np.testing.assert_allclose(out[..., 0], expected, atol=2e-5)


@pytest.mark.parametrize("band", [0, 4, 9])
def test_a_band_of_noise_lies_where_it_should(band):
    layer = NoiseBands(10, 32)
    out = keras.ops.convert_to_numpy(layer(alone(256, 10, band)))[0, :, 0]
    assert np.sqrt(np.mean(out**2)) == pytest.approx(2, rel=1e-2)
    power = np.abs(np.fft.rfft(out)) ** 2
    lowest = LOWEST_BAND_CYCLES_PER_SAMPLE
    middle, octaves = lowest * (0.5 / lowest) ** (band / 9), np.log2(0.5 / lowest) / 9
    frequencies = np.fft.rfftfreq(len(out))
    nearest = np.abs(np.log2(np.maximum(frequencies, 1e-9) / middle)) <= octaves
    if band == 0:
        nearest |= (frequencies >= lowest / 2) & (frequencies < middle)
    assert power[nearest].sum() > 0.999 * power.sum()


def test_noise_is_that_of_its_seed():
    layer = NoiseBands(12, 32)
    noise = layer.noise(4096)
    assert noise.shape == (4096, 12)
    np.testing.assert_allclose(np.sqrt(np.mean(noise**2, axis=0)), 1)
    np.testing.assert_array_equal(noise, NoiseBands(12, 8).noise(4096))
    assert not np.allclose(noise, NoiseBands(12, 32, seed=1).noise(4096))


@pytest.mark.parametrize("n_samples", [8, 64, 200])
def test_noise_of_short_sounds_is_finite(n_samples):
    noise = NoiseBands(24, 8).noise(n_samples)
    levels = np.sqrt(np.mean(noise**2, axis=0))
    is_there = levels > 0.5
    assert is_there.any()
    np.testing.assert_allclose(levels[is_there], 1)
    np.testing.assert_allclose(levels[~is_there], 0, atol=1e-6)


@pytest.mark.parametrize(
    ("layer", "n_controls", "pitch"), [(Oscillators, 10, (at(2),)), (NoiseBands, 5, ())], ids=["tones", "noise"]
)
def test_a_silent_generator_is_silent(layer, n_controls, pitch):
    out = keras.ops.convert_to_numpy(layer(5, 32)(np.full((1, 16, n_controls), NONE, np.float32), *pitch))
    assert np.abs(out).max() < 1e-12


def test_config_of_noise_round_trip():
    layer = NoiseBands(7, 16, 5, name="noise")
    copy = NoiseBands.from_config(layer.get_config())
    assert (copy.n_bands, copy.hop, copy.seed, copy.name) == (7, 16, 5, "noise")
    assert layer.compute_output_shape((None, 4, 7)) == (None, 64, 1)


@pytest.mark.parametrize(
    ("layer", "values", "message"),
    [
        (Oscillators, {"n_tones": 1}, "2 tones or more"),
        (Oscillators, {"hop": 0}, "a hop of 1 sample or more"),
        (NoiseBands, {"n_bands": 1}, "2 bands or more"),
        (NoiseBands, {"hop": 0}, "a hop of 1 sample or more"),
    ],
)
def test_values_out_of_range(layer, values, message):
    with pytest.raises(ValueError, match=message):
        layer(**values)
