"""MFCCs by librosa, which the quick ones of `audio.features` have to equal."""

import numpy as np
import pytest

from audio_vae.audio import features
from audio_vae.evaluation.mfcc import LEVELS, PROTOCOL_READINGS, librosa_default_mfcc, liftered_mfcc, mfcc


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


def slow_liftered(audio, rate_hz):
    """The defaults of python_speech_features, a frame, a band and a coefficient at a time."""
    window, hop = int(0.025 * rate_hz + 0.5), int(0.01 * rate_hz + 0.5)
    n_fft = 1
    while n_fft < window:
        n_fft *= 2
    emphasised = [audio[0], *(audio[t] - 0.97 * audio[t - 1] for t in range(1, len(audio)))]
    n_frames = 1 if len(audio) <= window else 1 + int(np.ceil((len(audio) - window) / hop))
    emphasised += [0.0] * ((n_frames - 1) * hop + window - len(emphasised))
    top = 2595 * np.log10(1 + rate_hz / 2 / 700)
    mels = [top * point / 27 for point in range(28)]
    edges = [int((n_fft + 1) * 700 * (10 ** (mel / 2595) - 1) / rate_hz) for mel in mels]
    rows = []
    for start in range(0, n_frames * hop, hop):
        frame = emphasised[start : start + window]
        power = np.abs(np.fft.fft(frame, n_fft)[: n_fft // 2 + 1]) ** 2 / n_fft
        logarithms = []
        for below, middle, above in zip(edges, edges[1:], edges[2:], strict=False):
            energy = sum(power[k] * (k - below) / (middle - below) for k in range(below, middle))
            energy += sum(power[k] * (above - k) / (above - middle) for k in range(middle, above))
            logarithms.append(np.log(energy or np.finfo(float).eps))
        row = [np.log(power.sum() or np.finfo(float).eps)]
        for n in range(1, 13):
            cosine = sum(value * np.cos(np.pi * n * (2 * k + 1) / 52) for k, value in enumerate(logarithms))
            row.append((1 + 11 * np.sin(np.pi * n / 22)) * np.sqrt(2 / 26) * cosine)
        rows.append(row)
    return np.array(rows)


@pytest.mark.parametrize(("rate_hz", "n_samples"), [(8000, 700), (8000, 150), (8000, 200), (16000, 1000)])
def test_liftered_mfccs_equal_the_slow_ones(rng, rate_hz, n_samples):
    audio = rng.uniform(-1, 1, n_samples)
    audio[n_samples // 2 :] *= 1e-3
    np.testing.assert_allclose(liftered_mfcc(audio, rate_hz), slow_liftered(audio, rate_hz), rtol=1e-9, atol=1e-9)


def test_liftered_mfccs_of_silence_are_finite():
    found = liftered_mfcc(np.zeros(4096), 8000)
    assert found.shape == (50, 13)
    assert found[0, 0] == np.log(np.finfo(float).eps)


def test_librosas_defaults_are_librosas(rng):
    import librosa

    audio = rng.uniform(-1, 1, 4096)
    expected = librosa.feature.mfcc(y=audio, sr=8000, n_mfcc=20, n_fft=2048, hop_length=512, n_mels=128)
    np.testing.assert_allclose(librosa_default_mfcc(audio, 8000), expected.T, rtol=1e-4, atol=1e-3)
    assert [reading for reading, _ in PROTOCOL_READINGS.items()] == ["raw", "peak_1", "librosa_defaults", "liftered"]
