"""Hat-shaped ranges: weights of a linear interpolation, and of bands that are equally wide in mels."""

import numpy as np
import pytest
from keras import ops

from audio_vae.audio.hat_bands import hats, mel_band_weights, mel_positions


def test_hats_interpolate_linearly():
    rng = np.random.default_rng(0)
    positions, values = rng.uniform(0, 2, 20), rng.normal(size=3)
    np.testing.assert_allclose(hats(positions, 3) @ values, np.interp(positions, [0, 1, 2], values), rtol=1e-5)


@pytest.mark.parametrize(("n_bands", "rate_hz"), [(1, 8000), (24, 8000), (40, 44100)])
def test_bands_share_all_of_the_power(n_bands, rate_hz):
    frequencies_hz = np.linspace(0, rate_hz / 2, 500)
    weights = mel_band_weights(frequencies_hz, n_bands, rate_hz)
    assert weights.shape == (500, n_bands)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-5)
    assert np.all(np.diff(weights.argmax(axis=1)) >= 0)


def test_positions_are_linear_in_mels_from_0_hz_to_half_the_rate():
    def mel(frequency_hz):
        return np.log(1 + frequency_hz / 400)

    frequencies_hz = np.float32([0, 250, 4000])
    expected = [10 * mel(each) / mel(4000) - 0.5 for each in (0, 250, 4000)]
    np.testing.assert_allclose(mel_positions(frequencies_hz, 10, 8000), expected, rtol=1e-5)
    np.testing.assert_allclose(
        mel_positions(ops.convert_to_tensor(frequencies_hz), 10, 8000, ops.log), expected, rtol=1e-5
    )
