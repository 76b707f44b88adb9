"""The multi-resolution spectral distance equals its definition, by librosa."""

import librosa
import numpy as np
import pytest

from audio_vae.evaluation.multi_resolution import multi_resolution_spectral_distance


def reference(sound, decoded):
    """The mean over resolutions of both terms, as published, with the resolutions that auraloss has by default."""
    total = 0
    for n_fft, window, hop in zip((1024, 2048, 512), (600, 1200, 240), (120, 240, 50), strict=True):
        x, y = (
            np.sqrt(
                np.maximum(
                    np.abs(librosa.stft(each, n_fft=n_fft, win_length=window, hop_length=hop, pad_mode="reflect")) ** 2,
                    1e-8,
                )
            )
            for each in (sound, decoded)
        )
        total += np.linalg.norm(x - y) / np.linalg.norm(x) + np.abs(np.log(x) - np.log(y)).mean()
    return total / 3


def test_it_equals_a_slow_reference(rng):
    audio = rng.normal(size=(3, 6000)) * np.exp(-np.arange(6000) / 500)
    audio[1, 3000:] = 0
    decoded = 0.8 * audio + 0.01 * rng.normal(size=audio.shape)
    expected = [reference(*pair) for pair in zip(audio, decoded, strict=True)]
    np.testing.assert_allclose(multi_resolution_spectral_distance(audio, decoded), expected, rtol=1e-4)


def test_a_sound_has_no_distance_from_itself(rng):
    audio = rng.normal(size=(2, 3000))
    np.testing.assert_array_equal(multi_resolution_spectral_distance(audio, audio), [0, 0])


def test_silence_counts_as_far_and_has_no_distance_itself(rng):
    sound = rng.normal(size=(1, 3000))
    both = np.concatenate([sound, 0 * sound])
    distances = multi_resolution_spectral_distance(both, both[::-1])
    assert distances[0] > 5
    assert np.isnan(distances[1])


def test_noise_in_silence_counts_without_a_floor(rng):
    sound = np.where(np.arange(8000) < 1000, rng.normal(size=(1, 8000)), 0)
    quiet, quieter = (sound + level * rng.normal(size=sound.shape) for level in (1e-4, 1e-5))
    distances = multi_resolution_spectral_distance(np.repeat(sound, 2, axis=0), np.concatenate([quiet, quieter]))
    assert distances[0] - distances[1] == pytest.approx(np.log(10) * 6 / 8, rel=0.3)
