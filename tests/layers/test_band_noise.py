"""Noise in bands whose levels follow frames."""

import numpy as np
import pytest
from keras import ops

from audio_vae.audio.hat_bands import mel_band_weights
from audio_vae.layers.band_noise import band_noise, crossfade, noise_in_bands

RATE_HZ, N_FRAMES, HOP, N_BANDS = 8000, 32, 64, 6


@pytest.fixture(scope="module")
def noise():
    return band_noise(lambda hz: mel_band_weights(hz, N_BANDS, RATE_HZ), RATE_HZ, N_FRAMES, HOP, seed=3)


def test_each_band_has_a_level_of_1_and_its_own_frequencies(noise):
    assert (noise.shape, noise.dtype) == ((N_FRAMES, HOP, N_BANDS), np.float16)
    bands = noise.reshape(-1, N_BANDS).astype(float)
    np.testing.assert_allclose(np.mean(bands**2, axis=0), 1, rtol=5e-3)
    weights = mel_band_weights(np.fft.rfftfreq(len(bands), 1 / RATE_HZ), N_BANDS, RATE_HZ)
    shares = weights.T @ np.abs(np.fft.rfft(bands, axis=0)) ** 2
    np.testing.assert_array_equal(shares.argmax(axis=0), np.arange(N_BANDS))


def test_the_seed_decides_the_noise(noise):
    def made(seed):
        return band_noise(lambda hz: mel_band_weights(hz, N_BANDS, RATE_HZ), RATE_HZ, N_FRAMES, HOP, seed)

    np.testing.assert_array_equal(made(3), noise)
    assert np.any(made(4) != noise)


def test_a_band_without_a_bin_is_silent():
    bands = band_noise(lambda hz: mel_band_weights(hz, 40, 44100), 44100, 1, 64, seed=0)
    silent = np.all(bands == 0, axis=(0, 1))
    assert silent.any()
    assert not silent.all()


def test_levels_are_linear_between_frames(noise, rng):
    amplitudes = rng.uniform(0, 1, (2, N_FRAMES + 1, N_BANDS)).astype("float32")
    found = ops.convert_to_numpy(noise_in_bands(noise, ops.convert_to_tensor(amplitudes)))
    for frame, sample in ((0, 0), (3, 17), (N_FRAMES - 1, HOP - 1)):
        share = sample / HOP
        levels = (1 - share) * amplitudes[:, frame] + share * amplitudes[:, frame + 1]
        expected = levels @ noise[frame, sample].astype("float32")
        np.testing.assert_allclose(found[:, frame, sample], expected, rtol=1e-3, atol=1e-4)


def test_crossfade():
    ones = ops.ones((1, 2, 4))
    np.testing.assert_allclose(crossfade(ones, 3 * ones)[0], [[1, 1.5, 2, 2.5]] * 2)
