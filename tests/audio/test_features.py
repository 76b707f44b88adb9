"""MFCCs, mel filter bank and spectrogram equal librosa's, and MFCCs a slow reference."""

import librosa
import numpy as np
import pytest

from audio_vae.audio.features import hann, magnitude_spectrogram, mel_bands, mfcc


def slow_mfcc(audio, rate_hz, n_mfcc, n_mels, window, hop):
    """MFCCs from their definition; only the mel filter bank is librosa's."""
    padded = np.concatenate([np.zeros(window // 2), audio, np.zeros(window // 2)])
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    power = []
    for start in range(0, len(padded) - window + 1, hop):
        power.append(np.abs(np.fft.rfft(hann * padded[start : start + window])) ** 2)
    mel = librosa.filters.mel(sr=rate_hz, n_fft=window, n_mels=n_mels) @ np.array(power).T
    level_db = 10 * np.log10(np.maximum(mel, 1e-10))
    level_db = np.maximum(level_db, level_db.max() - 80)
    coefficients = np.zeros((level_db.shape[1], n_mfcc))
    for frame in range(level_db.shape[1]):
        for order in range(n_mfcc):
            scale = np.sqrt((1 if order == 0 else 2) / n_mels)
            for band in range(n_mels):
                angle = np.pi * order * (2 * band + 1) / (2 * n_mels)
                coefficients[frame, order] += scale * level_db[band, frame] * np.cos(angle)
    return coefficients


def test_mfcc_equals_a_slow_reference(rng):
    audio = rng.uniform(-1, 1, 1000)
    expected = slow_mfcc(audio, 8000, n_mfcc=20, n_mels=40, window=256, hop=128)
    np.testing.assert_allclose(mfcc(audio, 8000), expected, rtol=1e-4, atol=1e-3)


def test_mel_bands_between_two_frequencies_equal_librosas():
    expected = librosa.filters.mel(sr=44100, n_fft=1024, n_mels=32, fmin=30, fmax=16000)
    np.testing.assert_array_equal(mel_bands(44100, 1024, 32, 30.0, 16000.0), expected)


@pytest.mark.parametrize(("rate_hz", "n_mels"), [(8000, 40), (22050, 40), (1000, 5), (44100, 128), (22050, 30)])
def test_librosa_computes_the_same(rng, rate_hz, n_mels):
    window, hop = round(0.032 * rate_hz), round(0.016 * rate_hz)
    np.testing.assert_array_equal(
        mel_bands(rate_hz, window, n_mels), librosa.filters.mel(sr=rate_hz, n_fft=window, n_mels=n_mels)
    )
    audio = (rng.uniform(-1, 1, 3001) * np.exp(-np.arange(3001) / 300)).astype(np.float32)
    expected = librosa.feature.mfcc(y=audio, sr=rate_hz, n_mfcc=4, n_mels=n_mels, n_fft=window, hop_length=hop)
    np.testing.assert_allclose(mfcc(audio, rate_hz, n_mfcc=4, n_mels=n_mels), expected.T, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize(("rate_hz", "n_samples"), [(8000, 4096), (22050, 16384), (8000, 3001), (8000, 300)])
def test_librosa_computes_the_same_spectrogram(rng, rate_hz, n_samples):
    window = round(0.032 * rate_hz)
    hop = window // 2
    audio = rng.uniform(-1, 1, (2, n_samples))
    expected = np.abs(librosa.stft(audio, n_fft=window, hop_length=hop, pad_mode="constant"))
    found = magnitude_spectrogram(audio, rate_hz)
    assert found.shape == (2, 1 + -(-n_samples // hop), 1 + window // 2)
    np.testing.assert_allclose(found[:, : expected.shape[-1]], expected.swapaxes(1, 2), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("window", [2, 256, 706])
def test_librosa_has_the_same_window(window):
    np.testing.assert_allclose(hann(window), librosa.filters.get_window("hann", window), atol=1e-12)


def test_mfcc_takes_other_sizes_in_seconds(rng):
    audio = rng.uniform(-1, 1, 2205)
    values = mfcc(audio, 22050, n_mfcc=13, n_mels=30, window_s=440 / 22050, hop_s=220 / 22050)
    assert values.shape == (11, 13)
    expected = slow_mfcc(audio, 22050, n_mfcc=13, n_mels=30, window=440, hop=220)
    np.testing.assert_allclose(values, expected, rtol=1e-4, atol=1e-3)


def test_a_digit_has_33_frames_of_20_coefficients(rng):
    values = mfcc(rng.uniform(-1, 1, 4096), 8000)
    assert values.shape == (33, 20)
    assert values.dtype == np.float64


@pytest.mark.parametrize("n_samples", [0, 1, 100, 255])
def test_what_is_shorter_than_a_window_is_padded(rng, n_samples):
    audio = rng.uniform(-1, 1, n_samples)
    np.testing.assert_array_equal(mfcc(audio, 8000), mfcc(np.pad(audio, (0, 256 - n_samples)), 8000))


def test_silence_is_finite():
    assert np.isfinite(mfcc(np.zeros(4096), 8000)).all()


def test_the_level_moves_only_the_zeroth_coefficient(rng):
    audio = rng.uniform(-1, 1, 4096)
    difference = mfcc(audio, 8000) - mfcc(audio / 10, 8000)
    # 20 dB in each of 40 bands, by an orthonormal transform.
    np.testing.assert_allclose(difference[:, 0], 20 * np.sqrt(40), rtol=1e-4)
    np.testing.assert_allclose(difference[:, 1:], 0, atol=1e-3)
