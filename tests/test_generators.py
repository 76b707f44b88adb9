import keras
import numpy as np
import pytest

from audio_vae.generators import HIGHEST, LOWEST, LOWEST_BAND, QUIET, NoiseBands, Oscillators, loudness

N_TONES, HOP, N_FRAMES = 5, 8, 6

FULL, NONE = 40.0, -40.0
"""Controls of a generator at its loudest, an amplitude of 2, and of a silent one."""


def amplitude(controls):
    return 2 * (1 / (1 + np.exp(-(controls + QUIET)))) ** np.log(10)


def alone(n_frames, n_controls, which, value=FULL):
    """Controls of one generator that is heard alone: `[1, n_frames, n_controls]`."""
    inputs = np.full((1, n_frames, n_controls), NONE, np.float32)
    inputs[..., which] = value
    return inputs


def reference(controls, offsets, layer):
    """Sample by sample, with the phase as a running sum (trapezoids, exact for what is linear)."""
    n_sounds, n_frames, n_tones = controls.shape
    amplitudes = amplitude(controls)
    reach = layer.frequencies[1] / layer.frequencies[0] - 1
    out = np.zeros((n_sounds, n_frames * layer.hop))
    for sound in range(n_sounds):
        for tone in range(n_tones):
            phase = tone * (5**0.5 - 1) / 2

            def moved(t, sound=sound, tone=tone):
                starts = np.arange(n_frames) * layer.hop
                return reach * np.interp(t, starts, np.tanh(offsets[sound, :, tone]))

            for t in range(n_frames * layer.hop):
                level = np.interp(t, np.arange(n_frames) * layer.hop, amplitudes[sound, :, tone])
                out[sound, t] += level * np.sin(2 * np.pi * phase)
                phase += layer.frequencies[tone] * (1 + (moved(t) + moved(t + 1)) / 2)
    return out


def controls(rng, n_frames=N_FRAMES):
    return rng.normal(size=(2, n_frames, 2 * N_TONES)).astype(np.float32)


def test_output_is_the_running_sum_of_phases(rng):
    layer = Oscillators(N_TONES, HOP)
    inputs = controls(rng)
    out = keras.ops.convert_to_numpy(layer(inputs))
    assert out.shape == (2, N_FRAMES * HOP, 1)
    np.testing.assert_allclose(out[..., 0], reference(*np.split(inputs, 2, axis=-1), layer), atol=2e-5)


@pytest.mark.parametrize("tone", [0, 3, 19])
def test_a_tone_lasts_at_its_pitch(tone):
    layer = Oscillators(20, 32)
    inputs = alone(256, 40, tone)
    inputs[..., 20:] = 0
    out = keras.ops.convert_to_numpy(layer(inputs))[0, :, 0]
    spectrum = np.abs(np.fft.rfft(out * np.hanning(len(out)), 8 * len(out)))
    assert np.argmax(spectrum) / (8 * len(out)) == pytest.approx(layer.frequencies[tone], abs=2e-5)


def test_pitch_moves_to_the_neighbours():
    layer = Oscillators(20, 32)
    inputs = alone(256, 40, 10)
    inputs[..., 20:] = 0
    inputs[..., 30] = 10
    out = keras.ops.convert_to_numpy(layer(inputs))[0, :, 0]
    spectrum = np.abs(np.fft.rfft(out * np.hanning(len(out)), 8 * len(out)))
    assert np.argmax(spectrum) / (8 * len(out)) == pytest.approx(layer.frequencies[11], abs=2e-5)


def test_a_long_sound_is_in_phase_to_its_end():
    """Phases are not summed in float32, which would be a hundredth of a cycle off here."""
    layer = Oscillators(2, 32)
    inputs = alone(2048, 4, 1)
    inputs[..., 2:] = 0
    out = keras.ops.convert_to_numpy(layer(inputs))[0, :, 0] / 2
    expected = np.sin(2 * np.pi * (HIGHEST * np.arange(len(out)) + (5**0.5 - 1) / 2))
    np.testing.assert_allclose(out, expected, atol=2e-5)


def test_frequencies_are_equally_spaced_in_pitch():
    frequencies = Oscillators(9).frequencies
    np.testing.assert_allclose(frequencies[[0, -1]], [LOWEST, HIGHEST])
    np.testing.assert_allclose(frequencies[1:] / frequencies[:-1], (HIGHEST / LOWEST) ** (1 / 8))


def test_config_round_trip():
    layer = Oscillators(7, 16, name="tones")
    copy = Oscillators.from_config(layer.get_config())
    assert (copy.n_tones, copy.hop, copy.name) == (7, 16, "tones")
    assert layer.compute_output_shape((None, 4, 14)) == (None, 64, 1)


def test_loudness_steps_are_decibels():
    steps = np.linspace(-30, -15, 4, dtype=np.float32)
    decibels = 20 * np.log10(keras.ops.convert_to_numpy(loudness(steps)))
    np.testing.assert_allclose(np.diff(decibels), 20 * 5, rtol=1e-3)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(loudness(np.float32([0, 40]))), [amplitude(0), 2], rtol=1e-5)


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
    middle, octaves = LOWEST_BAND * (0.5 / LOWEST_BAND) ** (band / 9), np.log2(0.5 / LOWEST_BAND) / 9
    frequencies = np.fft.rfftfreq(len(out))
    nearest = np.abs(np.log2(np.maximum(frequencies, 1e-9) / middle)) <= octaves
    if band == 0:
        nearest |= frequencies < middle
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


@pytest.mark.parametrize("layer", [Oscillators, NoiseBands])
def test_a_silent_generator_is_silent(layer):
    n_controls = {Oscillators: 10, NoiseBands: 5}[layer]
    out = keras.ops.convert_to_numpy(layer(5, 32)(np.full((1, 16, n_controls), NONE, np.float32)))
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
