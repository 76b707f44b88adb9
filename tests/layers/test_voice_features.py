"""Pitch and periodicity as features of the encoder."""

import numpy as np
import pytest

from audio_vae.audio.voice_pitch import HIGHEST_HZ, LOWEST_HZ
from audio_vae.layers.voice_features import VoicePitch


def test_features_are_octaves_from_the_middle_scaled_by_the_periodicity(rng):
    layer = VoicePitch(8000, 64)
    phase = 2 * np.pi * 120 * np.arange(2048) / 8000
    audio = np.stack([sum(np.sin(k * phase) / k for k in range(1, 9)), rng.normal(0, 1, 2048)]).astype("float32")
    features = np.asarray(layer(audio))
    assert features.shape == layer.compute_output_shape((2, 2048)) == (2, 33, 2)
    octaves, periodicity = (np.asarray(each) for each in layer.find(audio))
    np.testing.assert_allclose(features[..., 1], periodicity)
    from_middle = octaves - np.log2(LOWEST_HZ * HIGHEST_HZ) / 2
    np.testing.assert_allclose(features[..., 0], from_middle * periodicity, atol=1e-6)
    expected = np.log2(120 / np.sqrt(LOWEST_HZ * HIGHEST_HZ))
    assert np.median(features[0, :, 0]) == pytest.approx(expected, abs=0.03)
    assert np.abs(features[1, :, 1]).mean() < 0.5


def test_silence_has_no_pitch():
    np.testing.assert_array_equal(VoicePitch()(np.zeros((1, 512), "float32")), 0)


def test_config_round_trip():
    layer = VoicePitch(16000, 128, name="pitch")
    assert VoicePitch.from_config(layer.get_config()).get_config() == layer.get_config()
    assert layer.window == 1024
