"""Features of one-shots."""

import keras
import numpy as np
import pytest
import scipy.signal

from audio_vae.audio.one_shot_grid import LOWEST_TONE_HZ, TONES_PER_OCTAVE
from audio_vae.layers.one_shot_analysis import OneShotAnalysis, decimated, low_pass, mean_square_spectrogram, pooled

RATE_HZ, N_SAMPLES = 22050, 8192


@pytest.fixture(scope="module")
def analysis():
    layer = OneShotAnalysis(RATE_HZ)
    layer.build((None, N_SAMPLES))
    return layer


def numpy(values):
    return keras.ops.convert_to_numpy(values)


def noise(n_sounds=2, seed=0):
    return np.random.default_rng(seed).normal(0, 0.2, (n_sounds, N_SAMPLES)).astype(np.float32)


def sine(frequency_hz, phase=0.0):
    return np.sin(2 * np.pi * frequency_hz / RATE_HZ * np.arange(N_SAMPLES) + phase)[None].astype(np.float32)


def test_features_of_a_louder_sound_differ_in_the_level_alone(analysis):
    audio = noise()
    loud, quiet = numpy(analysis(audio)), numpy(analysis(0.25 * audio))
    np.testing.assert_allclose(loud[:, 0] - quiet[:, 0], np.log(4), rtol=1e-3)
    np.testing.assert_allclose(loud[:, 1:], quiet[:, 1:], atol=2e-3)
    assert loud.shape == (2, analysis.n_features) == analysis.compute_output_shape((2, N_SAMPLES))


def test_silence_is_finite(analysis):
    assert np.isfinite(numpy(analysis(np.zeros((1, N_SAMPLES), np.float32)))).all()


@pytest.mark.parametrize("tone", [6, 12, 24, 36])
@pytest.mark.parametrize("offset", [-0.35, 0.0, 0.35])
def test_a_steady_tone_is_found_in_its_range(analysis, tone, offset):
    frequency_hz = LOWEST_TONE_HZ * 2 ** ((tone + offset) / TONES_PER_OCTAVE)
    offsets, narrowness, share = (numpy(each)[0] for each in analysis.tones(sine(frequency_hz)))
    assert share.argmax() == tone
    # A range's weights fall towards its ends, which draws the centre of wide, low lobes to the middle.
    assert offsets[tone] == pytest.approx(offset, abs=0.05 if tone > 12 else 0.2)
    assert narrowness[tone] > 0.9


def test_noise_is_not_narrow(analysis):
    _, narrowness, _ = (numpy(each) for each in analysis.tones(noise(8)))
    high = analysis.grid.tones_hz > 1000
    assert np.median(narrowness[:, high]) < 0.2


@pytest.mark.parametrize("phase", [-2.0, 0.0, 0.7])
@pytest.mark.parametrize("tone", [8, 15, 20])
def test_phase_at_the_onset(analysis, tone, phase):
    real, imaginary = np.split(numpy(analysis.phasors(sine(analysis.grid.tones_hz[tone], phase)))[0], 2)
    assert np.hypot(real, imaginary).argmax() == tone
    assert np.hypot(real[tone], imaginary[tone]) == pytest.approx(1, rel=1e-4)
    error = np.angle(np.exp(1j * (np.arctan2(imaginary[tone], real[tone]) - phase)))
    assert abs(error) < 0.3


@pytest.mark.parametrize("window", [128, 256])
def test_bins_add_up_to_the_mean_square(window):
    power = numpy(mean_square_spectrogram(noise(1), window, 64))[0].sum(axis=1)
    assert power[4:-4].mean() == pytest.approx(0.04, rel=0.05)


def test_pooling_averages_with_the_weights_of_the_times(analysis):
    power = np.random.default_rng(1).random((1, analysis.grid.n_frames, 3)).astype(np.float32)
    weights = analysis.grid.time_weights(analysis.grid.hop_length, analysis.grid.n_frames)
    expected = np.stack([np.average(power[0], axis=0, weights=weights[:, i]) for i in range(weights.shape[1])])
    np.testing.assert_allclose(numpy(pooled(power, analysis.grid, analysis.grid.hop_length))[0], expected, rtol=1e-4)


@pytest.mark.parametrize("factor", [1, 2, 4])
def test_decimation_keeps_low_tones_and_removes_high_ones(factor):
    low, high = sine(200), sine(9000)
    kept = numpy(decimated(low, factor))[0]
    np.testing.assert_allclose(kept[50:-50], low[0, ::factor][: len(kept)][50:-50], atol=0.02)
    if factor > 1:
        assert np.abs(numpy(decimated(high, factor))[0, 50:-50]).max() < 0.02


def test_means_are_taken_off_and_saved(analysis):
    layer = OneShotAnalysis(RATE_HZ)
    audio = noise(1)
    plain = numpy(layer(audio))
    layer.means.assign(np.full(layer.n_features, 0.5, np.float32))
    np.testing.assert_allclose(numpy(layer(audio)), plain - 0.5, atol=1e-6)
    assert layer.trainable_variables == []


@pytest.mark.parametrize("factor", [2, 3, 4, 5, 8, 9])
def test_the_low_pass_filter_is_that_of_scipy(factor):
    n_taps, cutoff = 12 * factor - 1, 0.9 / factor
    expected = scipy.signal.firwin(n_taps, cutoff)
    np.testing.assert_allclose(low_pass(n_taps, cutoff), expected, atol=1e-16)
    # The filter of a model, which is in float32, does not differ by a bit.
    np.testing.assert_array_equal(low_pass(n_taps, cutoff).astype(np.float32), expected.astype(np.float32))
