"""Buzz is found where it was added, and only there."""

import numpy as np
import pytest

from audio_vae.evaluation.buzz import audible_hop_lengths, buzz_db

RATE_HZ = 44100
HOP_LENGTH = 64


@pytest.fixture
def noise(rng):
    """Pairs of noises of one colour and envelope: two of `[24, 22050]`."""
    n_samples = 22050
    colour = 1 / (1 + np.fft.rfftfreq(n_samples, 1 / RATE_HZ) / 2000)
    decay = np.exp(-np.arange(n_samples) / 12000)
    return [np.fft.irfft(np.fft.rfft(rng.normal(size=(24, n_samples))) * colour) * decay for _ in range(2)]


def pulses(n_samples, hop_length=HOP_LENGTH):
    """A pulse train at the frame rate, of power 1."""
    train = np.zeros(n_samples)
    train[::hop_length] = np.sqrt(hop_length)
    return train


def test_noise_made_anew_has_no_buzz(noise):
    assert abs(np.median(buzz_db(*noise, RATE_HZ, HOP_LENGTH))) < 0.2
    np.testing.assert_array_equal(buzz_db(noise[0], noise[0], RATE_HZ, HOP_LENGTH), np.zeros(24))


@pytest.mark.parametrize(("level_db", "expected_db"), [(-20, 0.9), (-10, 4.9), (0, 13.2)])
def test_a_pulse_train_at_the_frame_rate_is_found_in_white_noise(rng, level_db, expected_db):
    original, noise = rng.normal(size=(2, 24, 22050))
    buzzing = noise + 10 ** (level_db / 20) * pulses(22050)
    assert np.median(buzz_db(original, buzzing, RATE_HZ, HOP_LENGTH)) == pytest.approx(expected_db, abs=0.3)
    # The same in both is not the decoder's.
    assert abs(np.median(buzz_db(buzzing, original + buzzing - noise, RATE_HZ, HOP_LENGTH))) < 0.3


@pytest.mark.parametrize(("rate_hz", "hop_length"), [(22050, 8), (22050, 32), (22050, 128), (8000, 8), (8000, 128)])
def test_it_is_found_at_the_frame_rates_of_other_decoders(rng, rate_hz, hop_length):
    original, noise = rng.normal(size=(2, 24, 16384))
    buzz = buzz_db(original, noise + pulses(16384, hop_length), rate_hz, hop_length)
    assert np.median(buzz) > 5
    other = buzz_db(original, noise + pulses(16384, hop_length * 5 // 3), rate_hz, hop_length)
    assert np.median(other) < np.median(buzz) / 2


def test_tones_are_no_buzz(rng):
    """Partials anywhere, and reconstructions that are two percent too high and ring longer."""
    time_s = np.arange(22050) / RATE_HZ
    f0_hz = rng.uniform(60, 1500, 24)[:, None]
    original, decoded = (
        sum(np.sin(2 * np.pi * n * detuned * f0_hz * time_s) / n for n in (1, 1.6, 2.3)) * np.exp(-time_s / decay_s)
        for detuned, decay_s in ((1, 0.1), (1.02, 0.15))
    )
    assert abs(np.median(buzz_db(original, decoded, RATE_HZ, HOP_LENGTH))) < 0.3


def test_level_does_not_matter(noise):
    buzz = buzz_db(noise[0], 0.1 * noise[1], RATE_HZ, HOP_LENGTH)
    np.testing.assert_allclose(buzz, buzz_db(*noise, RATE_HZ, HOP_LENGTH), atol=1e-3)


def test_silence_has_no_buzz(noise):
    audio, decoded = (each[:3].copy() for each in noise)
    audio[0] = decoded[1] = 0
    assert np.isnan(buzz_db(audio, decoded, RATE_HZ, HOP_LENGTH)).tolist() == [True, True, False]


def test_what_is_below_the_frame_rate_has_none():
    thump = np.sin(2 * np.pi * 50 * np.arange(22050) / RATE_HZ)[None] * np.hanning(22050)
    assert buzz_db(thump, thump + 1e-6 * pulses(22050), RATE_HZ, HOP_LENGTH) == 0


@pytest.mark.parametrize(
    ("n_samples", "expected"), [(66150, [8, 32, 128, 512]), (1024, [8, 32, 128]), (200, [8]), (16, [])]
)
def test_frame_rates_that_can_be_heard(n_samples, expected):
    assert audible_hop_lengths([1, 2, 8, 32, 128, 512, 4096], RATE_HZ, n_samples) == expected


def test_a_frame_of_two_samples_is_refused(noise):
    with pytest.raises(ValueError, match="hop_length=2"):
        buzz_db(*noise, RATE_HZ, 2)
