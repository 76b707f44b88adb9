"""MFCCs by librosa, which the quick ones of `audio.features` have to equal."""

import numpy as np
import pytest

from audio_vae.audio import features
from audio_vae.evaluation.mfcc import LEVELS, mfcc


@pytest.mark.parametrize("rate_hz", [8000, 22050, 44100])
@pytest.mark.parametrize("n_samples", [0, 1, 255, 256, 4096, 5001])
def test_the_quick_mfccs_are_the_same(rng, rate_hz, n_samples):
    audio = rng.uniform(-1, 1, n_samples) * np.exp(-np.arange(n_samples) / 300)
    found = mfcc(audio, rate_hz)
    assert found.dtype == np.float64
    np.testing.assert_allclose(features.mfcc(audio, rate_hz), found, rtol=1e-6, atol=1e-4)


def test_the_quick_mfccs_of_silence_are_the_same():
    silence = np.zeros(4096, np.float32)
    np.testing.assert_allclose(features.mfcc(silence, 8000), mfcc(silence, 8000), rtol=1e-6, atol=1e-4)


def test_levels_hear_all_the_course_or_nothing_of_a_level(rng):
    audio = rng.uniform(-1, 1, 4096)
    loud, quiet = audio / np.abs(audio).max(), audio / 10
    assert list(LEVELS) == ["", "_peak_normalised", "_without_c0"]
    assert np.abs(LEVELS[""](loud, 8000) - LEVELS[""](quiet, 8000)).max() > 10
    for level in ("_peak_normalised", "_without_c0"):
        np.testing.assert_allclose(LEVELS[level](loud, 8000), LEVELS[level](quiet, 8000), rtol=1e-4, atol=1e-3)
    np.testing.assert_array_equal(LEVELS["_peak_normalised"](quiet, 8000)[:, 1:], LEVELS["_without_c0"](quiet, 8000))
    np.testing.assert_array_equal(LEVELS["_peak_normalised"](loud, 8000), LEVELS[""](loud, 8000))
