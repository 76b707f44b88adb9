"""Descriptors of sounds whose loudness, decay, centroids and attack are known."""

import numpy as np
import pytest

from audio_vae.audio import descriptors
from audio_vae.audio.descriptors import describe

RATE_HZ = 44100


def tone(frequency_hz=1000.0, decay_s=0.1, attack_s=0.0, duration_s=1.0, rate_hz=RATE_HZ):
    time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    envelope = np.minimum(1, time_s / attack_s) if attack_s else np.ones_like(time_s)
    return envelope * np.exp(-np.maximum(time_s - attack_s, 0) / decay_s) * np.sin(2 * np.pi * frequency_hz * time_s)


def test_loudness_is_energy_in_decibels():
    square = np.where(np.arange(RATE_HZ) % 100 < 50, 1.0, -1.0)
    assert describe(square, RATE_HZ).loudness_db == pytest.approx(0, abs=1e-6)
    assert describe(0.1 * square, RATE_HZ).loudness_db == pytest.approx(-20, abs=1e-6)
    assert describe(square[: RATE_HZ // 10], RATE_HZ).loudness_db == pytest.approx(-10, abs=1e-6)


def test_loudness_of_silence():
    assert descriptors.loudness_db(np.zeros(100), RATE_HZ) == pytest.approx(-120)


@pytest.mark.parametrize("rate_hz", [8000, 44100])
def test_the_first_bin_that_is_heard(rate_hz):
    octaves, first = descriptors.bin_octaves(rate_hz), descriptors.first_heard_bin(rate_hz)
    assert octaves[first - 1] <= np.log2(descriptors.LOWEST_HZ) < octaves[first]


@pytest.mark.parametrize("decay_s", [0.02, 0.1])
def test_an_exponential_decay_has_its_time_and_centroid(decay_s):
    found = describe(tone(decay_s=decay_s), RATE_HZ)
    assert found.decay_ms == pytest.approx(1e3 * decay_s * 30 / 20 * np.log(10), rel=0.03, abs=3)
    assert found.temporal_centroid_ms == pytest.approx(1e3 * decay_s / 2, rel=0.02)


@pytest.mark.parametrize(("frequency_hz", "rate_hz"), [(200, 8000), (1000, 44100), (5000, 48000)])
def test_a_tone_has_its_own_frequency_as_centroid(frequency_hz, rate_hz):
    found = describe(tone(frequency_hz, decay_s=0.3, rate_hz=rate_hz), rate_hz)
    assert found.spectral_centroid_octaves == pytest.approx(np.log2(frequency_hz), abs=0.05)


def test_the_attack_is_the_time_to_the_peak():
    assert describe(tone(attack_s=0.05), RATE_HZ).attack_ms == pytest.approx(50, abs=4)
    late = np.concatenate([np.zeros(4410), tone(attack_s=0.05)])
    found, moved = describe(tone(attack_s=0.05), RATE_HZ), describe(late, RATE_HZ)
    assert moved.attack_ms == pytest.approx(found.attack_ms, abs=1)
    assert moved.temporal_centroid_ms == pytest.approx(found.temporal_centroid_ms + 100, rel=1e-3)


def test_channels_count_by_their_mean_power():
    sound = tone()
    np.testing.assert_allclose(describe(np.stack([sound, sound], 1), RATE_HZ), describe(sound, RATE_HZ), rtol=1e-9)
    one_side = describe(np.stack([sound, 0 * sound], 1), RATE_HZ)
    assert one_side.loudness_db == pytest.approx(describe(sound, RATE_HZ).loudness_db - 10 * np.log10(2))


@pytest.mark.parametrize("window", [1, 2, 5, 220])
def test_the_envelope_equals_a_convolution(rng, window):
    power = rng.uniform(0, 1, 500)
    expected = 10 * np.log10(np.convolve(power, np.ones(window) / window, "same") + 1e-12)
    np.testing.assert_allclose(descriptors.average_db(power, window), expected, atol=1e-9)


@pytest.mark.parametrize("samples", [np.zeros(1000), np.ones(1), np.zeros((100, 2))])
def test_silence_and_a_single_sample_have_finite_descriptors(samples):
    assert np.isfinite(describe(samples, RATE_HZ)).all()
