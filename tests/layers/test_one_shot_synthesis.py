"""Tones and noise from the controls of a one-shot."""

import keras
import numpy as np
import pytest

from audio_vae.audio.one_shot_grid import TONES_PER_OCTAVE
from audio_vae.layers.one_shot_synthesis import SILENCE_DB, OneShotSynthesis

SILENT = -40.0


@pytest.fixture(scope="module", params=[(8000, 2048), (22050, 2016)])
def synthesis(request):
    rate_hz, n_samples = request.param
    return OneShotSynthesis(rate_hz, n_samples, n_noise_bands=12)


def controls(synthesis, n_sounds=1, **values):
    """Controls of silence, with other values for some parts."""
    sizes = synthesis.grid.sizes
    parts = {name: np.zeros((n_sounds, size), np.float32) for name, size in sizes.items()}
    parts["noise"][:] = parts["tones"][:] = SILENT
    parts["phasors"][:, : sizes["phasors"] // 2] = 1
    for name, value in values.items():
        parts[name][:] = value
    return np.concatenate([parts[name] for name in sizes], axis=1)


def decoded(synthesis, values):
    return keras.ops.convert_to_numpy(synthesis(values))


def floor(level=0.0):
    return np.exp(level) * 10 ** (SILENCE_DB / 20)


@pytest.mark.parametrize("tone", [0, 7, 20])
@pytest.mark.parametrize("offset", [0.0, 0.5])
@pytest.mark.parametrize("phase", [0.0, 1.0])
def test_a_tone_is_a_sine_of_its_frequency_amplitude_and_phase(synthesis, tone, offset, phase):
    grid = synthesis.grid
    values = np.full((1, grid.n_times, grid.n_tones), SILENT)
    values[:, :, tone] = np.log(0.5)
    offsets = np.zeros(grid.n_tones)
    offsets[tone] = offset
    phasors = np.repeat([np.cos(phase), np.sin(phase)], grid.n_phased)
    audio = decoded(synthesis, controls(synthesis, tones=values.reshape(1, -1), offsets=offsets, phasors=phasors))[0]
    cycles = grid.tones_hz[tone] / grid.rate_hz * 2 ** (offset / TONES_PER_OCTAVE) * np.arange(grid.n_samples)
    expected = (0.5 - floor()) * np.sin(2 * np.pi * cycles + phase)
    n_faded = synthesis.n_faded
    np.testing.assert_allclose(audio[n_faded:], expected[n_faded:], atol=2e-3)
    np.testing.assert_allclose(audio[:n_faded], expected[:n_faded] * np.arange(n_faded) / n_faded, atol=2e-3)


def test_the_length_of_phasors_has_no_effect(synthesis):
    grid = synthesis.grid
    sounds = [
        decoded(synthesis, controls(synthesis, tones=-1.0, phasors=scale * np.repeat([0.6, 0.8], grid.n_phased)))
        for scale in (0.01, 1.0, 7.0)
    ]
    np.testing.assert_allclose(sounds[0], sounds[1], atol=1e-3)
    np.testing.assert_allclose(sounds[2], sounds[1], atol=1e-3)


def test_noise_has_the_level_and_band_of_its_control(synthesis):
    grid = synthesis.grid
    values = np.full((grid.n_times, grid.n_noise_bands), SILENT)
    values[:, 8] = np.log(0.1)
    audio = decoded(synthesis, controls(synthesis, noise=values.reshape(-1)))[0]
    assert np.sqrt(np.mean(audio**2)) == pytest.approx(0.1, rel=0.15)
    power = np.abs(np.fft.rfft(audio)) ** 2
    shares = grid.noise_weights(np.fft.rfftfreq(len(audio), 1 / grid.rate_hz)).T @ power
    assert shares.argmax() == 8
    assert shares[7:10].sum() > 0.95 * power.sum()


def test_amplitudes_follow_the_times(synthesis):
    grid = synthesis.grid
    values = np.full((grid.n_times, grid.n_noise_bands), SILENT)
    values[: grid.n_times // 2] = -1.0
    audio = decoded(synthesis, controls(synthesis, noise=values.reshape(-1)))[0]
    weights = grid.time_weights(grid.hop_length, grid.n_frames)
    first_silent = np.flatnonzero(weights[:, : grid.n_times // 2].sum(axis=1) == 0)[0] * grid.hop_length
    assert np.abs(audio[: first_silent // 2]).max() > 0.1
    np.testing.assert_array_equal(audio[first_silent + grid.hop_length :], 0)


def test_the_level_scales_everything(synthesis):
    loud = decoded(synthesis, controls(synthesis, noise=-2.0, tones=-3.0))
    quiet = decoded(synthesis, controls(synthesis, noise=-2.0, tones=-3.0, level=np.log(0.5)))
    np.testing.assert_allclose(quiet, 0.5 * loud, atol=1e-5)


def test_silence_is_exact(synthesis):
    np.testing.assert_array_equal(decoded(synthesis, controls(synthesis)), 0)


def test_a_sound_does_not_depend_on_its_batch_or_call(synthesis):
    rng = np.random.default_rng(0)
    values = rng.normal(-3, 1, (3, synthesis.grid.n_controls)).astype(np.float32)
    together = decoded(synthesis, values)
    again = OneShotSynthesis.from_config(synthesis.get_config())
    np.testing.assert_array_equal(decoded(again, values), together)
    for i, each in enumerate(together):
        np.testing.assert_allclose(decoded(synthesis, values[i : i + 1])[0], each, atol=2e-4)


def test_extreme_controls_stay_finite(synthesis):
    for value in (-1e4, 1e4):
        audio = decoded(synthesis, np.full((1, synthesis.grid.n_controls), value, np.float32))
        assert np.isfinite(audio).all()
